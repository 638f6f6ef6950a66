package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// references sets what is still to be set of one object type.
func (c *cycle) references(ctx context.Context, rule *Rule) error {
	spool := c.links[rule.Type]
	read, err := spool.reader()
	if err != nil {
		return err
	}
	next := func(context.Context) (*linkage, error) {
		b, err := read()
		if err != nil {
			return nil, err
		}
		p, err := decodePending(b)
		if err != nil {
			return nil, err
		}
		return &linkage{cycle: c, rule: rule, pending: p, names: map[string]string{}}, nil
	}
	return each(ctx, c, "references", spool.count, next, func(ctx context.Context, l *linkage) result {
		return l.set(ctx)
	})
}

// linkage is one object whose references are being set.
type linkage struct {
	*cycle
	rule    *Rule
	pending pending

	// intended are the references that were recorded before anything was written,
	// if it was to be begun at all.
	intended []state.Link
	begun    bool

	trace *trace
	done  []plan.Operation
	all   []plan.Operation // that were to be done
	links []state.Link
	// held are the target anchors that the attribute in hand was made to refer
	// to, and doubtful those of them of which nobody knows whether it does.
	held, doubtful map[string]struct{}
	unlinks        []state.Link
	missing        []string          // source anchors that have no target object
	names          map[string]string // what the objects are called, by the anchor of the reference
	stopped        bool              // the cycle is to stop, before all of it was done
	waits          bool              // one of them failed and will be tried again
	exports        int64
	err            error
}

// referencePlan is what has to be written of one attribute that refers to others.
type referencePlan struct {
	ops            []plan.Operation
	held, doubtful map[string]struct{} // as in linkage
}

// prepare plans every reference of the object, up to the first that it returns an
// error for.
func (l *linkage) prepare(ctx context.Context) (planned []referencePlan, err error) {
	o := l.pending.change.Object
	for _, target := range l.rule.Mapping.References() {
		wanted, there := o.Attributes[target]
		if !there {
			continue
		}
		l.held, l.doubtful = nil, nil
		ops, err := l.plan(ctx, target, wanted)
		if err != nil {
			return planned, err
		}
		planned = append(planned, referencePlan{ops, l.held, l.doubtful})
	}
	return planned, nil
}

// set makes every reference of the object what the source says.
func (l *linkage) set(ctx context.Context) result {
	o := l.pending.change.Object
	l.trace = l.newTrace(o, o.DisplayName(), l.rule.Mapping.Redacted)
	var escrow *state.Escrow
	if e, ok := l.escrows[o.Anchor]; ok && e.Type == o.Type && l.pending.counted == "" {
		escrow = &e
	}
	l.trace.imported(l.pending.change, escrow)
	l.trace.target(l.pending.target.Anchor)
	planned, planErr := l.prepare(ctx)
	if err := l.intend(ctx, planned); err != nil {
		planned, planErr = nil, err
	}
	for _, p := range planned {
		l.all = append(l.all, p.ops...)
	}
	for _, p := range planned {
		l.held, l.doubtful = p.held, p.doubtful
		for _, op := range p.ops {
			if l.stopped = l.stopping(); l.stopped || !l.apply(ctx, op) {
				break
			}
		}
	}
	if planErr != nil {
		l.err = planErr
	}
	return l.result(ctx)
}

