package engine_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// lose lets the next request whose method is given and whose body holds a text
// take effect, and loses its answer.
func (w *world) lose(method, text string) {
	w.intercept = func(r *http.Request, body string) *http.Response {
		if r.Method != method || !strings.Contains(body, text) {
			return nil
		}
		w.intercept = nil
		if _, err := w.RoundTrip(r); err != nil {
			w.t.Error(err)
		}
		return answer(500, `{}`)
	}
}

// byHand sends a request to the application that is not the engine's.
func (w *world) byHand(method, path, body string) {
	w.t.Helper()
	r := httptest.NewRequest(method, "https://app.test/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/scim+json")
	recorder := httptest.NewRecorder()
	w.app.ServeHTTP(recorder, r)
	if recorder.Code >= 300 {
		w.t.Fatalf("%s %s by hand: %d %s", method, path, recorder.Code, recorder.Body)
	}
}

// id returns the id that the application gave a user or group, by its name.
func (w *world) id(name string) string {
	w.t.Helper()
	for _, o := range append(w.app.Users(), w.app.Groups()...) {
		if o["userName"] == name || o["displayName"] == name {
			return o["id"].(string)
		}
	}
	w.t.Fatalf("the application has no %s", name)
	return ""
}

// manager returns the name of a user's manager in the application, "" for none.
func (w *world) manager(name string) string {
	extension, _ := w.user(name)["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
	manager, _ := extension["manager"].(map[string]any)
	for _, u := range w.app.Users() {
		if u["id"] == manager["value"] {
			return u["userName"].(string)
		}
	}
	return ""
}

// asPlanned runs a dry run and then the cycle, and checks that the cycle does
// what the plan says, by the very same requests.
func (w *world) asPlanned(t *testing.T) plan.Summary {
	t.Helper()
	var planned []string
	foreseen := w.cycle(engine.Options{DryRun: true, Observe: func(r engine.Result) error {
		for _, q := range r.Entry.Requests {
			planned = append(planned, line(t, q.Method, q.Path, q.Body))
		}
		return nil
	}})
	equal(t, "what a plan writes", w.writes(), []string(nil))
	did := w.cycle()
	equal(t, "the cycle, against its plan", did, foreseen)
	var sent []string
	for _, s := range w.writes() {
		method, rest, _ := strings.Cut(s, " ")
		path, body, _ := strings.Cut(rest, " ")
		sent = append(sent, line(t, method, path, []byte(body)))
	}
	slices.Sort(planned)
	slices.Sort(sent)
	equal(t, "the requests, against the plan", sent, planned)
	return did
}

// line writes a request as one line, without white space in its body.
func line(t *testing.T, method, path string, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	if len(body) > 0 {
		if err := json.Compact(&b, body); err != nil {
			t.Fatal(err)
		}
	}
	return method + " " + path + " " + b.String()
}

// softDelete moves a user to the source's list of deleted users.
func (m *memory) softDelete(name string) {
	gone := *m.find(name)
	m.fire(name)
	gone.Presence = directory.SoftDeleted
	m.deleted = append(m.deleted, gone)
}
