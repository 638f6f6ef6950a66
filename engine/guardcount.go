package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// losses are what a cycle is about to take away.
type losses struct {
	// objects are those that are disabled or deleted, by their type.
	objects map[directory.ObjectType]int64
	members int64 // that leave their groups
	// inactive are the objects in scope for which the mapping itself says that
	// they are not active. Whether the application shows them so already is not
	// known before it is asked.
	inactive map[directory.ObjectType]int64
	// joining are the objects in scope that are not connected yet, and unsure those
	// of them for which the mapping says that they are not active. joined are the
	// unsure ones whose account is in the application already, and active.
	joining, unsure, joined map[directory.ObjectType]int64
	// off are the inactive and the unsure ones that it shows as active, by type and
	// source anchor.
	off   map[sourceKey]bool
	asked bool // whether the application was asked for these
	// retries are the objects that are tried again: they are in none of these numbers.
	retries map[sourceKey]bool
}

func newLosses() *losses {
	count := func() map[directory.ObjectType]int64 { return map[directory.ObjectType]int64{} }
	return &losses{
		objects: count(), inactive: count(), joining: count(), unsure: count(), joined: count(),
		off: map[sourceKey]bool{}, retries: map[sourceKey]bool{},
	}
}

// all returns how many objects are disabled or deleted.
func (l *losses) all() int64 { return sum(l.objects) }

// guardDeletions returns a *GuardError if the cycle would take away more than a
// guard lets it, and what it would take away.
func (c *cycle) guardDeletions(ctx context.Context) (*losses, error) {
	guard := c.job.Settings.Guard
	if c.allAllowed() || !guard.countsObjects() && !guard.countsMembers() {
		return nil, nil
	}
	l, err := c.losses(ctx)
	if most := l.withInactive(); err != nil || most.all()+sum(most.joined)+l.members == 0 {
		return l, err
	}
	allowed, err := c.stillAllowed(ctx)
	if err != nil {
		return l, err
	}
	earlier, err := c.takenAway(ctx, allowed)
	if err != nil {
		return l, err
	}
	counts, err := c.store.Counts(ctx, c.job.Name)
	if err != nil {
		return l, err
	}
	tooMany := func(l *losses) error {
		l = l.beyond(allowed)
		if stop := c.tooManyObjects(l, earlier, counts.Active); stop != nil || sum(l.joined) == 0 {
			return stop
		}
		return c.tooManyObjects(&losses{objects: added(l.objects, l.joined), off: l.off}, earlier, added(counts.Active, l.joining))
	}
	if stop := tooMany(l); stop != nil {
		return l, stop
	}
	// The application is asked only where its answer matters, and is the right one.
	if !c.elsewhere() && tooMany(l.withInactive()) != nil {
		if err := c.countSwitchedOff(ctx, l); err != nil {
			return l, err
		}
		if stop := tooMany(l); stop != nil {
			return l, stop
		}
	}
	return l, c.tooManyMembers(ctx, l.beyond(allowed).members, earlier.Members)
}

func sum(counts map[directory.ObjectType]int64) int64 {
	return counts[directory.User] + counts[directory.Group]
}

// added returns the sums by type.
func added(a, b map[directory.ObjectType]int64) map[directory.ObjectType]int64 {
	both := map[directory.ObjectType]int64{}
	for _, t := range directoryTypes() {
		both[t] = a[t] + b[t]
	}
	return both
}

func (g Guard) countsObjects() bool {
	return g.Threshold > 0 || g.Share > 0 || g.Window > 0 && (g.WindowThreshold > 0 || g.WindowShare > 0)
}

func (g Guard) countsMembers() bool { return g.Members > 0 || g.Window > 0 && g.WindowMembers > 0 }

// tooManyMembers returns a *GuardError if a guard does not let so many members
// be removed, after so many earlier ones.
func (c *cycle) tooManyMembers(ctx context.Context, members, earlier int64) error {
	if members == 0 {
		return nil
	}
	guard := c.job.Settings.Guard
	all, err := c.store.Memberships(ctx, c.job.Name)
	if err != nil {
		return err
	}
	if guard.Members > 0 && all >= membersFrom && members*100 > guard.Members*all {
		return c.guarded(quarantineDeletes, "the cycle would remove %d of %d members from their groups, more than %d %%", members, all, guard.Members)
	}
	if was := all + earlier; guard.WindowMembers > 0 && earlier > 0 && was >= membersFrom && min(members+earlier, was)*100 > guard.WindowMembers*was {
		return c.guarded(quarantineDeletes, "the cycle would remove %d of %d members from their groups, after %d in %s, more than %d %% of %d",
			members, all, earlier, guard.within(), guard.WindowMembers, was)
	}
	return nil
}

// losses goes over what the cycle is to look at, and counts.
func (c *cycle) losses(ctx context.Context) (*losses, error) {
	l := newLosses()
	err := c.survey(ctx, func(s *subject) error {
		if s.intent == plan.Match {
			l.joining[s.rule.Type]++
		}
		tried, err := c.triedBefore(ctx, s)
		if err != nil || tried {
			l.retries[sourceKey{s.rule.Type, s.change.Object.Anchor}] = tried
			return err
		}
		inactive := s.mappedInactive()
		switch {
		case s.takesAway():
			l.objects[s.rule.Type]++
		case inactive && s.connection != nil:
			l.inactive[s.rule.Type]++
		case inactive:
			l.unsure[s.rule.Type]++
		}
		if !c.job.Settings.Guard.countsMembers() {
			return nil
		}
		n, err := c.membersGoing(ctx, s)
		l.members += n
		return err
	})
	return l, err
}

