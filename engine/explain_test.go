package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// explain explains an object, and makes sure that nothing was written.
func (w *world) explain(name string) *engine.Explanation {
	w.t.Helper()
	w.sent = nil
	before := w.record()
	x, err := w.engine.Explain(context.Background(), w.job, name)
	if err != nil {
		w.t.Fatal(err)
	}
	if writes := w.writes(); len(writes) > 0 {
		w.t.Errorf("it wrote: %v", writes)
	}
	if after := w.record(); before.Generation != 0 && after.Last.CycleID != before.Last.CycleID {
		w.t.Error("it ran a cycle")
	}
	return x
}

func attribute(t *testing.T, x *engine.Explanation, target string) engine.ExplainedMapping {
	t.Helper()
	for _, a := range x.Attributes {
		if a.Target == target {
			return a
		}
	}
	t.Fatalf("no attribute %s", target)
	return engine.ExplainedMapping{}
}

const managerOf = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"

func TestExplainFollowsAnObject(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada", "givenName", "Ada")
	w.source.hire("bo")
	w.source.set("ada", "manager", directory.Ref(id("bo")))
	x := w.explain("ada@contoso.com")
	equal(t, "action", x.Next, engine.ExplainedNext{Action: "create", Reason: `no match for userName eq "ada@contoso.com"`})
	equal(t, "in the next cycle", x.InNextCycle, true)
	equal(t, "matching", x.Matching[0].Result, "nobody has it")
	equal(t, "manager", attribute(t, x, managerOf).Reason, "does not flow; left out, because not provisioned, is Bo")
	equal(t, "givenName flows", attribute(t, x, "name.givenName").Flows, true)
	equal(t, "source of givenName", attribute(t, x, "name.givenName").Source, "givenName")

	w.cycle()
	x = w.explain(id("ada"))
	equal(t, "action", x.Next.Action, "skip")
	equal(t, "in the next cycle", x.InNextCycle, false)
	equal(t, "connection", x.Connection.TargetAnchor, "t1")
	equal(t, "asked", w.sent, []string{"GET /Users/t1"})
	equal(t, "manager", attribute(t, x, managerOf).Reason, "the application shows it already")

	w.source.set("ada", "givenName", directory.Str("Adah"))
	w.source.set("ada", "manager", directory.Value{})
	x = w.explain("ada@contoso.com")
	given := attribute(t, x, "name.givenName")
	if !given.Flows || given.Current.Text() != "Ada" || given.Reason != "replaces what the application shows" {
		t.Errorf("%+v", given)
	}
	if x.Next.Action != "update" || !strings.Contains(x.Next.Reason, "differs: ") || !x.InNextCycle {
		t.Errorf("%+v", x.Next)
	}
	equal(t, "the plan says the same", w.cycle(engine.Options{DryRun: true}), plan.Summary{Update: 1})

	w.source.unassign("ada")
	x = w.explain("ada@contoso.com")
	if x.Next.Action != "disable" || x.Scope.InScope || x.Scope.Reason != "out of scope: not assigned to the application" {
		t.Errorf("%+v, %+v", x.Next, x.Scope)
	}
	equal(t, "active flows", attribute(t, x, "active").Flows, true)
	equal(t, "title", attribute(t, x, "name.givenName").Reason, "does not flow when an object leaves scope")
}

func TestExplainAnObjectThatLeftTheSource(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.source.fire("ada")
	for _, name := range []string{"Ada", id("ada"), "t1"} {
		x := w.explain(name)
		if !x.LeftSource || x.Presence != "soft-deleted" || x.Next.Action != "disable" || !x.InNextCycle || x.DisplayName != "Ada" {
			t.Errorf("%s: %s, %+v", name, x.Presence, x.Next)
		}
	}
	w.cycle()
	x := w.explain("Ada")
	if x.Next.Action != "skip" || x.InNextCycle || !strings.Contains(x.InNextReason, "hard-deleted from 2026-12-23T08:00:00Z") {
		t.Errorf("%+v, %s", x.Next, x.InNextReason)
	}
	w.now = w.now.Add(31 * 24 * time.Hour)
	x = w.explain("Ada")
	if x.Presence != "hard-deleted" || x.Next.Action != "delete" || !x.InNextCycle {
		t.Errorf("%s, %+v, %s", x.Presence, x.Next, x.InNextReason)
	}
	_, err := w.engine.Explain(context.Background(), w.job, "nobody")
	var missing *engine.NotFoundError
	var unconnected *engine.NoConnectionError
	if !errors.As(err, &missing) || !errors.As(err, &unconnected) {
		t.Errorf("error %v", err)
	}
}

func TestExplainWithoutTheApplication(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada")
	w.intercept = refuse(http.MethodGet, "", 401)
	x := w.explain("ada@contoso.com")
	if !strings.Contains(x.Target.Error, "401") || x.Next.Action != "unknown" || !x.Scope.InScope || attribute(t, x, "userName").Value.Text() != "ada@contoso.com" {
		t.Errorf("%+v, %+v", x.Target, x.Next)
	}
	equal(t, "reason", attribute(t, x, "userName").Reason, "whether it differs is not known: the application could not be asked")
	w.intercept = nil
	w.cycle()
	w.intercept = refuse(http.MethodGet, "", 401)
	x = w.explain("ada@contoso.com")
	equal(t, "connected", x.Next.Action, "unknown")
	w.intercept = refuse(http.MethodGet, "", 404)
	x = w.explain("ada@contoso.com")
	if !x.Target.Gone || x.Next.Action != "fail" || !strings.HasPrefix(x.Next.Reason, "InvalidAnchor") {
		t.Errorf("%+v, %+v", x.Target, x.Next)
	}
}

