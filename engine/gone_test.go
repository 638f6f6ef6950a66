package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/engine"
)

// An application that answers 404 to everything, from the middle of a cycle on,
// says nothing about anybody: nobody is taken for disabled or deleted, and once
// it is well again leavers lose their accounts.
func TestGoneIsBelievedOnlyOfAnApplicationThatAnswers(t *testing.T) {
	for name, leave := range map[string]func(w *world){
		"out of scope": func(w *world) { w.source.unassign("ada") },
		"deleted":      func(w *world) { w.source.fire("ada"); w.cycle(); w.now = w.now.Add(31 * 24 * 60 * 60 * 1e9) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada")
			w.cycle()
			leave(w)
			tested := false
			w.intercept = func(r *http.Request, _ string) *http.Response {
				if !tested { // the connection test of the beginning
					tested = strings.Contains(r.URL.Path, "/Groups")
					return nil
				}
				return answer(404, `{}`)
			}
			did, err := w.try()
			if err == nil && did.Fail == 0 {
				t.Errorf("summary %s", did)
			}
			w.intercept = nil
			w.cycle(engine.Options{})
			if user := w.user("ada@contoso.com"); user != nil && user["active"] != false {
				t.Errorf("ada is still there: %v", user)
			}
		})
	}
}
