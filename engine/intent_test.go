package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestADeathBetweenAWriteAndItsRecord: whose account was written to by a cycle that
// died has it disabled should he leave before the next one.
func TestADeathBetweenAWriteAndItsRecord(t *testing.T) {
	for name, before := range map[string]func(w *world){
		"an account that was matched": func(w *world) {
			w.byHand(http.MethodPost, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@contoso.com","displayName":"by hand","active":true}`)
			w.source.hire("ada")
		},
		"an account that takes the place of one that is gone": func(w *world) {
			w.job.Settings.RematchMissing = true
			w.source.hire("ada")
			w.cycle()
			w.byHand(http.MethodDelete, "/Users/"+w.id("ada@contoso.com"), "")
			w.source.set("ada", "displayName", directory.Str("Ada Ito"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.source.hire("bo")
			w.cycle()
			before(w)
			store := w.engine.Store
			w.engine.Store = mortal{store}
			if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "the process died") {
				t.Fatalf("error %v", err)
			}
			w.engine.Store = store
			w.source.unassign("ada")
			equal(t, "the next cycle", w.cycle(), plan.Summary{Disable: 1})
			equal(t, "active", w.user("ada@contoso.com")["active"], any(false))
			equal(t, "the last cycle", w.cycle(), plan.Summary{})
		})
	}
}
