package engine_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// A create whose answer was lost is found again by what was sent, whatever has
// become of the source object since.

// unanswered returns what the creates without an answer would be found by.
func (w *world) unanswered() []string {
	w.t.Helper()
	values := []string{}
	if err := w.engine.Store.Unanswered(context.Background(), w.job.Name, func(s state.Sent) error {
		values = append(values, s.Attribute+" "+s.Value)
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return values
}

// doubtful is a world in which the creates of ada and of Sales got no answer,
// and had taken effect or not.
func doubtful(t *testing.T, tookEffect bool) *world {
	t.Helper()
	w := newWorld(t)
	w.source.hire("bo")
	w.cycle()
	w.source.hire("ada")
	w.source.group("Sales", "bo")
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodPost {
			return nil
		}
		if tookEffect {
			intercept := w.intercept
			w.intercept = nil
			_, _ = w.RoundTrip(r)
			w.intercept = intercept
		}
		return answer(500, `{}`)
	}
	w.job.Settings.Concurrency = 1
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 2})
	w.intercept = nil
	equal(t, "in doubt", w.unanswered(), []string{"userName ada@contoso.com", "displayName Sales"})
	return w
}

var sinceThen = map[string]struct {
	happens func(*world)
	want    plan.Summary // with the account and the group there
	without plan.Summary // without
	check   func(*testing.T, *world)
}{
	"nothing changes": {
		func(*world) {}, plan.Summary{Update: 1, Skip: 1}, plan.Summary{Create: 2},
		func(t *testing.T, w *world) { equal(t, "active", w.user("ada@contoso.com")["active"], any(true)) },
	},
	"both are renamed": {
		func(w *world) {
			w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
			w.source.set("Sales", "displayName", directory.Str("Sale"))
		}, plan.Summary{Update: 2}, plan.Summary{Create: 2},
		func(t *testing.T, w *world) {
			equal(t, "active", w.user("ada.ito@contoso.com")["active"], any(true))
			equal(t, "members", w.members("Sale"), []string{"bo@contoso.com"})
		},
	},
	"both are unassigned": {
		func(w *world) { w.source.unassign("ada"); w.source.unassign("Sales") },
		plan.Summary{Disable: 1, Delete: 1}, plan.Summary{Skip: 2},
		func(t *testing.T, w *world) { equal(t, "active", w.user("ada@contoso.com")["active"], any(false)) },
	},
	"both are renamed and unassigned": {
		func(w *world) {
			w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
			w.source.set("Sales", "displayName", directory.Str("Sale"))
			w.source.unassign("ada")
			w.source.unassign("Sales")
		}, plan.Summary{Disable: 1, Delete: 1}, plan.Summary{Skip: 2},
		func(t *testing.T, w *world) { equal(t, "active", w.user("ada@contoso.com")["active"], any(false)) },
	},
	"both leave the source": {
		func(w *world) { w.source.fire("ada"); w.source.disband("Sales") },
		plan.Summary{Disable: 1, Delete: 1}, plan.Summary{Skip: 2},
		func(t *testing.T, w *world) {
			equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
			w.now = w.now.Add(31 * 24 * time.Hour)
			equal(t, "purged", w.cycle().Delete, int64(1))
			equal(t, "users", len(w.app.Users()), 1)
		},
	},
	"the user is listed as deleted": {
		func(w *world) { w.source.softDelete("ada") },
		plan.Summary{Disable: 1, Update: 1}, plan.Summary{Create: 1, Skip: 1},
		func(t *testing.T, w *world) { equal(t, "active", w.user("ada@contoso.com")["active"], any(false)) },
	},
}

func TestACreateWithoutAnAnswerIsFoundAgain(t *testing.T) {
	for name, c := range sinceThen {
		t.Run(name, func(t *testing.T) {
			w := doubtful(t, true)
			c.happens(w)
			equal(t, "found", w.asPlanned(t), c.want)
			equal(t, "in doubt", w.unanswered(), []string{})
			equal(t, "waiting", w.waiting(), int64(0))
			equal(t, "users", len(w.app.Users()), 2)
			c.check(t, w)
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}

func TestACreateWithoutAnAnswerThatHadNoEffectLeavesNothing(t *testing.T) {
	for name, c := range sinceThen {
		t.Run(name, func(t *testing.T) {
			w := doubtful(t, false)
			c.happens(w)
			equal(t, "not found", w.cycle(), c.without)
			equal(t, "in doubt", w.unanswered(), []string{})
			equal(t, "waiting", w.waiting(), int64(0))
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}

func TestWhatIsMatchedByTheSameValueIsAskedForOnce(t *testing.T) {
	w := doubtful(t, false)
	w.cycle()
	asked := 0
	for _, s := range w.sent {
		if strings.Contains(s, `userName eq "ada@contoso.com"`) {
			asked++
		}
	}
	equal(t, "asked", asked, 1)
}

func TestACreateWithoutAnAnswerOutlivesItsEscrow(t *testing.T) {
	for name, forget := range map[string]func(*testing.T, *world){
		"that is reset": func(t *testing.T, w *world) {
			if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Escrows: true, Connections: true}); err != nil {
				t.Fatal(err)
			}
		},
		"that ends after four weeks": func(t *testing.T, w *world) {
			w.intercept = refuse(http.MethodGet, "", 500)
			w.job.Target = notTested{w.job.Target}
			for range 28 {
				w.now = w.now.Add(24 * time.Hour)
				equal(t, "no answer for four weeks", w.cycle(), plan.Summary{Fail: 2})
			}
			w.intercept = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := doubtful(t, true)
			forget(t, w)
			equal(t, "waiting", w.waiting(), int64(0))
			w.source.unassign("ada")
			w.source.unassign("Sales")
			sum := w.cycle()
			equal(t, "disabled and deleted", []int64{sum.Disable, sum.Delete}, []int64{1, 1})
			equal(t, "in doubt", w.unanswered(), []string{})
		})
	}
}

// notTested is a target whose connection is always said to be fine.
type notTested struct{ connectors.Target }

func (notTested) Test(context.Context, ...directory.ObjectType) error { return nil }

func TestACreateThatIsBrokenOffIsFoundAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.source.hire("ada")
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		target := w.job.Target
		w.job.Target = brokenOff{target, func() { cancel(engine.ErrInterrupted) }}
		if _, err := w.engine.Cycle(ctx, w.job, engine.Options{}); err == nil {
			t.Fatal("the cycle was not stopped")
		}
		w.job.Target = target
		equal(t, "it took effect", len(w.app.Users()), 1)
		equal(t, "failures", w.failures(), []string{})
		w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
		w.source.unassign("ada")
		equal(t, "renamed and unassigned", w.cycle(), plan.Summary{Disable: 1})
		equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
	})
}

