package engine

import (
	"context"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// What somebody allows is what a guard has held back, and they have looked at:
// should the source lose everybody between their word and the cycle, that was not
// meant.

// allAllowed reports whether the cycle may do whatever it would: somebody said
// so before any guard had stopped it.
func (c *cycle) allAllowed() bool { return c.record.AllowDeletes && c.record.Allowed == nil }

// hold remembers what the guard has stopped, so that it can be allowed. What was
// allowed before was something else.
func (c *cycle) hold(ctx context.Context, l *losses) (err error) {
	if l == nil { // the source was stopped already
		if l, err = c.losses(ctx); err != nil {
			return err
		}
	}
	going := l.objects
	if len(l.off) == 0 {
		going = l.withInactive().objects
	}
	x := c.execution
	c.held = &state.Held{
		Users: going[directory.User], Groups: going[directory.Group], Members: l.members,
		SourceUsers: x.Users, SourceGroups: x.Groups, SourceTime: x.SourceTime,
	}
	c.record.AllowDeletes, c.record.Allowed = false, nil
	return nil
}

// beyond returns the losses without those that are allowed.
func (l *losses) beyond(allowed *state.Held) *losses {
	if allowed == nil {
		return l
	}
	more := *l
	more.objects = map[directory.ObjectType]int64{
		directory.User:  max(0, l.objects[directory.User]-allowed.Users),
		directory.Group: max(0, l.objects[directory.Group]-allowed.Groups),
	}
	more.members = max(0, l.members-allowed.Members)
	return &more
}
