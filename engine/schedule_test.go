package engine_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// slow is a source whose reads take a while and are noted.
type slow struct {
	memory
	mu    sync.Mutex
	takes time.Duration
	began []time.Duration // since the first
	first time.Time
	stop  func(n int)
}

func (s *slow) Read(ctx context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.began = append(s.began, time.Since(s.first))
	n := len(s.began)
	s.mu.Unlock()
	if s.stop != nil {
		s.stop(n)
	}
	select {
	case <-ctx.Done():
		return connectors.ReadResult{}, ctx.Err()
	case <-time.After(s.takes):
	}
	return s.memory.Read(ctx, req, yield)
}

// scheduled runs the daemon in a bubble of fake time until the source was read
// n times, and returns when each read began.
func scheduled(t *testing.T, takes time.Duration, next func(time.Time) time.Time, n int) (began []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		source := &slow{takes: takes}
		source.stop = func(read int) {
			if read == n {
				cancel()
			}
		}
		ids := 0
		e := &engine.Engine{
			Store: store, SpoolDir: t.TempDir(), Now: time.Now, Logger: zap.NewNop(),
			NewID: func() string { ids++; return fmt.Sprint("id", ids) },
		}
		s := engine.NewScheduler(e)
		job := engine.Job{Name: "test", Source: source, Target: everything{}, Fingerprint: "1", Settings: engine.Settings{Concurrency: 1}}
		if err := s.Set(ctx, []engine.Scheduled{{Job: job, Next: next}}); err != nil {
			t.Fatal(err)
		}
		s.Run(ctx)
		began = source.began
	})
	return began
}

// everything is a target that accepts the connection test.
type everything struct{ connectors.Target }

func (everything) Test(context.Context, ...directory.ObjectType) error { return nil }

func TestAnIntervalBeginsWhenACycleEnds(t *testing.T) {
	got := scheduled(t, 10*time.Minute, engine.Every(40*time.Minute), 4)
	equal(t, "starts", got, []time.Duration{0, 50 * time.Minute, 100 * time.Minute, 150 * time.Minute})
}

func TestACycleLongerThanTheIntervalIsNotFollowedByAnother(t *testing.T) {
	got := scheduled(t, 90*time.Minute, engine.Every(40*time.Minute), 3)
	equal(t, "starts", got, []time.Duration{0, 130 * time.Minute, 260 * time.Minute})
}

func TestCronLeavesOutWhatPassedDuringACycle(t *testing.T) {
	next, err := engine.Cron("0 * * * *")
	if err != nil {
		t.Fatal(err)
	}
	// Fake time begins at midnight UTC; the first cycle starts at once.
	got := scheduled(t, 90*time.Minute, next, 3)
	equal(t, "starts", got, []time.Duration{0, 2 * time.Hour, 4 * time.Hour})
	if _, err := engine.Cron("every day"); err == nil {
		t.Error("a cron expression that is none")
	}
}

func TestADaemonThatRestartsKeepsTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		ids := 0
		e := &engine.Engine{
			Store: store, SpoolDir: t.TempDir(), Now: time.Now, Logger: zap.NewNop(),
			NewID: func() string { ids++; return fmt.Sprint("id", ids) },
		}
		source := &slow{}
		job := engine.Job{Name: "test", Source: source, Target: everything{}, Fingerprint: "1", Settings: engine.Settings{Concurrency: 1}}
		run := func(fingerprint string, reads int) {
			ctx, cancel := context.WithCancel(t.Context())
			source.stop = func(n int) {
				if n == reads {
					cancel()
				}
			}
			s := engine.NewScheduler(e)
			job.Fingerprint = fingerprint
			if err := s.Set(ctx, []engine.Scheduled{{Job: job, Next: engine.Every(40 * time.Minute)}}); err != nil {
				t.Fatal(err)
			}
			s.Run(ctx)
		}
		run("1", 1)
		time.Sleep(5 * time.Minute) // of fake time: the daemon is down
		run("1", 2)
		time.Sleep(time.Minute)
		run("2", 3) // another mapping is not waited with
		equal(t, "starts", source.began, []time.Duration{0, 40 * time.Minute, 41 * time.Minute})
	})
}