// plan resolves what an attribute is to refer to and returns what has to be
// written.
func (l *linkage) plan(ctx context.Context, attribute string, wanted directory.Value) ([]plan.Operation, error) {
	resolved, err := l.resolve(ctx, wanted.Elements())
	if err != nil {
		return nil, err
	}
	if l.pending.counted != plan.Create { // what was just created holds nothing
		if l.held, l.doubtful, err = l.known(ctx, l.pending.change.Object.Anchor, attribute); err != nil {
			return nil, err
		}
		if err := l.forgetStrangers(ctx, attribute, resolved); err != nil {
			return nil, err
		}
	}
	t, anchor, shown := l.rule.Type, l.pending.target.Anchor, l.pending.target.Get(attribute)
	var op plan.Operation
	var differs bool
	switch {
	case wanted.Kind() == directory.List:
		ops := plan.Members(t, anchor, attribute, resolved, plan.Membership{
			Known: l.held, Doubtful: l.doubtful, Shown: !shown.IsEmpty() && !l.job.Settings.AlwaysAddMembers,
		}, l.job.Settings.MembersPerPatch)
		if slices.ContainsFunc(ops, func(op plan.Operation) bool { return op.Changes[0].Verb == plan.Replace }) {
			l.warn(membersReplaced)
		}
		return ops, nil
	case wanted.IsNull():
		op, differs = plan.ClearReference(t, anchor, attribute, l.held, shown)
	case len(resolved) > 0:
		op, differs = plan.Reference(t, anchor, attribute, resolved[0], shown)
	}
	if !differs {
		return nil, nil
	}
	return []plan.Operation{op}, nil
}

// forgetStrangers leaves out of the doubtful references those to target objects
// that are nobody's any more, unless they are wanted: after a restart the
// application may know them by other ids, and refuse to remove the old ones.
func (l *linkage) forgetStrangers(ctx context.Context, attribute string, wanted []directory.Value) error {
	if len(l.doubtful) == 0 {
		return nil
	}
	stay := make(map[string]struct{}, len(wanted))
	for _, v := range wanted {
		stay[v.Anchor()] = struct{}{}
	}
	for anchor := range l.doubtful {
		if _, stays := stay[anchor]; stays {
			continue
		}
		_, known, err := l.holder(ctx, anchor)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		delete(l.held, anchor)
		delete(l.doubtful, anchor)
		l.forget(attribute, anchor)
	}
	return nil
}

// holder returns the connection of a target object of any type; ok is false if
// it is nobody's.
func (c *cycle) holder(ctx context.Context, anchor string) (connection state.Connection, ok bool, err error) {
	for _, t := range c.job.Types() {
		if connection, ok, err = c.store.ConnectionByTarget(ctx, c.job.Name, t, anchor); ok || err != nil {
			return connection, ok, err
		}
	}
	return connection, false, nil
}

// forget notes that an attribute refers to a target object no more, neither
// for certain nor in doubt.
func (l *linkage) forget(attribute, anchor string) {
	l.unlinks = append(l.unlinks,
		state.Link{Attribute: attribute, TargetAnchor: anchor}, state.Link{Attribute: attribute + inDoubt, TargetAnchor: anchor})
}

// resolve translates source anchors to references to target objects. Those
// that have none are left out and noted.
func (l *linkage) resolve(ctx context.Context, wanted []directory.Value) ([]directory.Value, error) {
	resolved := make([]directory.Value, 0, len(wanted))
	err := l.connected(ctx, wanted, func(anchor string, c state.Connection, connected bool) {
		if connected && !l.overlay.gone(anchor) {
			resolved = append(resolved, directory.Ref(c.TargetAnchor))
			l.name(c.TargetAnchor, c.DisplayName)
		} else if planned := l.overlay.reference(anchor); !planned.IsNull() {
			resolved = append(resolved, planned)
		} else {
			l.missing = append(l.missing, anchor)
			l.waits = l.waits || l.triedAgain(anchor)
		}
	})
	return resolved, err
}

// connected calls yield with the connection of each of the source objects that
// the values refer to, in their order; ok is false for one that has none.
func (c *cycle) connected(ctx context.Context, refs []directory.Value, yield func(anchor string, connection state.Connection, ok bool)) error {
	for part := range slices.Chunk(refs, 1000) {
		anchors := make([]string, len(part))
		for i, v := range part {
			anchors[i] = v.Anchor()
		}
		connections, err := c.store.Connections(ctx, c.job.Name, anchors)
		if err != nil {
			return err
		}
		for _, anchor := range anchors {
			connection, ok := connections[anchor]
			yield(anchor, connection, ok)
		}
	}
	return nil
}

// name remembers what an object is called, for a plan.
func (l *linkage) name(anchor, name string) {
	if l.opts.DryRun {
		l.names[anchor] = name
	}
}

