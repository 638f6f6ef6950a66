package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// Guard says what a job must not do without being asked: each field is a guard
// of its own, and zero switches it off. All are checked before a cycle's first
// write; AllowDeletes lets one cycle pass them all.
type Guard struct {
	// Threshold is how many objects disabled or deleted stop a cycle (Microsoft
	// Learn, "Enable accidental deletions prevention").
	Threshold int64
	// Share is the percentage of the connected objects that are active that stops
	// it, where there are at least guardedFrom.
	Share int64
	// Members is the percentage of the memberships whose removal stops it, where
	// there are at least membersFrom.
	Members int64
	// Window and WindowThreshold are how many objects disabled or deleted in how
	// long a time stop a cycle, so that slow drips count.
	Window          time.Duration
	WindowThreshold int64

	// SourceShare is the percentage of its users or of its groups that a source
	// may lose from one cycle to the next, where there are at least guardedFrom. A
	// source without users, where there were some, has always lost too much.
	SourceShare int64
	// SourceAge is how much older a source may be than the one before: files are
	// copied in any order.
	SourceAge time.Duration
}

const (
	guardedFrom = 20  // a share of fewer objects says nothing
	membersFrom = 100 // nor does one of fewer memberships
)

// GuardError says that a guard stopped a cycle before its first write, with
// the numbers and what to do.
type GuardError struct {
	Reason  string // of the quarantine: TooManyDeletes, IngestionInterrupted
	Message string
}

// Error returns the message.
func (e *GuardError) Error() string { return e.Message }

// guarded returns the error of a guard.
func (c *cycle) guarded(reason, format string, args ...any) *GuardError {
	return &GuardError{Reason: reason, Message: fmt.Sprintf(format, args...) + fmt.Sprintf(
		". Nothing was written. Look at \"scimsync plan %s\". If it is right, \"scimsync allow-deletes %s\" lets the next cycle do it; "+
			"else correct the directory or the job", c.job.Name, c.job.Name)}
}

// guardSource returns a *GuardError if the source has lost too much since the
// last cycle that ran to its end, or is older than it was then.
func (c *cycle) guardSource(read connectors.ReadResult) error {
	last, guard := c.record.LastSuccess, c.job.Settings.Guard
	if last == nil || c.record.AllowDeletes {
		return nil
	}
	for _, n := range []struct {
		what        string
		before, now int64
	}{{"users", last.Users, int64(read.Users)}, {"groups", last.Groups, int64(read.Groups)}} {
		switch {
		case guard.SourceShare <= 0 || n.now >= n.before:
		case read.Users == 0 && last.Users > 1:
			return c.guarded(quarantineIngestion, "the source has no users any more; it had %d", last.Users)
		case n.before >= guardedFrom && (n.before-n.now)*100 > guard.SourceShare*n.before:
			return c.guarded(quarantineIngestion, "the source has shrunk from %d to %d %s, by more than %d %%",
				n.before, n.now, n.what, guard.SourceShare)
		}
	}
	if guard.SourceAge > 0 && c.execution.ImportedDeltas > 0 && !read.Newest.IsZero() && read.Newest.Add(guard.SourceAge).Before(last.SourceTime) {
		return c.guarded(quarantineIngestion, "the source is older than the one before: it is of %s, and the last one was of %s",
			read.Newest.UTC().Format(time.RFC3339), last.SourceTime.UTC().Format(time.RFC3339))
	}
	return nil
}

// guard counts, before the first write, what the cycle would take away, and
// stops it if that is too much. A dry run goes on, and says so.
func (c *cycle) guard(ctx context.Context, read connectors.ReadResult) error {
	err := c.guardSource(read)
	if err == nil {
		err = c.guardDeletions(ctx)
	}
	var stop *GuardError
	if !errors.As(err, &stop) {
		return err
	}
	if c.opts.DryRun { // a plan shows all that would happen, and that it would not
		c.execution.Guard = stop.Error()
		return nil
	}
	if stop.Reason == quarantineDeletes {
		if err := c.stage(ctx); err != nil {
			return err
		}
	}
	return stop
}

