package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// TestStatusOfQuarantine: the message stands there once, with what comes next.
func TestStatusOfQuarantine(t *testing.T) {
	refused := &engine.SynchronizationError{Code: "Unauthorized", Message: "GET /Users: HTTP 401 (Unauthorized)"}
	j := engine.SynchronizationJob{Name: "blogin"}
	j.Status.Quarantine = &engine.SynchronizationQuarantine{
		Reason: "EncounteredQuarantineException", CurrentBegan: time.Unix(0, 0), NextAttempt: time.Unix(3600, 0), Error: refused,
	}
	j.Status.LastExecution = &engine.TaskExecution{Error: refused}
	for state, next := range map[string]string{"Active": "next attempt ", "Disabled": `disabled, for it has been in quarantine since `} {
		j.Schedule.State = state
		remedy := ""
		if state == "Active" {
			remedy = `. "scimsync test-connection blogin" says more; once that is put right, "scimsync sync blogin" tries it at once`
		}
		notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{})
		if len(notes) != 1 || !strings.Contains(notes[0], next) || !strings.HasSuffix(notes[0], "(EncounteredQuarantineException): "+refused.Message+remedy) {
			t.Errorf("%s: %q", state, notes)
		}
	}
	run := time.Unix(7200, 0)
	j.Schedule.State, j.Schedule.NextRun = "Active", &run
	if notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{}); len(notes) != 1 || !strings.Contains(notes[0], "next attempt "+localTime(run)) {
		t.Errorf("on a schedule: %q", notes)
	}
	j.Status.LastExecution = &engine.TaskExecution{Error: &engine.SynchronizationError{Code: "Timeout", Message: "no answer"}}
	if notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{}); len(notes) != 2 || notes[1] != "the last cycle failed: Timeout: no answer" {
		t.Errorf("another error: %q", notes)
	}
}

// TestStatusOfEscrows: objects of which a reference alone failed are counted
// apart.
func TestStatusOfEscrows(t *testing.T) {
	j := engine.SynchronizationJob{Name: "blogin"}
	j.Status.Escrows = 5
	const whole, apart = "5 objects failed and are tried again; see", "5 objects failed and are tried again, 2 of them only for a reference; see"
	if notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{}); len(notes) != 1 || !strings.HasPrefix(notes[0], whole) {
		t.Errorf("%q", notes)
	}
	soon := time.Unix(3600, 0)
	if notes := statusNotes(jobStatus{SynchronizationJob: j, NextRetry: &soon}, time.Unix(0, 0)); len(notes) != 1 || !strings.Contains(notes[0], "tried again, the first at ") {
		t.Errorf("%q", notes)
	}
	j.Status.ReferenceEscrows = 2
	if notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{}); len(notes) != 1 || !strings.HasPrefix(notes[0], apart) {
		t.Errorf("%q", notes)
	}
}

// TestStatusOfACycleThatWasEnded: who ends a cycle reads of no failure.
func TestStatusOfACycleThatWasEnded(t *testing.T) {
	j := engine.SynchronizationJob{Name: "blogin"}
	for code, want := range map[string][]string{"Interrupted": {"it goes on"}, "Paused": nil} {
		j.Status.LastExecution = &engine.TaskExecution{State: "Failed", Error: &engine.SynchronizationError{Code: code, Message: "it goes on"}}
		if notes := statusNotes(jobStatus{SynchronizationJob: j}, time.Time{}); !slices.Equal(notes, want) {
			t.Errorf("%s: %q", code, notes)
		}
		if got := resultOf(j.Status.LastExecution); got != code {
			t.Errorf("%s: %q", code, got)
		}
	}
}

// TestShortTime: on a narrow terminal a time of today has no date.
func TestShortTime(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)
	for at, want := range map[time.Time]string{
		now.Add(time.Hour): "13:00:00", now.Add(-time.Hour): "11:00:00", now.Add(-24 * time.Hour): "2026-11-23 12:00", now.AddDate(1, 0, 0): "2027-11-24 12:00",
	} {
		if got := shortTime(at, now); got != want {
			t.Errorf("%s: %s, not %s", at, got, want)
		}
	}
}

// TestStatusOfACycleWithoutAnEnd: one that is under way is shown, and so is one
// whose process died.
func TestStatusOfACycleWithoutAnEnd(t *testing.T) {
	dir := t.TempDir()
	began, goOn := make(chan struct{}, 1), make(chan struct{})
	application := sandbox.New(sandbox.Options{Token: "token"})
	address, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			began <- struct{}{}
			<-goOn
		}
		application.ServeHTTP(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	write(t, dir, "users.json", `[{"id":"1","userPrincipalName":"ada@contoso.com","displayName":"Ada","accountEnabled":true}]`)
	write(t, dir, "token", "token")
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\n")
	write(t, dir, "job.yaml", fmt.Sprintf("name: blogin\nsource: {kind: export, users: users.json}\ntarget: {kind: scim, tenantURL: %q, secretToken: \"${file:token}\"}\nsettings: {scope: all}\n", "http://"+address+"/scim/v2"))
	status := func(want string) {
		t.Helper()
		if out := scimsync(t, dir, 0, "status"); strings.Contains(out, "blogin: ") != (want != "") || !strings.Contains(out, want) {
			t.Errorf("want %q:\n%s", want, out)
		}
	}
	ended := make(chan int, 1)
	go func() {
		ended <- run([]string{"sync", "blogin", "--config", filepath.Join(dir, "scimsync.yaml")}, io.Discard, io.Discard)
	}()
	select {
	case <-began:
	case code := <-ended:
		t.Fatalf("the cycle ended before its first create: exit code %d", code)
	}
	status("blogin: a cycle is under way since ")
	close(goOn)
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	status("")

	store, err := sqlite.Open(context.Background(), filepath.Join(dir, "scimsync.db"))
	if err != nil {
		t.Fatal(err)
	}
	record, err := store.Job(context.Background(), "blogin")
	if err == nil {
		record.Running = time.Now()
		err = store.SaveJob(context.Background(), record)
	}
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	status("did not come to its end; the next one goes on from there")

	// Who may not look at the lock is shown the rest.
	lock := filepath.Join(dir, "scimsync.db.blogin.lock")
	if err := errors.Join(os.Remove(lock), os.Symlink(lock, lock)); err != nil {
		t.Fatal(err)
	}
	status("")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	scimsync(t, dir, 0, "sync", "blogin")
	status("")
}

// TestISO8601: durations as Graph prints them, of which none but seconds may have a fraction.
func TestISO8601(t *testing.T) {
	for d, want := range map[time.Duration]string{
		40 * time.Minute: "PT40M", 24 * time.Hour: "PT24H", 90 * time.Minute: "PT1H30M", time.Hour + 5*time.Second: "PT1H5S",
		1500 * time.Millisecond: "PT1.5S", 12 * time.Millisecond: "PT0.012S", 0: "PT0S",
	} {
		if got := iso8601(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}
