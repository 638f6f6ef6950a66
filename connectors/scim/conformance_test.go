package scim

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/connectortest"
)

const testToken = "s3cret-token-0123456789"

func newLive(t *testing.T, url, token string) connectors.Target {
	target, err := New(Options{TenantURL: url, SecretToken: token, MembersPerPatch: 2, RetryWait: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.CloseIdleConnections)
	return target
}

// failing returns an application that answers everything in one way.
func failing(status int, contentType, body string) func(*testing.T) connectors.Target {
	return func(t *testing.T) connectors.Target {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			// Some applications repeat the request's headers.
			_, _ = w.Write([]byte(body + r.Header.Get("Authorization")))
		}))
		t.Cleanup(s.Close)
		return newLive(t, s.URL, testToken)
	}
}

func TestConformance(t *testing.T) {
	for dialect, query := range map[string]string{"standard": "", "compliant": "?aadOptscim062020"} {
		t.Run(dialect, func(t *testing.T) {
			var app *fakeApp
			connectortest.TestTarget(t, connectortest.TargetHarness{
				New: func(t *testing.T) connectors.Target {
					app = newFakeApp(t, testToken)
					return newLive(t, app.URL+"/scim/v2/"+query, testToken)
				},
				Members:  func(_ *testing.T, group string) []string { return app.members(group) },
				Requests: func() int { return int(app.requests.Load()) },
				Failing: map[connectors.Class]func(*testing.T) connectors.Target{
					connectors.Credentials: func(t *testing.T) connectors.Target {
						return newLive(t, newFakeApp(t, "other").URL+"/scim/v2", testToken)
					},
					connectors.NotSCIM:   failing(200, "text/html", "<!DOCTYPE html><title>Sign in</title>"),
					connectors.Throttled: failing(429, "application/json", "{}"),
					connectors.Retryable: failing(502, "text/html", "<html>Bad gateway"),
					connectors.Rejected:  failing(400, "text/plain", "no "),
				},
				Secret: testToken,
			})
		})
	}
}
