package engine_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// refuse answers requests whose method is given and whose body holds a text.
func refuse(method, text string, status int) func(*http.Request, string) *http.Response {
	return func(r *http.Request, body string) *http.Response {
		if r.Method != method || !strings.Contains(body, text) {
			return nil
		}
		return answer(status, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"refused"}`)
	}
}

// connection returns what is remembered of the user that has a target object.
func (w *world) connection(target string) state.Connection {
	w.t.Helper()
	c, ok, err := w.engine.Store.ConnectionByTarget(context.Background(), w.job.Name, directory.User, target)
	if err != nil || !ok {
		w.t.Fatalf("connection of %s: %v, error %v", target, ok, err)
	}
	return c
}

// failures returns the codes of the failures in the log.
func (w *world) failures() []string {
	codes := []string{}
	for _, e := range w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}}) {
		codes = append(codes, e.ProvisioningStatusInfo.ErrorInformation.ErrorCode)
	}
	return codes
}

func TestTheLastMembersLeaveAlsoWhereNullValuesFlow(t *testing.T) {
	w := newWorld(t)
	groups := mapping.DefaultGroups()
	for i := range groups {
		groups[i].FlowNullValues = groups[i].Target == "members"
	}
	w.rules(mapping.DefaultUsers(), groups, scope.Settings{AssignedOnly: true})
	w.source.hire("ada")
	w.source.group("Sales", "ada")
	w.cycle()
	equal(t, "before", w.members("Sales"), []string{"ada@contoso.com"})
	w.source.group("Sales")
	equal(t, "summary", w.cycle(), plan.Summary{Update: 1})
	equal(t, "after", w.members("Sales"), []string{})
}

func TestAGroupWithAUsersIDFailsAndLeavesTheUserAlone(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.source.groups = append(w.source.groups, directory.Object{
		Type: directory.Group, Anchor: id("ada"), Assignments: []directory.Assignment{{}},
		Attributes: map[string]directory.Value{"objectId": directory.Str(id("ada")), "displayName": directory.Str("adas")},
	})
	w.source.group("Other")
	equal(t, "summary", w.cycle(), plan.Summary{Create: 1, Fail: 1})
	equal(t, "code", w.failures(), []string{"DuplicateSourceEntries"})
	for _, s := range w.writes() {
		if !strings.HasPrefix(s, "POST /Groups ") || !strings.Contains(s, "Other") {
			t.Errorf("sent %s", s)
		}
	}
	connection := w.connection(w.user("ada@contoso.com")["id"].(string))
	equal(t, "the user's connection", connection.SourceAnchor, id("ada"))
	w.source.set("ada", "accountEnabled", directory.Bool(false))
	equal(t, "the user is blocked", w.cycle(), plan.Summary{Disable: 1, Fail: 1})
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

func TestTheLinkStandsWhenTheFirstUpdateIsRefused(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada", "jobTitle", "Chief")
	w.app.Seed([]map[string]any{{"userName": "ada@contoso.com", "title": "Clerk", "active": true}}, nil)
	w.intercept = refuse(http.MethodPatch, "Chief", 400)
	equal(t, "refused", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "connected to", w.connection(w.user("ada@contoso.com")["id"].(string)).SourceAnchor, id("ada"))
	w.source.set("ada", "accountEnabled", directory.Bool(false))
	equal(t, "blocked", w.cycle(), plan.Summary{Disable: 1})
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

func TestWhoeverWasNotDisabledIsDisabledOnceNothingHindersIt(t *testing.T) {
	settings := scope.Settings{AssignedOnly: true}
	restore := func(w *world) { w.rules(mapping.DefaultUsers(), nil, settings) }
	hindrances := map[string]struct{ set, lift func(*world) }{
		"skipOutOfScopeDeletions": {
			func(w *world) { w.job.Settings.SkipOutOfScopeDeletions = true },
			func(w *world) { w.job.Settings.SkipOutOfScopeDeletions = false },
		},
		"no mapping reads IsSoftDeleted": {func(w *world) {
			w.rules(slices.DeleteFunc(mapping.DefaultUsers(), func(a mapping.Attribute) bool { return a.Target == "active" }), nil, settings)
		}, restore},
		"the Update action is not ticked": {func(w *world) {
			restore(w)
			w.job.Rules[0].Actions.Update = false
		}, restore},
		"a mapping says IgnoreObjectFlow": {func(w *world) {
			w.rules(append(mapping.DefaultUsers(), mapping.Attribute{
				Expression: `IIF([IsSoftDeleted]="True", IgnoreObjectFlow, "x")`, Target: "nickName",
			}), nil, settings)
		}, restore},
	}
	for name, hindrance := range hindrances {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			hindrance.set(w)
			w.source.hire("ada")
			equal(t, "hired", w.cycle(), plan.Summary{Create: 1})
			w.source.unassign("ada")
			equal(t, "hindered", w.cycle(), plan.Summary{Skip: 1})
			equal(t, "writes", w.writes(), []string(nil))
			equal(t, "status of what is active in the application", w.connection("t1").Status, state.Active)
			hindrance.lift(w)
			w.job.Fingerprint = "2"
			equal(t, "lifted", w.cycle(), plan.Summary{Disable: 1})
			equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
		})
	}
}

func TestOneForbiddenObjectStopsNobodyElse(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for _, n := range strings.Fields("ada bo cai dan eve") {
		w.source.hire(n)
	}
	w.intercept = refuse(http.MethodPost, "bo@contoso.com", 403)
	equal(t, "summary", w.cycle(), plan.Summary{Create: 4, Fail: 1})
	equal(t, "users", len(w.app.Users()), 4)
}

func TestWhatIsGoneFromTheApplicationNeedsNoDisabling(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.app.Reset()
	w.source.unassign("ada")
	equal(t, "leaving", w.cycle(), plan.Summary{Skip: 1})
	w.now = w.now.Add(20 * 24 * time.Hour)
	equal(t, "settled", w.cycle(), plan.Summary{})
	equal(t, "failures", w.failures(), []string{})
}

func TestANameThatIsGivenUpIsFreeInTheSameCycle(t *testing.T) {
	giveUp := map[string]struct {
		before, now func(*world)
		want        plan.Summary
	}{
		"by one who is renamed": {func(*world) {}, func(w *world) {
			w.source.set("ada", "userPrincipalName", directory.Str("ada.old@contoso.com"))
		}, plan.Summary{Create: 1, Update: 1}},
		"by one who is hard-deleted": {func(w *world) {
			w.source.fire("ada")
			w.cycle()
		}, func(w *world) { w.now = w.now.Add(31 * 24 * time.Hour) }, plan.Summary{Create: 1, Delete: 1}},
	}
	for name, step := range giveUp {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.Concurrency = 1
			w.source.hire("ada")
			w.cycle()
			old := w.user("ada@contoso.com")["id"]
			step.before(w)
			w.source.hire("zoe")
			w.source.set("zoe", "userPrincipalName", directory.Str("ada@contoso.com"))
			slices.Reverse(w.source.users) // the source delivers the new one first
			step.now(w)
			equal(t, "summary", w.cycle(), step.want)
			equal(t, "name", w.user("ada@contoso.com")["displayName"], any("Zoe"))
			if w.user("ada@contoso.com")["id"] == old {
				t.Error("the new one has the account of the one before")
			}
		})
	}
}

// TestAMemberThatIsThereAlreadyIsNoFailure: after a crash the application may
// know members that are not remembered.
func TestAMemberThatIsThereAlreadyIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1 // so that the ids that the application gives are known
	for _, n := range strings.Fields("ada bo cai") {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada", "bo", "cai")
	has := map[string]bool{"t1": true}
	w.intercept = func(r *http.Request, body string) *http.Response {
		if r.Method != http.MethodPatch || !strings.Contains(r.URL.Path, "/Groups/") {
			return nil
		}
		for _, m := range []string{"t1", "t2", "t3"} {
			if add := !strings.Contains(body, "Remove"); strings.Contains(body, `"`+m+`"`) {
				if has[m] == add {
					return answer(409, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","detail":"is so already"}`)
				}
				has[m] = add
			}
		}
		return answer(204, "")
	}
	equal(t, "summary", w.cycle(), plan.Summary{Create: 4})
	equal(t, "members", has, map[string]bool{"t1": true, "t2": true, "t3": true})
	equal(t, "failures", w.failures(), []string{})
	w.source.group("Sales", "cai")
	equal(t, "the one who was there leaves as the others do", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", has, map[string]bool{"t1": false, "t2": false, "t3": true})
	equal(t, "settled", w.cycle(), plan.Summary{})
}

