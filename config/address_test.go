package config

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/scim"
)

// An address is another one only where the application is.
func TestAddress(t *testing.T) {
	address := func(tenantURL string) string {
		return (&Job{Target: Target{SCIM: scim.Options{TenantURL: tenantURL, AllowHTTP: true}}}).Address()
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://app.example.com/scim/v2", "https://APP.example.com/scim/v2/", true},
		{"https://app.example.com/scim/v2", "http://app.example.com/scim/v2?aadOptscim062020", true},
		{"https://app.example.com/scim/v2?key=1", "https://app.example.com/scim/v2?key=2", true},
		{"http://localhost:8080/scim", "http://127.0.0.1:9090/scim", true},
		{"http://127.0.0.1:8080/scim", "http://127.0.0.1:8080/other", false},
		{"https://app.example.com/scim/v2", "https://test.example.com/scim/v2", false},
		{"https://app.example.com/a/scim", "https://app.example.com/b/scim", false},
		{"https://app.example.com:1/scim", "https://app.example.com:2/scim", false},
	} {
		if same := address(c.a) == address(c.b); same != c.same {
			t.Errorf("%s and %s are of one application: %v", c.a, c.b, same)
		}
	}
}
