package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// refer notes on the result which references are to be set once all objects
// were carried through the flow: those that the target does not show yet. An
// object that has such references is not done before they were dealt with.
func (f *flow) refer(r *result, current directory.Object) {
	wanted := map[string]directory.Value{}
	for _, v := range f.mapped.Values {
		if v.Reference && !v.Value.IsEmpty() && f.unsettled(v.Value, current.Get(v.Target)) {
			wanted[v.Target] = v.Value
		}
	}
	// Members may all have gone: what was set earlier is known at the next step.
	if f.connection != nil {
		for _, target := range f.rule.Mapping.References() {
			if _, there := wanted[target]; !there && f.rule.Type == directory.Group {
				wanted[target] = directory.Of()
			}
		}
	}
	if len(wanted) == 0 {
		return
	}
	wanted["displayName"] = directory.Str(f.displayName())
	wanted["userPrincipalName"] = f.change.Object.Get("userPrincipalName")
	r.pending = &pending{change: f.change, target: current}
	if r.Changed {
		r.pending.counted = r.counted
	}
	r.pending.change.Object = directory.Object{
		Type: f.rule.Type, Anchor: f.change.Object.Anchor, Attributes: wanted,
	}
	outcome := &r.outcomes[0]
	// Should the cycle end before they were, the object is looked at again, also
	// if the source has gone back by then to what was seen of it before.
	outcome.Seen, outcome.Release = f.unfinished(), false
	if !r.Changed && !f.onDemand { // its references will say whether anything was done
		r.count, r.Event, outcome.Event, r.Skipped = false, nil, nil, ""
	}
}

// unsettled reports whether the target does not show yet what it is to refer
// to. A multi-valued reference always is: what it holds is not read.
func (f *flow) unsettled(wanted, current directory.Value) bool {
	if wanted.Kind() == directory.List {
		return true
	}
	connection, connected := f.subject.references[wanted.Anchor()]
	return !connected || connection.TargetAnchor != current.Anchor()
}

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
		return &linkage{cycle: c, rule: rule, pending: p}, nil
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

	trace *trace
	done  []plan.Operation
	links []state.Link
	// doubtful are the target anchors of the references of which nobody knows
	// whether they are set, of the attribute in hand.
	doubtful map[string]struct{}
	unlinks  []state.Link
	missing  []string          // source anchors that have no target object
	names    map[string]string // what the objects are called, by the anchor of the reference
	stopped  bool              // the cycle is to stop, before all of it was done
	waits    bool              // one of them failed and will be tried again
	exports  int64
	err      error
}