// brokenOff is a target whose creates take effect and answer when the time
// that a request may still take is over.
type brokenOff struct {
	connectors.Target
	stop func()
}

func (b brokenOff) Apply(ctx context.Context, op plan.Operation) (directory.Object, error) {
	if op.Action != plan.Create {
		return b.Target.Apply(ctx, op)
	}
	if _, err := b.Target.Apply(ctx, op); err != nil {
		return directory.Object{}, err
	}
	b.stop()
	<-ctx.Done()
	return directory.Object{}, &connectors.Error{Class: connectors.Retryable, Code: "Timeout", Method: http.MethodPost, Err: context.Cause(ctx)}
}

func TestANameThatIsGivenUpBeforeTheAnswerWasSeenIsFreeInTheSameCycle(t *testing.T) {
	w := doubtful(t, true)
	hers := w.id("ada@contoso.com")
	w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
	w.source.hire("zoe")
	w.source.set("zoe", "userPrincipalName", directory.Str("ada@contoso.com"))
	slices.Reverse(w.source.users) // the source delivers the new one first
	sum := w.cycle()
	equal(t, "created and failed", []int64{sum.Create, sum.Fail}, []int64{1, 0})
	equal(t, "whose is the old name", w.user("ada@contoso.com")["externalId"], any("zoe"))
	equal(t, "ada's account", w.id("ada.ito@contoso.com"), hers)
}

func TestWhatAnotherSourceObjectHasByNowIsLeftToIt(t *testing.T) {
	w := doubtful(t, true)
	w.source.unassign("ada")
	w.source.hire("zoe")
	w.source.set("zoe", "userPrincipalName", directory.Str("ada@contoso.com"))
	if _, err := w.engine.Provision(context.Background(), w.job, id("zoe"), engine.Options{}); err != nil {
		t.Fatal(err)
	}
	w.cycle()
	equal(t, "the account is zoe's", w.user("ada@contoso.com")["externalId"], any("zoe"))
	equal(t, "and active", w.user("ada@contoso.com")["active"], any(true))
	equal(t, "in doubt", w.unanswered(), []string{})
}

func TestACreateThatIsRefusedIsNotAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.intercept = refuse(http.MethodPost, "", 400)
	equal(t, "refused", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "in doubt", w.unanswered(), []string{})
}

func TestARedactedMatchingValueIsNotRemembered(t *testing.T) {
	w := newWorld(t)
	w.rules([]mapping.Attribute{
		{Expression: `Redact([userPrincipalName])`, Target: "userName", MatchingPrecedence: 1},
		{Source: "mailNickname", Target: "externalId", MatchingPrecedence: 2},
	}, nil, scope.Settings{AssignedOnly: true})
	w.source.hire("ada")
	w.lose(http.MethodPost, "")
	equal(t, "lost", w.cycle(), plan.Summary{Fail: 1})
	equal(t, "in doubt", w.unanswered(), []string{"externalId ada"})
}

// TestADisablingThatFailsAfterTheAccountWasFoundIsDoneLater: the account is
// connected from then on, and counts as active.
func TestADisablingThatFailsAfterTheAccountWasFoundIsDoneLater(t *testing.T) {
	w := doubtful(t, true)
	w.source.unassign("ada")
	w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
	w.intercept = refuse(http.MethodPatch, "active", 400)
	equal(t, "refused", w.cycle().Fail, int64(1))
	w.intercept = nil
	equal(t, "status", w.connection(w.id("ada@contoso.com")).Status, state.Active)
	w.now = w.now.Add(7 * time.Hour)
	equal(t, "tried again", w.cycle(), plan.Summary{Disable: 1})
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}
