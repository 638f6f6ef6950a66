package engine_test

import (
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestWhoIsHiredAnew under another id has an account once that of the old one is
// purged, although that is later than anything else is tried again.
func TestWhoIsHiredAnew(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.cycle()
	w.source.fire("ada")
	w.source.hire("again")
	w.source.set("again", "userPrincipalName", directory.Str("ada@contoso.com"))
	equal(t, "the name is taken", w.cycle(), plan.Summary{Disable: 1, Fail: 1})
	for range 33 {
		w.now = w.now.Add(24 * time.Hour)
		w.cycle()
	}
	if account := w.user("ada@contoso.com"); account == nil || account["active"] != true {
		t.Errorf("the account is %v", account)
	}
	equal(t, "what is left to do", w.cycle(), plan.Summary{})
}
