package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// demand provisions one object on demand. It forgets what was sent before.
func (w *world) demand(name string, members ...string) ([]engine.Result, error) {
	w.sent = nil
	return w.engine.Provision(context.Background(), w.job, name, engine.Options{Members: members})
}

func TestOnDemandDisablesTheUnassignedAndRefusesTheBlocked(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"ada", "bo", "cai", "dan"} {
		w.source.hire(n)
	}
	w.source.set("dan", "accountEnabled", directory.Bool(false))
	w.cycle()
	w.source.unassign("ada")
	results, err := w.demand("ada@contoso.com")
	if err != nil || results[0].Entry.Action != plan.Disable {
		t.Fatalf("%+v, error %v", results, err)
	}
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))

	w.source.set("bo", "accountEnabled", directory.Bool(false))
	w.source.fire("cai")
	for name, says := range map[string]string{
		"bo@contoso.com":  "bo@contoso.com is blocked in the source (accountEnabled is False): on demand, neither blocked nor deleted users are provisioned",
		"dan@contoso.com": "is blocked in the source",
		"Cai":             "Cai (" + id("cai") + ") has left the source",
		"nobody":          `nothing in the source is called "nobody"`,
	} {
		results, err := w.demand(name)
		if err == nil || !strings.Contains(err.Error(), says) || len(results) != 0 {
			t.Errorf("%s: %d results, error %v", name, len(results), err)
		}
		equal(t, "sent", len(w.sent), 0)
	}
	equal(t, "the cycle", w.cycle(), plan.Summary{Disable: 2, Skip: 1})
}

// Five members at the most are looked at, and the others are left as they are
// in the application and in what is remembered.
func TestOnDemandLooksAtTheChosenMembersAlone(t *testing.T) {
	w := newWorld(t)
	names := strings.Fields("ada bo cai dan eve fay gus")
	for _, n := range names {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada", "bo", "cai")
	w.cycle()
	w.source.group("Sales", "ada", "dan", "eve") // bo and cai go, dan and eve come
	results, err := w.demand("Sales", "ada@contoso.com", id("bo"), "Dan", "dan@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "results", len(results), 2)
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "cai@contoso.com", "dan@contoso.com"})
	equal(t, "requests", len(w.writes()), 2)
	// The next cycle does the rest, and nothing twice.
	w.cycle()
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "dan@contoso.com", "eve@contoso.com"})
	equal(t, "requests", len(w.writes()), 2)

	// Nobody who is chosen is a member any more.
	w.source.group("Sales", "dan")
	w.source.fire("eve")
	if _, err := w.demand("Sales", "Eve"); err != nil {
		t.Fatal(err)
	}
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "dan@contoso.com"})
	// Somebody who never was one.
	if _, err := w.demand("Sales", "gus@contoso.com"); err != nil {
		t.Fatal(err)
	}
	equal(t, "requests", len(w.writes()), 0)

	for says, members := range map[string][]string{
		"6 members are chosen": names[:6],
		`member nobody: nothing in the source is called "nobody"`: {"nobody"},
	} {
		if _, err := w.demand("Sales", members...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want %s", err, says)
		}
	}
	if _, err := w.demand("ada@contoso.com", "Bo"); err == nil || !strings.Contains(err.Error(), "Ada is a user: members are chosen of a group") {
		t.Errorf("error %v", err)
	}
}

func TestOnDemandGroupWithChosenMembersIsCreated(t *testing.T) {
	w := newWorld(t)
	for _, n := range []string{"ada", "bo"} {
		w.source.hire(n)
	}
	w.cycle()
	w.source.group("New", "ada", "bo")
	if _, err := w.demand("New", "bo@contoso.com"); err != nil {
		t.Fatal(err)
	}
	equal(t, "members", w.members("New"), []string{"bo@contoso.com"})
	w.cycle()
	equal(t, "members", w.members("New"), []string{"ada@contoso.com", "bo@contoso.com"})
}

// The flag of the tenant URL is not honoured on demand.
func TestOnDemandHasATargetOfItsOwn(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.dialect("")
	standard := w.job.Target
	w.dialect("?aadOptscim062020")
	w.job.OnDemand = standard
	w.cycle()
	w.source.set("ada", "givenName", directory.Str("Ada"))
	w.cycle()
	if got := w.writes()[0]; !strings.Contains(got, `"op":"add"`) {
		t.Errorf("in a cycle: %s", got)
	}
	w.source.set("ada", "givenName", directory.Str("Adah"))
	if _, err := w.demand("ada@contoso.com"); err != nil {
		t.Fatal(err)
	}
	if got := w.writes()[0]; !strings.Contains(got, `"op":"Replace","path":"name.givenName"`) {
		t.Errorf("on demand: %s", got)
	}
}

