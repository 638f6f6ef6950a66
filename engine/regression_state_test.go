package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// stumbling is a store of which one query fails once.
type stumbling struct {
	state.Store
	links, byTarget *bool
}

var errStore = errors.New("the disk is busy")

func (s stumbling) Links(ctx context.Context, job, source, attribute string) (map[string]struct{}, error) {
	if *s.links {
		*s.links = false
		return nil, errStore
	}
	return s.Store.Links(ctx, job, source, attribute)
}

func (s stumbling) ConnectionByTarget(ctx context.Context, job string, t directory.ObjectType, anchor string) (state.Connection, bool, error) {
	if *s.byTarget {
		*s.byTarget = false
		return state.Connection{}, false, errStore
	}
	return s.Store.ConnectionByTarget(ctx, job, t, anchor)
}

func TestAManagerIsClearedAlsoWhereTheStateStumbles(t *testing.T) {
	w := newWorld(t)
	links, byTarget := false, false
	w.engine.Store = stumbling{w.engine.Store, &links, &byTarget}
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("ada", "manager", directory.Ref(id("bo")))
	w.cycle()
	w.source.set("ada", "manager", directory.Value{})
	links = true
	if _, err := w.try(); !errors.Is(err, errStore) {
		t.Fatalf("error %v", err)
	}
	w.cycle()
	if enterprise, _ := w.user("ada@contoso.com")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any); enterprise["manager"] != nil {
		t.Errorf("the manager is still there: %v", enterprise)
	}
}

func TestAnAccountThatWasMadeIsKnownAlsoWhereTheStateStumbles(t *testing.T) {
	w := newWorld(t)
	links, byTarget := false, true
	w.engine.Store = stumbling{w.engine.Store, &links, &byTarget}
	w.source.hire("ada")
	w.cycle()
	w.source.unassign("ada")
	w.cycle()
	equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
}

// refusing answers a PATCH of a group whose body has the text with a status.
func refusing(status int, text string, unless string) func(*http.Request, string) *http.Response {
	return func(r *http.Request, body string) *http.Response {
		if r.Method == http.MethodPatch && strings.Contains(body, text) && (unless == "" || !strings.Contains(body, unless)) {
			return answer(status, `{"detail":"no"}`)
		}
		return nil
	}
}

func TestAConflictOfOneMemberDoesNotLoseTheOthersOfItsBatch(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.MembersPerPatch = 10
	w.dialect("") // whose client sends one at a time, whatever the engine gives it
	for _, n := range strings.Fields("ada bo cai") {
		w.source.hire(n)
	}
	w.source.group("Sales")
	w.cycle()
	ada := w.user("ada@contoso.com")["id"].(string)
	w.source.group("Sales", "ada", "bo", "cai")
	w.intercept = refusing(http.StatusConflict, `"value":"`+ada+`"`, "")
	equal(t, "summary", w.cycle(), plan.Summary{Update: 1})
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com", "cai@contoso.com"})
}

func TestAMemberThatIsGoneDoesNotHinderTheOthers(t *testing.T) {
	for name, groupGone := range map[string]bool{"the member": false, "the group": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("ada")
			w.source.hire("bo")
			w.source.group("Sales", "ada")
			w.cycle()
			w.source.group("Sales", "bo")
			w.intercept = func(r *http.Request, body string) *http.Response {
				if r.Method == http.MethodPatch && strings.Contains(body, "Remove") || groupGone && strings.Contains(r.URL.Path, "/Groups/") && r.Method == http.MethodPatch {
					return answer(404, `{"detail":"no such member"}`)
				}
				if groupGone && strings.Contains(r.URL.Path, "/Groups/") && len(w.writes()) > 0 {
					return answer(404, `{"detail":"no such group"}`)
				}
				return nil
			}
			sum := w.cycle()
			if groupGone {
				equal(t, "failed", sum.Fail+sum.Update, int64(1))
				return
			}
			equal(t, "summary", sum, plan.Summary{Update: 1})
			equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com"})
			w.intercept = nil
			equal(t, "next", w.cycle(), plan.Summary{})
		})
	}
}

func TestARestartRemembersWhoIsToLeaveAGroup(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("ada", "manager", directory.Ref(id("bo")))
	w.source.group("Admins", "ada", "bo")
	w.cycle()
	w.source.group("Admins", "bo")
	w.source.set("ada", "manager", directory.Value{})
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Watermark: true, Escrows: true, Connections: true}); err != nil {
		t.Fatal(err)
	}
	w.cycle()
	equal(t, "members", w.members("Admins"), []string{"bo@contoso.com"})
	if enterprise, _ := w.user("ada@contoso.com")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any); enterprise["manager"] != nil {
		t.Errorf("the manager is still there: %v", enterprise)
	}
}

func TestARetryOfReferencesIsLoggedAsOne(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.group("Sales")
	w.cycle()
	w.source.group("Sales", "ada")
	w.intercept = refusing(http.StatusInternalServerError, "members", "")
	w.cycle()
	w.intercept = nil
	w.now = w.now.Add(time.Hour)
	w.cycle()
	events := w.events(provlog.Query{})
	last := events[len(events)-1]
	equal(t, "first step", last.ProvisioningSteps[0].Name, "EntryEscrowRetry")
	equal(t, "status", last.ProvisioningStatusInfo.Status, provlog.Success)
}

func TestAnApplicationThatAsksForAnHourEndsTheCycle(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for i := range 50 {
		w.source.hire(strings.Repeat("x", i+1))
	}
	requests := 0
	w.intercept = func(*http.Request, string) *http.Response {
		if requests++; requests < 20 {
			return nil
		}
		a := answer(429, `{"detail":"slower"}`)
		a.Header.Set("Retry-After", "3600")
		return a
	}
	sum, err := w.try()
	if connectors.ClassOf(err) != connectors.Throttled || sum.Fail > 2 {
		t.Errorf("%s, error %v", sum, err)
	}
}
