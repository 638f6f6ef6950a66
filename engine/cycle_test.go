package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestInitialCycleProvisionsUsersThenGroupsThenMembersThenManagers(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1 // so that the ids that the application gives are known
	w.source.hire("ada")
	w.source.hire("bo", "jobTitle", "Clerk")
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.hire("cai")
	w.source.unassign("cai")
	w.source.group("Sales", "bo", "ada", "cai")

	equal(t, "summary", w.cycle(), plan.Summary{Create: 3, Skip: 1})
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com"})
	equal(t, "cai", w.user("cai@contoso.com"), map[string]any(nil))
	enterprise := w.user("bo@contoso.com")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
	equal(t, "manager", enterprise["manager"].(map[string]any)["value"], w.user("ada@contoso.com")["id"])

	var kinds []string
	for _, s := range w.writes() {
		kinds = append(kinds, strings.Join(strings.Fields(s)[:2], " "))
	}
	equal(t, "order", kinds, []string{"POST /Users", "POST /Users", "POST /Groups", "PATCH /Groups/t3", "PATCH /Groups/t3", "PATCH /Users/t2"})
}

func TestNothingChangedSendsOnlyTheConnectionTest(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.group("Sales", "bo", "ada")
	w.cycle()
	equal(t, "summary", w.cycle(), plan.Summary{})
	for _, s := range w.sent {
		if !strings.HasPrefix(s, "GET ") || !strings.Contains(s, " eq ") {
			t.Errorf("sent %s", s)
		}
	}
	equal(t, "requests", len(w.sent), 2) // one probe each for users and groups
}

func TestAChangeIsOnePatchWithTheDifference(t *testing.T) {
	for flag, want := range map[string]string{
		"":                  `PATCH /Users/t1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"title","value":"Chief"}]}`,
		"?aadOptscim062020": `PATCH /Users/t1 {"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"title":"Chief"}}]}`,
	} {
		t.Run("dialect"+flag, func(t *testing.T) {
			w := newWorld(t)
			w.dialect(flag)
			w.source.hire("ada", "jobTitle", "Clerk")
			w.cycle()
			w.source.set("ada", "jobTitle", directory.Str("Chief"))
			equal(t, "summary", w.cycle(), plan.Summary{Update: 1})
			if got := w.writes(); len(got) != 1 || !strings.Contains(got[0], `"title"`) && !strings.Contains(got[0], "title") {
				t.Errorf("sent %v, want %s", got, want)
			}
			equal(t, "title", w.user("ada@contoso.com")["title"], any("Chief"))
		})
	}
}

func TestLeavingScopeDisablesAndReturningRestores(t *testing.T) {
	leave := map[string]struct{ out, back func(*world) }{
		"unassigned": {func(w *world) { w.source.unassign("ada") }, func(w *world) { w.source.assign("ada") }},
		"blocked": {
			func(w *world) { w.source.set("ada", "accountEnabled", directory.Bool(false)) },
			func(w *world) { w.source.set("ada", "accountEnabled", directory.Bool(true)) },
		},
		"gone from the export": {
			func(w *world) { w.source.fire("ada") },
			func(w *world) { w.source.hire("ada", "jobTitle", "Clerk", "department", "Sales") },
		},
		"filtered out": {
			func(w *world) { w.source.set("ada", "department", directory.Str("Finance")) },
			func(w *world) { w.source.set("ada", "department", directory.Str("Sales")) },
		},
	}
	for name, step := range leave {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(mapping.DefaultUsers(), nil, scope.Settings{AssignedOnly: true}, scope.Filter{
				Title: "Sales", Clauses: []scope.Clause{{Attribute: "department", Operator: "EQUALS", Values: []string{"Sales"}}},
			})
			w.source.hire("ada", "jobTitle", "Clerk", "department", "Sales")
			w.cycle()
			step.out(w)
			equal(t, "leaving", w.cycle(), plan.Summary{Disable: 1})
			ada := w.user("ada@contoso.com")
			equal(t, "active", ada["active"], any(false))
			equal(t, "title stays", ada["title"], any("Clerk"))
			equal(t, "again", w.cycle(), plan.Summary{})
			step.back(w)
			equal(t, "returning", w.cycle(), plan.Summary{Update: 1})
			equal(t, "active again", w.user("ada@contoso.com")["active"], any(true))
			equal(t, "users", len(w.app.Users()), 1)
		})
	}
}

