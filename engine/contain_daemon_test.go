package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// panicking is a source that cannot be read because the program has a mistake.
type panicking struct{ memory }

func (*panicking) Read(context.Context, connectors.ReadRequest, func(directory.Change) error) (connectors.ReadResult, error) {
	panic(secret)
}

// TestAPanicLeavesTheDaemonRunning: a job whose every cycle panics is tried at
// its times, and the job beside it does not notice. One of the scheduler itself
// ends the daemon in order.
func TestAPanicLeavesTheDaemonRunning(t *testing.T) {
	for name, next := range map[string]func(time.Time) time.Time{
		"of a cycle":       engine.Every(40 * time.Minute),
		"of the scheduler": func(time.Time) time.Time { panic(secret) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
				if err != nil {
					t.Fatal(err)
				}
				defer store.Close()
				w.engine.Store, w.engine.Now = store, time.Now
				log := w.log()
				ctx, cancel := context.WithCancel(t.Context())
				good, bad := &slow{}, &panicking{}
				good.stop = func(n int) {
					if n == 4 {
						cancel()
					}
				}
				jobs := []engine.Scheduled{
					{Job: engine.Job{Name: "bad", Source: bad, Target: everything{}, Fingerprint: "1"}, Next: next},
					{Job: engine.Job{Name: "good", Source: good, Target: everything{}, Fingerprint: "1"}, Next: engine.Every(65 * time.Minute)}, // never at the same moment
				}
				s := engine.NewScheduler(w.engine)
				if err := s.Set(ctx, jobs); err != nil {
					t.Fatal(err)
				}
				err = s.Run(ctx)
				said := log.String()
				var mistake *engine.MistakeError
				if name == "of the scheduler" {
					if !errors.As(err, &mistake) || strings.Count(said, secret) != 2 {
						t.Errorf("the daemon ended with %v, and the log says\n%s", err, said)
					}
					return
				}
				if err != nil || len(good.began) != 4 {
					t.Errorf("the daemon ended with %v, after %d cycles of the other job", err, len(good.began))
				}
				if n := strings.Count(said, secret); n != 5 { // at 0, 40, 80, 120 and, in quarantine, 180 minutes, of 195
					t.Errorf("%d cycles ended with a panic, and the log says\n%s", n, said)
				}
			})
		})
	}
}
