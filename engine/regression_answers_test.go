package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// What becomes of a request whose answer is lost, and of a cycle that is
// stopped: nobody stays active or a member because of it, and nothing is left
// behind in the application that nobody knows of.

// waiting returns how many objects wait for another try.
func (w *world) waiting() int64 {
	w.t.Helper()
	counts, err := w.engine.Store.Counts(context.Background(), w.job.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts.Escrows
}

func TestAMemberWhoseAdditionGotNoAnswerCanLeave(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Admins", "bo")
	w.cycle()
	w.source.group("Admins", "bo", "ada")
	w.lose(http.MethodPatch, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "it took effect", w.members("Admins"), []string{"ada@contoso.com", "bo@contoso.com"})
	w.source.group("Admins", "bo")
	equal(t, "ada leaves", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", w.members("Admins"), []string{"bo@contoso.com"})
	equal(t, "settled", w.cycle(), plan.Summary{})
}

func TestAMemberWhoseRemovalGotNoAnswerCanReturn(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Admins", "bo", "ada")
	w.cycle()
	w.source.group("Admins", "bo")
	w.lose(http.MethodPatch, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "it took effect", w.members("Admins"), []string{"bo@contoso.com"})
	w.source.group("Admins", "bo", "ada")
	equal(t, "ada returns", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", w.members("Admins"), []string{"ada@contoso.com", "bo@contoso.com"})
	equal(t, "settled", w.cycle(), plan.Summary{})
}

// TestWhoIsEnabledInACycleThatIsStoppedIsDisabledAfterwards: the source goes
// back to what was seen of it before the cycle.
func TestWhoIsEnabledInACycleThatIsStoppedIsDisabledAfterwards(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.hire("out")
	w.source.unassign("out")
	w.source.set("ada", "manager", directory.Ref(id("out"))) // is never provisioned: ada's references come last
	w.cycle()
	w.source.unassign("ada")
	w.cycle()
	equal(t, "disabled", w.user("ada@contoso.com")["active"], any(false))
	w.source.assign("ada")
	w.source.set("bo", "jobTitle", directory.Str("Chief"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.intercept = func(r *http.Request, body string) *http.Response {
		if r.Method == http.MethodPatch && strings.Contains(body, "Chief") {
			cancel()
		}
		return nil
	}
	if _, err := w.engine.Cycle(ctx, w.job, engine.Options{}); !errors.Is(err, engine.ErrInterrupted) {
		t.Fatal(err)
	}
	w.intercept = nil
	equal(t, "enabled", w.user("ada@contoso.com")["active"], any(true))
	w.source.unassign("ada")
	equal(t, "unassigned again", w.cycle().Disable, int64(1))
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

func TestAMemberThatLeavesEscrowForGoodIsNoFailureOfItsGroup(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Admins", "bo", "ada")
	w.intercept = refuse(http.MethodPost, "bo@contoso.com", 400)
	equal(t, "refused", w.cycle(), plan.Summary{Create: 1, Fail: 2})
	w.intercept = nil
	w.source.unassign("bo")
	equal(t, "bo leaves scope", w.cycle().Fail, int64(0))
	equal(t, "waiting", w.waiting(), int64(0))
}

func TestWhoseEnablingGotNoAnswerIsDisabledWhenTheyLeaveAgain(t *testing.T) {
	for name, step := range map[string]struct{ out, back func(*world) }{
		"unassigned": {func(w *world) { w.source.unassign("ada") }, func(w *world) { w.source.assign("ada") }},
		"blocked": {
			func(w *world) { w.source.set("ada", "accountEnabled", directory.Bool(false)) },
			func(w *world) { w.source.set("ada", "accountEnabled", directory.Bool(true)) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada")
			w.cycle()
			step.out(w)
			w.cycle()
			step.back(w)
			w.lose(http.MethodPatch, "")
			equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
			step.out(w)
			equal(t, "out again", w.cycle(), plan.Summary{Disable: 1})
			equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
		})
	}
}

// TestADeleteWithoutAnAnswer tells the four ways that the story goes on, for a
// group, which is deleted as soon as it leaves, and for a user who was purged.
func TestADeleteWithoutAnAnswer(t *testing.T) {
	kinds := map[string]struct {
		name        string
		leave, back func(*world)
	}{
		"of a group": {"Sales", func(w *world) { w.source.unassign("Sales") }, func(w *world) { w.source.assign("Sales") }},
		"of a user": {"ada@contoso.com", func(w *world) {
			w.source.fire("ada")
			w.cycle()
			w.now = w.now.Add(31 * 24 * time.Hour)
		}, func(w *world) { w.source.hire("ada") }},
	}
	for kind, k := range kinds {
		left := func(t *testing.T, fault func(*world)) *world {
			w := newWorld(t)
			w.source.hire("ada")
			w.source.hire("bo")
			w.source.group("Sales", "bo")
			w.cycle()
			k.leave(w)
			fault(w)
			equal(t, "no answer", w.cycle(), plan.Summary{Fail: 1})
			w.intercept = nil
			return w
		}
		took := func(w *world) { w.lose(http.MethodDelete, "") }
		t.Run(kind+" that returns is created anew", func(t *testing.T) {
			w := left(t, took)
			k.back(w)
			equal(t, "back", w.cycle(), plan.Summary{Create: 1})
			w.id(k.name)
			equal(t, "waiting", w.waiting(), int64(0))
			equal(t, "settled", w.cycle(), plan.Summary{})
			equal(t, "members", w.members("Sales"), []string{"bo@contoso.com"})
		})
		t.Run(kind+" that stays away is gone", func(t *testing.T) {
			w := left(t, took)
			equal(t, "tried again", w.cycle(), plan.Summary{Delete: 1})
			equal(t, "waiting", w.waiting(), int64(0))
			w.now = w.now.Add(31 * 24 * time.Hour)
			w.cycle()
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
		t.Run(kind+" that had no effect deletes later", func(t *testing.T) {
			w := left(t, func(w *world) { w.intercept = refuse(http.MethodDelete, "", 500) })
			w.id(k.name)
			equal(t, "tried again", w.cycle(), plan.Summary{Delete: 1})
			for _, o := range append(w.app.Users(), w.app.Groups()...) {
				if o["userName"] == k.name || o["displayName"] == k.name {
					t.Errorf("%s is still there", k.name)
				}
			}
		})
		t.Run(kind+" that had no effect and returns keeps its object", func(t *testing.T) {
			w := left(t, func(w *world) { w.intercept = refuse(http.MethodDelete, "", 500) })
			before := w.id(k.name)
			k.back(w)
			equal(t, "created", w.cycle().Create, int64(0))
			equal(t, "id", w.id(k.name), before)
			if k.name != "Sales" {
				equal(t, "active", w.user(k.name)["active"], any(true))
			}
			equal(t, "waiting", w.waiting(), int64(0))
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}

// TestAMemberIsRemovedAlthoughOneAnswerSaysThatItIsGone: one answer of 404 keeps
// nobody in a group.
func TestAMemberIsRemovedAlthoughOneAnswerSaysThatItIsGone(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Admins", "bo", "ada")
	w.cycle()
	w.source.group("Admins", "bo")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodPatch {
			return nil
		}
		w.intercept = nil
		return answer(404, `{}`)
	}
	equal(t, "removed", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", w.members("Admins"), []string{"bo@contoso.com"})
}

// TestADeletedGroupThatReturnsIsPutBackAtOnce: a delete took effect and was not
// recorded, and the group is back before the next cycle, which puts it into the
// groups that hold it, although nothing of them has changed. A delete that was
// recorded is nothing that others wait for.
func TestADeletedGroupThatReturnsIsPutBackAtOnce(t *testing.T) {
	for _, lost := range []bool{true, false} {
		w := newWorld(t)
		w.source.hire("bo")
		w.source.group("Sales", "bo")
		w.source.group("Board", "Sales")
		w.cycle()
		w.source.unassign("Sales")
		if lost {
			w.lose(http.MethodDelete, "")
			equal(t, "no answer", w.cycle(), plan.Summary{Fail: 1})
		} else {
			equal(t, "deleted", w.cycle(), plan.Summary{Delete: 1})
		}
		w.source.assign("Sales")
		want, members := plan.Summary{Create: 1}, 0
		if lost {
			want.Update, members = 1, 1
		}
		equal(t, "back", w.cycle(), want)
		equal(t, "settled", w.cycle(), plan.Summary{})
		equal(t, "members of Board", len(w.members("Board")), members)
	}
}

func TestWhoReturnsBlockedAfterADeleteWithoutAnAnswerIsNobodysAccount(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.source.fire("ada")
	w.cycle()
	w.now = w.now.Add(31 * 24 * time.Hour)
	w.lose(http.MethodDelete, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	w.source.hire("ada")
	w.source.set("ada", "accountEnabled", directory.Bool(false))
	equal(t, "back, and blocked", w.cycle(), plan.Summary{Skip: 1})
	_, connected, err := w.engine.Store.ConnectionByTarget(context.Background(), w.job.Name, directory.User, "t1")
	if err != nil || connected {
		t.Errorf("connected %v, error %v", connected, err)
	}
	w.source.set("ada", "accountEnabled", directory.Bool(true))
	equal(t, "enabled", w.cycle(), plan.Summary{Create: 1})
}

// TestADeleteThatIsRefusedIsNoReasonToMatchAgain: the application has said that
// the object is there.
func TestADeleteThatIsRefusedIsNoReasonToMatchAgain(t *testing.T) {
	w := newWorld(t)
	w.source.group("Sales")
	w.cycle()
	w.source.unassign("Sales")
	w.intercept = refuse(http.MethodDelete, "", 400)
	equal(t, "refused", w.cycle(), plan.Summary{Fail: 1})
	w.intercept = nil
	c, ok, err := w.engine.Store.ConnectionByTarget(context.Background(), w.job.Name, directory.Group, w.id("Sales"))
	if err != nil || !ok || c.Status != state.Active {
		t.Errorf("%+v, connected %v, error %v", c, ok, err)
	}
	w.byHand(http.MethodDelete, "/Groups/"+w.id("Sales"), "")
	w.source.assign("Sales")
	w.cycle()
	equal(t, "as with Entra", w.failures(), []string{"SystemForCrossDomainIdentityManagementServiceIncompatible", "InvalidAnchor"})
}

func TestARetryBeginsWithItsStepAndGoesOnWithTheExport(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada", "jobTitle", "Chief")
	w.intercept = refuse(http.MethodPost, "", 400)
	w.cycle()
	w.now = w.now.Add(time.Minute)
	w.cycle()
	events := w.events(provlog.Query{})
	var steps []string
	for _, e := range events {
		for _, s := range e.ProvisioningSteps {
			steps = append(steps, s.Name+" "+string(s.Status))
		}
	}
	equal(t, "steps", steps, []string{
		"EntryImportAdd success", "EntrySynchronizationScoping success", "EntrySynchronizationAdd success", "EntryExportAdd failure",
		"EntryEscrowRetry success", "EntryExportAdd failure",
	})
	retry := events[1]
	equal(t, "details of the retry", retry.ProvisioningSteps[0].Details["CountProcessed"], "0")
	equal(t, "details of the export", retry.ProvisioningSteps[1].Details["title"], "Chief")
	reason := retry.ProvisioningStatusInfo.ErrorInformation.Reason
	for _, part := range []string{"StatusCode: BadRequest", "Message: ", "Web Response: ", `"detail":"refused"`, "Retried 1 times so far", "next try after 2026-11-23T14:00:00Z"} {
		if !strings.Contains(reason, part) {
			t.Errorf("no %s in\n%s", part, reason)
		}
	}
}
