package engine_test

import (
	"context"
	"errors"
	"fmt"
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

// planned makes a plan, saves it and reads it back.
func (w *world) planned(opts ...engine.Options) *engine.Approved {
	w.t.Helper()
	o := engine.Options{}
	if len(opts) > 0 {
		o = opts[0]
	}
	preview := engine.NewPreview(w.t.TempDir())
	defer preview.Close()
	saved := plan.Saved{Format: plan.SavedFormat}
	o.DryRun, o.Observe = true, preview.Add
	o.Basis = func(b plan.Basis) error {
		saved.Basis = b
		return nil
	}
	w.cycle(o)
	var entries []plan.Entry
	for e, err := range preview.Entries() {
		if err != nil {
			w.t.Fatal(err)
		}
		entries = append(entries, e)
	}
	return approve(w.t, plan.Head{Job: "test", Saved: &saved}, entries)
}

// applied carries a saved plan out and returns what the cycle did.
func (w *world) applied(a *engine.Approved) (plan.Summary, error) {
	w.t.Helper()
	return w.try(engine.Options{Initial: a.Initial(), Approved: a})
}

// company is a world in which a cycle has something of every kind to do.
func company(t *testing.T) *world {
	w := newWorld(t)
	for _, name := range []string{"ada", "bo", "cai", "dee"} {
		w.source.hire(name)
	}
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	w.source.set("ada", "jobTitle", directory.Str("Head"))
	w.source.set("bo", "manager", directory.Ref(id("eve")))
	w.source.unassign("cai")
	w.source.fire("dee")
	w.source.hire("eve")
	w.source.group("Sales", "ada", "eve")
	w.source.group("Staff", "ada", "eve")
	return w
}

func TestApplyCarriesOutThePlan(t *testing.T) {
	w := company(t)
	undisturbed := w.cycle()
	want := [][]string{w.members("Sales"), w.members("Staff"), {w.manager("bo@contoso.com")}}

	w = company(t)
	a := w.planned()
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "summary", did, undisturbed)
	equal(t, "references", [][]string{w.members("Sales"), w.members("Staff"), {w.manager("bo@contoso.com")}}, want)
	asked, all := a.Carried()
	equal(t, "carried out", asked, all)
	equal(t, "a cycle afterwards", w.cycle(), plan.Summary{})
}

func TestApplyRefusesWhatIsOutOfDate(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(w *world)
		want   string
	}{
		{"a user's title", func(w *world) { w.source.set("bo", "jobTitle", directory.Str("Clerk")) },
			"the source has changed: it has 4 users and 2 groups, 7 of them to look at, and had 4 users and 2 groups, 7 of them to look at; different: Bo"},
		{"somebody leaves", func(w *world) { w.source.fire("bo") }, "the source has changed: it has 3 users"},
		{"a change that is taken back", func(w *world) { w.source.set("ada", "jobTitle", directory.Value{}) }, "different: Ada"},
		{"the job file", func(w *world) { w.job.Digest = "other" }, "the job file has changed"},
		{"the mappings", func(w *world) { w.job.Fingerprint = "2" }, "the job file has changed; the state has changed: cycles that ran"},
		{"a cycle", func(w *world) { w.cycle() }, "the state has changed: " + state.PartConnections},
		{"another plan applied", func(w *world) {
			if _, err := w.applied(w.planned()); err != nil {
				t.Fatal(err)
			}
		}, "the state has changed"},
		{"deletions allowed", func(w *world) {
			if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
				t.Fatal(err)
			}
		}, "the state has changed: whether deletions are allowed"},
		{"on demand", func(w *world) {
			if _, err := w.engine.Provision(context.Background(), w.job, "Ada", engine.Options{}); err != nil {
				t.Fatal(err)
			}
		}, state.PartSeen},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := company(t)
			a := w.planned()
			test.change(w)
			record, err := w.engine.Store.Job(context.Background(), "test")
			if err != nil {
				t.Fatal(err)
			}
			events := len(w.events(provlog.Query{}))
			_, err = w.applied(a)
			var stale *engine.StalePlanError
			if !errors.As(err, &stale) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
			equal(t, "what is written", w.writes(), []string(nil))
			after, err := w.engine.Store.Job(context.Background(), "test")
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "the job's record", after, record)
			equal(t, "entries in the log", len(w.events(provlog.Query{})), events)
		})
	}
}

