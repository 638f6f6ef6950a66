package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// The guards of the source itself: whether it still is what it was.

// dwindling is something of the source that may have become less.
type dwindling struct {
	what        string
	t           directory.ObjectType
	before, now int64
	from        int64 // how many there must have been for none to be too few
	purged      bool  // they become less every day, and none alone is too few
}

// dwindled returns what may have become less since the last cycle: people and
// groups, and of the people those with an attribute whose loss would give somebody
// access again, take their manager, or have their account deleted.
func (c *cycle) dwindled(last *state.Execution, read connectors.ReadResult) []dwindling {
	before := func(last int64, allowed func(*state.Held) int64) int64 {
		if c.record.Allowed == nil {
			return last
		}
		return min(last, allowed(c.record.Allowed))
	}
	list := []dwindling{
		{"users", directory.User, before(last.Users, func(h *state.Held) int64 { return h.SourceUsers }), int64(read.Users), 2, false},
		{"groups", directory.Group, before(last.Groups, func(h *state.Held) int64 { return h.SourceGroups }), int64(read.Groups), 2, false},
	}
	has := func(attribute string, from int64) {
		if now, counted := read.Has[attribute]; counted {
			then := before(last.SourceHas[attribute], func(h *state.Held) int64 { return h.SourceHas[attribute] })
			list = append(list, dwindling{"users with " + attribute, directory.User, then, now, from, attribute == "deletedDateTime"})
		}
	}
	has("accountEnabled", 2)
	has("deletedDateTime", guardedFrom) // who is not listed any more is purged
	if users := c.job.rule(directory.User); users != nil && slices.Contains(users.Mapping.SourceAttributes(), "manager") {
		has("manager", guardedFrom)
	}
	return list
}

// guardSource returns a *GuardError if the source has lost too much since the
// last cycle that ran to its end, or is older than it was then.
func (c *cycle) guardSource(ctx context.Context, read connectors.ReadResult) error {
	last, guard := c.record.LastSuccess, c.job.Settings.Guard
	if c.allAllowed() {
		return nil
	}
	if last == nil { // none ran to its end; who is connected was in the source
		counts, err := c.store.Counts(ctx, c.job.Name)
		if err != nil {
			return err
		}
		last = &state.Execution{Users: counts.Active[directory.User], Groups: counts.Active[directory.Group]}
	}
	for _, n := range c.dwindled(last, read) {
		switch {
		case guard.SourceShare <= 0 || n.now >= n.before:
		case n.now == 0 && n.before >= n.from && c.imports[n.t] != nil:
			return c.guarded(quarantineIngestion, "the source has no %s any more; it had %d", n.what, n.before)
		case !n.purged && n.before >= guardedFrom && (n.before-n.now)*100 > guard.SourceShare*n.before:
			return c.guarded(quarantineIngestion, "the source has shrunk from %d to %d %s, by more than %d %%",
				n.before, n.now, n.what, guard.SourceShare)
		}
	}
	return c.guardAge(last, read)
}

// guardAge returns a *GuardError if the source, or one of its lists, is older than
// it was when it was read last.
func (c *cycle) guardAge(last *state.Execution, read connectors.ReadResult) error {
	guard, allowed := c.job.Settings.Guard, c.record.Allowed
	if guard.SourceAge <= 0 || c.execution.ImportedDeltas == 0 {
		return nil
	}
	older := func(what string, now, then time.Time, held func(*state.Held) time.Time) error {
		if allowed != nil && held(allowed).Before(then) {
			then = held(allowed)
		}
		if now.IsZero() || beforeItsTime(then, last, guard) || c.toCome(then) || !now.Add(guard.SourceAge).Before(then) {
			return nil
		}
		return c.guarded(quarantineIngestion, "the source is older than the one before: %s of %s, and the last one was of %s",
			what, now.UTC().Format(time.RFC3339), then.UTC().Format(time.RFC3339))
	}
	err := older("it is", read.Newest, last.SourceTime, func(h *state.Held) time.Time { return h.SourceTime })
	for _, list := range slices.Sorted(maps.Keys(read.Written)) {
		if err == nil {
			err = older("its list of "+list+" is", read.Written[list], last.SourceLists[list], func(h *state.Held) time.Time { return h.SourceLists[list] })
		}
	}
	return err
}

// beforeItsTime reports whether the source bore a time that was still to come when
// it was read: that is of a wrong clock, unless it is a little ahead, as clocks are.
func beforeItsTime(written time.Time, x *state.Execution, guard Guard) bool {
	return written.After(x.Ended.Add(guard.SourceAge))
}

// keepSourceTime keeps the time of the last source where the cycle has read an
// older one with the same content, such as a copy: it was let pass, for there was
// nothing to do, and the next one is to be no older than what was seen before.
func (c *cycle) keepSourceTime() {
	x, last := &c.execution, c.record.LastSuccess
	if last == nil || x.ImportedDeltas > 0 {
		return
	}
	keep := func(now, then time.Time) time.Time {
		if now.Before(then) && !beforeItsTime(then, last, c.job.Settings.Guard) {
			return then
		}
		return now
	}
	x.SourceTime = keep(x.SourceTime, last.SourceTime)
	for list, now := range x.SourceLists {
		x.SourceLists[list] = keep(now, last.SourceLists[list])
	}
}

// stale returns the warning about a source that was written last at newest, ""
// if there is none.
func (g Guard) stale(newest, now time.Time) string {
	age := now.Sub(newest)
	if g.StaleAfter <= 0 || newest.IsZero() || age <= g.StaleAfter {
		return ""
	}
	ago := fmt.Sprintf("%d days", int(age.Hours()/24))
	if age < 48*time.Hour {
		ago = fmt.Sprintf("%.1f hours", age.Hours())
	}
	return fmt.Sprintf("The source was written %s ago, at %s, and never since (of users and groups, the older list counts): what has changed in the directory does not arrive. Is its export still made?",
		ago, newest.UTC().Format(time.RFC3339))
}
