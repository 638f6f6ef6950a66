package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// What became of the references of one object, and what is recorded of it, see
// references.go.

// result is what became of the references. An object whose references failed
// is tried again; one that refers to an object that is not provisioned is done.
func (l *linkage) result(ctx context.Context) result {
	o := l.pending.change.Object
	ended := l.begun
	if l.err != nil && l.brokenOff() { // what became of the request in hand is not known
		l.err, l.stopped, ended = nil, true, false
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
	if l.opts.Basis != nil {
		r.Entry.Steps = l.steps()
	}
	if target != directory.PendingText {
		r.Entry.TargetAnchor = &target
	}
	outcome := state.Outcome{
		Type: o.Type, SourceAnchor: o.Anchor, Link: l.links, Unlink: append(l.unlinks, l.intended...), Release: true,
		Loss: l.loss(), Ended: ended,
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
		l.trace.modified(op)
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
		escrow := failed(l.escrows[o.Anchor], state.Escrow{
			Type: o.Type, SourceAnchor: o.Anchor, DisplayName: o.DisplayName(), Reference: true,
			Code: fault.Code, Message: fault.Message,
		}, now.UTC(), l.escrowLife(fault.Code), l.job.Settings.Tempo)
		l.trace.fail("EntryExportUpdate", provlog.StepExport, plan.Update, fault, escrow)
		r.Changed, r.counted, r.Entry.Action = true, plan.Fail, plan.Fail
		r.count, r.uncount = true, l.pending.counted // an object that failed in part has failed
		r.Entry.Reason = fault.Message
		r.Entry.Error = &plan.EntryError{Code: fault.Code, Message: fault.Message}
		outcome.Escrow, outcome.Release = escrow, escrow == nil
		r.fault, r.silent = endsCycle(l.err), silent(l.err)
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
	untouched := l.stopped && l.err == nil && len(l.done) == 0
	if untouched { // nothing can be said of it before the next cycle
		r.count, r.Skipped = false, ""
	}
	if l.err == nil && len(l.missing) > 0 {
		l.trace.event.ProvisioningStatusInfo.Status = provlog.Warning
	}
	l.preview(ctx, &r)
	if r.Changed || !untouched && (!r.Continues || len(l.missing) > 0) {
		outcome.Event = l.trace.finish(l.stamp())
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
			if c, ok, err := l.holder(ctx, e.Anchor()); err == nil && ok {
				name = c.DisplayName
			}
		}
		if name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// listed names the first few of a list that may be long.
func listed(anchors []string) string {
	const most = 10
	if len(anchors) <= most {
		return strings.Join(anchors, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(anchors[:most], ", "), len(anchors)-most)
}
