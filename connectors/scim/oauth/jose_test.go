package oauth

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/connectortest/npmserver"
)

// TestAnIndependentLibraryVerifiesAssertions gives the assertion and the JWKS
// to a library that others wrote in another language.
func TestAnIndependentLibraryVerifiesAssertions(t *testing.T) {
	modules := filepath.Dir(npmserver.Installed(t, "better-auth/node_modules/jose")) // the server brings it with it
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	issuer, other := testIssuer(t), testIssuer(t)
	assertion, err := issuer.Assertion(at)
	if err != nil {
		t.Fatal(err)
	}
	type given map[string]any
	right := given{"assertion": assertion, "jwks": JWKS(other.Key, issuer.Key), "issuer": issuer.Issuer, "audience": issuer.Audience, "subject": issuer.Subject}
	with := func(name string, value any) given {
		changed := given{}
		for k, v := range right {
			changed[k] = v
		}
		changed[name] = value
		return changed
	}
	for _, c := range []struct {
		name  string
		given given
		at    time.Time
		want  string // the code of jose's error
	}{
		{"right", right, at, ""},
		{"five minutes early", right, at.Add(-5 * time.Minute), ""},
		{"too early", right, at.Add(-301 * time.Second), "ERR_JWT_CLAIM_VALIDATION_FAILED"},
		{"at its end", right, at.Add(time.Hour), "ERR_JWT_EXPIRED"},
		{"just before its end", right, at.Add(time.Hour - time.Second), ""},
		{"another issuer", with("issuer", "https://other.example.com"), at, "ERR_JWT_CLAIM_VALIDATION_FAILED"},
		{"another audience", with("audience", "api://other"), at, "ERR_JWT_CLAIM_VALIDATION_FAILED"},
		{"another subject", with("subject", "other"), at, "ERR_JWT_CLAIM_VALIDATION_FAILED"},
		{"another key", with("jwks", JWKS(other.Key)), at, "ERR_JWKS_NO_MATCHING_KEY"},
		{"changed", with("assertion", assertion[:len(assertion)-8]+"AAAAAAAA"), at, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.given["at"] = c.at.Format(time.RFC3339)
			input, err := json.Marshal(c.given)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("node", "testdata/verify.mjs", modules)
			cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
			output, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got struct {
				Header map[string]any
				Claims Claims
				Error  string
			}
			if err := json.Unmarshal(output, &got); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			if got.Error != c.want {
				t.Fatalf("jose says %q, want %q", got.Error, c.want)
			}
			if c.want != "" {
				return
			}
			if diff := cmp.Diff(issuer.Claims(at), got.Claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(map[string]any{"alg": "RS256", "kid": issuer.Key.ID(), "typ": "JWT"}, got.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}
