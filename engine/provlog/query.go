package provlog

import (
	"context"
	"time"
)

// Query selects entries of one job's log. Zero fields select everything.
type Query struct {
	JobID   string
	User    string    // part of an identity's id, display name or userPrincipalName, without case
	Actions []Action  // any of these
	Status  []Status  // any of these
	Since   time.Time // not before
	CycleID string
	After   string // only entries after the one with this id, for following
	Limit   int    // the newest so many; 0 for all
}

// Log reads the provisioning log. Entries are written by the state store, in
// the transaction that records what they tell of (state.Store.Record).
type Log interface {
	// Events calls yield with the selected entries from the oldest to the
	// newest. It streams: yield may be called before all entries were read. An
	// error of yield ends it and is returned.
	Events(ctx context.Context, q Query, yield func(Event) error) error

	// Purge removes entries older than before, in chunks, and returns how many.
	Purge(ctx context.Context, before time.Time) (int64, error)
}
