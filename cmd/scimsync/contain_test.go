package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
)

// leaky is an application whose client has a mistake, and says the token.
type leaky struct{ connectors.Target }

func (leaky) Test(context.Context, ...directory.ObjectType) error {
	panic("the answer to Bearer the-token-of-contoso\x1b[2J makes no sense")
}

// TestAPanicOfACycleShowsNoSecret: what a cycle's panic says is masked in the
// log, and stands nowhere else: neither in the state nor in what status prints.
func TestAPanicOfACycleShowsNoSecret(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "token", "the-token-of-contoso")
	write(t, dir, "users.json", `{"value":[]}`)
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\n")
	write(t, dir, "job.yaml", `name: blogin
source: {kind: export, users: users.json}
target: {kind: scim, tenantURL: "http://127.0.0.1:1/scim/v2", secretToken: "${file:token}"}
settings: {scope: all}
`)
	var out, errs bytes.Buffer
	a := &app{stdout: &out, stderr: &maskWriter{w: &visibleWriter{w: &errs}}}
	a.flags.config = filepath.Join(dir, "scimsync.yaml")
	s, err := a.open(t.Context(), "blogin", readWrite)
	if err != nil {
		t.Fatal(err)
	}
	s.job.Job.Target = leaky{}
	_, err = s.engine.Cycle(t.Context(), s.job.Job, engine.Options{})
	s.close(&err)
	var mistake *engine.MistakeError
	if !errors.As(err, &mistake) {
		t.Fatalf("the cycle ended with %v", err)
	}
	for _, want := range []string{"scimsync has a mistake in it", "the answer to", "makes no sense", "InternalError", "contain_test.go"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("%q is not in\n%s", want, errs.String())
		}
	}
	if shown := errs.String(); strings.Contains(shown, "the-token-of-contoso") || strings.Contains(shown, "\x1b") {
		t.Errorf("the log shows\n%s", shown)
	}
	for what, text := range map[string]string{
		"the error": err.Error(), "status": scimsync(t, dir, exitDone, "status", "-o", "json"), "the state": read(t, filepath.Join(dir, "scimsync.db")),
	} {
		if strings.Contains(text, "makes no sense") || what != "the error" && !strings.Contains(text, "mistake in it") {
			t.Errorf("%s: %s", what, text)
		}
	}
}
