package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// TestAPurgeOfMostIsGuardedHoweverFewAreLeft: who is disabled is managed too, and
// a deletion takes more than what disabling took.
func TestAPurgeOfMostIsGuardedHoweverFewAreLeft(t *testing.T) {
	w := firm(t, 100)
	w.job.Settings.Guard.SourceShare = 0
	for i := range 90 { // they leave, a few each day, and ten stay
		w.source.fire(fmt.Sprintf("p%03d", i))
		if i%3 == 2 {
			w.now = w.now.Add(24 * time.Hour)
			if _, err := w.try(); err != nil {
				if err := w.engine.AllowDeletes(context.Background(), w.job.Name); err != nil {
					t.Fatal(err)
				}
				w.cycle()
			}
		}
	}
	w.now = w.now.Add(60 * 24 * time.Hour) // the daemon did not run
	var stop *engine.GuardError
	if _, err := w.try(); !errors.As(err, &stop) {
		t.Errorf("error %v; %d accounts are left", err, len(w.app.Users()))
	}
}
