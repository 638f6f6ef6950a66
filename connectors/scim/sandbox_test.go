package scim_test

import (
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/connectortest"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

const sandboxToken = "sandbox-token-0123456789"

// TestConformanceOnSandbox runs the suite against the built-in application, in
// both dialects and with both ways of answering a PATCH.
func TestConformanceOnSandbox(t *testing.T) {
	for name, options := range map[string]sandbox.Options{
		"": {}, "?aadOptscim062020": {}, "?aadOptscim062020&other-answers": {NoContentOnUserPatch: true, ContentOnGroupPatch: true},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int64
			var app *sandbox.Server
			options.Token = sandboxToken
			options.OnRequest = func(sandbox.Recorded) { requests.Add(1) }
			connectortest.TestTarget(t, connectortest.TargetHarness{
				New: func(t *testing.T) connectors.Target {
					app = sandbox.New(options)
					server := httptest.NewServer(app)
					t.Cleanup(server.Close)
					target, err := scim.New(scim.Options{TenantURL: server.URL + app.BasePath() + name, SecretToken: sandboxToken})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(target.CloseIdleConnections)
					return target
				},
				Members:  func(_ *testing.T, group string) []string { return membersOf(app, group) },
				Requests: func() int { return int(requests.Load()) },
				Secret:   sandboxToken,
			})
		})
	}
}

func membersOf(app *sandbox.Server, group string) []string {
	var ids []string
	for _, g := range app.Groups() {
		if list, _ := g["members"].([]any); g["id"] == group {
			for _, m := range list {
				ids = append(ids, m.(map[string]any)["value"].(string))
			}
		}
	}
	return ids
}