func TestOnDemandAnswersAsGraphDoes(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("ada", "manager", directory.Ref(id("bo")))
	w.cycle()
	type answer struct {
		Result, Code, Message string
		Action, Status        string
		Steps                 []string
		Properties            []string
		Reportable            string
	}
	read := func(results []engine.Result) (a answer) {
		t.Helper()
		e := engine.OnDemandEvent(results)
		if e == nil {
			t.Fatal("no entry")
		}
		texts := engine.OnDemandAnswer(*e)
		var key struct {
			Result  string
			Details struct{ ErrorCode, ErrorMessage string }
		}
		var value struct {
			Action               string
			StartTime, EndTime   time.Time
			ReportableIdentifier string
			StatusInfo           struct{ Status string }
			ModifiedProperties   []struct{ DisplayName string }
			ProvisioningSteps    []struct {
				Name, Type, Status string
				Timestamp          time.Time
			}
			SourceIdentity, TargetIdentity struct{ ID, Type string }
		}
		for text, into := range map[string]any{texts.Key: &key, texts.Value: &value} {
			if err := json.Unmarshal([]byte(text), into); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
		}
		a = answer{
			Result: key.Result, Code: key.Details.ErrorCode, Message: key.Details.ErrorMessage,
			Action: value.Action, Status: value.StatusInfo.Status, Reportable: value.ReportableIdentifier,
		}
		for _, s := range value.ProvisioningSteps {
			a.Steps = append(a.Steps, s.Type+" "+s.Status)
			if s.Timestamp.Before(value.StartTime) || s.Timestamp.After(value.EndTime) {
				t.Errorf("step %s at %v, from %v to %v", s.Name, s.Timestamp, value.StartTime, value.EndTime)
			}
		}
		for _, p := range value.ModifiedProperties {
			a.Properties = append(a.Properties, p.DisplayName)
		}
		equal(t, "source", value.SourceIdentity.ID, id("ada"))
		return a
	}
	must := func(results []engine.Result, err error) []engine.Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	got := read(must(w.demand("ada@contoso.com")))
	equal(t, "result", got.Result+" "+got.Code+" "+got.Action+" "+got.Status, "Skipped RedundantExport Other Skipped")
	equal(t, "reportable", got.Reportable, "ada@contoso.com")
	if got.Message == "" || !slices.Contains(got.Steps, "Export Skipped") {
		t.Errorf("%+v", got)
	}

	w.source.hire("cai")
	w.source.set("ada", "manager", directory.Ref(id("cai")))
	must(w.demand("cai@contoso.com"))
	got = read(must(w.demand("ada@contoso.com")))
	equal(t, "result", got.Result+got.Code+" "+got.Action+" "+got.Status, "Success Update Success")
	equal(t, "imports", len(slices.DeleteFunc(slices.Clone(got.Steps), func(s string) bool { return s != "Import Success" })), 1)
	if len(got.Properties) != 1 || slices.Contains(got.Steps, "Export Skipped") {
		t.Errorf("%+v", got)
	}

	w.source.set("ada", "displayName", directory.Str("Ada Ito"))
	w.intercept = refuse(http.MethodPatch, "", 400)
	got = read(must(w.demand("ada@contoso.com")))
	equal(t, "result", got.Result+" "+got.Action+" "+got.Status, "Failure Update Failure")
	if got.Code == "" || got.Message == "" {
		t.Errorf("%+v", got)
	}
}

func TestProvisionOnDemand(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.group("Sales", "bo", "ada")
	provision := func(name string) []engine.Result {
		t.Helper()
		results, err := w.engine.Provision(context.Background(), w.job, name, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return results
	}
	equal(t, "ada", provision("ADA@contoso.com")[0].Entry.Action, plan.Create)
	equal(t, "bo", len(provision("bo@contoso.com")), 2)
	provision("Sales")
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com"})
	steps := []string{}
	for _, s := range provision("ada@contoso.com")[0].Event.ProvisioningSteps {
		steps = append(steps, s.Name)
	}
	equal(t, "steps", steps, []string{"EntryImportUpdate", "EntryImport", "EntrySynchronizationScoping", "EntrySynchronizationSkip"})
	_, err := w.engine.Provision(context.Background(), w.job, "nobody", engine.Options{})
	var missing *engine.NotFoundError
	if !errors.As(err, &missing) {
		t.Errorf("error %v", err)
	}
	equal(t, "the cycle finds nothing to do", w.cycle(), plan.Summary{Skip: 3})
}
