package engine_test

import (
	"errors"
	"testing"

	"github.com/scimsync/scimsync/engine"
)

// TestAPlanIsOfOneApplication: the tenant URL may come from the environment, so
// that the job file is the same and the application another one.
func TestAPlanIsOfOneApplication(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.job.Address = "app.test#1"
	a := w.planned()
	w.job.Address = "other.test#2"
	did, err := w.applied(a)
	var stale *engine.StalePlanError
	if !errors.As(err, &stale) {
		t.Errorf("%s, error %v", did, err)
	}
	equal(t, "writes", w.writes(), []string(nil))
}
