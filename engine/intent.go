package engine

import (
	"context"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// What a cycle is about to write is recorded before it is written: a process that
// dies between a write and its record leaves behind that there may be something,
// what it would be found by, and what the log has to say of it. Without that, a
// change that the directory takes back before the next cycle would look as if it
// had never been, and stay in the application.

// intentError says that what was about to be written could not be recorded, and
// was not written.
type intentError struct{ err error }

func (e *intentError) Error() string { return "recording what is about to be done: " + e.err.Error() }
func (e *intentError) Unwrap() error { return e.err }

// intend records an outcome before its time. Nothing may be written if it
// returns an error.
func (c *cycle) intend(ctx context.Context, o state.Outcome) error {
	if c.opts.DryRun {
		return nil
	}
	if err := c.commits.record(context.WithoutCancel(ctx), c.store, c.job.Name, []state.Outcome{o}); err != nil {
		return &intentError{err}
	}
	return nil
}

// intend records what is about to be done to the object: it is looked at again
// unless an outcome follows. One that is created can be found, one that was
// matched is connected, and one that is deleted may be gone: what refers to it is
// looked at together with it.
func (f *flow) intend(ctx context.Context, op plan.Operation) error {
	action := op.Action
	o := state.Outcome{
		Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, Connect: f.inDoubt(action),
		Begun: f.trace.begun(action, op),
	}
	if f.change.Object.Presence != directory.HardDeleted { // that record is moved on once it is done
		o.Seen = f.unfinished()
	}
	o.Disconnect, o.Await = f.lost, f.lost || action == plan.Delete
	switch {
	case action == plan.Create:
		o.Sent = f.findable()
	case f.found != "":
		connection := f.connectionTo(f.found)
		o.Connect = &connection
	}
	f.intended = true
	return f.cycle.intend(ctx, o)
}

// findable is what the object's target object would be found by.
func (s *subject) findable() (sent []state.Sent) {
	for _, m := range s.mapped.Match {
		if !m.Redacted { // is written nowhere
			sent = append(sent, state.Sent{
				Type: s.rule.Type, SourceAnchor: s.change.Object.Anchor, Attribute: m.Target, Value: m.Value.Text(),
			})
		}
	}
	return sent
}

// intend records the references that are about to be set and removed as in
// doubt, but for those that are so already.
func (l *linkage) intend(ctx context.Context, planned []referencePlan) error {
	var ops []plan.Operation
	for _, p := range planned {
		ops = append(ops, p.ops...)
		for _, op := range p.ops {
			for _, link := range linksOf(op, inDoubt) {
				if _, already := p.doubtful[link.TargetAnchor]; !already {
					l.intended = append(l.intended, link)
				}
			}
		}
	}
	if len(ops) == 0 {
		return nil
	}
	l.begun = true
	o := l.pending.change.Object
	return l.cycle.intend(ctx, state.Outcome{
		Type: o.Type, SourceAnchor: o.Anchor, Link: l.intended, Begun: l.trace.begun(plan.Update, ops...),
	})
}
