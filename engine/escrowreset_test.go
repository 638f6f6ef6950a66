package engine_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestWhoFailedIsTriedAgainAfterAReset: to forget that somebody failed is not to
// forget them.
func TestWhoFailedIsTriedAgainAfterAReset(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.source.hire("cai")
	w.source.unassign("bo")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodGet {
			return nil
		}
		return answer(http.StatusBadRequest, `{"detail":"no"}`)
	}
	equal(t, "both fail", w.cycle(), plan.Summary{Fail: 2})
	w.now = w.now.Add(time.Hour)
	equal(t, "both fail again", w.cycle(), plan.Summary{Fail: 2})
	w.intercept = nil
	w.now = w.now.Add(time.Minute)
	equal(t, "they wait", w.cycle(), plan.Summary{})
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Escrows: true}); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	equal(t, "they are tried again", w.cycle(), plan.Summary{Create: 1, Disable: 1})
}
