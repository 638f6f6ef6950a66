package main

import (
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
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
		notes := statusNotes(j)
		if len(notes) != 1 || !strings.Contains(notes[0], next) || !strings.HasSuffix(notes[0], "(EncounteredQuarantineException): "+refused.Message) {
			t.Errorf("%s: %q", state, notes)
		}
	}
	run := time.Unix(7200, 0)
	j.Schedule.State, j.Schedule.NextRun = "Active", &run
	if notes := statusNotes(j); len(notes) != 1 || !strings.Contains(notes[0], "next attempt "+localTime(run)) {
		t.Errorf("on a schedule: %q", notes)
	}
	j.Status.LastExecution = &engine.TaskExecution{Error: &engine.SynchronizationError{Code: "Timeout", Message: "no answer"}}
	if notes := statusNotes(j); len(notes) != 2 || notes[1] != "the last cycle failed: Timeout: no answer" {
		t.Errorf("another error: %q", notes)
	}
}

// TestStatusOfEscrows: objects of which a reference alone failed are counted
// apart.
func TestStatusOfEscrows(t *testing.T) {
	j := engine.SynchronizationJob{Name: "blogin"}
	j.Status.Escrows = 5
	const whole, apart = "5 objects failed and are tried again; see", "5 objects failed and are tried again, 2 of them only for a reference; see"
	if notes := statusNotes(j); len(notes) != 1 || !strings.HasPrefix(notes[0], whole) {
		t.Errorf("%q", notes)
	}
	j.Status.ReferenceEscrows = 2
	if notes := statusNotes(j); len(notes) != 1 || !strings.HasPrefix(notes[0], apart) {
		t.Errorf("%q", notes)
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
