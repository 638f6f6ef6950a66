package engine

import (
	"context"
	"sync"

	"github.com/scimsync/scimsync/engine/state"
)

// commits records outcomes, of all who wait in one transaction: objects are under
// way several at a time, and what a transaction costs is the wait for the disk.
type commits struct {
	committing sync.Mutex // held by the one who records

	mu      sync.Mutex
	waiting []commit
}

type commit struct {
	outcomes []state.Outcome
	recorded chan<- error
}

// record stores the outcomes and returns once they are on disk, or why they are
// not.
func (q *commits) record(ctx context.Context, store state.Store, job string, outcomes []state.Outcome) error {
	recorded := make(chan error, 1)
	q.mu.Lock()
	q.waiting = append(q.waiting, commit{outcomes, recorded})
	q.mu.Unlock()

	q.committing.Lock()
	defer q.committing.Unlock()
	q.mu.Lock()
	batch := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	if len(batch) > 0 { // else another one has recorded it
		var all []state.Outcome
		for _, w := range batch {
			all = append(all, w.outcomes...)
		}
		err := contained(func() error { return store.Record(ctx, job, all) }) // somebody waits for what comes of it
		for _, w := range batch {
			w.recorded <- err
		}
	}
	return <-recorded
}
