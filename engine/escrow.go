package engine

import (
	"context"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/engine/state"
)

// EscrowLife is how long an object that keeps failing is tried again.
const EscrowLife = 28 * 24 * time.Hour

// nextAttempt returns when an object that failed now is tried again: in the
// next cycle after its first failure, then 6, 12 and 24 hours after the first
// failure, then daily (Microsoft Learn, "Application provisioning in
// quarantine status"; scim-client-wire 7.6).
func nextAttempt(first, now time.Time, attempts int, tempo Tempo) time.Time {
	if attempts <= 1 {
		return now
	}
	for _, after := range []time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if next := first.Add(tempo.of(after)); next.After(now) {
			return next
		}
	}
	day := tempo.of(24 * time.Hour)
	days := now.Sub(first)/day + 1
	return first.Add(days * day)
}

// failed returns the escrow of an object that failed now, following on its
// earlier one, if any, and nil if it has been tried for EscrowLife: it is then
// left alone until its source object changes. Four weeks or more in which it was
// not tried do not count.
func failed(earlier state.Escrow, e state.Escrow, now time.Time, tempo Tempo) *state.Escrow {
	e.First, e.Attempts = now, 1
	if earlier.Attempts > 0 {
		e.First, e.Attempts = resumed(earlier.First, earlier.Next, now, tempo), earlier.Attempts+1
	}
	if now.Sub(e.First) >= tempo.of(EscrowLife) {
		return nil
	}
	e.Next = nextAttempt(e.First, now, e.Attempts, tempo)
	return &e
}

// dueAgain makes the objects due whose next try is further away than any is put
// off: the clock was ahead when they failed.
func (c *cycle) dueAgain(ctx context.Context, snapshot *connectors.Snapshot) error {
	for _, e := range c.escrows {
		if !tooFar(e.Next, c.now, c.job.Settings.Tempo) {
			continue
		}
		seen, ok, err := c.store.Seen(ctx, c.job.Name, e.Type, e.SourceAnchor, c.record.Generation)
		if err != nil {
			return err
		}
		if ok {
			seen.Due = true
			snapshot.Add(seen)
		}
	}
	return nil
}
