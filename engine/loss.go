package engine

import (
	"context"
	"slices"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// What is taken away is recorded with what was done, so that the guards know of
// earlier cycles.

// loss returns what an operation on an object takes away, nil if that is nothing.
func (f *flow) loss(op plan.Operation) *state.Loss {
	kept := op.Action == plan.Update && switchesOff(op)
	if !kept && op.Action != plan.Disable && op.Action != plan.Delete {
		return nil
	}
	if f.again && !kept { // of an update that fails it is not known what it takes away
		return f.lossCounted()
	}
	return &state.Loss{At: f.stamp(), Objects: 1, Kept: kept}
}

// lossCounted returns what is left to count of a loss that was counted when it
// failed first: that the object is not active any more.
func (f *flow) lossCounted() *state.Loss {
	if f.situation.Standing != plan.Managed {
		return nil
	}
	return &state.Loss{At: f.escrow.First, Parted: true}
}

// lossFound returns what was taken away from somebody who is found disabled, and
// counted as active until now: the process died before it was recorded. Else slow
// drips would not count.
func (f *flow) lossFound() *state.Loss {
	switch {
	case !f.takesAway():
		return nil
	case f.again:
		return f.lossCounted()
	default:
		return &state.Loss{At: f.stamp(), Objects: 1}
	}
}

// lossTried returns what was to be taken away and failed, at its first try: it
// may have taken effect, and no guard is asked again.
func (f *flow) lossTried() *state.Loss {
	if f.again || f.onDemand || !f.takesAway() {
		return nil
	}
	return &state.Loss{At: f.engine.Now().UTC(), Objects: 1, Members: f.membersOff, Kept: f.situation.Standing == plan.Managed}
}

// switchesOff reports whether an update makes an object inactive that was not
// (RFC 7643 section 4.1.1).
func switchesOff(op plan.Operation) bool {
	return slices.ContainsFunc(op.Changes, func(change plan.Change) bool {
		active, known := change.New.Boolean()
		return isActive(change.Attribute) && known && !active
	})
}

// membersLost counts how many members go with a group that is deleted.
func (f *flow) membersLost(ctx context.Context) error {
	if f.rule.Type != directory.Group {
		return nil
	}
	for _, attribute := range f.rule.Mapping.References() {
		members, _, err := f.known(ctx, f.change.Object.Anchor, attribute)
		if err != nil {
			return err
		}
		f.membersOff += int64(len(members))
	}
	return nil
}

// counted reports whether what the group is to lose was counted when it failed.
func (l *linkage) counted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.retries[sourceKey{l.rule.Type, l.pending.change.Object.Anchor}]
}

// loss returns what was taken from a group by the operations on its references,
// nil if nothing was. Where some of them failed, all count, and none once more.
func (l *linkage) loss() *state.Loss {
	loss, ops := &state.Loss{At: l.stamp()}, l.done
	switch {
	case l.counted():
		return nil
	case l.err != nil && !l.onDemand && !l.stopped:
		ops = l.all
	}
	for _, op := range ops {
		if change := op.Changes[0]; l.rule.Type == directory.Group && change.Verb == plan.Remove {
			loss.Members += int64(len(change.New.Elements()))
		}
	}
	if loss.Members == 0 {
		return nil
	}
	return loss
}