// tooManyObjects returns a *GuardError if a guard does not let so many objects
// be taken away, after so many earlier ones, of so many active ones.
func (c *cycle) tooManyObjects(l *losses, earlier state.Taken, active map[directory.ObjectType]int64) error {
	guard, all := c.job.Settings.Guard, l.all()
	before := earlier.Objects[directory.User] + earlier.Objects[directory.Group]
	managed := active[directory.User] + active[directory.Group]
	if guard.Threshold > 0 && all >= guard.Threshold {
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active objects%s, and the job's threshold is %d",
			all, managed, l.byMapping(), guard.Threshold)
	}
	for _, t := range directoryTypes() {
		n, what := l.objects[t], strings.ToLower(string(t))+"s"
		switch {
		case guard.Share <= 0 || n*100 <= guard.Share*active[t]:
		case active[t] >= guardedFrom:
			return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active %s%s, more than %d %%",
				n, active[t], what, l.byMapping(), guard.Share)
		case n >= guardedFrom: // most of them were disabled earlier
			return c.guarded(quarantineDeletes, "the cycle would disable or delete %d %s, disabled ones included, and %d are active: more than %d %%",
				n, what, active[t], guard.Share)
		}
	}
	if before == 0 || all == 0 {
		return nil
	}
	if guard.WindowThreshold > 0 && all+before >= guard.WindowThreshold {
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active objects%s, after %d in %s, and the job's threshold for that time is %d",
			all, managed, l.byMapping(), before, guard.within(), guard.WindowThreshold)
	}
	// Groups come and go together, when a firm is reorganised: of them the share of
	// a cycle says enough. Who goes, comes back and goes again counts twice, and yet
	// no more than all can go: 100 % is never exceeded.
	n, gone := l.objects[directory.User], earlier.Objects[directory.User]
	if was := active[directory.User] + gone - earlier.Kept[directory.User]; guard.WindowShare > 0 && n > 0 && gone > 0 && was >= guardedFrom && min(n+gone, was)*100 > guard.WindowShare*was {
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active users%s, after %d in %s, more than %d %% of %d",
			n, active[directory.User], l.byMapping(), gone, guard.within(), guard.WindowShare, was)
	}
	return nil
}

func directoryTypes() []directory.ObjectType {
	return []directory.ObjectType{directory.User, directory.Group}
}

// within says what the guard's window is.
func (g Guard) within() string { return fmt.Sprintf("the last %g hours", g.Window.Hours()) }

// takenAway returns what was taken away within the guard's window, without what
// somebody has allowed, by now or still.
func (c *cycle) takenAway(ctx context.Context, allowed *state.Held) (state.Taken, error) {
	guard := c.job.Settings.Guard
	if guard.Window <= 0 {
		return state.Taken{}, nil
	}
	since := c.execution.Began.Add(-guard.Window)
	word := c.record.DeletesAllowed
	if allowed != nil {
		word = allowed.Since
	}
	// One that is yet to come is of a wrong clock, and would hide all until then.
	if word.After(since) && !word.After(c.execution.Began) {
		since = word.Add(time.Microsecond)
	}
	// Later ones are of a wrong clock: their time says nothing.
	taken, err := c.store.Taken(ctx, c.job.Name, since, c.engine.Now().Add(clockTolerance))
	if err == nil && allowed != nil {
		takenBeyond(&taken, allowed)
	}
	return taken, err
}

// survey calls yield with every object that the cycle is to look at, before
// anything is done about it.
func (c *cycle) survey(ctx context.Context, yield func(*subject) error) error {
	for i := range c.job.Rules {
		rule := &c.job.Rules[i]
		read, err := c.imports[rule.Type].reader()
		if err != nil {
			return err
		}
		for {
			subjects, err := c.readAhead(ctx, rule, read)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return err
			}
			for _, s := range subjects {
				c.prepare(s)
				if err := yield(s); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// takesAway reports whether the object is about to be disabled or deleted,
// rather than found disabled already.
func (s *subject) takesAway() bool {
	if s.leftAlone() {
		return false
	}
	return s.intent == plan.Erase || s.intent == plan.Deprovision && s.situation.Standing == plan.Managed
}

// leftAlone reports whether nothing is done about the object in any case.
func (s *subject) leftAlone() bool { return s.decision.Err != nil || s.mapErr != nil || s.mapped.Skip }

// membersGoing returns how many members a group is about to lose of those that
// it was given: all, if it is deleted.
func (c *cycle) membersGoing(ctx context.Context, s *subject) (n int64, err error) {
	if s.rule.Type != directory.Group || s.leftAlone() || s.intent == plan.Match && s.change.New {
		return 0, nil
	}
	wanted := map[string]directory.Value{}
	switch s.intent {
	case plan.Erase:
		for _, target := range s.rule.Mapping.References() {
			wanted[target] = directory.Of()
		}
	case plan.Align, plan.Match: // what is matched may have been connected before
		if !s.rule.Actions.Update {
			return 0, nil
		}
		for _, v := range s.mapped.Values {
			if v.Reference && !v.Value.IsEmpty() {
				wanted[v.Target] = v.Value
			}
		}
		for _, target := range s.mapped.Cleared {
			wanted[target] = directory.Of()
		}
	}
	for target, v := range wanted {
		going, doubtful, err := c.known(ctx, s.change.Object.Anchor, target)
		if err != nil {
			return 0, err
		}
		if len(going) == 0 {
			continue
		}
		unknown := 0
		err = c.connected(ctx, v.Elements(), func(_ string, connection state.Connection, ok bool) {
			if !ok {
				unknown++
			}
			delete(going, connection.TargetAnchor)
			delete(doubtful, connection.TargetAnchor)
		})
		if err != nil {
			return 0, err
		}
		// Who is not connected (any more) may be any of those in doubt.
		n += int64(len(going) - min(len(doubtful), unknown))
	}
	return n, nil
}
