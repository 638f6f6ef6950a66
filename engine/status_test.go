package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// Objects of which a reference alone failed are counted apart.
func TestStatusCountsReferenceFailuresApart(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada")
	w.intercept = func(r *http.Request, body string) *http.Response {
		if r.Method == http.MethodPatch || strings.Contains(body, "bo@contoso.com") {
			return answer(400, `{"detail": "no"}`)
		}
		return nil
	}
	w.cycle()
	counts, err := w.engine.Store.Counts(context.Background(), "test")
	if err != nil {
		t.Fatal(err)
	}
	status := engine.Status(w.record(), counts, "PT40M", w.now, w.now, time.Time{}).Status
	equal(t, "objects and references that failed", [2]int64{status.Escrows, status.ReferenceEscrows}, [2]int64{2, 1})
}
