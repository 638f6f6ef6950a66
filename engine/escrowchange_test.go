package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestAChangeOfWhoFailedForLongIsTriedForAsLong: the four weeks are those of what
// failed. Somebody who is corrected in the directory on their last day, and whom
// the application refuses once more, is not given up for what failed before.
func TestAChangeOfWhoFailedForLongIsTriedForAsLong(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada", "jobTitle", "wrong")
	refuse := func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodGet {
			return nil
		}
		return answer(http.StatusBadRequest, `{"detail":"no"}`)
	}
	w.intercept = refuse
	for range 27 {
		equal(t, "fails", w.cycle(), plan.Summary{Fail: 1})
		w.now = w.now.Add(24 * time.Hour)
	}
	w.now = w.now.Add(24 * time.Hour)
	w.source.set("ada", "jobTitle", directory.Str("right"))
	equal(t, "fails once more", w.cycle(), plan.Summary{Fail: 1})
	w.intercept = nil
	w.now = w.now.Add(time.Hour)
	equal(t, "is tried again", w.cycle(), plan.Summary{Create: 1})
}
