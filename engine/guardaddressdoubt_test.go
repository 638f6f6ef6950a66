package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestDoubtsAreOfOneApplication: what a create without an answer may have left in
// one application is not looked for in another, where the account of that name is
// somebody else's, nor are the references that one had set taken away there.
func TestDoubtsAreOfOneApplication(t *testing.T) {
	w := newWorld(t)
	w.job.Address = "app.test#1"
	w.source.hire("bo")
	w.source.hire("cai")
	w.source.group("Sales", "bo", "cai")
	w.cycle()
	w.source.hire("ada")
	w.lose("POST", "ada@contoso.com")
	w.cycle()
	w.source.unassign("ada")

	w.job.Address = "other.test#2"
	n := 0
	w.app = sandbox.New(sandbox.Options{Token: token, NewID: func() string {
		n++
		return fmt.Sprintf("t%d", n) // ids are numbers there too
	}})
	for _, name := range []string{"cai", "bo", "ada"} {
		w.byHand("POST", "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"%s@contoso.com","active":true}`, name))
	}
	w.byHand("POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Sales","members":[{"value":"t1"},{"value":"t2"},{"value":"t3"}]}`)
	w.source.group("Sales")
	if err := w.engine.Restart(context.Background(), w.job.Name, engine.ResetScope{Connections: true, Watermark: true}); err != nil {
		t.Fatal(err)
	}
	w.cycle()
	equal(t, "active", w.user("ada@contoso.com")["active"], any(true))
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com", "bo@contoso.com", "cai@contoso.com"})
	equal(t, "what is left to do", w.cycle(), plan.Summary{})
}
