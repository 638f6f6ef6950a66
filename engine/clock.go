package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// Clocks are wrong at times: a battery is flat, somebody mistypes the year, a
// virtual machine wakes up. What is decided by long times must not be decided by
// such a clock, and what one has written down must not be waited for. So:
//
//   - the time that an application's answers bear, and the end of the last cycle,
//     bear witness: where they contradict, nobody is deleted for having been gone
//     for long enough, and no entry of the log is removed;
//   - four weeks or more in which nothing was tried do not count against what is
//     tried: not to the life of an escrow, nor to that of a quarantine;
//   - a time to come that is further away than any wait is not waited for.

// clockTolerance is by how much clocks may differ: nothing that is lost for good
// depends on less.
const clockTolerance = 24 * time.Hour

// witness compares the clock with what else tells the time, once the application
// has answered, and warns where they contradict.
func (c *cycle) witness() {
	now := c.engine.Now()
	doubt := func(at time.Time, format string, args ...any) {
		c.doubt = true
		if at.After(c.latest) {
			c.latest = at
		}
		c.warn(fmt.Sprintf(format, args...) + ". As long as that is so, nobody is deleted for having left the source long ago, " +
			"and no entry of the provisioning log is removed. Set the clock that is wrong")
	}
	if clock, ok := c.target.(connectors.Clock); ok {
		if ahead, known := clock.Ahead(); known && ahead.Abs() > clockTolerance {
			doubt(now.Add(ahead), "the clock of this machine says %s, and the application's says %s", moment(now), moment(now.Add(ahead)))
		}
	}
	if began := c.execution.Began; now.Sub(began).Abs() > clockTolerance {
		doubt(now, "the clock of this machine has jumped from %s to %s", moment(began), moment(now))
	}
	if last := c.record.Last; last != nil && last.Ended.Sub(now) > clockTolerance {
		doubt(last.Ended, "the clock of this machine says %s, and the last cycle ended at %s: it is wrong now, or was then",
			moment(now), moment(last.Ended))
	}
}

// toCome reports whether what is remembered as past is yet to come: the clock was
// wrong when it was written down, and its time says nothing.
func (c *cycle) toCome(at time.Time) bool { return at.Sub(c.engine.Now()) > clockTolerance }

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// stamp is the time that an entry of the provisioning log bears: the clock's, or
// what else tells the time if the clock is in doubt and behind, or was put back
// since the cycle began: an entry that seems to be older than it is goes early.
func (c *cycle) stamp() time.Time {
	now := c.engine.Now()
	if behind := c.latest.Sub(now); behind > clockTolerance || c.doubt && behind > 0 {
		return c.latest
	}
	return now
}

// recycleBin is how long an object that left the source counts as soft-deleted:
// without an end while the clock is in doubt.
func (c *cycle) recycleBin() time.Duration {
	if c.doubt {
		return math.MaxInt64
	}
	return c.job.Settings.RecycleBin
}

// purgeLog removes the entries of the provisioning log that are older than
// LogRetention, after a cycle that ran to its end: only then is it known that
// nothing contradicts the clock.
func (c *cycle) purgeLog(ctx context.Context, completed bool) error {
	if !completed || c.doubt {
		return nil
	}
	// The clock may have jumped since the cycle began, when nothing contradicted it.
	_, err := c.store.Purge(context.WithoutCancel(ctx), c.now.Add(-LogRetention))
	return err
}

// overdue returns for how long something was not tried that was due at that time,
// where that is as long as anything is tried at all: for so long the program did
// not run, or the clock has jumped.
func overdue(due, now time.Time, tempo Tempo) time.Duration {
	if late := now.Sub(due); late >= tempo.of(min(EscrowLife, QuarantineLife)) {
		return late
	}
	return 0
}

// tooFar reports whether a time to wait for is further away than anything is
// ever waited for: the clock was wrong when it was written down.
func tooFar(next, now time.Time, tempo Tempo) bool {
	return next.Sub(now) > tempo.of(24*time.Hour)
}

// resumed returns when what began at that time began, without the time in which
// it was not tried although it was due.
func resumed(began, due, now time.Time, tempo Tempo) time.Time {
	began = began.Add(overdue(due, now, tempo))
	if began.After(now) {
		return now
	}
	return began
}
