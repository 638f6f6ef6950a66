package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// The daemon is in the middle of a cycle when another process pauses the job,
// and idle when it starts it again.
func TestAnotherProcessPausesTheDaemonsCycle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	handle := func() *sqlite.Store {
		s, err := sqlite.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	w := newWorld(t)
	w.job.Settings.Concurrency = 2
	for i := range 30 {
		w.source.hire(fmt.Sprintf("user%02d", i))
	}
	said := make(chan string, 100)
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&discard{}), zap.InfoLevel),
		zap.Hooks(func(e zapcore.Entry) error { said <- e.Message; return nil }))
	awaits := func(message string) {
		t.Helper()
		deadline := time.After(30 * time.Second)
		for {
			select {
			case got := <-said:
				if got == message {
					return
				}
			case <-deadline:
				t.Fatalf("the daemon never said %q", message)
			}
		}
	}
	newEngine := func() *engine.Engine {
		store := handle()
		return &engine.Engine{
			Store: store, TenantID: store.TenantID(), SpoolDir: t.TempDir(), Logger: logger,
			Now: time.Now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
		}
	}
	daemon, other := newEngine(), newEngine()

	inHand, goOn := make(chan struct{}), make(chan struct{})
	var posts atomic.Int64
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodPost {
			n := posts.Add(1)
			if n == 4 {
				close(inHand)
			}
			if n >= 4 {
				<-goOn
			}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	s := engine.NewScheduler(daemon)
	if err := s.Set(ctx, []engine.Scheduled{{Job: w.job, Next: engine.Every(time.Hour)}}); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})

	<-inHand
	if err := other.Pause(ctx, w.job.Name); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	awaits("cycle ended between two objects, for the job was paused")
	n := len(w.app.Users())
	if n < 4 || n == 30 {
		t.Errorf("%d users were created, of 30", n)
	}
	connected := 0
	counts, err := other.Store.Counts(ctx, w.job.Name)
	for _, c := range counts.Connections {
		connected += int(c)
	}
	if err != nil || connected != n {
		t.Errorf("%d users are recorded, of %d created, error %v", connected, n, err)
	}
	if _, err := other.Start(ctx, w.job.Name); err != nil {
		t.Fatal(err)
	}
	awaits("started again")
	awaits("cycle ended")
	equal(t, "users", len(w.app.Users()), 30)
	equal(t, "created", int(posts.Load()), 30)
}

// discard is a log that nobody reads.
type discard struct{}

func (*discard) Write(p []byte) (int, error) { return len(p), nil }