func TestAUniqueValueIsGivenOnceAmongThoseUnderWay(t *testing.T) {
	w := newWorld(t)
	w.rules([]mapping.Attribute{
		{Source: "objectId", Target: "externalId", MatchingPrecedence: 1},
		{Source: "userPrincipalName", Target: "userName"},
		{Expression: `SelectUniqueValue([jobTitle], Append([jobTitle], "2"), Append([jobTitle], "3"))`, Target: "nickName", Apply: mapping.OnCreate},
	}, nil, scope.Settings{AssignedOnly: true})
	for _, n := range strings.Fields("ada bo cai") {
		w.source.hire(n, "jobTitle", "smith")
	}
	// All three have looked for a free value before one of them is created.
	looked, all := make(chan struct{}, 3), make(chan struct{})
	go func() {
		for range 3 {
			<-looked
		}
		close(all)
	}()
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodPost {
			looked <- struct{}{}
			select {
			case <-all:
			case <-time.After(5 * time.Second):
				t.Error("not all of them are under way")
			}
		}
		return nil
	}
	equal(t, "summary", w.cycle(), plan.Summary{Create: 3})
	var names []string
	for _, u := range w.app.Users() {
		names = append(names, u["nickName"].(string))
	}
	slices.Sort(names)
	equal(t, "values", names, []string{"smith", "smith2", "smith3"})
}

