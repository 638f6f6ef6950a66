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
	return &state.Loss{At: f.stamp(), Objects: 1, Kept: kept}
}

// switchesOff reports whether an update makes an object inactive that was not
// (RFC 7643 section 4.1.1).
func switchesOff(op plan.Operation) bool {
	return slices.ContainsFunc(op.Changes, func(change plan.Change) bool {
		active, known := change.New.Boolean()
		return isActive(change.Attribute) && known && !active
	})
}

// membersLost returns how many members go with a group that is deleted.
func (f *flow) membersLost(ctx context.Context) (n int64, err error) {
	if f.rule.Type != directory.Group {
		return 0, nil
	}
	for _, attribute := range f.rule.Mapping.References() {
		members, _, err := f.known(ctx, f.change.Object.Anchor, attribute)
		if err != nil {
			return n, err
		}
		n += int64(len(members))
	}
	return n, nil
}

// loss returns what was taken from a group by the operations on its references,
// nil if nothing was.
func (l *linkage) loss() *state.Loss {
	loss := &state.Loss{At: l.stamp()}
	for _, op := range l.done {
		if change := op.Changes[0]; l.rule.Type == directory.Group && change.Verb == plan.Remove {
			loss.Members += int64(len(change.New.Elements()))
		}
	}
	if loss.Members == 0 {
		return nil
	}
	return loss
}
