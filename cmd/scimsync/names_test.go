package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// TestFailuresNameObjects: a failure of a reference names whom it refers to, in
// sync and in logs, and not by an id.
func TestFailuresNameObjects(t *testing.T) {
	dir := t.TempDir()
	scimsync(t, dir, exitDone, "init", dir)
	token, err := os.ReadFile(filepath.Join(dir, "sandbox.token"))
	if err != nil {
		t.Fatal(err)
	}
	application := sandbox.New(sandbox.Options{Token: strings.TrimSpace(string(token))})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Method == http.MethodPost && bytes.Contains(body, []byte(`"dana@contoso.com"`)) {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		application.ServeHTTP(w, r)
	}))
	defer server.Close()
	job := filepath.Join(dir, "jobs", "example.yaml")
	text, err := os.ReadFile(job)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Dir(job), "example.yaml", strings.Replace(string(text), "http://127.0.0.1:8880", server.URL, 1))

	const want = "UnableToResolveReferenceAttributeValue: it refers to objects that could not be provisioned: Dana Weiß\n"
	if said := scimsync(t, dir, exitFailed, "sync", "example"); !strings.Contains(said, "  ! User Emil Sørensen: "+want) {
		t.Errorf("sync says\n%s", said)
	}
	if said := scimsync(t, dir, exitDone, "logs", "example", "--status", "failure"); !strings.Contains(said, "User  Emil Sørensen  "+want) {
		t.Errorf("logs says\n%s", said)
	}
}