func TestAGroupStopsWaitingForAMemberThatLeftScope(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada", "bo")
	w.intercept = refuse(http.MethodPost, "bo@contoso.com", 400)
	equal(t, "refused", w.cycle(), plan.Summary{Create: 1, Fail: 2})
	w.source.set("bo", "accountEnabled", directory.Bool(false))
	w.cycle()
	w.now = w.now.Add(7 * time.Hour)
	equal(t, "tried again", w.cycle().Fail, int64(0))
	counts, err := w.engine.Store.Counts(context.Background(), w.job.Name)
	if err != nil || counts.Escrows != 0 {
		t.Errorf("%d objects wait, error %v", counts.Escrows, err)
	}
	equal(t, "settled", w.cycle(), plan.Summary{})
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com"})
}

func TestWhatFailedForFourWeeksIsLeftAloneUntilItChanges(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.intercept = refuse(http.MethodPost, "ada@contoso.com", 400)
	const day = 24 * time.Hour
	for range 29 {
		equal(t, "day by day", w.cycle(), plan.Summary{Fail: 1})
		w.now = w.now.Add(day)
	}
	for _, after := range []time.Duration{0, day, 30 * day} {
		w.now = w.now.Add(after)
		equal(t, "then", w.cycle(), plan.Summary{})
	}
	w.source.set("ada", "jobTitle", directory.Str("Clerk"))
	equal(t, "changed", w.cycle(), plan.Summary{Fail: 1})
	w.intercept = nil
	equal(t, "accepted", w.cycle(), plan.Summary{Create: 1})
}

func TestTheLogIsKeptForThirtyDays(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.now = w.now.Add(29 * 24 * time.Hour)
	w.source.hire("bo")
	w.cycle()
	equal(t, "entries after 29 days", len(w.events(provlog.Query{})), 2)
	w.now = w.now.Add(2 * 24 * time.Hour)
	w.cycle()
	kept := w.events(provlog.Query{})
	if len(kept) != 1 || kept[0].SourceIdentity.DisplayName != "Bo" {
		t.Errorf("%d entries after 31 days", len(kept))
	}
}
func TestAGroupWithAUsersIDThatIsGoneFailsNoMore(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.source.groups = append(w.source.groups, directory.Object{
		Type: directory.Group, Anchor: id("ada"), Assignments: []directory.Assignment{{}},
		Attributes: map[string]directory.Value{"objectId": directory.Str(id("ada")), "displayName": directory.Str("adas")},
	})
	equal(t, "clash", w.cycle(), plan.Summary{Fail: 1})
	w.source.groups = nil // the advice was followed
	w.now = w.now.Add(24 * time.Hour)
	equal(t, "gone", w.cycle().Fail, int64(0))
	w.now = w.now.Add(31 * 24 * time.Hour)
	equal(t, "purged", w.cycle().Fail, int64(0))
	equal(t, "the user's connection", w.connection("t1").SourceAnchor, id("ada"))
	w.source.set("ada", "accountEnabled", directory.Bool(false))
	equal(t, "the user is blocked", w.cycle(), plan.Summary{Disable: 1})
}

// TestWhatFailedIsTriedAgainOnceItsEscrowIsReset: to forget that an object failed is
// not to forget that it is to be written.
func TestWhatFailedIsTriedAgainOnceItsEscrowIsReset(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada")
	w.source.group("Support", "bo")
	w.cycle()
	w.source.set("bo", "displayName", directory.Str("Bob"))
	w.source.disband("Sales")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method == http.MethodGet {
			return nil
		}
		return answer(400, `{"detail":"refused"}`)
	}
	for range 2 { // the third try would be in six hours
		equal(t, "refused", w.cycle(), plan.Summary{Fail: 2})
	}
	w.intercept = nil
	equal(t, "not due", w.cycle(), plan.Summary{})
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Escrows: true}); err != nil {
		t.Fatal(err)
	}
	equal(t, "waiting", w.waiting(), int64(0))
	equal(t, "tried again", w.cycle(), plan.Summary{Update: 1, Delete: 1})
	equal(t, "settled", w.cycle(), plan.Summary{})
}