func (c *cycle) guardDeletions(ctx context.Context) error {
	guard := c.job.Settings.Guard
	if c.record.AllowDeletes || guard.Threshold <= 0 && guard.Share <= 0 && guard.Members <= 0 && guard.WindowThreshold <= 0 {
		return nil
	}
	var objects, members int64
	err := c.survey(ctx, func(s *subject) error {
		if s.takesAway() {
			objects++
			return nil
		}
		if guard.Members <= 0 {
			return nil
		}
		n, err := c.membersGoing(ctx, s)
		members += n
		return err
	})
	if err != nil || objects+members == 0 {
		return err
	}
	counts, err := c.store.Counts(ctx, c.job.Name)
	if err != nil {
		return err
	}
	if objects > 0 {
		earlier, err := c.takenAway(ctx)
		if err != nil {
			return err
		}
		if stop := c.tooManyObjects(objects, earlier, counts.Active); stop != nil {
			return stop
		}
	}
	if members == 0 {
		return nil
	}
	all, err := c.store.Memberships(ctx, c.job.Name)
	if err != nil {
		return err
	}
	if all >= membersFrom && members*100 > guard.Members*all {
		return c.guarded(quarantineDeletes, "the cycle would remove %d of %d members from their groups, more than %d %%", members, all, guard.Members)
	}
	return nil
}

// tooManyObjects compares with the guards how many objects the cycle would take
// away, and how many were shortly before.
func (c *cycle) tooManyObjects(objects, earlier, managed int64) error {
	guard := c.job.Settings.Guard
	switch {
	case guard.Threshold > 0 && objects >= guard.Threshold:
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active objects, and the job's threshold is %d",
			objects, managed, guard.Threshold)
	case guard.Share > 0 && managed >= guardedFrom && objects*100 > guard.Share*managed:
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active objects, more than %d %%",
			objects, managed, guard.Share)
	case guard.WindowThreshold > 0 && earlier > 0 && objects+earlier >= guard.WindowThreshold:
		return c.guarded(quarantineDeletes, "the cycle would disable or delete %d of %d active objects, after %d in the last %g hours, and the job's threshold for that time is %d",
			objects, managed, earlier, guard.Window.Hours(), guard.WindowThreshold)
	default:
		return nil
	}
}

// takenAway returns how many objects were disabled and deleted within the
// guard's window, without those that somebody has allowed.
func (c *cycle) takenAway(ctx context.Context) (n int64, err error) {
	if c.job.Settings.Guard.Window <= 0 || c.job.Settings.Guard.WindowThreshold <= 0 {
		return 0, nil
	}
	since := c.execution.Began.Add(-c.job.Settings.Guard.Window)
	if allowed := c.record.DeletesAllowed.Add(time.Microsecond); allowed.After(since) {
		since = allowed
	}
	err = c.store.Events(ctx, provlog.Query{JobID: c.record.ID, Actions: takingActions, Status: []provlog.Status{provlog.Success}, Since: since}, func(provlog.Event) error {
		n++
		return nil
	})
	return n, err
}

var takingActions = []provlog.Action{provlog.ActionDisable, provlog.ActionDelete}

// survey calls yield with every connected object that the cycle is to look at,
// before anything is done about it.
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
				if s.connection == nil {
					continue
				}
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
// it was given.
func (c *cycle) membersGoing(ctx context.Context, s *subject) (n int64, err error) {
	if s.rule.Type != directory.Group || s.intent != plan.Align || s.leftAlone() {
		return 0, nil
	}
	wanted := map[string]directory.Value{}
	for _, v := range s.mapped.Values {
		if v.Reference && !v.Value.IsEmpty() {
			wanted[v.Target] = v.Value
		}
	}
	for _, target := range s.mapped.Cleared {
		wanted[target] = directory.Of()
	}
	for target, v := range wanted {
		going, err := c.store.Links(ctx, c.job.Name, s.change.Object.Anchor, target)
		if err != nil {
			return 0, err
		}
		if len(going) == 0 {
			continue
		}
		err = c.connected(ctx, v.Elements(), func(_ string, connection state.Connection, ok bool) {
			if ok {
				delete(going, connection.TargetAnchor)
			}
		})
		if err != nil {
			return 0, err
		}
		n += int64(len(going))
	}
	return n, nil
}

// stage logs every object that the guard keeps from being disabled or deleted,
// once: when the job goes into quarantine for it.
func (c *cycle) stage(ctx context.Context) error {
	if q := c.record.Quarantine; q != nil && q.Reason == quarantineDeletes {
		return nil
	}
	var batch []state.Outcome
	flush := func() error {
		err := c.store.Record(ctx, c.job.Name, batch)
		batch = batch[:0]
		return err
	}
	err := c.survey(ctx, func(s *subject) error {
		if !s.takesAway() {
			return nil
		}
		trace := c.newTrace(s.change.Object, s.displayName(), s.rule.Mapping.Redacted)
		trace.imported(s.change, s.escrow)
		trace.scoped(s.decision)
		trace.target(s.connection.TargetAnchor)
		trace.staged()
		batch = append(batch, state.Outcome{Event: trace.finish(c.engine.Now())})
		if len(batch) < batchSize {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
