package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testIssuer(t *testing.T) *Issuer {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{Key: key, Issuer: "https://identity.example.com/contoso/v2.0", Subject: "blogin-sync", Audience: "api://blogin", TenantID: "contoso"}
}

func TestAssertionHasEntrasClaims(t *testing.T) {
	issuer := testIssuer(t)
	at := time.Unix(1772176216, 0)
	assertion, err := issuer.Assertion(at)
	if err != nil {
		t.Fatal(err)
	}
	header, claims, err := Decode(assertion)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf(`{"alg":"RS256","kid":%q,"typ":"JWT"}`, issuer.Key.ID()); string(header) != want {
		t.Errorf("header %s, want %s", header, want)
	}
	var got map[string]any
	if err := json.Unmarshal(claims, &got); err != nil {
		t.Fatal(err)
	}
	// The times are those of Microsoft's example.
	want := map[string]any{
		"aud": "api://blogin", "iss": "https://identity.example.com/contoso/v2.0", "sub": "blogin-sync", "tid": "contoso", "ver": "2.0",
		"iat": 1772175916.0, "nbf": 1772175916.0, "exp": 1772179816.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	issuer.Lifetime, issuer.ObjectID, issuer.ApplicationID = 10*time.Minute, "the-oid", "the-appid"
	if c := issuer.Claims(at); c.Expires != at.Unix()+600 || c.ObjectID != "the-oid" || c.ApplicationID != "the-appid" {
		t.Errorf("claims %+v", c)
	}
	if _, err := (&Issuer{}).Assertion(at); err == nil {
		t.Error("signed without a key")
	}
}

func TestJWKSHasPublicPartsAlone(t *testing.T) {
	a, b := testIssuer(t).Key, testIssuer(t).Key
	text, err := json.Marshal(JWKS(a, b))
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	if len(set.Keys) != 2 || set.Keys[0]["kid"] != a.ID() || set.Keys[1]["kid"] != b.ID() || a.ID() == b.ID() {
		t.Fatalf("keys %v", set.Keys)
	}
	for _, k := range set.Keys {
		members := []string{}
		for name := range k {
			members = append(members, name)
		}
		if len(members) != 5 || k["kty"] != "RSA" || k["use"] != "sig" || k["e"] != "AQAB" || len(k["n"]) != 342 {
			t.Errorf("key %v", k)
		}
	}
	if text, err := json.Marshal(JWKS()); err != nil || string(text) != `{"keys":[]}` {
		t.Errorf("no keys: %s %v", text, err)
	}
}

func TestKeysInPEM(t *testing.T) {
	key := testIssuer(t).Key
	pkcs8, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key.private)})
	for _, text := range [][]byte{pkcs8, pkcs1, append([]byte("Bag Attributes\n"), pkcs8...)} {
		again, err := ParseKey(text)
		if err != nil || again.ID() != key.ID() {
			t.Errorf("%v, id %s, want %s", err, again.ID(), key.ID())
		}
	}
	if text := fmt.Sprintf("%v %+v %#v %v", key, key, key, &Issuer{Key: key}); strings.Contains(text, key.private.D.String()) || strings.Contains(text, key.private.D.Text(16)) {
		t.Errorf("a key prints itself: %s", text)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // refused is what it is to be
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		der  []byte
		want string
	}{
		{"RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small), "has 1024 bits: RS256 needs at least 2048"},
		{"PRIVATE KEY", der, "is no RSA key"},
		{"PRIVATE KEY", []byte("hidden"), "no readable private key (PKCS #8)"},
		{"RSA PRIVATE KEY", []byte("hidden"), "no readable private key (PKCS #1)"},
		{"PUBLIC KEY", public, `is a "PUBLIC KEY"`},
		{"ENCRYPTED PRIVATE KEY", []byte("hidden"), "is encrypted"},
		{"", nil, "no PEM block"},
	} {
		text := []byte("hidden")
		if c.kind != "" {
			text = pem.EncodeToMemory(&pem.Block{Type: c.kind, Bytes: c.der})
		}
		if _, err := ParseKey(text); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v, want %s", c.kind, err, c.want)
		}
	}
}

func TestAssertionFileIsReadAtEachUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	file := File(path)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"eyJhIjoxfQ.eyJhIjoxfQ.c2ln", "eyJhIjoyfQ.eyJhIjoyfQ.c2ln"} {
		write(want + "\n")
		if got, err := file.Assertion(time.Now()); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                             "has 1",
		"hidden.hidden":                "has 2",
		"hidden!.eyJhIjoxfQ.c2ln":      "header is not the JSON",
		"eyJhIjoxfQ.hidden.c2ln":       "payload is not the JSON",
		"eyJhIjoxfQ.eyJhIjoxfQ.":       "is not signed",
		strings.Repeat("hidden", 20e3): "is larger than 64 KB",
	} {
		write(text)
		if _, err := file.Assertion(time.Now()); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), path) {
			t.Errorf("%.20q: %v, want %s", text, err, want)
		}
	}
}

func TestDiscovery(t *testing.T) {
	issuer := &Issuer{Issuer: "https://identity.example.com/", TenantID: "contoso"}
	d := issuer.Discovery("")
	if d.Issuer != issuer.Issuer || d.JWKSURI != "https://identity.example.com/jwks.json" || d.ClaimsSupported[len(d.ClaimsSupported)-1] != "tid" {
		t.Errorf("%+v", d)
	}
	if d := issuer.Discovery("https://keys.example.com"); d.JWKSURI != "https://keys.example.com" {
		t.Errorf("%+v", d)
	}
}