// singly returns an operation on several values as one for each of them.
func singly(op plan.Operation) (ops []plan.Operation) {
	change := op.Changes[0]
	for _, v := range change.New.Elements() {
		change.New = directory.Of(v)
		one := op
		one.Changes = []plan.Change{change}
		ops = append(ops, one)
	}
	return ops
}

// needless reports whether an answer says of one value among several, members
// as a rule, that the application has it already, or has it no more.
func (l *linkage) needless(ctx context.Context, op plan.Operation, class connectors.Class) bool {
	switch {
	case class == connectors.Conflict:
		return op.Changes[0].Verb == plan.Add
	case class == connectors.Gone && op.Changes[0].Verb == plan.Remove: // the member is gone, if the group is not
		if _, err := l.target.Get(ctx, op.Type, op.TargetAnchor, nil); err != nil {
			return false
		}
		// Nobody stays a member because of one answer: it is removed once more.
		_, err := l.export(ctx, op)
		return err == nil || connectors.ClassOf(err) == connectors.Gone
	default:
		return false
	}
}

// triedAgain reports whether the object failed and is waiting for another try.
func (c *cycle) triedAgain(anchor string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, escrowed := c.escrows[anchor]
	return escrowed && !c.released[anchor] || c.failing[anchor]
}

// apply writes one operation and reports whether to go on with the next.
func (l *linkage) apply(ctx context.Context, op plan.Operation) bool {
	op, err := l.approved(ctx, op)
	if err != nil && l.err == nil {
		l.err = err
	}
	if len(op.Changes) == 0 {
		return true
	}
	_, err = l.export(ctx, op)
	if errors.Is(err, connectors.ErrUnchanged) {
		l.remember(op)
		return true
	}
	l.exports++
	class, values := connectors.ClassOf(err), op.Changes[0].New
	switch {
	case err == nil:
	case values.Kind() != directory.List || !l.needless(ctx, op, class):
		if l.err == nil {
			l.err = err
		}
		if perhapsDone(err) {
			l.links = append(l.links, linksOf(op, inDoubt)...)
		}
		// A value that the application refuses says nothing about the next one.
		return class == connectors.Conflict || class == connectors.Rejected
	case len(values.Elements()) > 1: // which one it is shows if they go singly
		for _, one := range singly(op) {
			if l.stopped = l.stopping(); l.stopped || !l.apply(ctx, one) {
				return false
			}
		}
		return true
	}
	l.done = append(l.done, op)
	l.remember(op)
	return true
}

// remember notes the references that are set and removed by now.
func (l *linkage) remember(op plan.Operation) {
	if len(l.doubtful) > 0 {
		l.unlinks = append(l.unlinks, linksOf(op, inDoubt)...)
	}
	change := op.Changes[0]
	if change.New.Kind() != directory.List { // one value takes the place of all that were before
		for anchor := range l.held {
			l.forget(change.Attribute, anchor)
		}
	}
	if change.Verb == plan.Remove {
		l.unlinks = append(l.unlinks, linksOf(op, "")...)
	} else {
		l.links = append(l.links, linksOf(op, "")...)
	}
}

// membersReplaced is what an administrator is told of a group whose members
// are replaced (scim-client-wire 5.7).
const membersReplaced = "The application shows the members of groups although it is asked to leave them out. As Entra does, " +
	"the job replaces them with each new member instead of adding it, and the group is left with the last. " +
	"Correct the application, or set target.behavior.alwaysAddMembers."

// inDoubt is put behind the name of an attribute for the references of which
// nobody knows whether they are set: the answer to a request was lost. They are
// set again if they are wanted, and removed if they are not.
const inDoubt = "?"

// linksOf returns the references that an operation sets or removes.
func linksOf(op plan.Operation, suffix string) (links []state.Link) {
	for _, change := range op.Changes {
		for _, v := range change.New.Elements() {
			links = append(links, state.Link{Attribute: change.Attribute + suffix, TargetAnchor: v.Anchor()})
		}
	}
	return links
}
