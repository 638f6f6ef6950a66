package engine_test

import (
	"context"
	"encoding/json"
	"net/http"
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

func TestAPlanKnowsThatTwoSourceObjectsWantOneTargetObject(t *testing.T) {
	for name, c := range map[string]struct {
		seed []map[string]any
		want plan.Summary
	}{
		"that would be created": {nil, plan.Summary{Create: 1, Fail: 1}},
		"that is there already": {[]map[string]any{{"userName": "ada@contoso.com", "active": true}}, plan.Summary{Update: 1, Fail: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada", "jobTitle", "Clerk")
			w.source.hire("eve", "jobTitle", "Chief")
			w.source.set("eve", "userPrincipalName", directory.Str("ADA@contoso.com"))
			w.app.Seed(c.seed, nil)
			var codes []string
			equal(t, "plan", w.cycle(engine.Options{DryRun: true, Observe: func(r engine.Result) error {
				if r.Entry.Error != nil {
					codes = append(codes, r.Entry.DisplayName+" "+r.Entry.Error.Code)
				}
				return nil
			}}), c.want)
			equal(t, "errors", codes, []string{"Eve DuplicateSourceEntries"})
			equal(t, "writes", w.writes(), []string(nil))
			equal(t, "cycle", w.cycle(), c.want)
		})
	}
}

func TestAPlanAddsNoMemberThatItDeletes(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "bo")
	w.cycle()
	gone := *w.source.find("ada")
	w.source.fire("ada")
	gone.Presence = directory.SoftDeleted
	w.source.deleted = []directory.Object{gone}
	w.cycle()
	w.source.deleted = nil // purged
	w.source.group("Sales", "bo", "ada")
	planned := w.cycle(engine.Options{DryRun: true})
	equal(t, "deletes", planned.Delete, int64(1))
	equal(t, "updates", planned.Update, int64(0))
	equal(t, "cycle", w.cycle(), planned)
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com"})
}

func TestAPlanRemovesNoMemberThatItDeletes(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	w.source.softDelete("ada")
	w.cycle()
	w.source.deleted = nil // purged
	w.source.group("Sales", "bo")
	equal(t, "purged and out of the group", w.asPlanned(t), plan.Summary{Delete: 1, Skip: 1})
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com"})
}

func TestAPlanAddsNoMemberWhoIsNoLongerManaged(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "bo")
	w.cycle()
	w.source.unassign("ada")
	w.cycle()
	w.source.softDelete("ada")
	w.cycle()
	w.source.deleted = nil // purged, which deletes nobody who had left scope before
	w.source.group("Sales", "ada", "bo")
	equal(t, "purged", w.asPlanned(t), plan.Summary{Skip: 2})
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com"})
}

