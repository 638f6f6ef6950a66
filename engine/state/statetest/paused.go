package statetest

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

func pausedSince(t *testing.T, s state.Store, name string) time.Time {
	t.Helper()
	since, err := s.Paused(context.Background(), name)
	ok(t, err)
	return since
}

func testPaused(t *testing.T, open Open) {
	ctx, s, other := context.Background(), open(t), open(t)
	if since := pausedSince(t, s, job); !since.IsZero() {
		t.Errorf("a job that is not known is paused since %v", since)
	}
	ok(t, s.SetPaused(ctx, job, noon()))
	check(t, pausedSince(t, other, job), noon())
	if since := pausedSince(t, s, "other-job"); !since.IsZero() {
		t.Errorf("another job is paused since %v", since)
	}
	// Paused again, it stays paused since then.
	ok(t, other.SetPaused(ctx, job, noon().Add(time.Hour)))
	check(t, pausedSince(t, s, job), noon())

	ok(t, s.SetPaused(ctx, job, time.Time{}))
	ok(t, s.SetPaused(ctx, job, time.Time{}))
	if since := pausedSince(t, other, job); !since.IsZero() {
		t.Errorf("a job that was started is paused since %v", since)
	}
	ok(t, s.SetPaused(ctx, job, noon().Add(time.Hour)))
	check(t, pausedSince(t, s, job), noon().Add(time.Hour))

	// A job that was only paused has no record yet.
	list, err := s.Jobs(ctx)
	ok(t, err)
	check(t, list, []state.Job(nil))
	if err := s.SetPaused(ctx, "", noon()); err == nil {
		t.Error("a job without a name was paused")
	}
}

// testPausedWhileLocked: a job is paused while a cycle of it runs, and the
// record that the cycle saves at its end says nothing of it.
func testPausedWhileLocked(t *testing.T, open Open) {
	ctx, s, other := context.Background(), open(t), open(t)
	unlock, err := s.Lock(ctx, job)
	ok(t, err)
	record, err := s.Job(ctx, job)
	ok(t, err)
	ok(t, other.SetPaused(ctx, job, noon()))
	check(t, pausedSince(t, s, job), noon())
	record.Watermark = "w"
	ok(t, s.SaveJob(ctx, record))
	check(t, pausedSince(t, s, job), noon())
	ok(t, other.SetPaused(ctx, job, time.Time{}))
	got, err := s.Job(ctx, job)
	ok(t, err)
	check(t, got, record)
	ok(t, s.SaveJob(ctx, record))
	if since := pausedSince(t, s, job); !since.IsZero() {
		t.Errorf("saving the record paused the job, since %v", since)
	}
	ok(t, s.Reset(ctx, job, state.Reset{Connections: true, Escrows: true}))
	ok(t, unlock())
}
