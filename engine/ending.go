package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// How one object ends its way through the flow: written to, left as it is, or
// failed; and what is recorded of it in each case.

// wrote is the result of an operation that was carried out.
func (f *flow) wrote(op plan.Operation) result {
	f.trace.exported(op.Action)
	r := f.result(op.Action)
	r.Changed = true
	r.outcomes[0].Loss = f.loss(op)
	r.Entry.ModifiedProperties = plan.Properties([]plan.Operation{op}, f.rule.Mapping.Redacted)
	f.preview(&r, op)
	if f.opts.Basis != nil {
		r.Entry.Steps = []plan.Step{plan.ObjectStep(f.change.Object.Anchor, op, f.hidden)}
	}
	return r
}

// leave is the result of an object that nothing was written to.
func (f *flow) leave(skipReason, why string) result {
	f.why = why
	f.trace.skip(skipReason, why)
	r := f.result("")
	r.Skipped = f.kindOfSkip(skipReason)
	return r
}

// kindOfSkip says why an object is left alone, without naming it.
func (f *flow) kindOfSkip(skipReason string) string {
	switch {
	case skipReason == "ImportSkipped":
		return "without a value to match by"
	case f.decision.InScope && f.intent == plan.Leave:
		return f.why
	case f.decision.InScope:
		return "as they should be"
	case f.change.Object.Presence != directory.Present:
		return "deleted in the source"
	case !f.decision.Active:
		return "blocked in the source"
	case !f.decision.Assigned:
		return "not assigned"
	default:
		return "left out by the scoping filters"
	}
}

// fail is the result of an object that could not be provisioned: it is kept
// in escrow with its error and tried again. One whose request was broken off
// because the cycle is to stop has not failed: the next cycle looks at it again.
func (f *flow) fail(step string, kind provlog.StepType, action plan.Action, err error) result {
	if f.brokenOff() {
		return result{fault: ErrInterrupted, claims: f.claimed, outcomes: []state.Outcome{{
			Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, Seen: f.unfinished(), Connect: f.inDoubt(action),
			Sent: append(f.unanswered(action, err), f.sent...), Answered: f.intended,
		}}}
	}
	fault := failure(err)
	var hidden []string
	for _, v := range f.mapped.Values {
		if v.Redacted {
			hidden = append(hidden, v.Value.Text())
		}
	}
	fault.hide(hidden)
	var earlier state.Escrow
	if f.escrow != nil {
		earlier = *f.escrow
	}
	escrow := failed(earlier, state.Escrow{
		Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, DisplayName: f.displayName(),
		Code: fault.Code, Message: fault.Message,
	}, f.engine.Now().UTC(), f.escrowLife(fault.Code), f.job.Settings.Tempo)
	f.trace.fail(step, kind, action, fault, escrow)
	f.why = fault.Message
	r := f.result(plan.Fail)
	r.Changed = true
	r.Entry.Error = &plan.EntryError{Code: fault.Code, Message: fault.Message}
	outcome := state.Outcome{
		Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, Seen: f.seen(), Escrow: escrow, Release: escrow == nil, Event: r.Event,
		Sent: f.unanswered(action, err), Ended: f.intended, Loss: f.lossTried(),
	}
	if outcome.Connect = f.connection; perhapsDone(err) || action != plan.Delete {
		outcome.Connect = f.inDoubt(action)
	}
	if f.found != "" { // the link stands, whatever became of the update
		f.connect(&r, f.found)
		outcome.Connect = r.outcomes[0].Connect
	}
	if outcome.Answered = outcome.Connect != nil; !outcome.Answered { // what was in doubt stays so
		outcome.Sent, outcome.Answered = append(outcome.Sent, f.sent...), f.intended
	}
	r.outcomes[0] = outcome
	r.fault, r.silent = hideIn(endsCycle(err), hidden), silent(err)
	return r
}

// silent reports whether an application answers nothing, or nothing that can be
// understood.
func silent(err error) bool {
	switch connectors.ClassOf(err) {
	case connectors.Retryable, connectors.NotSCIM, connectors.Throttled:
		return true
	default:
		return false
	}
}

// inDoubt is the connection of an object whose request may have taken effect
// although it failed, nil if it has none: one that was to be enabled does not
// count as disabled any more, and one that was to be deleted may be gone.
func (f *flow) inDoubt(action plan.Action) *state.Connection {
	if f.connection == nil {
		return nil
	}
	connection := *f.connection
	switch {
	case action == plan.Update && (connection.Status == state.Disabled || connection.Status == state.Unassigned):
		connection.Status = state.Active
	case action == plan.Delete:
		connection.Status = state.Deleting
	}
	return &connection
}

// perhapsDone reports whether a request that failed may have taken effect.
func perhapsDone(err error) bool {
	var target *connectors.Error
	return errors.As(err, &target) && (target.Doubtful || target.Class == connectors.Retryable || target.Class == connectors.NotSCIM)
}

// endsCycle returns the error if it says that no further request can succeed.
func endsCycle(err error) error {
	if connectors.ClassOf(err) == connectors.Credentials {
		return fmt.Errorf("the credentials are refused: %w", err)
	}
	var target *connectors.Error
	if errors.As(err, &target) && target.Class == connectors.Throttled && target.RetryAfter > longWait {
		return fmt.Errorf("the application asks to be left alone for %s: %w", target.RetryAfter.Round(time.Second), err)
	}
	var unrecorded *intentError
	if errors.Is(err, ErrInterrupted) || errors.As(err, &unrecorded) {
		return err
	}
	return nil
}