func TestARedactedValueIsInNoPlanAndInNoLog(t *testing.T) {
	const secret = "SECRET-77"
	w := newWorld(t)
	w.rules([]mapping.Attribute{
		{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
		{Expression: `Redact([employeeId])`, Target: "nickName", MatchingPrecedence: 2},
		{Expression: `Redact([employeeId])`, Target: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter"},
	}, nil, scope.Settings{AssignedOnly: true})
	w.source.hire("ada", "employeeId", secret)
	results := 0
	observe := func(r engine.Result) error {
		results++
		for what, v := range map[string]any{"plan": r.Entry, "log": r.Event} {
			b, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if strings.Contains(string(b), secret) {
				t.Errorf("the %s shows %s", what, b)
			}
		}
		return nil
	}
	run := func(what string, want plan.Summary) {
		equal(t, what+", plan", w.cycle(engine.Options{DryRun: true, Observe: observe}), want)
		equal(t, what+", cycle", w.cycle(engine.Options{Observe: observe}), want)
	}
	run("create", plan.Summary{Create: 1})
	equal(t, "the application has it", w.user("ada@contoso.com")["nickName"], any(secret))
	w.source.set("ada", "employeeId", directory.Str(secret+"-2"))
	run("update", plan.Summary{Update: 1})
	w.source.set("ada", "employeeId", directory.Str(secret+"-3"))
	w.intercept = func(r *http.Request, body string) *http.Response { // repeats the request in its answer
		if r.Method == http.MethodPatch {
			return answer(400, `{"detail":"cannot take SECRET-77-3"}`)
		}
		return nil
	}
	equal(t, "refused", w.cycle(engine.Options{Observe: observe}), plan.Summary{Fail: 1})
	equal(t, "results", results, 5)
	if err := w.engine.Store.Escrows(context.Background(), w.job.Name, func(e state.Escrow) error {
		if strings.Contains(e.Message, secret) {
			t.Errorf("the escrow shows %s", e.Message)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.events(provlog.Query{}) {
		if err := observe(engine.Result{Event: &e}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheGuardCountsNobodyWhoIsDisabledAlready(t *testing.T) {
	w := newWorld(t)
	names := strings.Fields("ada bo cai")
	for _, n := range names {
		w.source.hire(n)
	}
	w.cycle()
	for _, n := range names {
		w.source.set(n, "accountEnabled", directory.Bool(false))
	}
	equal(t, "disabled", w.cycle(), plan.Summary{Disable: 3})
	w.job.Settings.Guard.Threshold = 2
	w.job.Fingerprint = "2" // an initial cycle looks at all of them again
	equal(t, "with a threshold", w.cycle(), plan.Summary{Skip: 3})
}

// findsDeleted is a source that also finds users who are listed as deleted.
type findsDeleted struct{ *memory }

func (m findsDeleted) Find(ctx context.Context, name string) ([]directory.Object, error) {
	for _, o := range m.deleted {
		if strings.EqualFold(o.Get("userPrincipalName").Text(), name) {
			return []directory.Object{o}, nil
		}
	}
	return m.memory.Find(ctx, name)
}

func TestOnDemandRefusesWhoIsDeletedAndLeavesThemToTheCycle(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.job.Source = findsDeleted{w.source}
	w.cycle()
	gone := *w.source.find("ada")
	w.source.fire("ada")
	gone.Presence = directory.SoftDeleted
	w.source.deleted = []directory.Object{gone}
	w.sent = nil
	results, err := w.engine.Provision(context.Background(), w.job, "ada@contoso.com", engine.Options{})
	if err == nil || !strings.Contains(err.Error(), "soft-deleted") || len(results) != 0 {
		t.Errorf("%d results, error %v", len(results), err)
	}
	equal(t, "sent", w.sent, []string(nil))
	equal(t, "listed", w.cycle(), plan.Summary{Disable: 1})
	w.source.deleted = nil
	w.now = w.now.Add(100 * 24 * time.Hour)
	equal(t, "purged", w.cycle(), plan.Summary{Delete: 1})
}

func TestWhoWasProvisionedOnDemandIsMissedWhenGone(t *testing.T) {
	for name, before := range map[string]func(*world){
		"before any cycle has seen them": func(*world) {},
		"after they returned": func(w *world) {
			w.source.hire("ada")
			w.cycle()
			w.source.fire("ada")
			w.cycle()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("bo")
			w.cycle()
			before(w)
			w.source.hire("ada")
			if _, err := w.engine.Provision(context.Background(), w.job, "ada@contoso.com", engine.Options{}); err != nil {
				t.Fatal(err)
			}
			equal(t, "on demand", w.user("ada@contoso.com")["active"], any(true))
			w.source.fire("ada")
			equal(t, "gone", w.cycle(), plan.Summary{Disable: 1})
			equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
		})
	}
}

func TestOnDemandShowsEveryStepOfAGroupThatIsAsItShouldBe(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.group("Sales", "ada")
	w.cycle()
	results, err := w.engine.Provision(context.Background(), w.job, "Sales", engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, r := range results {
		if r.Event == nil {
			t.Fatal("a result without its steps")
		}
		for _, s := range r.Event.ProvisioningSteps {
			steps = append(steps, s.Name)
		}
	}
	equal(t, "steps", steps, []string{
		"EntryImportUpdate", "EntryImport", "EntrySynchronizationScoping", "EntrySynchronizationSkip",
		"EntryImportUpdate", "EntrySynchronizationReferenceResolution", "EntrySynchronizationSkip",
	})
}

// TestARedactedValueInOtherWords: an application that repeats the value as its
// language writes it, or that is cut off in the middle of it, is not repeated.
func TestARedactedValueInOtherWords(t *testing.T) {
	const secret, part = `p/ass+S3CRET-77-and-more`, "S3CRET"
	for name, said := range map[string]string{
		"PHP":    `{"detail":"cannot take p\/ass+S3CRET-77-and-more"}`,
		".NET":   `{"detail":"cannot take \"p/ass\u002BS3CRET-77-and-more\""}`,
		"URL":    `/Users?password=p%2fass%2bS3CRET-77-and-more`,
		"a page": "<p>" + strings.Repeat("x", 4<<10-18) + secret,
	} {
		w := newWorld(t)
		w.rules([]mapping.Attribute{
			{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
			{Expression: `Redact([employeeId])`, Target: "password"},
		}, nil, scope.Settings{AssignedOnly: true})
		w.source.hire("ada", "employeeId", secret)
		w.intercept = func(r *http.Request, _ string) *http.Response {
			if r.Method == http.MethodPost {
				return answer(400, said)
			}
			return nil
		}
		var text strings.Builder
		equal(t, name, w.cycle(engine.Options{Observe: func(r engine.Result) error {
			return json.NewEncoder(&text).Encode(r)
		}}), plan.Summary{Fail: 1})
		if err := json.NewEncoder(&text).Encode(w.events(provlog.Query{})); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), part) || !strings.Contains(text.String(), plan.Redacted) {
			t.Errorf("%s: shown in %.3000s", name, text.String())
		}
	}
}

// TestARedactedValueEndsACycle: an application that repeats the value in an
// answer for which the cycle ends is not repeated in what people are told of the
// quarantine, nor in status and log.
func TestARedactedValueEndsACycle(t *testing.T) {
	const secret, part = `p/ass+S3CRET-77-and-more`, "S3CRET"
	for name, said := range map[string]func() *http.Response{
		"credentials": func() *http.Response { return answer(401, `{"detail":"cannot take p\/ass+S3CRET-77-and-more"}`) },
		"left alone": func() *http.Response {
			a := answer(429, `{"detail":"cannot take p/ass+S3CRET-77-and-more"}`)
			a.Header.Set("Retry-After", "9999")
			return a
		},
	} {
		w, l := newWorld(t), &listener{name: "it"}
		w.job.Notifiers = []engine.Notifier{l}
		w.rules([]mapping.Attribute{
			{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
			{Expression: `Redact([employeeId])`, Target: "password"},
		}, nil, scope.Settings{AssignedOnly: true})
		w.source.hire("ada", "employeeId", secret)
		w.intercept = func(r *http.Request, _ string) *http.Response {
			if r.Method == http.MethodPost {
				return said()
			}
			return nil
		}
		log := w.log()
		_, err := w.try()
		record, storeErr := w.engine.Store.Job(context.Background(), "test")
		if storeErr != nil {
			t.Fatal(storeErr)
		}
		seen, jsonErr := json.Marshal([]any{record, l.told, log.String(), err.Error()})
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		if strings.Contains(string(seen), part) || !strings.Contains(string(seen), plan.Redacted) {
			t.Errorf("%s: shown in %.3000s", name, seen)
		}
	}
}
