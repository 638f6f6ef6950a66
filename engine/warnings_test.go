package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
)

// wary is a source that warns.
type wary struct {
	*memory
	warns []string
}

func (s wary) Read(ctx context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	result, err := s.memory.Read(ctx, req, yield)
	result.Warnings = s.warns
	return result, err
}

// What a source warns of is in the execution, of a plan as of a cycle, and is
// remembered with it.
func TestWarningsOfTheSource(t *testing.T) {
	w := newWorld(t)
	w.job.Source = wary{memory: w.source, warns: []string{"no user has accountEnabled"}}
	for _, dry := range []bool{true, false} {
		x, err := w.engine.Cycle(t.Context(), w.job, engine.Options{DryRun: dry})
		if err != nil || len(x.Warnings) != 1 || x.Warnings[0] != "no user has accountEnabled" {
			t.Errorf("dry run %v: %q, %v", dry, x.Warnings, err)
		}
	}
	record, err := w.engine.Store.Job(t.Context(), w.job.Name)
	if err != nil || record.Last == nil || len(record.Last.Warnings) != 1 {
		t.Errorf("remembered: %+v, %v", record.Last, err)
	}
	w.job.Source = w.source
	if x, err := w.engine.Cycle(t.Context(), w.job, engine.Options{}); err != nil || len(x.Warnings) != 0 {
		t.Errorf("afterwards: %q, %v", x.Warnings, err)
	}
}

// The daemon has nobody to show warnings to: it logs them.
func TestTheDaemonLogsWarnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		core, logs := observer.New(zap.WarnLevel)
		w.engine.Logger, w.engine.Now = zap.New(core), time.Now
		w.job.Source = wary{memory: w.source, warns: []string{"one", "two"}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := engine.NewScheduler(w.engine)
		if err := s.Set(ctx, []engine.Scheduled{{Job: w.job, Next: engine.Every(time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { s.Run(ctx); close(ended) }()
		time.Sleep(time.Minute) // of the bubble: the first cycle is over
		cancel()
		<-ended
		var logged []any
		for _, entry := range logs.FilterMessage("the source").All() {
			logged = append(logged, entry.ContextMap()["warning"])
		}
		if len(logged) != 2 || logged[0] != "one" || logged[1] != "two" {
			t.Errorf("logged: %v", logs.All())
		}
	})
}
