package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// inUse returns a world that has run no cycle yet, with so many people, of whom
// the application has so many accounts already, all active.
func inUse(t *testing.T, people, accounts int) *world {
	t.Helper()
	w := newWorld(t)
	w.job.Settings.Guard = guards
	for i := range people {
		w.source.hire(fmt.Sprintf("p%03d", i))
		if i < accounts {
			w.byHand("POST", "/Users", fmt.Sprintf(
				`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"p%03d@contoso.com","active":true}`, i))
		}
	}
	return w
}

func (w *world) active() (n int) {
	for _, u := range w.app.Users() {
		if u["active"] == true {
			n++
		}
	}
	return n
}

// TestTheFirstCycleSwitchesNobodyOff: an attribute mapping that makes active false
// does so to the accounts that a cycle finds by matching as well: the first one in
// an application that is in use, and the first one after connections were reset.
func TestTheFirstCycleSwitchesNobodyOff(t *testing.T) {
	for name, tt := range map[string]struct {
		world func(t *testing.T) *world
		says  string
	}{
		"an application that is in use": {func(t *testing.T) *world { return inUse(t, 100, 90) },
			"the cycle would disable or delete 90 of 100 active users (90 of them are in scope, and the attribute mapping makes active false), more than 20 %"},
		"connections were reset": {func(t *testing.T) *world {
			w := firm(t, 100)
			if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Connections: true, Watermark: true}); err != nil {
				t.Fatal(err)
			}
			return w
		}, "the cycle would disable or delete 100 of 100 active users (100 of them are in scope, and the attribute mapping makes active false), more than 20 %"},
	} {
		t.Run(name, func(t *testing.T) {
			w := tt.world(t)
			w.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
			w.job.Fingerprint = "2"
			active := w.active()
			for range 2 {
				var stop *engine.GuardError
				if _, err := w.try(); !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, tt.says) {
					t.Fatalf("error %v", err)
				}
				equal(t, "writes", w.writes(), []string(nil))
			}
			equal(t, "staged", len(w.events(provlog.Query{Actions: []provlog.Action{provlog.ActionStagedDelete}})), active)
			equal(t, "held back", w.record().Held.Users, int64(active))
			if err := w.engine.AllowDeletes(context.Background(), w.job.Name); err != nil {
				t.Fatal(err)
			}
			w.cycle()
			equal(t, "active accounts", w.active(), 0)
		})
	}
}

// TestTheFirstCycleGoesThrough where few accounts are switched off, or where there
// are none to switch off, and asks the application no more than it has to.
func TestTheFirstCycleGoesThrough(t *testing.T) {
	t.Run("nobody is there yet", func(t *testing.T) {
		w := inUse(t, 100, 0)
		w.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
		equal(t, "created", w.cycle().Create, int64(100))
	})
	t.Run("a few are on leave", func(t *testing.T) {
		w := inUse(t, 100, 100)
		attributes := mapping.DefaultUsers()
		for i, a := range attributes {
			if a.Target == "active" {
				attributes[i] = mapping.Attribute{Expression: `Switch([jobTitle], "True", "on leave", "False")`, Target: "active"}
			}
		}
		w.rules(attributes, defaultGroups(), scope.Settings{AssignedOnly: true})
		for i := range 20 {
			w.source.set(fmt.Sprintf("p%03d", i), "jobTitle", directory.Str("on leave"))
		}
		w.cycle()
		equal(t, "active accounts", w.active(), 80)
		equal(t, "reads", len(w.sent)-len(w.writes()), 102) // of each account, and the test of the connection
	})
	t.Run("who joins makes it no easier to take away from others", func(t *testing.T) {
		w := firm(t, 100)
		for i := range 50 {
			w.source.hire(fmt.Sprintf("q%03d", i))
		}
		for i := range 25 {
			w.source.unassign(fmt.Sprintf("p%03d", i))
		}
		var stop *engine.GuardError
		if _, err := w.try(); !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the cycle would disable or delete 25 of 100 active users") {
			t.Errorf("error %v", err)
		}
	})
}

// TestAGatewayThatIsDownHidesNobodyFromTheGuard: one that answers 404 to everything
// says nothing of who is switched off.
func TestAGatewayThatIsDownHidesNobodyFromTheGuard(t *testing.T) {
	w := firm(t, 100)
	w.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
	w.job.Fingerprint = "2"
	var mu sync.Mutex
	left := 100 // it answers again once it was asked for everybody
	w.intercept = func(r *http.Request, _ string) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		one := strings.HasPrefix(r.URL.Path, "/scim/v2/Users/")
		if left == 0 || left == 100 && !one { // the first test of the connection goes well
			return nil
		}
		if one {
			left--
		}
		return answer(http.StatusNotFound, `{"detail":"no such site"}`)
	}
	if _, err := w.try(); err == nil {
		t.Error("no error")
	}
	equal(t, "writes", w.writes(), []string(nil))
	equal(t, "active accounts", w.active(), 100)
}