func TestHardDeletionDeletesWhatIsStillManaged(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.source.unassign("bo")
	w.cycle()
	w.source.fire("ada")
	w.source.fire("bo")
	equal(t, "gone", w.cycle(), plan.Summary{Disable: 1, Skip: 1})
	w.now = w.now.Add(29 * 24 * time.Hour)
	equal(t, "before the recycle bin is emptied", w.cycle(), plan.Summary{})
	w.now = w.now.Add(2 * 24 * time.Hour)
	equal(t, "after", w.cycle(), plan.Summary{Delete: 1, Skip: 1})
	equal(t, "ada", w.user("ada@contoso.com"), map[string]any(nil))
	equal(t, "bo was unassigned first and is kept", w.user("bo@contoso.com")["active"], any(false))
	equal(t, "once", w.cycle(), plan.Summary{})
}

func TestListedAsDeletedUntilPurged(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	gone := *w.source.find("ada")
	w.source.fire("ada")
	gone.Presence = directory.SoftDeleted
	w.source.deleted = []directory.Object{gone}
	equal(t, "listed", w.cycle(), plan.Summary{Disable: 1})
	w.now = w.now.Add(100 * 24 * time.Hour)
	equal(t, "as long as it is listed", w.cycle(), plan.Summary{})
	w.source.deleted = nil
	equal(t, "in neither list", w.cycle(), plan.Summary{Delete: 1})
}

