package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// reach points the job at its application through a transport, with the clock of
// the engine.
func (w *world) reach(transport http.RoundTripper) {
	w.t.Helper()
	target, err := scim.New(scim.Options{
		TenantURL: "https://app.test/scim/v2", SecretToken: token, Transport: transport, RetryWait: time.Nanosecond,
		Now: func() time.Time { return w.engine.Now() },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.job.Target = target
}

// newEngine returns an engine with a state of its own, for a daemon.
func newEngine(t *testing.T, now func() time.Time) *engine.Engine {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	ids := 0
	return &engine.Engine{
		Store: store, SpoolDir: t.TempDir(), Now: now, Logger: zap.NewNop(),
		NewID: func() string { ids++; return fmt.Sprint("id", ids) },
	}
}

// TestAClockThatIsPutBackKeepsNoJobWaiting: the daemon runs a job at its interval,
// also where its clock is put back meanwhile or was ahead when the job ran last,
// or went into quarantine.
func TestAClockThatIsPutBackKeepsNoJobWaiting(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, -25 * time.Hour, -year, -56 * year, year, 14 * year} {
		t.Run("put by "+off.String()+" while the daemon runs", func(t *testing.T) {
			var ahead atomic.Int64
			got := daemon(t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }, nil, func(n int) {
				if n == 2 {
					time.AfterFunc(10*time.Minute, func() { ahead.Store(int64(off)) })
				}
			}, 4)
			want := []time.Duration{0, 40 * time.Minute, 80 * time.Minute, 120 * time.Minute}
			if off > 0 { // the time of the next cycle has come at once
				want = []time.Duration{0, 40 * time.Minute, 50 * time.Minute, 90 * time.Minute}
			}
			for i := range want {
				if i >= len(got) || (got[i]-want[i]).Abs() > time.Minute {
					t.Fatalf("starts %v, want %v", got, want)
				}
			}
		})
	}
	t.Run("ahead at the last cycle", func(t *testing.T) {
		got := daemon(t, time.Now, func(r *state.Job) { r.Last.Ended = time.Now().Add(year) }, nil, 2)
		equal(t, "starts", got, []time.Duration{0, 40 * time.Minute})
	})
	t.Run("ahead at a quarantine", func(t *testing.T) {
		got := daemon(t, time.Now, func(r *state.Job) {
			at := time.Now().Add(year)
			r.Quarantine = &state.Quarantine{Reason: "TooManyDeletes", Began: at, SeriesBegan: at, SeriesCount: 1, NextAttempt: at.Add(time.Hour), Expires: at.Add(28 * 24 * time.Hour)}
		}, nil, 2)
		equal(t, "starts", got, []time.Duration{0, 40 * time.Minute})
	})
	t.Run("of 1970 at a quarantine", func(t *testing.T) {
		got := daemon(t, time.Now, func(r *state.Job) {
			at := time.Unix(0, 0)
			r.Quarantine = &state.Quarantine{Reason: "TooManyDeletes", Began: at, SeriesBegan: at, SeriesCount: 1, NextAttempt: at.Add(time.Hour), Expires: at.Add(28 * 24 * time.Hour)}
		}, nil, 2)
		equal(t, "starts", got, []time.Duration{0, 40 * time.Minute})
	})
}

// daemon is scheduled with a clock of its own, an interval of forty minutes, and a
// record of a job that has run.
func daemon(t *testing.T, now func() time.Time, remember func(*state.Job), read func(n int), n int) (began []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, now)
		defer func() { _ = e.Store.Close() }()
		job := engine.Job{Name: "test", Target: everything{}, Fingerprint: "1", Settings: engine.Settings{Concurrency: 1}}
		if remember != nil {
			record, err := e.Store.Job(t.Context(), job.Name)
			if err != nil {
				t.Fatal(err)
			}
			record.Generation, record.Configuration, record.Last = 1, "1", &state.Execution{Ended: time.Now().Add(-time.Hour)}
			remember(&record)
			if err := e.Store.SaveJob(t.Context(), record); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*24*time.Hour)
		defer cancel()
		source := &slow{}
		source.stop = func(i int) {
			if read != nil {
				read(i)
			}
			if i == n {
				cancel()
			}
		}
		job.Source = source
		s := engine.NewScheduler(e)
		if err := s.Set(ctx, []engine.Scheduled{{Job: job, Next: engine.Every(40 * time.Minute)}}); err != nil {
			t.Fatal(err)
		}
		s.Run(ctx)
		began = source.began
	})
	return began
}
