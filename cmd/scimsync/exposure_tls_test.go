package main

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestTheProgramRefusesOldTLS has an application, and a token endpoint, that
// speak TLS 1.1 at the most.
func TestTheProgramRefusesOldTLS(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11} //nolint:gosec // that is what is tested
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	for name, credentials := range map[string]string{
		"application":    "secretToken: old-tls-token",
		"token endpoint": fmt.Sprintf("oauth: {tokenURL: %q, clientID: me, clientSecret: old-tls-secret}", server.URL+"/token"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := oneUser(t, "127.0.0.1:1")
			write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
			job := strings.NewReplacer("http://127.0.0.1:1/scim/v2", server.URL+"/scim/v2", `secretToken: "token"`, credentials+"\n  tls: {caFile: ca.pem}").Replace(read(t, dir+"/test.yaml"))
			write(t, dir, "test.yaml", job)
			said := bounded(t, dir, "sync", "test")
			if !strings.Contains(said, "TLS 1.2 or newer") && !strings.Contains(said, "protocol version") || strings.Contains(said, "old-tls") {
				t.Errorf("it says:\n%s", said)
			}
			if name == "application" && !strings.Contains(said, "speaks no TLS 1.2 or newer") {
				t.Errorf("it does not say what is wrong:\n%s", said)
			}
		})
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests arrived", n)
	}
}

// TestPlainHTTPIsForThisMachine: whatever would send a secret unencrypted to
// another machine is refused before it is sent, and the message names the way out.
func TestPlainHTTPIsForThisMachine(t *testing.T) {
	for name, tt := range map[string]struct{ job, daemon, says, allowed string }{
		"application": {job: "http://app.contoso.test/scim/v2", says: "target.allowHTTP", allowed: "  allowHTTP: true\n"},
		"an address that begins like this machine's": {job: "http://127.0.0.1.contoso.test/scim/v2", says: "target.allowHTTP"},
		"webhook":    {daemon: "webhook: {url: http://hooks.contoso.test/x}\n", says: "allowHTTP: true"},
		"the mail's": {daemon: "smtp: {host: mail.contoso.test, from: a@b.c, username: u, password: p, tls: none}\n", says: "unencrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := oneUser(t, "127.0.0.1:1")
			if tt.job != "" {
				write(t, dir, "test.yaml", strings.Replace(read(t, dir+"/test.yaml"), "http://127.0.0.1:1/scim/v2", tt.job, 1))
			}
			write(t, dir, "scimsync.yaml", read(t, dir+"/scimsync.yaml")+tt.daemon)
			code, said := program(t, dir, "config", "validate")
			if code != exitUsage || !strings.Contains(said, tt.says) {
				t.Errorf("exit code %d:\n%s", code, said)
			}
			if tt.allowed != "" {
				write(t, dir, "test.yaml", strings.Replace(read(t, dir+"/test.yaml"), "  kind: scim\n", "  kind: scim\n"+tt.allowed, 1))
				if code, said := program(t, dir, "config", "validate"); code != 0 {
					t.Errorf("allowed: exit code %d\n%s", code, said)
				}
			}
		})
	}
}
