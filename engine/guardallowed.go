package engine

import (
	"context"

	"go.uber.org/zap"

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
	// Whom the mapping makes inactive the application may show so already. Who is
	// not known to lose anything is not allowed for: the next cycle asks.
	if most := l.withInactive(); !l.asked && !c.elsewhere() && most.all()+sum(most.joined) > l.all() {
		if err := c.countSwitchedOff(ctx, l); err != nil {
			c.engine.Logger.Warn("counting who would be disabled", zap.String("job", c.job.Name), zap.Error(err))
		}
	}
	going := added(l.objects, l.joined)
	x := c.execution
	c.record.Held = &state.Held{
		Users: going[directory.User], Groups: going[directory.Group], Members: l.members,
		SourceUsers: x.Users, SourceGroups: x.Groups, SourceTime: x.SourceTime, SourceLists: x.SourceLists,
		SourceHas: x.SourceHas, Address: c.job.Address,
	}
	c.record.AllowDeletes, c.record.Allowed = false, nil
	return nil
}

// stillAllowed returns what is allowed and was not done yet, nil if no numbers
// are: a cycle may have been stopped on its way.
func (c *cycle) stillAllowed(ctx context.Context) (*state.Held, error) {
	if c.record.Allowed == nil {
		return nil, nil
	}
	left := *c.record.Allowed
	done, err := c.store.Taken(ctx, c.job.Name, left.Since, c.engine.Now().Add(clockTolerance))
	left.Users -= done.Objects[directory.User]
	left.Groups -= done.Objects[directory.Group]
	left.Members -= done.Members
	return &left, err
}

// takenBeyond leaves of what was taken away since somebody's word what they have
// not allowed: left has numbers below zero where more was done.
func takenBeyond(taken *state.Taken, left *state.Held) {
	for t, n := range map[directory.ObjectType]int64{directory.User: left.Users, directory.Group: left.Groups} {
		taken.Objects[t] = min(taken.Objects[t], max(0, -n))
		taken.Kept[t] = min(taken.Kept[t], taken.Objects[t])
	}
	taken.Members = min(taken.Members, max(0, -left.Members))
}

// beyond returns the losses without those that are allowed.
func (l *losses) beyond(allowed *state.Held) *losses {
	if allowed == nil {
		return l
	}
	more := *l
	more.objects, more.joined = map[directory.ObjectType]int64{}, map[directory.ObjectType]int64{}
	for t, n := range map[directory.ObjectType]int64{directory.User: allowed.Users, directory.Group: allowed.Groups} {
		n = max(0, n)
		more.objects[t] = max(0, l.objects[t]-n)
		more.joined[t] = max(0, l.joined[t]-max(0, n-l.objects[t]))
	}
	more.members = max(0, l.members-max(0, allowed.Members))
	return &more
}
