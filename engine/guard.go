package engine

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/scimsync/scimsync/engine/plan"
)

// TooManyDeletes says that a cycle would have disabled and deleted at least as
// many objects as the job allows in one cycle, and did nothing instead
// (Microsoft Learn, "Enable accidental deletions prevention").
type TooManyDeletes struct {
	Job       string
	Count     int64 // objects that would have been disabled or deleted
	Threshold int64
	Managed   int64 // connected objects
}

// Error says what would have happened and what to do.
func (e *TooManyDeletes) Error() string {
	return fmt.Sprintf("the cycle would disable or delete %d of %d connected objects, and the job's threshold is %d: nothing was written. "+
		"Look at \"scimsync plan %s\". If it is right, \"scimsync allow-deletes %s\" lets the next cycle do it; else correct the directory or the job",
		e.Count, e.Managed, e.Threshold, e.Job, e.Job)
}

// guard counts, before the first write, the objects that the cycle would
// disable or delete, and stops the cycle if there are too many.
func (c *cycle) guard(ctx context.Context) error {
	threshold := c.job.Settings.DeletionThreshold
	if threshold <= 0 || c.record.AllowDeletes {
		return nil
	}
	var count int64
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
				if s.takesAway() {
					count++
				}
			}
		}
	}
	if count < threshold {
		return nil
	}
	counts, err := c.store.Counts(ctx, c.job.Name)
	if err != nil {
		return err
	}
	stop := &TooManyDeletes{Job: c.job.Name, Count: count, Threshold: threshold}
	for _, n := range counts.Connections {
		stop.Managed += n
	}
	if c.opts.DryRun { // a plan shows all that would happen, and that it would not
		c.execution.Guard = stop.Error()
		return nil
	}
	return stop
}

// takesAway reports whether the object is about to be disabled or deleted,
// rather than found disabled already.
func (s *subject) takesAway() bool {
	if s.decision.Err != nil || s.mapErr != nil || s.mapped.Skip {
		return false
	}
	return s.intent == plan.Erase || s.intent == plan.Deprovision && s.situation.Standing == plan.Managed
}
