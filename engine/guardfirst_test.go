package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// TestTheSourceIsGuardedBeforeACycleRanToItsEnd: what is connected was in the
// source, also if the first cycle was stopped on its way.
func TestTheSourceIsGuardedBeforeACycleRanToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Guard = guards
	w.job.Settings.Concurrency = 1
	for i := range 15 {
		w.source.hire(fmt.Sprint("p", i))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := 0
	_, err := w.engine.Cycle(ctx, w.job, engine.Options{Observe: func(engine.Result) error {
		if done++; done == 10 {
			cancel()
		}
		return nil
	}})
	if !errors.Is(err, engine.ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	people := w.source.users
	w.source.users = nil
	did, err := w.try()
	var stop *engine.GuardError
	if !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the source has no users any more; it had 1") {
		t.Errorf("%s, error %v", did, err)
	}
	equal(t, "writes", w.writes(), []string(nil))
	w.source.users = people
	w.cycle()
	equal(t, "accounts", len(w.app.Users()), 15)
}

// TestAWordThatIsGivenTwiceHoldsOnce: what the cycle that was stopped on its way
// has done of it is done.
func TestAWordThatIsGivenTwiceHoldsOnce(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	o.job.Settings.Concurrency = 1
	allow := func() {
		t.Helper()
		o.later(time.Minute)
		if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
			t.Fatal(err)
		}
	}
	o.block(0, 30)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) {
		t.Fatalf("error %v", err)
	}
	allow()
	ctx, cancel := context.WithCancel(context.Background())
	done := 0
	if _, err := o.engine.Cycle(ctx, o.job, engine.Options{Observe: func(engine.Result) error {
		if done++; done == 25 {
			cancel()
		}
		return nil
	}}); !errors.Is(err, engine.ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	before, _, _ := o.held()
	allow()
	o.block(30, 55)
	_, err := o.try()
	after, _, _ := o.held()
	if !errors.As(err, &stop) || after != before {
		t.Errorf("%d of %d accounts are active, error %v", after, before, err)
	}
}