func TestExplainMatching(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	users := []mapping.Attribute{
		{Source: "mail", Target: "externalId", MatchingPrecedence: 1},
		{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 2},
		{Expression: mapping.SoftDeleteExpression, Target: "active"},
		{Source: "jobTitle", Target: "title", Apply: mapping.OnCreate},
		{Source: "city", Target: "nickName"},
	}
	w.rules(users, nil, scope.Settings{AssignedOnly: true}, scope.Filter{Title: "Named", Clauses: []scope.Clause{
		{Attribute: "displayName", Operator: "IS NOT NULL"}, {Attribute: "displayName", Operator: "NOT EQUALS", Values: []string{"Eve"}},
	}})
	w.source.hire("ada", "jobTitle", "Head")
	w.source.hire("bo")
	w.cycle()
	w.source.hire("eve", "jobTitle", "Head")
	w.source.set("eve", "userPrincipalName", directory.Str("ADA@contoso.com"))
	w.source.set("eve", "displayName", directory.Str("Eva"))
	x := w.explain("Eva")
	equal(t, "by mail", x.Matching[0].Result, "passed over: it has no value")
	equal(t, "by name", x.Matching[1].Result, "found t1, which is connected to Ada")
	if x.Next.Action != "fail" || !strings.HasPrefix(x.Next.Reason, "DuplicateSourceEntries") {
		t.Errorf("%+v", x.Next)
	}
	w.source.set("eve", "displayName", directory.Str("Eve"))
	x = w.explain("Eve")
	equal(t, "filter", x.Scope.Filters[0].Result, scope.Fails)
	equal(t, "clause", x.Scope.Filters[0].Clauses[1].Result, scope.Fails)
	equal(t, "action", x.Next.Action, "skip")

	x = w.explain(id("ada"))
	equal(t, "title", attribute(t, x, "title").Reason, "flows on creation only, and the object exists")
	equal(t, "apply", attribute(t, x, "title").Apply, mapping.OnCreate)
	equal(t, "nickName", attribute(t, x, "nickName").Reason, "empty: nothing flows")
}

func TestExplainKeepsSecrets(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.rules([]mapping.Attribute{
		{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
		{Expression: `Redact([employeeId])`, Target: "title", MatchingPrecedence: 2},
		{Expression: mapping.SoftDeleteExpression, Target: "active"},
	}, nil, scope.Settings{})
	w.source.hire("ada", "employeeId", "S3CRET")
	text := func(x *engine.Explanation) string {
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	before := text(w.explain("ada@contoso.com"))
	w.cycle()
	connected := text(w.explain("ada@contoso.com"))
	w.source.set("ada", "employeeId", directory.Str("S3CRET-2"))
	changed := text(w.explain("ada@contoso.com"))
	for when, s := range map[string]string{"before": before, "connected": connected, "changed": changed} {
		if strings.Contains(s, "S3CRET") || !strings.Contains(s, "[Redact]") {
			t.Errorf("%s: %s", when, s)
		}
	}
}

func TestExplainAGroup(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for _, n := range strings.Fields("ada bo cai dan eve fay") {
		w.source.hire(n)
	}
	w.source.unassign("fay")
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	w.source.group("Sales", "ada", "cai", "dan", "fay", "nobody")
	x := w.explain("Sales")
	m := attribute(t, x, "members")
	if !m.Flows || !strings.HasPrefix(m.Reason, "2 to add, 1 to remove, 1 as they are; left out, because not provisioned, are Fay (out of scope: not assigned to the application), ") ||
		!strings.HasSuffix(m.Reason, "(not in the source)") {
		t.Errorf("%+v", m)
	}
	equal(t, "left out", m.LeftOut, []string{id("fay"), id("nobody")})
	equal(t, "action", x.Next, engine.ExplainedNext{Action: "update", Reason: "references differ: members"})
}

func TestExplainShowsEscrowAndPause(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada")
	w.intercept = refuse(http.MethodPost, "", 409)
	if sum := w.cycle(); sum.Fail != 1 {
		t.Fatalf("%v", sum)
	}
	w.intercept = nil
	w.pause()
	x := w.explain("ada@contoso.com")
	if x.Escrow == nil || x.Escrow.Attempts != 1 || x.PausedSince == nil || !x.InNextCycle || x.InNextReason != "it failed, and is due for another try" {
		t.Errorf("%+v", x)
	}
	record := w.record()
	record.Quarantine = &state.Quarantine{Reason: "TooManyDeletes", Began: w.now}
	if err := w.engine.Store.SaveJob(context.Background(), record); err != nil {
		t.Fatal(err)
	}
	if x := w.explain("ada@contoso.com"); x.Quarantine == nil {
		t.Error("the quarantine is not shown")
	}
}

func TestExplainShowsACreateWithoutAnAnswer(t *testing.T) {
	w := doubtful(t, true)
	equal(t, "in doubt", w.explain("ada@contoso.com").Unanswered, []engine.ExplainedSent{{Attribute: "userName", Value: "ada@contoso.com"}})
	equal(t, "of a group", w.explain("Sales").Unanswered, []engine.ExplainedSent{{Attribute: "displayName", Value: "Sales"}})
	equal(t, "of who was answered", w.explain("bo@contoso.com").Unanswered, []engine.ExplainedSent(nil))
}
