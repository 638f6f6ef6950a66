package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state"
)

// listener notes what it is told, unless it is deaf.
type listener struct {
	name string
	mu   sync.Mutex
	deaf bool
	told []engine.Notice
}

func (l *listener) Name() string { return l.name }

func (l *listener) Notify(ctx context.Context, n engine.Notice) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deaf || ctx.Err() != nil {
		return errors.New("it does not listen")
	}
	l.told = append(l.told, n)
	return nil
}

// heard returns the kinds of what was told since it was asked last.
func (l *listener) heard() string {
	var kinds []string
	for _, n := range l.told {
		kinds = append(kinds, string(n.Kind))
	}
	l.told = nil
	return strings.Join(kinds, " ")
}

// last returns what was told last, nothing if that is nothing.
func (l *listener) last() engine.Notice {
	if len(l.told) == 0 {
		return engine.Notice{}
	}
	return l.told[len(l.told)-1]
}

// endangered returns a world whose next cycle would delete too much, with
// those who want to be told.
func endangered(t *testing.T, listeners ...*listener) *world {
	t.Helper()
	w := newWorld(t)
	w.job.Settings.Guard.Threshold = 2
	for _, l := range listeners {
		w.job.Notifiers = append(w.job.Notifiers, l)
	}
	for _, n := range strings.Fields("ada bo cai dan") {
		w.source.hire(n)
	}
	w.hour()
	w.source.fire("ada")
	w.source.fire("bo")
	return w
}

// hour lets an hour pass and runs a cycle, which may end as it likes.
func (w *world) hour(opts ...engine.Options) {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	_, _ = w.try(opts...) // what it tells is looked at
}

func TestEachQuarantineIsToldOnce(t *testing.T) {
	l := &listener{name: "it"}
	w := endangered(t, l)
	equal(t, "before", l.heard(), "")
	w.hour()
	n := l.last()
	equal(t, "entered", l.heard(), "deletionsStaged")
	record, err := w.engine.Store.Job(context.Background(), "test")
	if err != nil {
		t.Fatal(err)
	}
	if q := record.Quarantine; n.Job != "test" || n.JobID != record.ID || n.Reason != q.Reason || n.Message != q.Message || !n.Began.Equal(q.Began) ||
		n.CycleID != record.Last.CycleID || !n.Time.Equal(record.Last.Ended) || n.Imported != 2 {
		t.Errorf("%+v", n)
	}
	w.hour()
	w.hour(engine.Options{DryRun: true})
	equal(t, "still", l.heard(), "")

	// What was told outlives the program.
	w.engine = &engine.Engine{
		Store: w.engine.Store, TenantID: w.engine.TenantID, SpoolDir: w.engine.SpoolDir, Logger: w.engine.Logger, Now: w.engine.Now, NewID: w.engine.NewID,
	}
	w.hour()
	equal(t, "after a new start", l.heard(), "")

	if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	w.hour()
	over := l.last()
	equal(t, "left", l.heard(), "recovered")
	if over.Reason != n.Reason || !over.Began.Equal(n.Began) || over.Summary.Disable != 2 || over.ID == n.ID || strings.Contains(over.ID, ".") {
		t.Errorf("%+v", over)
	}
	w.hour()
	equal(t, "after", l.heard(), "")
}

func TestWhoCouldNotBeToldIsToldAfterTheNextCycle(t *testing.T) {
	l, deaf := &listener{name: "it"}, &listener{name: "deaf", deaf: true}
	w := endangered(t, l, deaf)
	w.hour()
	w.hour()
	equal(t, "who listens", l.heard(), "deletionsStaged")
	deaf.deaf = false
	w.hour()
	equal(t, "who listens now", deaf.heard(), "deletionsStaged")
	equal(t, "who was told", l.heard(), "")

	// The end of a quarantine that he was never told of is no news to anybody.
	late := &listener{name: "late", deaf: true}
	w.job.Notifiers = append(w.job.Notifiers, late)
	w.hour()
	late.deaf, deaf.deaf = false, true
	w.source.hire("ada")
	w.source.hire("bo")
	w.hour()
	deaf.deaf = false
	w.hour()
	equal(t, "left", l.heard()+", "+deaf.heard()+", "+late.heard(), "recovered, recovered, ")
}

func TestNobodyIsToldOfACycleThatWasInterruptedOrPaused(t *testing.T) {
	l := &listener{name: "it"}
	w := endangered(t, l)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.engine.Cycle(ctx, w.job, engine.Options{}); err == nil {
		t.Error("the cycle was not interrupted")
	}
	if err := w.engine.Pause(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	w.hour()
	equal(t, "told", l.heard(), "")
	if _, err := w.engine.Start(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	w.hour()
	equal(t, "told", l.heard(), "deletionsStaged")
}

// broken is a source that cannot be read.
type broken struct{ connectors.Source }

func (broken) Read(context.Context, connectors.ReadRequest, func(directory.Change) error) (connectors.ReadResult, error) {
	return connectors.ReadResult{}, &connectors.ReadError{Err: errors.New("it is not there")}
}

// TestAQuarantineThatSomebodyEnded is over for those who were told of it when a
// cycle goes well, and begins anew if it is entered again.
func TestAQuarantineThatSomebodyEnded(t *testing.T) {
	l := &listener{name: "it"}
	w := endangered(t, l)
	w.hour()
	equal(t, "entered", l.heard(), "deletionsStaged")
	end := func() {
		t.Helper()
		if err := w.engine.Restart(context.Background(), "test", engine.ResetScope{Quarantine: true}); err != nil {
			t.Fatal(err)
		}
	}
	end()
	source := w.job.Source
	w.job.Source = broken{source}
	w.hour()
	equal(t, "the source cannot be read", l.heard(), "")
	w.job.Source = source
	w.hour()
	equal(t, "entered anew", l.heard(), "deletionsStaged")
	end()
	w.source.hire("ada")
	w.source.hire("bo")
	w.hour()
	equal(t, "a good cycle", l.heard(), "recovered")
}

// TestWhoIsNotToldAnyMoreIsForgotten, and learns of a quarantine if he is to be
// told again.
func TestWhoIsNotToldAnyMoreIsForgotten(t *testing.T) {
	l := &listener{name: "it"}
	w := endangered(t, l)
	w.hour()
	w.job.Notifiers = nil
	w.hour()
	record, err := w.engine.Store.Job(context.Background(), "test")
	equal(t, "error", err, nil)
	equal(t, "remembered", len(record.Told), 0)
	w.job.Notifiers = []engine.Notifier{l}
	w.hour()
	equal(t, "told", l.heard(), "deletionsStaged deletionsStaged")
	record, err = w.engine.Store.Job(context.Background(), "test")
	equal(t, "error", err, nil)
	equal(t, "remembered", record.Told, map[string]state.Told{"it": {Reason: record.Quarantine.Reason, Began: record.Quarantine.Began}})
}
