package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestAPlanOfATimeToComeIsRefused: a plan that was made while the clock was ahead
// deletes who has been gone for a month by that clock, and for a day by the right one.
func TestAPlanOfATimeToComeIsRefused(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.source.fire("bo")
	equal(t, "disabled", w.cycle(), plan.Summary{Disable: 1})
	right := w.now.Add(24 * time.Hour)
	w.now = right.Add(31 * 24 * time.Hour)
	a := w.planned()
	w.now = right
	did, err := w.applied(a)
	var stale *engine.StalePlanError
	if !errors.As(err, &stale) {
		t.Errorf("%s, error %v", did, err)
	}
	equal(t, "accounts", len(w.app.Users()), 2)
	equal(t, "writes", w.writes(), []string(nil))
}
