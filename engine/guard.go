package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// Guard says what a job must not do without being asked: each field is a guard
// of its own, and zero switches it off. All are checked before a cycle's first
// write; AllowDeletes lets one cycle do what they have held back.
type Guard struct {
	// Threshold is how many objects disabled or deleted stop a cycle (Microsoft
	// Learn, "Enable accidental deletions prevention").
	Threshold int64
	// Share is the percentage of the active users, or of the active groups, that
	// stops it, where there are at least guardedFrom.
	Share int64
	// Members is the percentage of the memberships whose removal stops it, where
	// there are at least membersFrom. A group that is deleted loses all of its own.
	Members int64
	// Window is the time within which WindowThreshold objects, or WindowShare
	// percent of the users that were active when it began, stop a cycle that comes
	// after others, so that slow drips count.
	Window                       time.Duration
	WindowThreshold, WindowShare int64

	// SourceShare is the percentage of its users or of its groups that a source
	// may lose from one cycle to the next, where there are at least guardedFrom. A
	// source without users, or without groups, where there were some, has always
	// lost too much.
	SourceShare int64
	// SourceAge is how much older a source may be than the one before: files are
	// copied in any order.
	SourceAge time.Duration
	// StaleAfter is how old a source may be before a cycle warns of it: that
	// nothing changes any more is no reason to stop, and yet leavers stay active.
	StaleAfter time.Duration
}

// stale returns the warning about a source that was written last at newest, ""
// if there is none.
func (g Guard) stale(newest, now time.Time) string {
	age := now.Sub(newest)
	if g.StaleAfter <= 0 || newest.IsZero() || age <= g.StaleAfter {
		return ""
	}
	return fmt.Sprintf("The source was written %d days ago, at %s, and never since: what has changed in the directory does not arrive. Is its export still made?",
		int(age.Hours()/24), newest.UTC().Format(time.RFC3339))
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
	beyond := ""
	if c.record.Allowed != nil {
		beyond = "beyond what was allowed, "
	}
	return &GuardError{Reason: reason, Message: beyond + fmt.Sprintf(format, args...) + fmt.Sprintf(
		". Nothing was written. Look at \"scimsync plan %s\". If it is right, \"scimsync allow-deletes %s\" lets the next cycle do it; "+
			"else correct the directory or the job", c.job.Name, c.job.Name)}
}

// guardSource returns a *GuardError if the source has lost too much since the
// last cycle that ran to its end, or is older than it was then.
func (c *cycle) guardSource(read connectors.ReadResult) error {
	last, guard := c.record.LastSuccess, c.job.Settings.Guard
	if last == nil || c.allAllowed() {
		return nil
	}
	users, groups, written := last.Users, last.Groups, last.SourceTime
	if allowed := c.record.Allowed; allowed != nil {
		users, groups = min(users, allowed.SourceUsers), min(groups, allowed.SourceGroups)
		if allowed.SourceTime.Before(written) {
			written = allowed.SourceTime
		}
	}
	for _, n := range []struct {
		what        string
		t           directory.ObjectType
		before, now int64
	}{{"users", directory.User, users, int64(read.Users)}, {"groups", directory.Group, groups, int64(read.Groups)}} {
		switch {
		case guard.SourceShare <= 0 || n.now >= n.before:
		case n.now == 0 && n.before > 1 && c.imports[n.t] != nil:
			return c.guarded(quarantineIngestion, "the source has no %s any more; it had %d", n.what, n.before)
		case n.before >= guardedFrom && (n.before-n.now)*100 > guard.SourceShare*n.before:
			return c.guarded(quarantineIngestion, "the source has shrunk from %d to %d %s, by more than %d %%",
				n.before, n.now, n.what, guard.SourceShare)
		}
	}
	// A time that was still to come when it was read is of a wrong clock.
	known := !last.SourceTime.After(last.Ended) && !c.toCome(written)
	if guard.SourceAge > 0 && known && c.execution.ImportedDeltas > 0 && !read.Newest.IsZero() && read.Newest.Add(guard.SourceAge).Before(written) {
		return c.guarded(quarantineIngestion, "the source is older than the one before: it is of %s, and the last one was of %s",
			read.Newest.UTC().Format(time.RFC3339), written.UTC().Format(time.RFC3339))
	}
	return nil
}

// guard counts, before the first write, what the cycle would take away, and
// stops it if that is too much. A dry run goes on, and says so.
func (c *cycle) guard(ctx context.Context, read connectors.ReadResult) error {
	err := c.guardSource(read)
	var gone *losses
	if err == nil {
		gone, err = c.guardDeletions(ctx)
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
		if err := c.stage(ctx, gone); err != nil {
			return err
		}
	}
	if err := c.hold(ctx, gone); err != nil {
		return err
	}
	return stop
}

// stage logs every object that the guard keeps from being disabled or deleted,
// once: when the job goes into quarantine for it.
func (c *cycle) stage(ctx context.Context, gone *losses) error {
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
		if !s.takesAway() && !gone.switchedOff(s) {
			return nil
		}
		trace := c.newTrace(s.change.Object, s.displayName(), s.rule.Mapping.Redacted)
		trace.imported(s.change, s.escrow)
		trace.scoped(s.decision)
		trace.target(s.connection.TargetAnchor)
		trace.staged()
		batch = append(batch, state.Outcome{Event: trace.finish(c.stamp())})
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
