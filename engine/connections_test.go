package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

func (w *world) details(id string) (engine.ConnectionDetails, error) {
	return w.engine.Connection(context.Background(), w.job, id)
}

func TestConnectionIsFoundBySourceTargetAndName(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	for _, by := range []string{id("ada"), "t1", "Ada", "ADA", strings.ToUpper(id("ada"))} {
		d, err := w.details(by)
		if err != nil || d.SourceAnchor != id("ada") || d.TargetAnchor != "t1" || d.Last == nil || d.Escrow != nil {
			t.Errorf("%s: %+v, error %v", by, d, err)
		}
	}
	d, err := w.details("Sales")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "links", d.Links, map[string]int{"members": 2})
	equal(t, "last entry", d.Last.SourceIdentity.ID, id("Sales"))

	w.source.set("bo", "displayName", directory.Str("Ada"))
	w.cycle()
	var unclear *engine.NoConnectionError
	if _, err := w.details("ada"); !errors.As(err, &unclear) || len(unclear.Found) != 2 || !strings.Contains(err.Error(), id("bo")) {
		t.Errorf("error %v", err)
	}
	if _, err := w.details("eve"); !errors.As(err, &unclear) || len(unclear.Found) != 0 {
		t.Errorf("error %v", err)
	}
	var names []string
	for _, f := range []engine.ConnectionFilter{{Name: "AD"}, {Type: directory.Group}, {Status: state.Disabled}} {
		if err := w.engine.Connections(context.Background(), w.job.Name, f, func(c state.Connection) error {
			names = append(names, c.DisplayName)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "filtered", names, []string{"Ada", "Ada", "Sales"})
}

// Who has left the source is found by the userPrincipalName that the log had
// last, and not by one that somebody else has taken over since.
func TestConnectionIsFoundByThePrincipalNameInTheLog(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	w.cycle()
	w.source.set("ada", "userPrincipalName", directory.Str("ito@contoso.com"))
	w.cycle()
	w.source.set("bo", "userPrincipalName", directory.Str("ada@contoso.com"))
	w.cycle()
	for by, want := range map[string]string{"ito@contoso.com": id("ada"), "ITO@contoso.com": id("ada"), "ada@contoso.com": id("bo"), "bo@contoso.com": id("bo")} {
		if d, err := w.details(by); err != nil || d.SourceAnchor != want {
			t.Errorf("%s: %s, not %s; error %v", by, d.SourceAnchor, want, err)
		}
	}
	if d, err := w.details("o@contoso.com"); err == nil {
		t.Errorf("a part of a name found %s", d.SourceAnchor)
	}
}

// A connection to the wrong account: it is deleted, the matching value is put
// right, and who refers to the object refers to the right account.
func TestDeletedConnectionIsMatchedAgain(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	ctx := context.Background()
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.set("ada", "userPrincipalName", directory.Str("wrong@contoso.com"))
	w.source.set("bo", "manager", directory.Ref(id("ada")))
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	var notPaused *engine.NotPausedError
	if _, err := w.engine.DeleteConnection(ctx, w.job.Name, id("ada")); !errors.As(err, &notPaused) || !strings.Contains(err.Error(), `"scimsync pause test"`) {
		t.Fatalf("error %v", err)
	}
	w.pause()
	unlock, err := w.engine.Store.Lock(ctx, w.job.Name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.DeleteConnection(ctx, w.job.Name, id("ada")); !errors.Is(err, state.ErrLocked) {
		t.Errorf("while a cycle ends: error %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	c, err := w.engine.DeleteConnection(ctx, w.job.Name, id("ada"))
	if err != nil || c.TargetAnchor != "t1" {
		t.Fatalf("%+v, error %v", c, err)
	}
	equal(t, "users in the application", len(w.app.Users()), 2)

	w.source.set("ada", "userPrincipalName", directory.Str("ada@contoso.com"))
	w.start()
	w.cycle()
	equal(t, "users in the application", len(w.app.Users()), 3)
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com"})
	right := w.user("ada@contoso.com")["id"]
	enterprise, _ := w.user("bo@contoso.com")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
	manager, _ := enterprise["manager"].(map[string]any)
	equal(t, "manager", manager["value"], right)
	equal(t, "afterwards", w.cycle(), plan.Summary{})
}

// Matched to the same account again nothing is sent for it, and who leaves a
// group meanwhile is taken out of it.
func TestDeletedConnectionOfAGroupKeepsItsMembers(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Concurrency = 1
	for _, n := range []string{"ada", "bo", "cai"} {
		w.source.hire(n)
	}
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	w.pause()
	for _, name := range []string{"Sales", "ada"} {
		if _, err := w.engine.DeleteConnection(context.Background(), w.job.Name, id(name)); err != nil {
			t.Fatal(err)
		}
	}
	w.source.group("Sales", "bo", "cai")
	w.start()
	w.cycle()
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com", "cai@contoso.com"})
	equal(t, "groups", len(w.app.Groups()), 1)
	equal(t, "users", len(w.app.Users()), 3)
}
