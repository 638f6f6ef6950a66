package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// guards are those of a job that says nothing of them.
var guards = engine.Guard{Threshold: 500, Share: 20, Members: 30, Window: 24 * time.Hour, WindowThreshold: 500, WindowShare: 30, WindowMembers: 50, SourceShare: 20, SourceAge: time.Hour}

// firm returns a world with so many people, all in one group that assigns
// nobody, after its first cycle.
func firm(t *testing.T, people int) *world {
	t.Helper()
	w := newWorld(t)
	w.job.Settings.Guard = guards
	var names []string
	for i := range people {
		names = append(names, fmt.Sprintf("p%03d", i))
		w.source.hire(names[i])
	}
	w.source.group("All", names...)
	w.cycle()
	return w
}

// TestGuards has what has happened to others: a cycle that would take away too
// much ends before its first write, says the numbers, and goes on once it is allowed.
func TestGuards(t *testing.T) {
	each := func(w *world, from, to int, do func(name string)) {
		for i := from; i < to; i++ {
			do(fmt.Sprintf("p%03d", i))
		}
	}
	for name, tt := range map[string]struct {
		people int
		change func(w *world)
		reason string // "" if the cycle runs
		says   string
	}{
		"an empty export":      {5, func(w *world) { w.source.users, w.source.groups = nil, nil }, "IngestionInterrupted", "the source has no users any more; it had 5"},
		"half an export":       {100, func(w *world) { w.source.users = w.source.users[:50] }, "IngestionInterrupted", "shrunk from 100 to 50 users, by more than 20 %"},
		"a fifth of an export": {100, func(w *world) { w.source.users = w.source.users[:80] }, "", ""},
		"an old export":        {30, func(w *world) { w.source.hire("new"); w.source.newest = w.now.Add(-25 * time.Hour) }, "IngestionInterrupted", "older than the one before"},
		"a filter that matches nobody": {30, func(w *world) {
			w.rules(mapping.DefaultUsers(), mapping.DefaultGroups(), scope.Settings{AssignedOnly: true},
				scope.Filter{Title: "none", Clauses: []scope.Clause{{Attribute: "department", Operator: "EQUALS", Values: []string{"none"}}}})
			w.job.Fingerprint = "2"
		}, "TooManyDeletes", "disable or delete 30 of 30 active users, more than 20 %"},
		"an assignment list emptied": {30, func(w *world) {
			each(w, 0, 30, w.source.unassign)
			w.source.unassign("All")
		}, "TooManyDeletes", "disable or delete 30 of 30 active users, more than 20 %"},
		"few leave":                 {100, func(w *world) { each(w, 0, 15, w.source.unassign) }, "", ""},
		"most of a handful leave":   {10, func(w *world) { each(w, 0, 9, w.source.unassign) }, "", ""},
		"a group loses its members": {120, func(w *world) { w.source.group("All", "p000") }, "TooManyDeletes", "remove 119 of 120 members from their groups, more than 30 %"},
		"a group loses some members": {120, func(w *world) {
			var stay []string
			each(w, 30, 120, func(name string) { stay = append(stay, name) })
			w.source.group("All", stay...)
		}, "", ""},
		"slow drips": {100, func(w *world) {
			w.job.Settings.Guard.WindowThreshold = 25
			for i := range 4 {
				each(w, i*5, i*5+5, w.source.unassign)
				w.now = w.now.Add(time.Hour)
				w.cycle()
			}
			each(w, 20, 25, w.source.unassign)
		}, "TooManyDeletes", "disable or delete 5 of 81 active objects, after 20 in the last 24 hours, and the job's threshold for that time is 25"},
		"drips that are days apart": {100, func(w *world) {
			w.job.Settings.Guard.WindowThreshold = 25
			for i := range 4 {
				each(w, i*5, i*5+5, w.source.unassign)
				w.now = w.now.Add(25 * time.Hour)
				w.cycle()
			}
			each(w, 20, 25, w.source.unassign)
		}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := firm(t, tt.people)
			w.now = w.now.Add(time.Hour)
			if w.source.newest.IsZero() {
				w.source.newest = w.now
				w.cycle()
			}
			tt.change(w)
			planned, err := w.engine.Cycle(context.Background(), w.job, engine.Options{DryRun: true})
			if err != nil || (planned.Guard != "") != (tt.reason != "") {
				t.Errorf("the plan says %q, error %v", planned.Guard, err)
			}
			_, err = w.try()
			var stopped *engine.GuardError
			if tt.reason == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if !errors.As(err, &stopped) || stopped.Reason != tt.reason || !strings.Contains(stopped.Message, tt.says) {
				t.Fatalf("error %v", err)
			}
			equal(t, "writes", w.writes(), []string(nil))
			q := w.record().Quarantine
			if q == nil || q.Reason != tt.reason || !q.NextAttempt.After(w.now) {
				t.Errorf("quarantine %+v", q)
			}
			if err := w.engine.AllowDeletes(context.Background(), w.job.Name); err != nil {
				t.Fatal(err)
			}
			if sum := w.cycle(); sum.Changes() == 0 {
				t.Error("nothing was done although it was allowed")
			}
			if w.record().Quarantine != nil {
				t.Error("still in quarantine")
			}
		})
	}
}