// set makes every reference of the object what the source says.
func (l *linkage) set(ctx context.Context) result {
	o := l.pending.change.Object
	l.names = map[string]string{}
	l.trace = l.newTrace(o, o.DisplayName())
	l.trace.imported(l.pending.change, nil)
	l.trace.target(l.pending.target.Anchor)
	for _, target := range l.rule.Mapping.References() {
		wanted, there := o.Attributes[target]
		if !there {
			continue
		}
		ops, err := l.plan(ctx, target, wanted)
		if err != nil {
			l.err = err
			break
		}
		for _, op := range ops {
			if l.stopped = l.stopping(); l.stopped || !l.apply(ctx, op) {
				break
			}
		}
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
	t, anchor := l.rule.Type, l.pending.target.Anchor
	if wanted.Kind() == directory.List {
		known, err := l.store.Links(ctx, l.job.Name, l.pending.change.Object.Anchor, attribute)
		if err != nil {
			return nil, err
		}
		l.doubtful, err = l.store.Links(ctx, l.job.Name, l.pending.change.Object.Anchor, attribute+inDoubt)
		if err != nil {
			return nil, err
		}
		maps.Copy(known, l.doubtful)
		// What is deleted from the application is no member any more.
		maps.DeleteFunc(known, func(anchor string, _ struct{}) bool { return l.overlay.gone(anchor) })
		return plan.Members(t, anchor, attribute, resolved, known, l.doubtful, l.job.Settings.MembersPerPatch), nil
	}
	if len(resolved) == 0 {
		return nil, nil
	}
	op, differs := plan.Reference(t, anchor, attribute, resolved[0], l.pending.target.Get(attribute))
	if !differs {
		return nil, nil
	}
	return []plan.Operation{op}, nil
}

// resolve translates source anchors to references to target objects. Those
// that have none are left out and noted.
func (l *linkage) resolve(ctx context.Context, wanted []directory.Value) ([]directory.Value, error) {
	resolved := make([]directory.Value, 0, len(wanted))
	for part := range slices.Chunk(wanted, 1000) {
		anchors := make([]string, len(part))
		for i, v := range part {
			anchors[i] = v.Anchor()
		}
		connections, err := l.store.Connections(ctx, l.job.Name, anchors)
		if err != nil {
			return nil, err
		}
		for _, anchor := range anchors {
			if c, connected := connections[anchor]; connected && !l.overlay.gone(anchor) {
				resolved = append(resolved, directory.Ref(c.TargetAnchor))
				l.name(c.TargetAnchor, c.DisplayName)
			} else if planned := l.overlay.reference(anchor); !planned.IsNull() {
				resolved = append(resolved, planned)
			} else {
				l.missing = append(l.missing, anchor)
				l.waits = l.waits || l.triedAgain(anchor)
			}
		}
	}
	return resolved, nil
}

// name remembers what an object is called, for a plan.
func (l *linkage) name(anchor, name string) {
	if l.opts.DryRun {
		l.names[anchor] = name
	}
}

// alreadyThere reports whether an operation adds values: an application that
// says that they conflict has them already.
func alreadyThere(op plan.Operation) bool {
	return op.Changes[0].Verb == plan.Add && op.Changes[0].New.Kind() == directory.List
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
	l.exports++
	_, err := l.export(ctx, op)
	if conflict := connectors.ClassOf(err) == connectors.Conflict; err != nil && (!conflict || !alreadyThere(op)) {
		if l.err == nil {
			l.err = err
		}
		if class := connectors.ClassOf(err); class == connectors.Retryable || class == connectors.NotSCIM {
			l.links = append(l.links, linksOf(op, inDoubt)...)
		}
		// A value that the application refuses says nothing about the next one.
		return conflict || connectors.ClassOf(err) == connectors.Rejected
	}
	l.done = append(l.done, op)
	if len(l.doubtful) > 0 {
		l.unlinks = append(l.unlinks, linksOf(op, inDoubt)...)
	}
	if op.Changes[0].Verb == plan.Remove {
		l.unlinks = append(l.unlinks, linksOf(op, "")...)
	} else {
		l.links = append(l.links, linksOf(op, "")...)
	}
	return true
}

// inDoubt is put behind the name of an attribute for the references of which
// nobody knows whether they are set: the answer to a request was lost. They are
// set again if they are wanted, and removed if they are not.
const inDoubt = "?"

// linksOf returns the references that an operation sets or removes.
func linksOf(op plan.Operation, suffix string) (links []state.Link) {
	for _, change := range op.Changes {
		if change.New.Kind() != directory.List {
			continue
		}
		for _, v := range change.New.Elements() {
			links = append(links, state.Link{Attribute: change.Attribute + suffix, TargetAnchor: v.Anchor()})
		}
	}
	return links
}

// result is what became of the references. An object whose references failed
// is tried again; one that refers to an object that is not provisioned is done.
func (l *linkage) result(ctx context.Context) result {
	o := l.pending.change.Object
	if l.err != nil && l.brokenOff() {
		l.err, l.stopped = nil, true
	}
	now := l.engine.Now()
	seen := l.pending.change
	r := result{exports: l.exports, count: l.pending.counted == ""}
	target := l.pending.target.Anchor
	r.Continues = l.pending.counted != ""
	r.Changed = len(l.done) > 0
	r.Entry = plan.Entry{
		ObjectType: o.Type, SourceAnchor: o.Anchor, DisplayName: o.DisplayName(), Reason: "differs: " + l.changed(),
		ModifiedProperties: []plan.Property{}, Requests: []plan.Request{},
	}
	if l.opts.DryRun {
		r.Entry.ModifiedProperties = plan.Properties(l.done, l.rule.Mapping.Redacted)
	}
	if target != directory.PendingText {
		r.Entry.TargetAnchor = &target
	}
	outcome := state.Outcome{
		Type: o.Type, SourceAnchor: o.Anchor, Link: l.links, Unlink: l.unlinks, Release: true,
	}
	if l.stopped { // what is left is done in the next cycle
		outcome.Release = false
	} else {
		outcome.Seen = &state.Seen{Hash: seen.Hash, Presence: directory.Present, Generation: l.generation()}
		if l.job.Settings.HealReferences {
			outcome.Missing = l.missing
		}
	}
	l.trace.resolved(l.missing)
	for _, op := range l.done {
		l.trace.modified(op, l.rule.Mapping.Redacted)
	}
	if l.err == nil && l.waits {
		l.err = &Failure{
			Code: unresolved, Category: "failure",
			Message: "it refers to objects that could not be provisioned: " + listed(l.missing),
			Advice:  "Nothing needs to be done: the reference is tried again together with the object that it refers to.",
		}
	}
	switch {
	case l.err != nil:
		fault := failure(l.err)
		l.trace.fail("EntryExportUpdate", provlog.StepExport, plan.Update, fault)
		r.Changed, r.counted, r.Entry.Action = true, plan.Fail, plan.Fail
		r.count, r.uncount = true, l.pending.counted // an object that failed in part has failed
		r.Entry.Reason = fault.Message
		r.Entry.Error = &plan.EntryError{Code: fault.Code, Message: fault.Message}
		escrow := failed(l.escrows[o.Anchor], state.Escrow{
			Type: o.Type, SourceAnchor: o.Anchor, DisplayName: o.DisplayName(), Reference: true,
			Code: fault.Code, Message: fault.Message,
		}, now.UTC())
		outcome.Escrow, outcome.Release = escrow, escrow == nil
		r.fault = endsCycle(l.err)
	case len(l.done) > 0:
		r.counted, r.Entry.Action = plan.Update, plan.Update
		l.trace.referenced(len(l.done))
	case len(l.missing) > 0:
		l.trace.skip(skipRedundant, "nothing else of it differs")
	default:
		l.trace.skip(skipRedundant, "the application shows every value that it is to show")
	}
	if l.err == nil && len(l.done) == 0 && r.count {
		r.Skipped = "as they should be"
	}
	if l.err == nil && len(l.missing) > 0 {
		l.trace.event.ProvisioningStatusInfo.Status = provlog.Warning
	}
	l.preview(ctx, &r)
	if r.Changed || !r.Continues || len(l.missing) > 0 {
		outcome.Event = l.trace.finish(now)
		r.Event = outcome.Event
	}
	r.outcomes = []state.Outcome{outcome}
	return r
}

// changed names the attributes that were written.
func (l *linkage) changed() string {
	var names []string
	for _, op := range l.done {
		for _, c := range op.Changes {
			if !slices.Contains(names, c.Attribute) {
				names = append(names, c.Attribute)
			}
		}
	}
	return strings.Join(names, ", ")
}

// preview adds the requests that a dry run would have sent, and the names of
// the objects that they refer to.
func (l *linkage) preview(ctx context.Context, r *result) {
	if !l.opts.DryRun {
		return
	}
	for i, op := range l.done {
		requests, err := l.target.Requests(op)
		if err != nil {
			r.Entry.Error = &plan.EntryError{Code: "InternalError", Message: err.Error()}
		}
		r.Entry.Requests = append(r.Entry.Requests, requests...)
		change, property := op.Changes[0], &r.Entry.ModifiedProperties[i]
		for _, e := range change.New.Elements() {
			if e.Kind() == directory.Pending {
				property.Ref = e.Anchor()
			}
		}
		if change.Verb == plan.Remove {
			property.OldName = l.called(ctx, change.New)
		} else {
			property.OldName, property.NewName = l.called(ctx, change.Old), l.called(ctx, change.New)
		}
	}
}

// called returns the names of the objects that a value refers to.
func (l *linkage) called(ctx context.Context, v directory.Value) string {
	var names []string
	for _, e := range v.Elements() {
		name, known := l.names[e.Anchor()]
		if !known { // it goes: the objects of one type refer to users above all
			for _, t := range l.job.Types() {
				if c, ok, err := l.store.ConnectionByTarget(ctx, l.job.Name, t, e.Anchor()); err == nil && ok {
					name = c.DisplayName
				}
			}
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// unresolved is Microsoft's code for a reference to an object that is not
// provisioned (scim-client-wire 5.10).
const unresolved = "UnableToResolveReferenceAttributeValue"

func (t *trace) resolved(missing []string) {
	if len(missing) == 0 {
		t.step("EntrySynchronizationReferenceResolution", provlog.StepReferenceResolution, provlog.Success, nil,
			"Every object that %s refers to is provisioned", t.name)
		return
	}
	t.step("EntrySynchronizationReferenceResolution", provlog.StepReferenceResolution, provlog.Warning,
		map[string]string{"ErrorCode": unresolved, "UnresolvedReferences": listed(missing)},
		"%s refers to %d objects that are not provisioned, which are left out", t.name, len(missing))
}

func (t *trace) referenced(n int) {
	what := "1 reference"
	if n > 1 {
		what = strconv.Itoa(n) + " references"
	}
	t.event.ProvisioningStatusInfo.Status = provlog.Success
	t.event.ProvisioningAction = provlog.ActionUpdate
	t.step("EntryExportUpdate", provlog.StepExport, provlog.Success, nil,
		"%s of %s set in the application", what, t.name)
}

// listed names the first few of a list that may be long.
func listed(anchors []string) string {
	const most = 10
	if len(anchors) <= most {
		return strings.Join(anchors, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(anchors[:most], ", "), len(anchors)-most)
}
