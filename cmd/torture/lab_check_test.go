package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"

	"database/sql"

	_ "modernc.org/sqlite" // the state is looked into
)

// check runs an undisturbed cycle and compares everything with everything:
// what the application holds with what the directory wants, the connections
// with the application, the log with the book of what took effect, and the state
// with itself. Then another cycle has nothing to do.
func (l *lab) check(t testing.TB) {
	t.Helper()
	diary := l.firm.diary
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s\nthe directory since the last good cycle:\n  %s", fmt.Sprintf(format, args...), strings.Join(diary, "\n  "))
	}
	if x := l.run(t, "sync", "lab"); x.code != 0 {
		fail("the undisturbed cycle: %v", x)
		return
	}
	wanted, maybe := l.wanted()
	l.firm.settle()
	for _, line := range disagreements(wanted, l.held(), maybe) {
		fail("%s", line)
	}
	for _, line := range l.app.duplicates() {
		fail("%s", line)
	}
	l.checkConnections(t, fail)
	l.checkLog(t, fail)
	before := l.app.writes()
	if x := l.run(t, "sync", "lab"); x.code != 0 || l.app.writes() != before {
		fail("the cycle after that has something to do, %d writes: %v", l.app.writes()-before, x)
	}
	l.checkState(t, fail)
	if t.Failed() {
		l.app.mu.Lock()
		defer l.app.mu.Unlock()
		for _, e := range l.app.book[max(0, len(l.app.book)-40):] {
			t.Log(e)
		}
		t.FailNow()
	}
}

// wanted is what the application is to hold, a line each; maybe are accounts
// that may be there, disabled, or not: nobody can tell whether a cycle that was
// killed had made them.
func (l *lab) wanted() (lines map[string]string, maybe map[string]bool) {
	lines, maybe = map[string]string{}, map[string]bool{}
	for _, w := range l.firm.staff {
		switch {
		case w.entitled():
			boss := ""
			if w.boss != nil && w.boss.place == here {
				boss = w.boss.id
			}
			lines["user "+w.id] = fmt.Sprintf("%s@contoso.com, active true, %s, %s of %s, reports to %s", w.name, strings.ToUpper(w.name), w.title, w.unit, boss)
		case w.place == purged:
		case w.provisioned:
			lines["user "+w.id] = disabled
		default:
			lines["user "+w.id] = disabled
			maybe["user "+w.id] = true
		}
	}
	for _, g := range l.firm.present() {
		var members []string
		for _, w := range g.staff {
			if w.place == here {
				members = append(members, w.id)
			}
		}
		for _, inner := range g.inner {
			if !inner.gone {
				members = append(members, inner.id)
			}
		}
		slices.Sort(members)
		lines["group "+g.id] = fmt.Sprintf("%s: %s", g.name, strings.Join(members, " "))
	}
	return lines, maybe
}

// disabled is all that is compared of somebody who is disabled: nothing else of
// them changes any more.
const disabled = "active false"

// held is what the application holds, in the words of wanted. What it holds
// twice has a line that says so.
func (l *lab) held() map[string]string {
	lines := map[string]string{}
	put := func(key, line string) {
		if first, twice := lines[key]; twice {
			line = fmt.Sprintf("TWICE: %s; and %s", first, line)
		}
		lines[key] = line
	}
	text := func(v any) string {
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	ids := map[string]string{} // the directory's by the application's
	users, groups := l.app.sandbox.Users(), l.app.sandbox.Groups()
	for _, r := range slices.Concat(users, groups) {
		ids[text(r["id"])] = text(r["externalId"])
	}
	for _, u := range users {
		enterprise, _ := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
		manager, _ := enterprise["manager"].(map[string]any)
		line := fmt.Sprintf("%s, active %v, %s, %s of %s, reports to %s", text(u["userName"]), u["active"], text(u["displayName"]),
			text(u["title"]), text(enterprise["department"]), ids[text(manager["value"])])
		if u["active"] == false {
			line = disabled
		}
		put("user "+text(u["externalId"]), line)
	}
	for _, g := range groups {
		var members []string
		list, _ := g["members"].([]any)
		for _, m := range list {
			member, _ := m.(map[string]any)
			members = append(members, ids[text(member["value"])])
		}
		slices.Sort(members)
		put("group "+text(g["externalId"]), fmt.Sprintf("%s: %s", text(g["displayName"]), strings.Join(members, " ")))
	}
	return lines
}

// disagreements tells what differs, a line each.
func disagreements(wanted, held map[string]string, maybe map[string]bool) (lines []string) {
	all := maps.Clone(wanted)
	maps.Copy(all, held)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		want, there := wanted[key]
		got, exists := held[key]
		switch {
		case want == got && there == exists, maybe[key] && !exists:
		default:
			lines = append(lines, fmt.Sprintf("%s\n    the directory wants:   %q\n    the application holds: %q", key, want, got))
		}
	}
	return lines
}

