package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/scimsync/scimsync/engine"
)

// TestApplyIsStoppedBeforeItBegins: SIGTERM while a plan is compared with what
// there is says that the cycle was stopped, not that the application has failed.
func TestApplyIsStoppedBeforeItBegins(t *testing.T) {
	w := company(t)
	a := w.planned()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.intercept = func(*http.Request, string) *http.Response {
		cancel()
		return nil
	}
	before := w.record()
	x, err := w.engine.Cycle(ctx, w.job, engine.Options{Approved: a})
	w.intercept = nil
	if !errors.Is(err, engine.ErrInterrupted) || x.ErrorCode != "Interrupted" {
		t.Errorf("%s: %v", x.ErrorCode, err)
	}
	equal(t, "the job's record", w.record(), before)
	if _, err := w.applied(w.planned()); err != nil {
		t.Errorf("the plan once more: %v", err)
	}
}
