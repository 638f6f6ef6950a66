package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// TestPrivateAuthority runs a job against an application whose certificate is of
// a private authority, with a trace and without: with the authority given it
// works, and without it the cycle ends before a request, and says why.
func TestPrivateAuthority(t *testing.T) {
	const token = "token-of-the-test"
	var requests atomic.Int64
	application := sandbox.New(sandbox.Options{Token: token})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		application.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, dir, "token", token)
	write(t, dir, "users.json", `{"value":[{"id":"06b07648-ecfe-589f-9d2f-6325724a46ee","userPrincipalName":"ada@contoso.com","displayName":"Ada","accountEnabled":true}]}`)
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\n")
	job := func(tls string) {
		write(t, dir, "job.yaml", fmt.Sprintf(`name: blogin
source: {kind: export, users: users.json}
target: {kind: scim, tenantURL: "%s/scim/v2", secretToken: "${file:token}"%s}
settings: {scope: all}
`, server.URL, tls))
	}
	for _, trace := range [][]string{nil, {"--trace", filepath.Join(dir, "trace.har")}} {
		job("")
		out := scimsync(t, dir, exitUsage, append([]string{"test-connection", "blogin"}, trace...)...)
		if !strings.Contains(out, "is signed by an authority that is not known here") || strings.Contains(out, "does not speak SCIM") || requests.Load() > 0 {
			t.Errorf("%d requests:\n%s", requests.Load(), out)
		}
		job(", tls: {caFile: ca.pem}")
		if out := scimsync(t, dir, 0, append([]string{"sync", "blogin"}, trace...)...); requests.Load() == 0 {
			t.Errorf("no request:\n%s", out)
		}
		requests.Store(0)
	}
	if users := application.Users(); len(users) != 1 {
		t.Errorf("the application has %d users", len(users))
	}
}

// TestWebhookOfAPrivateAuthority: what is told of a job goes to an address whose
// certificate is of a private authority if that is given, and to no other.
func TestWebhookOfAPrivateAuthority(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	write(t, dir, "users.json", "[]")
	write(t, dir, "job.yaml", fmt.Sprintf(`name: blogin
source: {kind: export, users: users.json}
target: {kind: scim, tenantURL: "https://app.example.com/scim"}
settings: {scope: all, notificationWebhook: "%s/hook"}
`, server.URL))
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\n")
	out := scimsync(t, dir, exitUsage, "test-notification", "blogin")
	if !strings.Contains(out, "has a certificate that is not trusted") || !strings.Contains(out, "webhook.caFile") || requests.Load() > 0 {
		t.Errorf("%d requests:\n%s", requests.Load(), out)
	}
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\nwebhook: {caFile: ca.pem}\n")
	if out := scimsync(t, dir, 0, "test-notification", "blogin"); requests.Load() != 1 {
		t.Errorf("%d requests:\n%s", requests.Load(), out)
	}
}
