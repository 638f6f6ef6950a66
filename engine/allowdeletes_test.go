package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/provlog"
)

// TestWhatWasHeldBackIsRememberedUntilACycleRuns: whatever happens between the
// guard and the word, the word allows what was held back and no more.
func TestWhatWasHeldBackIsRememberedUntilACycleRuns(t *testing.T) {
	ctx := context.Background()
	for name, between := range map[string]func(t *testing.T, o *bureau){
		"the credentials fail": func(t *testing.T, o *bureau) {
			app := o.app
			o.app = sandbox.New(sandbox.Options{Token: "another"})
			if _, err := o.try(); err == nil {
				t.Error("no error")
			}
			o.app = app
		},
		"the job is paused and started": func(t *testing.T, o *bureau) {
			if err := o.engine.Pause(ctx, o.job.Name); err != nil {
				t.Error(err)
			}
			if _, err := o.engine.Start(ctx, o.job.Name); err != nil {
				t.Error(err)
			}
		},
		"the job is restarted": func(t *testing.T, o *bureau) {
			if err := o.engine.Restart(ctx, o.job.Name, engine.ResetScope{Watermark: true, Escrows: true, Quarantine: true}); err != nil {
				t.Error(err)
			}
		},
		"the export cannot be read": func(t *testing.T, o *bureau) {
			o.text("users-00.json", "{")
			for range 3 { // until that is why it is in quarantine
				if _, err := o.try(); err == nil {
					t.Error("no error")
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: 40})
			o.block(0, 12)
			var stop *engine.GuardError
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Fatalf("error %v", err)
			}
			between(t, o)
			if err := o.engine.AllowDeletes(ctx, o.job.Name); err != nil {
				t.Fatal(err)
			}
			users := o.users
			o.users = nil
			o.export()
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Fatalf("an empty export was not allowed: error %v", err)
			}
			equal(t, "writes", o.writes(), []string(nil))
			o.users = users
			o.export()
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Fatalf("nothing is allowed any more: error %v", err)
			}
			if err := o.engine.AllowDeletes(ctx, o.job.Name); err != nil {
				t.Fatal(err)
			}
			equal(t, "disabled", o.cycle().Disable, int64(12))
			if r := o.record(); r.Held != nil || r.AllowDeletes {
				t.Errorf("after the cycle %+v is held back", r.Held)
			}
		})
	}
}

// TestWhoIsHeldBackLaterIsLoggedToo: a source that goes on losing people while a
// guard holds them back shows each of them in the log, once.
func TestWhoIsHeldBackLaterIsLoggedToo(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	staged := func() int {
		return len(o.events(provlog.Query{Actions: []provlog.Action{provlog.ActionStagedDelete}}))
	}
	for _, c := range []struct{ blocked, staged int }{{25, 25}, {25, 25}, {95, 95}, {95, 95}, {60, 95}} {
		for i, u := range o.users {
			u["accountEnabled"] = i >= c.blocked
		}
		o.export()
		var stop *engine.GuardError
		if _, err := o.try(); !errors.As(err, &stop) {
			t.Fatalf("error %v", err)
		}
		equal(t, "staged", staged(), c.staged)
		o.later(time.Hour)
	}
}

// TestWhatWasAllowedIsUsedUp: a cycle that is stopped on its way has done a part
// of what was allowed. The next one may do the rest, and no more.
func TestWhatWasAllowedIsUsedUp(t *testing.T) {
	for name, test := range map[string]struct {
		more int // who go in between
		stop bool
	}{"nobody else goes": {0, false}, "few others go": {5, false}, "many others go": {28, true}} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: 100})
			o.job.Settings.Concurrency = 1
			o.block(0, 30)
			var stop *engine.GuardError
			if _, err := o.try(); !errors.As(err, &stop) {
				t.Fatalf("error %v", err)
			}
			o.later(time.Minute)
			if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			done := int64(0)
			_, err := o.engine.Cycle(ctx, o.job, engine.Options{Observe: func(engine.Result) error {
				if done++; done == 25 {
					cancel()
				}
				return nil
			}})
			if !errors.Is(err, engine.ErrInterrupted) {
				t.Fatalf("error %v", err)
			}
			o.later(time.Minute)
			before, _, _ := o.held()
			o.block(30, 30+test.more)
			if _, err := o.try(); errors.As(err, &stop) != test.stop {
				t.Fatalf("error %v", err)
			}
			after, _, _ := o.held()
			if test.stop {
				equal(t, "active accounts", after, before)
			} else {
				equal(t, "active accounts", after, 100-30-test.more)
			}
		})
	}
}
