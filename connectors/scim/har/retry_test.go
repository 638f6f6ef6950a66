package har_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/har"
)

// TestEachTryIsAnEntry has the SCIM target try again, as it does by itself.
func TestEachTryIsAnEntry(t *testing.T) {
	tries := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if tries++; tries < 3 {
			http.Error(w, "too busy", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}`))
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "trace.har")
	r, err := har.New(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	target, err := scim.New(scim.Options{
		TenantURL: server.URL + "/scim", SecretToken: "the-token", RetryWait: time.Nanosecond,
		Transport: r.Transport(scim.NewTransport(1)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := target.Test(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for want, n := range map[string]int{`"status":503`: 2, `"status":200`: 1, `"method":"GET"`: 3, "the-token": 0, "User-Agent": 0, `"Bearer ********"`: 3} {
		if got := strings.Count(string(text), want); got != n {
			t.Errorf("%s is there %d times, not %d:\n%s", want, got, n, text)
		}
	}
}
