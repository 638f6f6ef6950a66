package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// TestTestConnectionPrintsWhatItSent compares what test-connection prints with
// what the application saw: the GUIDs too, by which its log can be searched.
func TestTestConnectionPrintsWhatItSent(t *testing.T) {
	var seen []string
	server := httptest.NewServer(sandbox.New(sandbox.Options{Token: "token", OnRequest: func(r sandbox.Recorded) {
		seen = append(seen, r.Method+" "+strings.TrimPrefix(r.Path, "/scim/v2")+"?"+r.RawQuery)
	}}))
	defer server.Close()
	dir := t.TempDir()
	write(t, dir, "token", "token")
	write(t, dir, "users.json", `{"value":[]}`)
	write(t, dir, "groups.json", `{"value":[]}`)
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\n")
	write(t, dir, "job.yaml", fmt.Sprintf(`name: blogin
source: {kind: export, users: users.json, groups: groups.json}
target: {kind: scim, tenantURL: "%s/scim/v2", secretToken: "${file:token}"}
settings: {scope: all}
`, server.URL))
	for _, want := range []struct{ code, requests int }{{exitDone, 2}, {exitUsage, 1}} {
		var r connectionResult
		if err := json.Unmarshal([]byte(scimsync(t, dir, want.code, "test-connection", "blogin", "-o", "json")), &r); err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, q := range r.Requests {
			shown = append(shown, q.Method+" "+q.Path)
		}
		if diff := cmp.Diff(seen, shown); diff != "" || len(shown) != want.requests {
			t.Errorf("requests (-sent +shown):\n%s", diff)
		}
		seen = nil
		text := scimsync(t, dir, want.code, "test-connection", "blogin")
		for _, request := range seen {
			if !strings.Contains(text, request+"\n") {
				t.Errorf("%s was sent, and is not in\n%s", request, text)
			}
		}
		seen = nil
		write(t, dir, "token", "another")
	}
}
