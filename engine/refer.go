package engine

import (
	"context"
	"maps"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// What one object leaves for the references stage, see references.go.

// refer notes on the result which references are to be set once all objects
// were carried through the flow: those that the target does not show yet. An
// object that has such references is not done before they were dealt with.
func (f *flow) refer(ctx context.Context, r *result, current directory.Object) {
	wanted := map[string]directory.Value{}
	outcome := &r.outcomes[0]
	for _, v := range f.mapped.Values {
		switch {
		case !v.Reference || v.Value.IsEmpty():
		case f.unsettled(v.Value, current.Get(v.Target)):
			wanted[v.Target] = v.Value
		default: // remembered as set, so that it is taken away once the source clears it
			outcome.Link = append(outcome.Link, state.Link{Attribute: v.Target, TargetAnchor: current.Get(v.Target).Anchor()})
		}
	}
	if err := f.cleared(ctx, wanted); err != nil {
		outcome.Seen, outcome.Release, r.fault = f.unfinished(), false, err // looked at again
		return
	}
	if len(wanted) == 0 {
		return
	}
	wanted["displayName"] = directory.Str(f.displayName())
	wanted["userPrincipalName"] = f.change.Object.Get("userPrincipalName")
	r.pending = &pending{change: f.change, target: f.shownReferences(current)}
	if r.Changed {
		r.pending.counted = r.counted
	}
	r.pending.change.Object = directory.Object{
		Type: f.rule.Type, Anchor: f.change.Object.Anchor, Attributes: wanted,
	}
	// Should the cycle end before they were, the object is looked at again, also
	// if the source has gone back by then to what was seen of it before.
	outcome.Seen, outcome.Release = f.unfinished(), false
	if !r.Changed && !f.onDemand { // its references will say whether anything was done
		r.count, r.Event, outcome.Event, r.Skipped = false, nil, nil, ""
	}
}

// cleared adds the references that the source has no value for any more: those
// of a group in any case, for what was set earlier is known at the next step,
// and those of a user if one was set.
func (f *flow) cleared(ctx context.Context, wanted map[string]directory.Value) error {
	if f.connection == nil && f.found == "" { // just created: nothing was set
		return nil
	}
	for _, target := range f.mapped.Cleared {
		if f.rule.Type == directory.Group {
			wanted[target] = directory.Of()
			continue
		}
		if f.job.Settings.KeepClearedReferences {
			continue
		}
		set, _, err := f.known(ctx, f.change.Object.Anchor, target)
		if err != nil {
			return err
		}
		if len(set) > 0 {
			wanted[target] = directory.Value{}
		}
	}
	return nil
}

// known returns the target anchors that an attribute of a source object was
// made to refer to, and those among them of which nobody knows whether it does.
func (c *cycle) known(ctx context.Context, source, attribute string) (set, doubtful map[string]struct{}, err error) {
	if set, err = c.store.Links(ctx, c.job.Name, source, attribute); err != nil {
		return nil, nil, err
	}
	if doubtful, err = c.store.Links(ctx, c.job.Name, source, attribute+inDoubt); err != nil {
		return nil, nil, err
	}
	maps.Copy(set, doubtful)
	// What is deleted from the application is referred to no more.
	maps.DeleteFunc(set, func(anchor string, _ struct{}) bool { return c.overlay.gone(anchor) })
	return set, doubtful, nil
}

// shownReferences returns the target object with nothing but the references
// that it shows, and one of each list: that there are some is what counts.
func (f *flow) shownReferences(current directory.Object) directory.Object {
	shown := directory.Object{Type: f.rule.Type, Anchor: current.Anchor, Attributes: map[string]directory.Value{}}
	for _, target := range f.rule.Mapping.References() {
		v := current.Get(target)
		if v.Kind() == directory.List && !v.IsEmpty() {
			v = directory.Of(v.Elements()[0])
		}
		if !v.IsEmpty() {
			shown.Attributes[target] = v
		}
	}
	return shown
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
