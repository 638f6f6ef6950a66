package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// A create may have taken effect although the answer says something else, and
// the next answer may be no better: what is in doubt stays so until the
// application gives a clear answer, and whoever leaves meanwhile does not keep
// an account.

// TestDoubtSurvivesSeveralMatches: of several objects none is taken, and none
// is forgotten.
func TestDoubtSurvivesSeveralMatches(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.lose(http.MethodPost, "ada@contoso.com")
	equal(t, "the answer is lost", w.cycle(), plan.Summary{Fail: 1})
	w.source.unassign("ada")
	user := w.user("ada@contoso.com")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodGet || r.URL.Query().Get("filter") != `userName eq "ada@contoso.com"` {
			return nil
		}
		return answer(200, `{"totalResults":2,"Resources":[{"id":"`+user["id"].(string)+`","userName":"ada@contoso.com"},{"id":"other","userName":"ada@contoso.com"}]}`)
	}
	equal(t, "several are found", w.cycle(), plan.Summary{Fail: 1})
	w.intercept = nil
	w.now = w.now.Add(7 * time.Hour)
	equal(t, "one is found", w.cycle(), plan.Summary{Disable: 1})
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

// TestA503WithRetryAfterMayHaveTakenEffect: gateways answer so for what they
// have passed on. Who leaves before the next try does not keep the account.
func TestA503WithRetryAfterMayHaveTakenEffect(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodPost {
			return nil
		}
		w.intercept = nil
		if _, err := w.RoundTrip(r); err != nil {
			t.Error(err)
		}
		a := answer(503, `{}`)
		a.Header.Set("Retry-After", "1")
		return a
	}
	equal(t, "the answer", w.cycle(), plan.Summary{Fail: 1})
	w.source.unassign("ada")
	w.now = w.now.Add(7 * time.Hour)
	equal(t, "after it", w.cycle(), plan.Summary{Disable: 1})
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

// TestNotFoundOnEverything: while an application answers 404 to whatever it is
// asked, nobody is taken for deleted, and who was to be disabled or deleted is
// once it answers again.
func TestNotFoundOnEverything(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for _, name := range []string{"ada", "bo"} {
		w.source.hire(name)
	}
	w.source.group("team", "ada")
	equal(t, "at first", w.cycle(), plan.Summary{Create: 3})
	w.source.unassign("ada")
	w.source.disband("team")
	w.source.set("bo", "jobTitle", directory.Str("Head"))
	n := 0
	w.intercept = func(*http.Request, string) *http.Response {
		if n++; n > 2 { // the tests of the connection are answered
			return answer(404, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"404"}`)
		}
		return nil
	}
	w.cycle()
	w.intercept = nil
	w.now = w.now.Add(7 * time.Hour)
	equal(t, "once it answers", w.cycle(), plan.Summary{Update: 1, Disable: 1, Delete: 1})
	equal(t, "ada is active", w.user("ada@contoso.com")["active"], any(false))
	equal(t, "groups", len(w.app.Groups()), 0)
}
