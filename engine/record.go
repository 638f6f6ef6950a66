package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

const (
	// batchSize is how many results are recorded in one transaction at the most.
	batchSize = 128
	// grace is how long a request under way may still take once the cycle was
	// told to stop.
	grace = 10 * time.Second
)

// each runs work on what next returns, as many at a time as the job allows,
// and records the results in order, as soon as no further one is ready.
// An item that is under way when ctx ends is finished and recorded.
func each[I any](
	ctx context.Context, c *cycle, phase string, total int64, next func(context.Context) (I, error),
	work func(context.Context, I) result,
) error {
	inHand, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(grace, func() { cancel(ErrInterrupted) })
	})()
	// A fault (credentials that fail) stops the cycle as ctx does.
	taking, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	c.inHand, c.taking, c.stop = inHand, taking, stop

	var batch []result
	err := ordered(taking, c.job.Settings.Concurrency, next,
		func(item I) result {
			r := work(inHand, item)
			if r.fault == nil {
				r.fault = c.breaker(inHand, r)
			}
			if r.fault != nil {
				stop(r.fault)
			}
			return r
		},
		func(r result, idle bool) error {
			batch = append(batch, r)
			c.progress(phase, total)
			if !idle && len(batch) < batchSize {
				return nil
			}
			// What was done is recorded, however long the cycle was told to stop ago.
			err := c.recordBatch(context.WithoutCancel(ctx), batch)
			batch = batch[:0]
			if err != nil {
				return err
			}
			if err := c.askPaused(context.WithoutCancel(ctx)); err != nil {
				stop(err) // what is in hand is still recorded
			}
			return nil
		})
	if err == nil && taking.Err() != nil { // a fault of the very last objects
		err = context.Cause(taking)
	}
	return interrupted(ctx, err)
}

// strikes is how many objects in a row may fail because the application does
// not answer as it should before the connection is tested again.
const strikes = 10

// breaker returns why the cycle is to end, if the application has stopped
// answering: it is not asked about every object of the directory, and none of
// them is at fault.
func (c *cycle) breaker(ctx context.Context, r result) error {
	c.mu.Lock()
	switch {
	case r.silent:
		c.struck++
	case r.exports > 0 || r.Entry.Action != plan.Fail:
		c.struck = 0
	}
	test := c.struck >= strikes
	if test {
		c.struck = 0
	}
	c.mu.Unlock()
	if !test || c.brokenOff() {
		return nil
	}
	if err := c.target.Test(ctx, c.job.Types()...); err != nil {
		return fmt.Errorf("the application does not answer as it should any more: %w", err)
	}
	return nil
}

// interrupted says that the cycle was told to stop, where that is why it ended.
func interrupted(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil || errors.Is(err, ErrInterrupted):
		return err
	case errors.Is(err, context.Cause(ctx)):
		return ErrInterrupted
	default:
		return fmt.Errorf("%w, and then: %w", ErrInterrupted, err)
	}
}

// brokenOff reports whether requests are broken off because the cycle is to stop.
func (c *cycle) brokenOff() bool { return c.inHand != nil && c.inHand.Err() != nil }

// stopping reports whether the cycle is to stop after the request in hand.
func (c *cycle) stopping() bool {
	if c.taking == nil || c.taking.Err() != nil {
		return c.taking != nil
	}
	if err := c.askPausedAtTimes(c.inHand); err != nil {
		c.stop(err)
		return true
	}
	return false
}

// recordBatch stores the outcomes of results, gives back their claims, passes
// on the references that are still to be set, counts, and tells the observer.
func (c *cycle) recordBatch(ctx context.Context, batch []result) error {
	if !c.opts.DryRun {
		var outcomes []state.Outcome
		for _, r := range batch {
			outcomes = append(outcomes, r.outcomes...)
		}
		if err := c.commits.record(ctx, c.store, c.job.Name, outcomes); err != nil {
			return fmt.Errorf("recording what was done: %w", err)
		}
	}
	for _, r := range batch {
		c.claims.release(r.claims)
		if r.pending != nil {
			if err := c.links[r.Entry.ObjectType].append(r.pending.encode); err != nil {
				return err
			}
		}
		c.tally(r)
		if c.opts.Observe != nil {
			if err := c.opts.Observe(r.Result); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cycle) tally(r result) {
	x := &c.execution
	if r.uncount != "" {
		x.Summary.Uncount(r.uncount)
	}
	if r.count {
		x.Summary.Count(r.counted)
		switch r.counted {
		case plan.Create, plan.Update, plan.Disable, plan.Delete:
			x.Exported++
		}
	}
	if r.inScope {
		x.Entitled++
	}
	if _, escrowed := c.escrows[r.Entry.SourceAnchor]; escrowed && r.Entry.Action != plan.Fail && r.pending == nil {
		c.mu.Lock()
		c.released[r.Entry.SourceAnchor] = true
		c.mu.Unlock()
	}
	if r.Entry.Action == plan.Fail {
		x.Escrowed++
		c.mu.Lock()
		c.failing[r.Entry.SourceAnchor] = true
		c.mu.Unlock()
	}
	x.Exports += r.exports
}