// What the application itself has become is seen object by object: what the
// plan does not have is not done, and the rest is.
func TestApplyDoesNothingThatIsNotPlanned(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(w *world)
		fails  string
	}{
		{"somebody else's account has the name by now", func(w *world) {
			w.byHand("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"eve@contoso.com"}`)
		}, "which does not have this update of active, displayName"},
		{"a value that the plan adds is there, and another", func(w *world) {
			w.byHand("PATCH", "/Users/"+w.id("ada@contoso.com"), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"Boss"}]}`)
		}, "which does not have this update of title"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := company(t)
			a := w.planned()
			test.change(w)
			did, err := w.applied(a)
			equal(t, "error", err, error(nil))
			if did.Fail == 0 || did.Disable != 2 {
				t.Errorf("summary %s", did)
			}
			var said []string
			for _, e := range w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}}) {
				if i := e.ProvisioningStatusInfo.ErrorInformation; i.ErrorCode == "PlanOutdated" {
					said = append(said, i.Reason)
				}
			}
			if !strings.Contains(fmt.Sprint(said), test.fails) {
				t.Errorf("failures %q, want %q", said, test.fails)
			}
			if asked, all := a.Carried(); asked >= all {
				t.Errorf("%d of %d carried out", asked, all)
			}
			w.cycle()
			equal(t, "failures in the next cycle, which is not bound", w.cycle(), plan.Summary{})
			equal(t, "members", w.members("Staff"), []string{"ada@contoso.com", "eve@contoso.com"})
			equal(t, "title", w.user("ada@contoso.com")["title"], any("Head"))
		})
	}
}

// A write that the application does not need any more is left out, and is no
// failure.
func TestApplyLeavesOutWhatIsDone(t *testing.T) {
	w := company(t)
	a := w.planned()
	w.byHand("PATCH", "/Users/"+w.id("ada@contoso.com"), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"title","value":"Head"}]}`)
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "failed", did.Fail, int64(0))
	asked, all := a.Carried()
	equal(t, "not carried out", all-asked, 1)
}

// A membership of somebody whose creation fails is not made, and one that is
// not planned is not made together with others.
func TestApplyRefusesMembersOneByOne(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.MembersPerPatch, w.job.Settings.HealReferences = 10, true
	for i := range 9 {
		w.source.hire(fmt.Sprint("p", i))
	}
	w.source.group("Staff", "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8")
	a := w.planned()
	w.byHand("POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"p4@contoso.com"}`)
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "members", len(w.members("Staff")), 8)
	if did.Fail == 0 {
		t.Errorf("summary %s", did)
	}
	w.cycle()
	w.cycle()
	equal(t, "members after the next cycles", len(w.members("Staff")), 9)
}

func TestApplyKeepsToTheClockOfThePlan(t *testing.T) {
	w := newWorld(t)
	w.rules([]mapping.Attribute{
		{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
		{Expression: `FormatDateTime(Now(), "", "M/d/yyyy h:mm:ss tt", "yyyy-MM-dd")`, Target: "title"},
		{Expression: `Redact(RandomString(20, 2, 2, 2, 2, ""))`, Target: "password", Apply: mapping.OnCreate},
		{Expression: `Guid()`, Target: "externalId", Apply: mapping.OnCreate},
	}, nil, scope.Settings{AssignedOnly: true})
	w.source.hire("ada")
	a := w.planned()
	w.now = w.now.Add(10 * 24 * time.Hour)
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "summary", did, plan.Summary{Create: 1})
	equal(t, "title", w.user("ada@contoso.com")["title"], any("2026-11-23"))
}

func TestApplyWhilePaused(t *testing.T) {
	w := company(t)
	ctx := context.Background()
	if err := w.engine.Pause(ctx, "test"); err != nil {
		t.Fatal(err)
	}
	a := w.planned()
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "creates", did.Create, int64(2))
	var paused *engine.PausedError
	if _, err := w.try(); !errors.As(err, &paused) {
		t.Errorf("a cycle of a paused job: %v", err)
	}
}

func TestApplyAnInitialCycle(t *testing.T) {
	w := company(t)
	a := w.planned(engine.Options{Initial: true})
	did, err := w.applied(a)
	equal(t, "error", err, error(nil))
	equal(t, "creates", did.Create, int64(2))
	record, err := w.engine.Store.Job(context.Background(), "test")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "generation", record.Generation, int64(2))
}

// A guard stops the application of a plan as it stops any cycle.
func TestApplyIsGuarded(t *testing.T) {
	w := company(t)
	w.job.Settings.Guard = engine.Guard{Threshold: 2}
	a := w.planned()
	_, err := w.applied(a)
	var guard *engine.GuardError
	if !errors.As(err, &guard) {
		t.Fatalf("error %v", err)
	}
	equal(t, "writes", w.writes(), []string(nil))
}
