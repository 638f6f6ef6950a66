package engine

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/scimsync/scimsync/engine/state"
)

// breaking is a store whose second Record panics, and whose first waits for two
// more to be asked for.
type breaking struct {
	state.Store
	q     *commits
	calls int // one at a time
}

func (s *breaking) Record(context.Context, string, []state.Outcome) error {
	if s.calls++; s.calls > 1 {
		panic("a mistake")
	}
	for waiting := 0; waiting < 2; runtime.Gosched() {
		s.q.mu.Lock()
		waiting = len(s.q.waiting)
		s.q.mu.Unlock()
	}
	return nil
}

// TestAPanicWhileRecordingIsToldToAllWhoWait: several share a transaction, and
// none of them must wait for ever.
func TestAPanicWhileRecordingIsToldToAllWhoWait(t *testing.T) {
	q := &commits{}
	store, ended := &breaking{q: q}, make(chan error)
	record := func() {
		ended <- contained(func() error { return q.record(context.Background(), store, "test", nil) })
	}
	for range 3 {
		go record()
	}
	mistakes := 0
	for range 3 {
		var mistake *MistakeError
		if err := <-ended; errors.As(err, &mistake) {
			mistakes++
		} else if err != nil {
			t.Error(err)
		}
	}
	if mistakes != 2 || store.calls != 2 {
		t.Errorf("%d of 3 were told of the panic, in %d transactions", mistakes, store.calls)
	}
}