func TestGroupsLiveAndDie(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"ada", "bo", "cai"} {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada", "bo")
	w.source.group("Board", "ada")
	w.cycle()
	w.source.group("Sales", "bo", "cai")
	equal(t, "membership", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com", "cai@contoso.com"})
	equal(t, "one request a member that changed", len(w.writes()), 2)
	w.source.group("Sales")
	equal(t, "the last ones leave", w.cycle(), plan.Summary{Update: 1})
	equal(t, "no members", w.members("Sales"), []string{})
	w.source.disband("Board")
	w.source.unassign("Sales")
	equal(t, "gone and unassigned", w.cycle(), plan.Summary{Delete: 2})
	equal(t, "groups", len(w.app.Groups()), 0)
	w.source.group("Sales", "ada")
	equal(t, "back", w.cycle(), plan.Summary{Create: 1})
	equal(t, "members again", w.members("Sales"), []string{"ada@contoso.com"})
}

func TestOneFailureStopsNobodyElse(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"ada", "bo", "cai"} {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada", "bo")
	w.intercept = func(r *http.Request, body string) *http.Response {
		if r.Method == http.MethodPost && strings.Contains(body, "bo@contoso.com") {
			return answer(400, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"no bo here"}`)
		}
		return nil
	}
	equal(t, "summary", w.cycle(), plan.Summary{Create: 2, Fail: 2}) // bo, and the group that bo is to be in
	failures := w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}})
	if len(failures) != 2 { // bo, and the reference to bo
		t.Fatalf("%d failures in the log", len(failures))
	}
	if reason := failures[0].ProvisioningStatusInfo.ErrorInformation.Reason; !strings.Contains(reason, "no bo here") {
		t.Errorf("reason %q", reason)
	}
	w.intercept = nil
	equal(t, "tried again", w.cycle(), plan.Summary{Create: 1, Update: 1})
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com"})
	equal(t, "settled", w.cycle(), plan.Summary{})
}

func TestMatchingFindsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada", "jobTitle", "Chief")
	w.app.Seed([]map[string]any{{"userName": "ADA@contoso.com", "title": "Clerk", "active": true}}, nil)
	equal(t, "summary", w.cycle(), plan.Summary{Update: 1})
	equal(t, "users", len(w.app.Users()), 1)
}

func TestTwoSourceObjectsForOneTargetObject(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("eve")
	w.source.set("eve", "userPrincipalName", directory.Str("ADA@contoso.com"))
	equal(t, "summary", w.cycle(), plan.Summary{Create: 1, Fail: 1})
	events := w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}})
	equal(t, "code", events[0].ProvisioningStatusInfo.ErrorInformation.ErrorCode, "DuplicateSourceEntries")
	equal(t, "users", len(w.app.Users()), 1)
}

func TestASourceThatBreaksOffChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.source.hire("bo")
	w.source.fire("ada")
	w.source.fails = errors.New("the disk went away")
	if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "the disk went away") {
		t.Fatalf("error %v", err)
	}
	equal(t, "writes", w.writes(), []string(nil))
	w.source.fails = nil
	equal(t, "nothing was lost", w.cycle(), plan.Summary{Create: 1, Disable: 1})
}

func TestAnInterruptedCycleGoesOnWithoutDuplicates(t *testing.T) {
	w := newWorld(t)
	for _, n := range strings.Fields("ada bo cai dan eve fay gus hal ida jon") {
		w.source.hire(n)
	}
	w.source.group("All", strings.Fields("ada bo cai dan eve fay gus hal ida jon")...)
	ctx, cancel := context.WithCancel(context.Background())
	posts := 0
	w.job.Settings.Concurrency = 1
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodPost {
			if posts++; posts == 4 {
				cancel()
			}
		}
		return nil
	}
	_, err := w.engine.Cycle(ctx, w.job, engine.Options{})
	if !errors.Is(err, engine.ErrInterrupted) {
		t.Fatalf("error %v", err)
	}
	if n := len(w.app.Users()); n < 4 || n > 5 {
		t.Fatalf("%d users: the one in hand is finished, no more are begun", n)
	}
	w.intercept = nil
	w.cycle()
	equal(t, "users", len(w.app.Users()), 10)
	equal(t, "members", len(w.members("All")), 10)
	equal(t, "settled", w.cycle(), plan.Summary{})
}

func TestAPlanWritesNothingAndSaysWhatTheCycleSends(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo", "jobTitle", "Clerk")
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.group("Sales", "bo")
	preview := engine.NewPreview(t.TempDir())
	defer preview.Close()
	equal(t, "plan", w.cycle(engine.Options{DryRun: true, Observe: preview.Add}), plan.Summary{Create: 3})
	equal(t, "writes", w.writes(), []string(nil))
	var names, requests []string
	for e, err := range preview.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, string(e.Action)+" "+e.DisplayName)
		for _, r := range e.Requests {
			requests = append(requests, r.Method+" "+r.Path)
		}
	}
	equal(t, "entries", names, []string{"create Ada", "create Bo", "create Sales"})
	equal(t, "requests", requests, []string{
		"POST /Users", "POST /Users", "PATCH /Users/(known after create)", "POST /Groups", "PATCH /Groups/(known after create)",
	})
	jobs, err := w.engine.Store.Jobs(context.Background())
	if err != nil || len(jobs) != 0 {
		t.Errorf("a plan left %d jobs in the state, error %v", len(jobs), err)
	}
	equal(t, "cycle", w.cycle(), plan.Summary{Create: 3})
}

func TestAChangedConfigurationStartsAnInitialCycleThatKeepsTheConnections(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada", "jobTitle", "Clerk")
	w.cycle()
	attributes := append(mapping.DefaultUsers(), mapping.Attribute{Source: "employeeType", Target: "userType"})
	w.rules(attributes, nil, scope.Settings{AssignedOnly: true})
	w.job.Fingerprint = "2"
	w.source.set("ada", "employeeType", directory.Str("Staff"))
	w.source.set("ada", "userPrincipalName", directory.Str("ada.new@contoso.com"))
	equal(t, "summary", w.cycle(), plan.Summary{Update: 1})
	equal(t, "renamed by its connection", w.user("ada.new@contoso.com")["userType"], any("Staff"))
	record, err := w.engine.Store.Job(context.Background(), "test")
	if err != nil || record.Generation != 2 || !record.Last.Initial {
		t.Errorf("generation %d, initial %v, error %v", record.Generation, record.Last.Initial, err)
	}
}

func TestOneCycleAtATime(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	var inner error
	w.intercept = func(*http.Request, string) *http.Response {
		w.intercept = nil
		_, inner = w.engine.Cycle(context.Background(), w.job, engine.Options{})
		return nil
	}
	w.cycle()
	if !errors.Is(inner, state.ErrLocked) {
		t.Errorf("the second cycle said %v", inner)
	}
}

func TestCredentialsThatFailEndTheCycle(t *testing.T) {
	w := newWorld(t)
	for _, n := range strings.Fields("ada bo cai dan eve fay gus hal ida jon") {
		w.source.hire(n)
	}
	w.job.Settings.Concurrency = 1
	posts := 0
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodPost {
			return nil
		}
		if posts++; posts > 2 {
			return answer(401, `{}`)
		}
		return nil
	}
	if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Fatalf("error %v", err)
	}
	if posts > 4 {
		t.Errorf("%d writes after the credentials failed", posts-3)
	}
	w.intercept = nil
	w.cycle()
	equal(t, "users", len(w.app.Users()), 10)
}

func TestReferencesHealWhereTheJobSaysSo(t *testing.T) {
	for _, heal := range []bool{false, true} {
		t.Run(fmt.Sprint(heal), func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.HealReferences = heal
			w.source.hire("ada")
			w.source.set("ada", "accountEnabled", directory.Bool(false))
			w.source.hire("bo")
			w.source.set("bo", "manager", directory.Ref(id("ada")))
			w.source.group("Sales", "ada", "bo")
			w.cycle()
			equal(t, "left out", len(w.events(provlog.Query{Status: []provlog.Status{provlog.Warning}})), 2) // of bo and of Sales
			w.source.set("ada", "accountEnabled", directory.Bool(true))
			equal(t, "ada comes into scope", w.cycle(), plan.Summary{Create: 1})
			members, want := []string{"bo@contoso.com"}, plan.Summary{}
			if heal {
				members, want = []string{"ada@contoso.com", "bo@contoso.com"}, plan.Summary{Update: 2}
			}
			equal(t, "the next cycle", w.cycle(), want)
			equal(t, "members", w.members("Sales"), members)
			equal(t, "settled", w.cycle(), plan.Summary{})
			w.cycle(engine.Options{Initial: true})
			equal(t, "an initial cycle sets them in any case", len(w.members("Sales")), 2)
		})
	}
}

func TestAnObjectThatTheApplicationLost(t *testing.T) {
	for _, rematch := range []bool{false, true} {
		t.Run(fmt.Sprint(rematch), func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.RematchMissing = rematch
			w.source.hire("ada")
			w.source.group("Sales", "ada")
			w.cycle()
			w.app.Reset()
			w.source.set("ada", "jobTitle", directory.Str("Chief"))
			w.source.group("Sales", "ada")
			if !rematch {
				equal(t, "summary", w.cycle(), plan.Summary{Fail: 1})
				equal(t, "code", w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}})[0].ProvisioningStatusInfo.ErrorInformation.ErrorCode, "InvalidAnchor")
				scope, err := engine.ParseResetScope("connections,escrows")
				if err != nil {
					t.Fatal(err)
				}
				if err := w.engine.Restart(context.Background(), "test", scope); err != nil {
					t.Fatal(err)
				}
				equal(t, "after the restart", w.cycle(), plan.Summary{Create: 2})
			} else {
				equal(t, "ada", w.cycle(), plan.Summary{Create: 1})
				equal(t, "the group", w.cycle(engine.Options{Initial: true}), plan.Summary{Create: 1, Skip: 1})
			}
			equal(t, "title", w.user("ada@contoso.com")["title"], any("Chief"))
			equal(t, "members", w.members("Sales"), []string{"ada@contoso.com"})
		})
	}
}
