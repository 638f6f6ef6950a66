package engine_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// A manager that the source clears is taken away again, if scimsync set it.

const bossOfBo = "ada@contoso.com"

// staffed is a world in which ada is bo's manager, also in the application.
func staffed(t *testing.T, shapes ...func(*sandbox.Options)) *world {
	t.Helper()
	w := newWorld(t, shapes...)
	w.job.Settings.Concurrency = 1
	for _, name := range strings.Fields("ada bo cai") {
		w.source.hire(name)
	}
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	equal(t, "hired", w.cycle(), plan.Summary{Create: 3})
	equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
	return w
}

func (w *world) clearManager() { w.source.set("bo", "manager", directory.Value{}) }

// setByHand makes somebody of the application bo's manager.
func (w *world) setByHand(manager string) {
	w.t.Helper()
	w.byHand(http.MethodPatch, "/Users/"+w.id("bo@contoso.com"),
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":`+
			`"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":{"value":"`+w.id(manager)+`"}}]}`)
	equal(w.t.(*testing.T), "set by hand", w.manager("bo@contoso.com"), manager)
}

func TestAManagerThatTheSourceClearsIsTakenAway(t *testing.T) {
	for name, flag := range map[string]string{"standard": "", "compliant": "?aadOptscim062020"} {
		t.Run(name, func(t *testing.T) {
			w := staffed(t)
			w.dialect(flag)
			w.clearManager()
			equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
			equal(t, "requests", len(w.writes()), 1)
			equal(t, "manager", w.manager("bo@contoso.com"), "")
			equal(t, "settled", w.cycle(), plan.Summary{})
			w.source.set("bo", "jobTitle", directory.Str("Clerk"))
			w.cycle()
			equal(t, "requests for another change", len(w.writes()), 1)
			w.source.set("bo", "manager", directory.Ref(id("cai")))
			equal(t, "another one", w.asPlanned(t), plan.Summary{Update: 1})
			equal(t, "manager", w.manager("bo@contoso.com"), "cai@contoso.com")
		})
	}
}

func TestAClearedManagerFlowsWithTheOtherChangesAndCountsOnce(t *testing.T) {
	w := staffed(t)
	w.clearManager()
	w.source.set("bo", "jobTitle", directory.Str("Clerk"))
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "requests", len(w.writes()), 2)
	equal(t, "manager", w.manager("bo@contoso.com"), "")
}

func TestAManagerThatWasThereAlreadyIsTakenAwayOnceCleared(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.setByHand(bossOfBo)
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	equal(t, "as it should be", w.asPlanned(t), plan.Summary{Skip: 1})
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), "")
}

func TestAManagerThatOthersHaveSetStays(t *testing.T) {
	t.Run("where there was none", func(t *testing.T) {
		w := newWorld(t)
		w.source.hire("ada")
		w.source.hire("bo")
		w.cycle()
		w.setByHand(bossOfBo)
		w.source.set("bo", "jobTitle", directory.Str("Clerk"))
		w.asPlanned(t)
		equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
	})
	t.Run("in the place of another", func(t *testing.T) {
		w := staffed(t)
		w.setByHand("cai@contoso.com")
		w.clearManager()
		equal(t, "cleared", w.asPlanned(t), plan.Summary{Skip: 1})
		equal(t, "manager", w.manager("bo@contoso.com"), "cai@contoso.com")
	})
	t.Run("who was the manager before", func(t *testing.T) {
		w := staffed(t)
		w.source.set("bo", "manager", directory.Ref(id("cai")))
		equal(t, "changed", w.asPlanned(t), plan.Summary{Update: 1})
		w.setByHand(bossOfBo)
		w.clearManager()
		equal(t, "cleared", w.asPlanned(t), plan.Summary{Skip: 1})
		equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
	})
}

func TestAManagerThatChangesAndIsClearedThenIsTakenAway(t *testing.T) {
	w := staffed(t)
	w.source.set("bo", "manager", directory.Ref(id("cai")))
	equal(t, "changed", w.asPlanned(t), plan.Summary{Update: 1})
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), "")
}

func TestAClearedManagerStaysWhereTheJobSaysSo(t *testing.T) {
	w := staffed(t)
	w.job.Settings.KeepClearedReferences = true
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Skip: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
}

func TestAClearedManagerIsTakenAwayOnceFromAnApplicationThatNeverShowsIt(t *testing.T) {
	w := staffed(t, func(o *sandbox.Options) {
		o.OmitAttributes = []string{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}
	})
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), "")
	w.source.set("bo", "jobTitle", directory.Str("Clerk"))
	equal(t, "another change", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "requests", len(w.writes()), 1)
}

func TestAManagerWhoseAnswerIsLostIsTakenAwayOnceCleared(t *testing.T) {
	w := staffed(t)
	w.source.set("bo", "manager", directory.Ref(id("cai")))
	w.lose(http.MethodPatch, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "it took effect", w.manager("bo@contoso.com"), "cai@contoso.com")
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), "")
	w.setByHand("cai@contoso.com")
	w.source.set("bo", "jobTitle", directory.Str("Clerk"))
	w.asPlanned(t)
	equal(t, "what others set then stays", w.manager("bo@contoso.com"), "cai@contoso.com")
}

func TestAManagerWhoseRemovalGotNoAnswerCanReturn(t *testing.T) {
	w := staffed(t)
	w.clearManager()
	w.lose(http.MethodPatch, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	equal(t, "back", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
	w.clearManager()
	equal(t, "cleared again", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), "")
}

func TestAClearedManagerWhoIsDeletedInTheSameCycleNeedsNoRequest(t *testing.T) {
	w := staffed(t)
	w.source.fire("ada")
	w.cycle()
	w.now = w.now.Add(31 * 24 * time.Hour)
	w.clearManager()
	equal(t, "cleared and purged", w.asPlanned(t), plan.Summary{Delete: 1, Skip: 1})
	equal(t, "requests", len(w.writes()), 1)
	equal(t, "manager", w.manager("bo@contoso.com"), "")
}

func TestAClearedManagerStaysWhereItFlowsOnCreationAlone(t *testing.T) {
	w := staffed(t)
	users := mapping.DefaultUsers()
	users[len(users)-1].Apply = mapping.OnCreate
	w.rules(users, nil, scope.Settings{AssignedOnly: true})
	w.clearManager()
	equal(t, "cleared", w.asPlanned(t), plan.Summary{Skip: 1})
	equal(t, "manager", w.manager("bo@contoso.com"), bossOfBo)
}

func TestWhoseManagerIsDeletedAndComesBackReportsAgainWhereReferencesHeal(t *testing.T) {
	for heal, want := range map[bool]string{false: "", true: bossOfBo} {
		w := staffed(t)
		w.job.Settings.HealReferences = heal
		w.source.fire("ada")
		w.cycle()
		w.now = w.now.Add(31 * 24 * time.Hour)
		equal(t, "purged", w.cycle(), plan.Summary{Delete: 1})
		equal(t, "manager", w.manager("bo@contoso.com"), "")
		w.source.hire("ada")
		equal(t, "back", w.cycle(), plan.Summary{Create: 1})
		w.asPlanned(t)
		equal(t, "manager", w.manager("bo@contoso.com"), want)
		equal(t, "settled", w.cycle(), plan.Summary{})
		w.cycle(engine.Options{Initial: true})
		equal(t, "an initial cycle heals in any case", w.manager("bo@contoso.com"), bossOfBo)
	}
}
