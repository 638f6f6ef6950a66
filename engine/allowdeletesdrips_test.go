package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// TestDripsWhileSomethingIsAllowed: a word that no cycle has used up, for none
// runs to its end, does not hold for what comes on top of it, however slowly.
func TestDripsWhileSomethingIsAllowed(t *testing.T) {
	o := newBureau(t, shape{people: 100})
	gone := 0
	block := func(n int) {
		o.block(gone, gone+n)
		gone += n
	}
	block(25)
	var stop *engine.GuardError
	if _, err := o.try(); !errors.As(err, &stop) {
		t.Fatalf("error %v", err)
	}
	if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
		t.Fatal(err)
	}
	for n := 25; gone < 95; n = 5 {
		o.later(time.Minute)
		ctx, cancel := context.WithCancel(context.Background())
		looked := 0
		_, err := o.engine.Cycle(ctx, o.job, engine.Options{Observe: func(engine.Result) error {
			if looked++; looked == n { // SIGTERM after the last of them: the cycle does not run to its end
				cancel()
			}
			return nil
		}})
		cancel()
		if errors.As(err, &stop) {
			break
		}
		if !errors.Is(err, engine.ErrInterrupted) {
			t.Fatalf("error %v", err)
		}
		block(5)
	}
	active, _, _ := o.held()
	if active < 100-25-30 {
		t.Errorf("25 of 100 were allowed to go, and %d are active", active)
	}
}
