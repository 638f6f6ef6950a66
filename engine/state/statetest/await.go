package statetest

import (
	"context"
	"testing"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// referrers records ada, ben and three groups: sales and board have links to
// ada's target object, one of them a doubtful one, and hr has none.
func referrers(t *testing.T, s state.Store) {
	t.Helper()
	outcomes := []state.Outcome{
		connected(directory.User, "ada", "1"), connected(directory.User, "ben", "2"),
		connected(directory.Group, "sales", "7"), connected(directory.Group, "board", "8"), connected(directory.Group, "hr", "9"),
	}
	for i := range outcomes {
		outcomes[i].Seen = &state.Seen{Hash: hash(1), Generation: 1}
	}
	outcomes[1].Link = []state.Link{{Attribute: "manager", TargetAnchor: "1"}}
	outcomes[2].Link = []state.Link{{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "2"}}
	outcomes[3].Link = []state.Link{{Attribute: "members?", TargetAnchor: "1"}}
	outcomes[4].Link = []state.Link{{Attribute: "members", TargetAnchor: "2"}}
	record(t, s, outcomes...)
}

// due checks which of the referrers the next cycle looks at.
func due(t *testing.T, s state.Store, want ...string) {
	t.Helper()
	expected := set(want...)
	for _, o := range []state.Outcome{user("ada"), user("ben"), group("sales"), group("board"), group("hr")} {
		_, wanted := expected[o.SourceAnchor]
		got := observe(snapshot(t, s, 1, noon()), o.Type, o.SourceAnchor, hash(1))
		if got != connectors.Unchanged && got != connectors.Changed || (got == connectors.Changed) != wanted {
			t.Errorf("%s is %v, want due %v", o.SourceAnchor, got, wanted)
		}
	}
}

// testAwait: who had links to the target object of one that is disconnected
// waits for it, and is due once it is connected again.
func testAwait(t *testing.T, open Open) {
	s := open(t)
	referrers(t, s)
	gone := user("ada")
	gone.Disconnect, gone.Await = true, true
	ok(t, s.Record(context.Background(), "other-job", []state.Outcome{gone}))
	record(t, s, gone)
	due(t, s)
	check(t, links(t, s, "sales", "members"), set("2"))
	record(t, s, gone) // once more: nobody has links to it now
	record(t, s, connected(directory.User, "ada", "5"))
	due(t, s, "ben", "sales", "board")
	// Whoever is recorded anew waits no more.
	sales := group("sales")
	sales.Seen = &state.Seen{Hash: hash(1), Generation: 1}
	record(t, s, sales)
	due(t, s, "ben", "board")

	// Await alone: the target object may be gone, and those who wait are due.
	ben := user("ben")
	ben.Await = true
	record(t, s, ben)
	due(t, s, "ben", "sales", "board", "hr")

	// Disconnected without Await: nobody waits.
	ben.Await = false
	ben.Disconnect = true
	record(t, s, ben, connected(directory.User, "ben", "6"))
	due(t, s, "ben", "board")
}

// testAwaitAnotherTarget: the object is connected to another target object in
// the very same outcome, so those who wait are due at once.
func testAwaitAnotherTarget(t *testing.T, open Open) {
	s := open(t)
	referrers(t, s)
	again := connected(directory.User, "ada", "5")
	again.Disconnect, again.Await = true, true
	record(t, s, again)
	due(t, s, "ben", "sales", "board")
	check(t, links(t, s, "sales", "members"), set("2"))
	check(t, links(t, s, "board", "members?"), set())
}