// TestWhatIsHeldBackIsLoggedOnce: each object that the guard keeps is in the
// log as a staged delete, not again in every cycle.
func TestWhatIsHeldBackIsLoggedOnce(t *testing.T) {
	w := firm(t, 30)
	for i := range 10 {
		w.source.unassign(fmt.Sprintf("p%03d", i))
	}
	for range 3 {
		w.now = w.now.Add(time.Hour)
		if _, err := w.try(); err == nil {
			t.Fatal("the guard let it pass")
		}
	}
	staged := w.events(provlog.Query{Actions: []provlog.Action{provlog.ActionStagedDelete}})
	equal(t, "staged", len(staged), 10)
	equal(t, "count of the series", w.record().Quarantine.SeriesCount, int64(3))
}

// TestWhatWasAllowedDoesNotCount: after a large clean-up that somebody has
// allowed, one who leaves is no reason to stop.
func TestWhatWasAllowedDoesNotCount(t *testing.T) {
	w := firm(t, 60)
	for i := range 30 {
		w.source.unassign(fmt.Sprintf("p%03d", i))
	}
	if _, err := w.try(); err == nil {
		t.Fatal("the guard let it pass")
	}
	if err := w.engine.AllowDeletes(context.Background(), w.job.Name); err != nil {
		t.Fatal(err)
	}
	equal(t, "disabled", w.cycle().Disable, int64(30))
	w.job.Settings.Guard.WindowThreshold = 31
	w.now = w.now.Add(time.Hour)
	w.source.unassign("p040")
	equal(t, "disabled", w.cycle().Disable, int64(1))
}

// TestQuarantine has why a job is in quarantine, how it waits, and how it leaves.
func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	target := w.job.Target
	w.job.Target = failing{target, connectors.Credentials}
	var waits []time.Duration
	for range 8 {
		w.now = w.now.Add(time.Hour)
		if _, err := w.try(); err == nil {
			t.Fatal("the cycle ran")
		}
		waits = append(waits, w.record().Quarantine.NextAttempt.Sub(w.now))
	}
	equal(t, "waits", waits, []time.Duration{
		30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour,
	})
	q := w.record().Quarantine
	equal(t, "reason", q.Reason, "EncounteredQuarantineException")
	equal(t, "the series began", q.SeriesBegan, w.now.Add(-7*time.Hour).UTC())
	w.job.Target = failing{target, connectors.NotSCIM}
	if _, err := w.try(); err == nil {
		t.Fatal("the cycle ran")
	}
	w.job.Target = target
	w.cycle()
	if w.record().Quarantine != nil {
		t.Error("still in quarantine after a good cycle")
	}
	w.job.Target = failing{target, connectors.Retryable}
	for i := range 3 {
		if _, err := w.try(); err == nil {
			t.Fatal("the cycle ran")
		}
		equal(t, fmt.Sprintf("in quarantine after %d failures", i+1), w.record().Quarantine != nil, i == 2)
	}
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Quarantine: true}); err != nil {
		t.Fatal(err)
	}
	if w.record().Quarantine != nil {
		t.Error("still in quarantine after a restart")
	}
}