// duplicates are the accounts that were made a second time.
func (a *application) duplicates() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.twice)
}

// checkConnections compares the connections with what the application holds:
// each object has one, and each of them leads to an object.
func (l *lab) checkConnections(t testing.TB, fail func(string, ...any)) {
	t.Helper()
	x := l.run(t, "connections", "lab", "-o", "json")
	held := map[string]string{}
	for _, r := range slices.Concat(l.app.sandbox.Users(), l.app.sandbox.Groups()) {
		id, _ := r["id"].(string)
		held[id], _ = r["externalId"].(string)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(x.stdout) {
		var c state.Connection
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %v", err, x)
		}
		if held[c.TargetAnchor] != c.SourceAnchor {
			fail("%s %s is connected to %s, which the application has for %q", c.Type, c.SourceAnchor, c.TargetAnchor, held[c.TargetAnchor])
		}
		if seen[c.TargetAnchor] {
			fail("%s is connected twice", c.TargetAnchor)
		}
		seen[c.TargetAnchor] = true
	}
	for id, external := range held {
		if !seen[id] {
			fail("the application's %s, which it has for %s, is connected to nothing", id, external)
		}
	}
}

// checkLog looks for every write that took effect in the provisioning log. A
// write whose cycle was killed before it was recorded has no entry of its own:
// the entry of the cycle that found what it left stands for it. So each object
// has an entry that is not older than the last write to it, and the entry of
// one that was deleted says so.
func (l *lab) checkLog(t testing.TB, fail func(string, ...any)) {
	t.Helper()
	x := l.run(t, "logs", "lab", "-o", "json")
	entries := map[string][]provlog.Event{}
	for line := range strings.Lines(x.stdout) {
		var e provlog.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %v", err, x)
		}
		entries[e.TargetIdentity.ID] = append(entries[e.TargetIdentity.ID], e)
	}
	last := map[string]effect{}
	l.app.mu.Lock()
	for _, e := range l.app.book {
		last[e.id] = e
	}
	l.app.mu.Unlock()
	for id, e := range last {
		if !slices.ContainsFunc(entries[id], func(x provlog.Event) bool { return covers(x, e) }) {
			fail("the log has no entry of or after this write: %v\nof %d entries about it", e, len(entries[id]))
		}
	}
}

// covers reports whether an entry of the log tells of a write, or of what was
// found later. Entries are as exact as a millisecond.
func covers(x provlog.Event, e effect) bool {
	if x.ActivityDateTime.Before(e.at.Add(-time.Millisecond)) || x.ProvisioningStatusInfo.Status == provlog.Failure {
		return false
	}
	return e.method != "DELETE" || x.ProvisioningAction == provlog.ActionDelete
}

// checkState lets SQLite look through the state file, and looks for files that
// were left behind.
func (l *lab) checkState(t testing.TB, fail func(string, ...any)) {
	t.Helper()
	db, err := sql.Open("sqlite", l.state)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		fail("the state file: %v %s", err, verdict)
	}
	files, err := os.ReadDir(filepath.Dir(l.state))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), "scimsync-cycle-") {
			fail("%s was left behind", f.Name())
		}
	}
}