// longWait is how long an application may ask a cycle to wait: with a longer
// wish every object would fail, one after the other.
const longWait = 2 * time.Minute

// result begins a result with what every object's has.
func (f *flow) result(action plan.Action) result {
	o := f.change.Object
	r := result{counted: action, count: true, inScope: f.decision.InScope, exports: f.exports, claims: f.claimed}
	r.Entry = plan.Entry{
		Action: action, ObjectType: o.Type, SourceAnchor: o.Anchor, DisplayName: f.displayName(),
		Reason: f.why, ModifiedProperties: []plan.Property{}, Requests: []plan.Request{},
	}
	outcome := state.Outcome{Type: o.Type, SourceAnchor: o.Anchor, Release: true, Answered: len(f.sent) > 0 || f.intended, Ended: f.intended, Seen: f.seen()}
	if f.connection != nil {
		anchor := f.connection.TargetAnchor
		r.Entry.TargetAnchor = &anchor
		connection := *f.connection
		connection.DisplayName = f.displayName()
		// Somebody who was disabled already and is unassigned now is no longer
		// managed. Else the status moves only with what was sent.
		if f.intent == plan.Leave && !f.decision.InScope && connection.Status == state.Disabled {
			connection.Status = f.after()
		}
		outcome.Connect = &connection
	}
	if o.Presence == directory.HardDeleted {
		outcome.Seen, outcome.Connect = nil, nil
		outcome.Forget = true
	}
	outcome.Event = f.trace.finish(f.stamp())
	r.Event = outcome.Event
	r.outcomes = []state.Outcome{outcome}
	if o.Presence == directory.HardDeleted && f.connection != nil {
		f.disconnect(&r)
		f.overlay.erase(o.Anchor, f.connection.TargetAnchor) // nobody's from now on, if not gone
	}
	return r
}

// disconnect drops the object's connection. With HealReferences those that
// refer to the object do so again once it is back.
func (f *flow) disconnect(r *result) {
	o := &r.outcomes[0]
	o.Connect, o.Disconnect, o.Await = nil, true, f.job.Settings.HealReferences
}

func (f *flow) seen() *state.Seen {
	return &state.Seen{
		Hash: f.change.Hash, Presence: f.change.Object.Presence, Listed: f.change.Listed, Since: f.change.Since,
		Generation: f.generation(),
	}
}

// unfinished is what is recorded of an object that was not dealt with to the
// end: it is Due in the next cycle, whatever the source shows by then.
func (f *flow) unfinished() *state.Seen {
	seen := f.seen()
	seen.Generation = f.record.Generation - 1
	return seen
}

// generation is what is recorded of an object that was dealt with. On demand it
// is an earlier one: the object is known from now on, and the next cycle looks
// at it again, when those that it refers to may be provisioned.
func (c *cycle) generation() int64 {
	if c.onDemand {
		return c.record.Generation - 1
	}
	return c.record.Generation
}

func (f *flow) after() state.ConnectionStatus {
	return status(plan.After(f.situation, f.decision.Assigned && !f.decision.Active))
}

// connect adds the object connection to the result.
func (f *flow) connect(r *result, anchor string) {
	connection := f.connectionTo(anchor)
	if r.Changed {
		connection.Updated = f.engine.Now().UTC()
	}
	r.outcomes[0].Connect = &connection
	if anchor != directory.PendingText {
		r.Entry.TargetAnchor = &anchor
	}
	f.overlay.connect(connection.SourceAnchor, anchor)
}

// connectionTo returns the object's connection to a target object as it is once
// the object is done.
func (f *flow) connectionTo(anchor string) state.Connection {
	connection := state.Connection{
		Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, TargetAnchor: anchor,
		DisplayName: f.displayName(), Status: f.after(), Since: f.engine.Now().UTC(),
	}
	if f.connection != nil {
		connection.Since, connection.Updated = f.connection.Since, f.connection.Updated
	}
	return connection
}

// preview adds the requests that a dry run would have sent.
func (f *flow) preview(r *result, op plan.Operation) {
	if !f.opts.DryRun {
		return
	}
	requests, err := f.target.Requests(f.redact(op))
	if err != nil {
		r.Entry.Error = &plan.EntryError{Code: "InternalError", Message: err.Error()}
	}
	r.Entry.Requests = append(r.Entry.Requests, requests...)
}

// attributes names what an operation changes, the first few of it.
func attributes(op plan.Operation) string {
	names := make([]string, 0, len(op.Changes))
	for _, c := range op.Changes {
		names = append(names, c.Attribute)
	}
	return listed(names)
}

// redact returns the operation without the values that are never shown.
func (f *flow) redact(op plan.Operation) plan.Operation {
	op.Changes = slices.Clone(op.Changes)
	for i, c := range op.Changes {
		if f.rule.Mapping.Redacted(c.Attribute) {
			op.Changes[i].Old, op.Changes[i].New = directory.Value{}, directory.Str(plan.Redacted)
		}
	}
	return op
}