// failing is a target whose connection test fails.
type failing struct {
	connectors.Target
	class connectors.Class
}

func (f failing) Test(context.Context, ...directory.ObjectType) error {
	return &connectors.Error{Class: f.class, Code: "Code", Method: "GET", URL: "https://app.test/Users"}
}

// TestAnApplicationThatFallsSilent is not asked about everybody: the cycle ends,
// and the job is in quarantine where what answers is no SCIM.
func TestAnApplicationThatFallsSilent(t *testing.T) {
	for name, tt := range map[string]struct {
		status     int
		body       string
		quarantine bool
	}{
		"web pages":     {200, "<html>maintenance</html>", true},
		"server errors": {500, `{"detail":"down"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.Concurrency = 1
			for i := range 200 {
				w.source.hire(fmt.Sprintf("p%03d", i))
			}
			requests := 0
			w.intercept = func(*http.Request, string) *http.Response {
				if requests++; requests < 50 {
					return nil
				}
				return answer(tt.status, tt.body)
			}
			sum, err := w.try()
			if err == nil || !strings.Contains(err.Error(), "does not answer as it should any more") {
				t.Fatalf("error %v", err)
			}
			if sum.Create == 0 || sum.Fail > 15 {
				t.Errorf("%s", sum)
			}
			if in := w.record().Quarantine != nil; in != tt.quarantine {
				t.Errorf("in quarantine: %v", in)
			}
			w.intercept = nil
			w.now = w.now.Add(time.Hour)
			w.cycle()
			equal(t, "accounts", len(w.app.Users()), 200)
		})
	}
}

func TestTooManyDeletesStopTheCycleBeforeItsFirstWrite(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Guard.Threshold = 3
	for _, n := range strings.Fields("ada bo cai dan eve") {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada")
	w.cycle()
	w.source.fire("ada")
	w.source.unassign("bo")
	equal(t, "below the threshold", w.cycle(), plan.Summary{Disable: 2})
	w.source.fire("cai")
	w.source.set("dan", "accountEnabled", directory.Bool(false))
	w.source.disband("Sales")
	w.source.hire("fay")
	x, err := w.engine.Cycle(context.Background(), w.job, engine.Options{DryRun: true})
	if err != nil || x.Guard == "" || x.Summary.Disable != 2 || x.Summary.Delete != 1 {
		t.Errorf("the plan: %+v, error %v", x, err)
	}
	_, err = w.try()
	var stopped *engine.GuardError
	if !errors.As(err, &stopped) || !strings.Contains(stopped.Message, "would disable or delete 3 of 4 active objects") {
		t.Fatalf("error %v", err)
	}
	equal(t, "writes", w.writes(), []string(nil))
	record, err := w.engine.Store.Job(context.Background(), "test")
	if err != nil || record.Quarantine == nil || record.Quarantine.Reason != "TooManyDeletes" {
		t.Errorf("%+v, error %v", record, err)
	}
	if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	equal(t, "allowed", w.cycle(), plan.Summary{Create: 1, Disable: 2, Delete: 1})
	record, _ = w.engine.Store.Job(context.Background(), "test")
	if record.Quarantine != nil || record.AllowDeletes {
		t.Errorf("afterwards: %+v", record)
	}
}
