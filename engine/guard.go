package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
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
	// Window is the time within which WindowThreshold objects, WindowShare percent
	// of the users that were active when it began, or WindowMembers percent of the
	// memberships that there were then, stop a cycle that comes after others, so
	// that slow drips count.
	Window                                      time.Duration
	WindowThreshold, WindowShare, WindowMembers int64

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

const (
	guardedFrom = 20  // a share of fewer objects says nothing
	membersFrom = 100 // nor does one of fewer memberships
)

// GuardError says that a guard stopped a cycle before its first write, with
// the numbers and what to do.
type GuardError struct {
	Reason  string // of the quarantine: TooManyDeletes, IngestionInterrupted
	Message string
	numbers string // of the message
}

// Error returns the message.
func (e *GuardError) Error() string { return e.Message }

// guarded returns the error of a guard.
func (c *cycle) guarded(reason, format string, args ...any) *GuardError {
	beyond := ""
	if c.record.Allowed != nil {
		beyond = "beyond what was allowed, "
	}
	numbers := fmt.Sprintf(format, args...)
	return &GuardError{Reason: reason, numbers: numbers, Message: beyond + numbers + fmt.Sprintf(
		". Nothing was written. Look at \"scimsync plan %s\". If it is right, \"scimsync allow-deletes %s\" lets the next cycle do it; "+
			"else correct the directory or the job", c.job.Name, c.job.Name)}
}

// guard counts, before the first write, what the cycle would take away, and
// stops it if that is too much. A dry run goes on, and says so.
func (c *cycle) guard(ctx context.Context, read connectors.ReadResult) error {
	err := c.guardAddress(ctx)
	if err == nil {
		err = c.guardSource(ctx, read)
	}
	var stop, more *GuardError
	if err != nil && !errors.As(err, &stop) {
		return err
	}
	gone, err := c.guardDeletions(ctx)
	switch {
	case stop == nil && !errors.As(err, &stop):
		return err
	case stop.Reason == quarantineDeletes:
	case errors.As(err, &more): // who allows the one allows the other
		stop.Message += ". Beware, that allows this too: " + more.numbers
	case err != nil:
		gone = nil // it is stopped in any case
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
// once until a cycle runs to its end.
func (c *cycle) stage(ctx context.Context, gone *losses) error {
	logged, err := c.staged(ctx)
	if err != nil {
		return err
	}
	var batch []state.Outcome
	flush := func() error {
		err := c.store.Record(ctx, c.job.Name, batch)
		batch = batch[:0]
		return err
	}
	err = c.survey(ctx, func(s *subject) error {
		if !s.takesAway() && !gone.switchedOff(s) || logged[sourceKey{s.rule.Type, s.change.Object.Anchor}] {
			return nil
		}
		trace := c.newTrace(s.change.Object, s.displayName(), s.rule.Mapping.Redacted)
		trace.imported(s.change, s.escrow)
		trace.scoped(s.decision)
		if s.connection != nil {
			trace.target(s.connection.TargetAnchor)
		}
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

// staged returns the objects that were logged as held back since the last cycle
// that ran to its end.
func (c *cycle) staged(ctx context.Context) (map[sourceKey]bool, error) {
	logged := map[sourceKey]bool{}
	query := provlog.Query{JobID: c.record.ID, Actions: []provlog.Action{provlog.ActionStagedDelete}}
	if last := c.record.LastSuccess; last != nil && !c.toCome(last.Ended) {
		query.Since = last.Ended
	}
	err := c.store.Events(ctx, query, func(e provlog.Event) error {
		logged[sourceKey{directory.ObjectType(e.SourceIdentity.IdentityType), e.SourceIdentity.ID}] = true
		return nil
	})
	return logged, err
}
