package statetest

import (
	"context"
	"testing"

	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// testReadOnly puts the decorator of a dry run over the store.
func testReadOnly(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ok(t, s.SaveJob(ctx, state.Job{Name: job, ID: "id"}))
	record(t, s, full("a", "1", "e1"))
	before := contentsOf(t, s)

	r := state.NewReadOnly(s)
	check(t, contentsOf(t, r), before)
	is(t, r.SaveJob(ctx, state.Job{Name: job}), state.ErrReadOnly)
	is(t, r.Record(ctx, job, []state.Outcome{full("b", "2", "e2")}), state.ErrReadOnly)
	_, err := r.Purge(ctx, noon().AddDate(1, 0, 0))
	is(t, err, state.ErrReadOnly)
	is(t, r.SetPaused(ctx, job, noon()), state.ErrReadOnly)
	_, err = r.Unlink(ctx, job, "a", "?")
	is(t, err, state.ErrReadOnly)

	// It may run beside a cycle, and does not keep one from running.
	unlock, err := s.Lock(ctx, job)
	ok(t, err)
	unlockDry, err := r.Lock(ctx, job)
	ok(t, err)
	ok(t, unlockDry())
	_, err = s.Lock(ctx, job)
	is(t, err, state.ErrLocked)
	ok(t, unlock())

	ok(t, r.Close()) // the store itself stays open
	check(t, contentsOf(t, s), before)
}

func testClose(t *testing.T, open Open) {
	ctx := context.Background()
	s := open(t)
	record(t, s, full("a", "1", "e1"))
	ok(t, s.Close())
	ok(t, s.Close())
	if err := s.Record(ctx, job, []state.Outcome{full("b", "2", "e2")}); err == nil {
		t.Error("recorded in a store that is closed")
	}
	if _, err := s.Job(ctx, job); err == nil {
		t.Error("read from a store that is closed")
	}
	if _, err := s.Lock(ctx, job); err == nil {
		t.Error("locked in a store that is closed")
	}
	check(t, ids(events(t, open(t), provlog.Query{})), []string{"e1"})
}
