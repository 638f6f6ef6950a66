package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

func (w *world) pause() {
	w.t.Helper()
	if err := w.engine.Pause(context.Background(), w.job.Name); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() (wasPaused bool) {
	w.t.Helper()
	wasPaused, err := w.engine.Start(context.Background(), w.job.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return wasPaused
}

func (w *world) record() state.Job {
	w.t.Helper()
	record, err := w.engine.Store.Job(context.Background(), w.job.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return record
}

func TestNoCycleOfAPausedJobBegins(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.pause()
	w.now = w.now.Add(time.Hour)
	w.pause()
	_, err := w.try()
	var paused *engine.PausedError
	if !errors.As(err, &paused) || paused.Began || !paused.Since.Equal(w.now.Add(-time.Hour)) {
		t.Fatalf("error %v", err)
	}
	if !strings.Contains(err.Error(), `paused since 2026-11-23T08:00:00Z`) || !strings.Contains(err.Error(), `"scimsync start test"`) {
		t.Errorf("it says %q", err)
	}
	equal(t, "sent", len(w.sent), 0)
	if record := w.record(); record.Last != nil || record.CompleteFailures != 0 {
		t.Errorf("%+v", record)
	}
	equal(t, "the plan", w.cycle(engine.Options{DryRun: true}), plan.Summary{Create: 1})
	if _, err := w.engine.Provision(context.Background(), w.job, "ada@contoso.com", engine.Options{}); err != nil {
		t.Error(err)
	}
	equal(t, "was paused", w.start(), true)
	equal(t, "was paused", w.start(), false)
	w.cycle()
}

// Pausing in the middle of a cycle: what is in hand is finished and recorded,
// and the next cycle does the rest and nothing twice.
func TestPauseEndsACycleBetweenTwoObjects(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for i := range 40 {
		w.source.hire(fmt.Sprintf("user%02d", i))
	}
	posts := 0
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodPost {
			if posts++; posts == 3 {
				w.pause()
			}
		}
		return nil
	}
	x, err := w.engine.Cycle(context.Background(), w.job, engine.Options{})
	var paused *engine.PausedError
	if !errors.As(err, &paused) || !paused.Began || !errors.Is(err, engine.ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	if n := len(w.app.Users()); n < 3 || n > 10 {
		t.Errorf("%d users were created", n)
	}
	equal(t, "recorded", x.Summary.Create, int64(len(w.app.Users())))
	equal(t, "code", x.ErrorCode, "Paused")
	record := w.record()
	if record.CompleteFailures != 0 || record.Quarantine != nil || record.LastSuccess != nil || record.Last.State != "Failed" {
		t.Errorf("%+v", record)
	}
	before := len(w.app.Users())
	w.start()
	equal(t, "the rest", w.cycle(), plan.Summary{Create: int64(40 - before)})
	equal(t, "users", len(w.app.Users()), 40)
	equal(t, "entries", len(w.events(provlog.Query{})), 40)
}

// A group with many members is one object that takes long: the cycle ends
// between two of its requests, and the rest of the members follow.
func TestPauseEndsACycleBetweenTwoMembers(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("user%02d", i))
		w.source.hire(names[i])
	}
	w.cycle()
	w.source.group("All", names...)
	patches := 0
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodPatch {
			if patches++; patches == 5 {
				w.pause()
			}
			w.now = w.now.Add(400 * time.Millisecond) // it asks once a second
		}
		return nil
	}
	_, err := w.try()
	var paused *engine.PausedError
	if !errors.As(err, &paused) {
		t.Fatalf("error %v", err)
	}
	if n := len(w.members("All")); n < 5 || n > 8 {
		t.Errorf("%d members were set", n)
	}
	w.start()
	n := patches
	w.cycle()
	equal(t, "members", len(w.members("All")), 20)
	equal(t, "requests", patches, 20)
	equal(t, "of the first cycle", n < 9, true)
}

func TestStartEndsAQuarantine(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Guard.Threshold = 1
	w.source.hire("ada")
	w.cycle()
	w.source.unassign("ada")
	if _, err := w.try(); err == nil || w.record().Quarantine == nil {
		t.Fatalf("error %v", err)
	}
	w.pause()
	job := engine.Status(w.record(), state.Counts{}, "PT40M", w.now, w.now, w.now)
	equal(t, "code", job.Status.Code, "Paused")
	equal(t, "schedule", job.Schedule.State, "Paused")
	if job.Status.Quarantine == nil || job.Schedule.NextRun != nil {
		t.Errorf("%+v", job)
	}
	w.start()
	if record := w.record(); record.Quarantine != nil || record.CompleteFailures != 0 {
		t.Errorf("%+v", record)
	}
}

// A daemon leaves a paused job alone, lets the others run, and goes on once the
// job is started: at once if the pause had ended a cycle.
func TestTheDaemonWaitsForAPausedJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ids atomic.Int64
		e := &engine.Engine{
			Store: store, SpoolDir: t.TempDir(), Now: time.Now, Logger: zap.NewNop(),
			NewID: func() string { return fmt.Sprint("id", ids.Add(1)) },
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		begins := time.Now()
		source := &slow{}
		source.stop = func(read int) {
			switch read {
			case 2: // in the second cycle, and started again ten hours later
				must(e.Pause(ctx, "test"))
				go func() {
					time.Sleep(10 * time.Hour)
					if _, err := e.Start(ctx, "test"); err != nil {
						t.Error(err)
					}
				}()
			case 4:
				cancel()
			}
		}
		other := &slow{}
		s := engine.NewScheduler(e)
		jobs := []engine.Scheduled{}
		for name, src := range map[string]*slow{"test": source, "other": other} {
			jobs = append(jobs, engine.Scheduled{
				Job:  engine.Job{Name: name, Source: src, Target: everything{}, Fingerprint: "1", Settings: engine.Settings{Concurrency: 1}},
				Next: engine.Every(40 * time.Minute),
			})
		}
		must(s.Set(ctx, jobs))
		s.Run(ctx)
		took := []time.Duration{}
		for _, at := range source.began {
			took = append(took, at.Round(2*time.Second))
		}
		again := 40*time.Minute + 10*time.Hour
		if third := source.began[2]; third < again || third > again+2*time.Second {
			t.Errorf("the cycles began at %v", took)
		}
		equal(t, "cycles", len(source.began), 4)
		if n := len(other.began); n < 16 {
			t.Errorf("the other job ran %d times in %v", n, time.Since(begins))
		}
	})
}
