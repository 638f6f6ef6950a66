package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
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

// One answer of 404 for an object that the application has nevertheless, as where
// what was just made is not everywhere yet, keeps nobody active and leaves no
// account behind: the object fails, and is tried again.
func TestAnObjectThatIsFoundAfterAllIsNotGone(t *testing.T) {
	for name, tt := range map[string]struct {
		method string
		leave  func(w *world)
		left   bool // the account stays, disabled
	}{
		"a leaver":             {http.MethodGet, func(w *world) { w.source.unassign("ada") }, true},
		"somebody who is gone": {http.MethodDelete, func(w *world) { w.source.fire("ada"); w.cycle(); w.now = w.now.Add(31 * 24 * 60 * 60 * 1e9) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada")
			w.cycle()
			account := "/Users/" + w.id("ada@contoso.com")
			tt.leave(w)
			w.intercept = func(r *http.Request, _ string) *http.Response {
				if r.Method != tt.method || !strings.HasSuffix(r.URL.Path, account) {
					return nil
				}
				w.intercept = nil
				return answer(404, `{}`)
			}
			equal(t, "not believed", w.cycle(), plan.Summary{Fail: 1})
			w.cycle()
			user := w.user("ada@contoso.com")
			if (user != nil) != tt.left || user != nil && user["active"] != false {
				t.Errorf("what is left of ada: %v", user)
			}
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}

// An application that answers 404 to every path of a single object, as behind a
// gateway that knows its lists alone, shows in a list who is there: nobody of
// them is taken for gone.
func TestAnObjectThatIsListedIsNotGone(t *testing.T) {
	for name, tt := range map[string]struct {
		leave func(w *world)
		left  bool // the account stays, disabled
	}{
		"unassigned": {func(w *world) { w.source.unassign("ada") }, true},
		"blocked":    {func(w *world) { w.source.set("ada", "accountEnabled", directory.Bool(false)) }, true},
		"deleted":    {func(w *world) { w.source.fire("ada") }, true},
		"purged":     {func(w *world) { w.source.fire("ada"); w.cycle(); w.now = w.now.Add(31 * 24 * 60 * 60 * 1e9) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada")
			w.source.hire("bo")
			w.cycle()
			tt.leave(w)
			w.intercept = func(r *http.Request, _ string) *http.Response {
				if strings.HasSuffix(r.URL.Path, "/Users") || strings.HasSuffix(r.URL.Path, "/Groups") {
					return nil
				}
				return answer(404, `{}`)
			}
			equal(t, "not believed", w.cycle(), plan.Summary{Fail: 1})
			w.intercept = nil
			w.cycle()
			user := w.user("ada@contoso.com")
			if (user != nil) != tt.left || user != nil && user["active"] != false {
				t.Errorf("what is left of ada: %v", user)
			}
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}
