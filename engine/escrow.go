package engine

import (
	"context"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
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
// earlier one, if any, and nil if it has been tried for so long as life: it is then
// left alone until its source object changes. Four weeks or more in which it was
// not tried do not count.
func failed(earlier state.Escrow, e state.Escrow, now time.Time, life time.Duration, tempo Tempo) *state.Escrow {
	e.First, e.Attempts = now, 1
	if earlier.Attempts > 0 {
		e.First, e.Attempts = resumed(earlier.First, earlier.Next, now, tempo), earlier.Attempts+1
	}
	if now.Sub(e.First) >= life {
		return nil
	}
	e.Next = nextAttempt(e.First, now, e.Attempts, tempo)
	return &e
}

// escrowLife is how long an object that fails with this code is tried again. Who is
// hired anew, under another id, waits for the account of the old one, and that one
// is kept for as long as the recycle bin keeps people.
func (c *cycle) escrowLife(code string) time.Duration {
	settings := c.job.Settings
	life := settings.Tempo.of(EscrowLife)
	if code == duplicateSourceEntries {
		return max(life, settings.RecycleBin+settings.Tempo.of(2*24*time.Hour))
	}
	return life
}

// renew forgets how long an object has failed that has changed since it was tried
// last, if it would be given up soon: what it is now was never tried.
func (c *cycle) renew(ctx context.Context, ch directory.Change) error {
	e, failed := c.escrows[ch.Object.Anchor]
	if !failed || e.Type != ch.Object.Type || c.now.Sub(e.First) < c.job.Settings.Tempo.of(EscrowLife-24*time.Hour) {
		return nil
	}
	seen, ok, err := c.store.Seen(ctx, c.job.Name, e.Type, e.SourceAnchor, c.record.Generation)
	if err != nil || !ok || seen.Hash == ch.Hash && seen.Presence == ch.Object.Presence {
		return err
	}
	e.Attempts = 0
	c.escrows[e.SourceAnchor] = e
	return nil
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
