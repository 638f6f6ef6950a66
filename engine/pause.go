package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

// PausedError says that a job is paused: its cycle did not begin, or ended
// between two objects because it was paused meanwhile. A cycle that ended so
// was interrupted (ErrInterrupted), and did not fail.
type PausedError struct {
	Job   string
	Since time.Time
	Began bool // the cycle had begun
}

// Error says how to go on.
func (e *PausedError) Error() string {
	if e.Began {
		return fmt.Sprintf("job %s was paused; what was done is recorded, and once \"scimsync start %s\" was called the next cycle goes on from there",
			e.Job, e.Job)
	}
	return fmt.Sprintf("job %s is paused since %s, so no cycle runs: \"scimsync start %s\" lets it run again",
		e.Job, e.Since.UTC().Format(time.RFC3339), e.Job)
}

// Is makes the error an ErrInterrupted.
func (e *PausedError) Is(target error) bool { return target == ErrInterrupted }

// pausedCode is the error code of a cycle that ended because its job was paused.
const pausedCode = "Paused"

// pauseInterval is how often a cycle asks whether its job was paused, where
// nothing is recorded meanwhile: while the source is read, and between the
// requests for one object.
const pauseInterval = time.Second

// Pause keeps the job from running: no cycle begins, and one under way, in
// this process or in another, ends between two objects and records what was
// done (Microsoft Graph, synchronizationJob: pause). Dry runs and on-demand
// calls go on working. The job's record is not touched.
func (e *Engine) Pause(ctx context.Context, job string) error {
	return e.Store.SetPaused(ctx, job, e.Now().UTC())
}

// Start lets a paused job run again from where it was, and ends a quarantine
// (Microsoft Graph, synchronizationJob: start). It returns whether the job was
// paused.
func (e *Engine) Start(ctx context.Context, job string) (wasPaused bool, err error) {
	since, err := e.Store.Paused(ctx, job)
	if err != nil {
		return false, err
	}
	record, err := e.Store.Job(ctx, job)
	if err != nil {
		return false, err
	}
	// The record is left to a cycle that has it, unless there is something to change.
	if record.Quarantine != nil || record.CompleteFailures > 0 {
		err := e.alter(ctx, job, func(record *state.Job) error {
			record.Quarantine, record.CompleteFailures = nil, 0
			return nil
		})
		if err != nil && (record.Quarantine != nil || !errors.Is(err, state.ErrLocked)) {
			return false, err
		}
	}
	return !since.IsZero(), e.Store.SetPaused(ctx, job, time.Time{})
}

// refuse returns a *PausedError if the job is paused, so that no cycle begins.
// A saved plan is applied to a paused job too: that nothing happens between the
// plan and its application is what it was paused for.
func (c *cycle) refuse(ctx context.Context) error {
	since, err := c.store.Paused(ctx, c.job.Name)
	if err != nil {
		return err
	}
	if c.opts.Approved != nil {
		c.paused = since
	}
	if since.Equal(c.paused) || c.opts.DryRun {
		return nil
	}
	return &PausedError{Job: c.job.Name, Since: since}
}

// askPaused returns a *PausedError if the job was paused meanwhile. A dry run
// and an on-demand call do not ask.
func (c *cycle) askPaused(ctx context.Context) error {
	if c.opts.DryRun || c.onDemand {
		return nil
	}
	c.mu.Lock()
	c.asked = c.engine.Now()
	c.mu.Unlock()
	since, err := c.store.Paused(ctx, c.job.Name)
	switch {
	case err != nil:
		return err
	case since.IsZero(), since.Equal(c.paused):
		return nil
	default:
		return &PausedError{Job: c.job.Name, Since: since, Began: true}
	}
}

// askPausedAtTimes is askPaused, at most once in pauseInterval.
func (c *cycle) askPausedAtTimes(ctx context.Context) error {
	c.mu.Lock()
	since := c.engine.Now().Sub(c.asked)
	soon := since >= 0 && since < pauseInterval // unless the clock was put back
	c.mu.Unlock()
	if soon {
		return nil
	}
	return c.askPaused(ctx)
}

// pausedBy returns the *PausedError in err's chain, nil if there is none.
func pausedBy(err error) *PausedError {
	var paused *PausedError
	if errors.As(err, &paused) {
		return paused
	}
	return nil
}
