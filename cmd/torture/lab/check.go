package lab

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the state is looked into

	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// Check runs an undisturbed cycle and compares everything with everything:
// what the application holds with what the directory wants, the connections
// with the application, the log with the book of what took effect, and the state
// with itself. Then another cycle has nothing to do.
func (l *Lab) Check() {
	l.t.Helper()
	diary := l.Diary
	l.Settle()
	wanted, maybe := l.wanted()
	for _, line := range append(disagreements(wanted, l.held(), maybe), l.App.duplicates()...) {
		l.t.Error(line)
	}
	before := l.App.Writes()
	if x := l.Run("sync", "lab"); x.Code != 0 || l.App.Writes() != before {
		l.t.Errorf("the cycle after that has something to do, %d writes: %v", l.App.Writes()-before, x)
	}
	l.CheckState()
	if l.t.Failed() {
		l.t.Logf("the directory since the last good cycle:\n  %s\nwhat took effect of late:", strings.Join(diary, "\n  "))
		for _, e := range l.App.lately() {
			l.t.Log(e)
		}
		l.t.FailNow()
	}
}

// Settle runs an undisturbed cycle.
func (l *Lab) Settle() {
	l.t.Helper()
	if x := l.Run("sync", "lab"); x.Code != 0 {
		l.t.Fatalf("the undisturbed cycle: %v\nthe directory since the last good one:\n  %s", x, strings.Join(l.Diary, "\n  "))
	}
	l.Firm.Settle()
}

// CheckState looks through a copy of the state, as a program finds it that is
// started now, at connections and log, and for files that were left behind.
func (l *Lab) CheckState() {
	l.t.Helper()
	folder := l.t.TempDir()
	for name, content := range l.StateFiles() {
		if strings.HasPrefix(name, "scimsync-cycle-") {
			l.t.Errorf("%s was left behind", name)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
	file := filepath.Join(folder, "state.db")
	db, err := sql.Open("sqlite", file)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		l.t.Errorf("the state file: %v %s", err, verdict)
		return
	}
	store, err := sqlite.OpenReadOnly(context.Background(), file)
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	l.checkConnections(store)
	l.checkLog(store)
}

// StateFiles returns the files of the folder of the state.
func (l *Lab) StateFiles() map[string][]byte {
	l.t.Helper()
	files := map[string][]byte{}
	entries, err := os.ReadDir(l.State())
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(l.State(), e.Name()))
		if err != nil {
			l.t.Fatal(err)
		}
		files[e.Name()] = content
	}
	return files
}

// checkConnections compares the connections with what the application holds:
// each object has one, and each of them leads to an object.
func (l *Lab) checkConnections(store *sqlite.Store) {
	l.t.Helper()
	held := map[string]string{}
	for _, r := range slices.Concat(l.App.sandbox.Users(), l.App.sandbox.Groups()) {
		id, _ := r["id"].(string)
		held[id], _ = r["externalId"].(string)
	}
	seen := map[string]bool{}
	if err := store.AllConnections(context.Background(), "lab", func(c state.Connection) error {
		if held[c.TargetAnchor] != c.SourceAnchor {
			l.t.Errorf("%s %s is connected to %s, which the application has for %q", c.Type, c.SourceAnchor, c.TargetAnchor, held[c.TargetAnchor])
		}
		if seen[c.TargetAnchor] {
			l.t.Errorf("%s is connected twice", c.TargetAnchor)
		}
		seen[c.TargetAnchor] = true
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	for id, external := range held {
		if !seen[id] {
			l.t.Errorf("the application's %s, which it has for %s, is connected to nothing", id, external)
		}
	}
}

// checkLog looks for every write that took effect in the provisioning log: in the
// entry of what was done, or, if the program died before that was recorded, in
// the entry of what it was about to do.
func (l *Lab) checkLog(store *sqlite.Store) {
	l.t.Helper()
	entries := map[string][]provlog.Event{}
	if err := store.Events(context.Background(), provlog.Query{}, func(e provlog.Event) error {
		entries[e.SourceIdentity.ID] = append(entries[e.SourceIdentity.ID], e)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	for _, e := range l.App.effects() {
		if !slices.ContainsFunc(entries[e.externalID], func(x provlog.Event) bool { return l.tells(x, e) }) {
			l.t.Errorf("the log has no entry of this write: %v\nof %d entries about the object", e, len(entries[e.externalID]))
		}
	}
}

// tells reports whether an entry of the log is of a write. Entries are as exact as
// a millisecond.
func (l *Lab) tells(x provlog.Event, e effect) bool {
	if !slices.Contains(actions[e.method], x.ProvisioningAction) || x.TargetIdentity.ID != e.id && x.TargetIdentity.ID != "" {
		return false
	}
	ended := x.ActivityDateTime
	began := ended.Add(-time.Duration(x.DurationInMilliseconds)*time.Millisecond - time.Millisecond)
	switch x.ProvisioningStatusInfo.Status {
	case provlog.Success:
		return !e.at.Before(began) && !e.at.After(ended.Add(time.Millisecond))
	case provlog.Warning: // of what was about to be done, by a program that did not end it
		return !e.at.Before(began) && slices.ContainsFunc(l.runs, func(r run) bool { return r.spans(ended) && r.spans(e.at) })
	default:
		return false
	}
}

// actions are those that the log calls a request by.
var actions = map[string][]provlog.Action{
	http.MethodPost:   {provlog.ActionCreate},
	http.MethodPatch:  {provlog.ActionUpdate, provlog.ActionDisable},
	http.MethodDelete: {provlog.ActionDelete},
}
