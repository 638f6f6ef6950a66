package statetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

func testConnect(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, connected(directory.User, "u", "1"), connected(directory.Group, "g", "1"))
	found, err := s.Connections(ctx, job, []string{"u", "g", "nobody", "u"})
	ok(t, err)
	check(t, found, map[string]state.Connection{
		"u": connection(directory.User, "u", "1"), "g": connection(directory.Group, "g", "1"),
	})
	found, err = s.Connections(ctx, job, nil)
	ok(t, err)
	check(t, found, map[string]state.Connection{})

	// A user and a group may have the same target anchor.
	for kind, source := range map[directory.ObjectType]string{directory.User: "u", directory.Group: "g"} {
		c, is, err := s.ConnectionByTarget(ctx, job, kind, "1")
		ok(t, err)
		if !is {
			t.Fatalf("%s 1 has no connection", kind)
		}
		check(t, c, connection(kind, source, "1"))
	}
	if _, is, err := s.ConnectionByTarget(ctx, job, directory.User, "2"); is || err != nil {
		t.Errorf("a target object that is not connected: %v, %v", is, err)
	}

	// Connected again, the connection is as it is now.
	changed := state.Connection{
		Type: directory.User, SourceAnchor: "u", TargetAnchor: "2", DisplayName: "New <name>", Status: state.Unassigned,
		Since: noon().Add(time.Hour), Updated: noon().Add(2 * time.Hour),
	}
	record(t, s, state.Outcome{Type: directory.User, SourceAnchor: "u", Connect: &changed})
	check(t, allConnections(t, s, job), []state.Connection{changed, connection(directory.Group, "g", "1")})
	if _, is, err := s.ConnectionByTarget(ctx, job, directory.User, "1"); is || err != nil {
		t.Errorf("the earlier target object is still connected: %v, %v", is, err)
	}
}

func testConnectionsBatch(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	var outcomes []state.Outcome
	var anchors []string
	for i := range 1000 {
		anchors = append(anchors, guid(i))
		if i%2 == 0 {
			outcomes = append(outcomes, connected(directory.User, guid(i), fmt.Sprint(i)))
		}
	}
	record(t, s, outcomes...)
	found, err := s.Connections(ctx, job, anchors)
	ok(t, err)
	if len(found) != 500 {
		t.Fatalf("%d connections, want 500", len(found))
	}
	for i := 0; i < 1000; i += 2 {
		if found[guid(i)].TargetAnchor != fmt.Sprint(i) {
			t.Fatalf("object %d is connected to %q", i, found[guid(i)].TargetAnchor)
		}
	}
}

// testAllConnections has more connections than fit on a page.
func testAllConnections(t *testing.T, open Open) {
	s := open(t)
	const n = 2500
	var outcomes []state.Outcome
	for i := range n {
		kind := directory.User
		if i%5 == 0 {
			kind = directory.Group
		}
		outcomes = append(outcomes, connected(kind, guid(i), fmt.Sprint(i)))
	}
	record(t, s, outcomes...)
	list := allConnections(t, s, job)
	if len(list) != n {
		t.Fatalf("%d connections, want %d", len(list), n)
	}
	for i := 1; i < n; i++ {
		a, b := list[i-1], list[i]
		if a.Type == directory.Group && b.Type == directory.User || a.Type == b.Type && a.SourceAnchor >= b.SourceAnchor {
			t.Fatalf("%s %s comes before %s %s", a.Type, a.SourceAnchor, b.Type, b.SourceAnchor)
		}
	}
}

func testAnchorTaken(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, connected(directory.User, "ada", "1"))
	err := s.Record(ctx, job, []state.Outcome{connected(directory.User, "ben", "1")})
	is(t, err, state.ErrAnchor)
	for _, part := range []string{"ada", "ben", `"1"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not name %s: %v", part, err)
		}
	}
	// Within one batch too.
	err = s.Record(ctx, job, []state.Outcome{connected(directory.User, "cleo", "2"), connected(directory.User, "dan", "2")})
	is(t, err, state.ErrAnchor)
	// One that is connected to another object.
	record(t, s, connected(directory.User, "eve", "3"))
	is(t, s.Record(ctx, job, []state.Outcome{connected(directory.User, "eve", "1")}), state.ErrAnchor)
	check(t, allConnections(t, s, job), []state.Connection{
		connection(directory.User, "ada", "1"), connection(directory.User, "eve", "3"),
	})
	// Of another job it is free.
	ok(t, s.Record(ctx, "other-job", []state.Outcome{connected(directory.User, "ben", "1")}))
}

// testAnchorFreedInBatch: an outcome sees what the ones before it did.
func testAnchorFreedInBatch(t *testing.T, open Open) {
	s := open(t)
	record(t, s, connected(directory.User, "ada", "1"))
	o := user("ada")
	o.Disconnect = true
	record(t, s, o, connected(directory.User, "ben", "1"))
	check(t, allConnections(t, s, job), []state.Connection{connection(directory.User, "ben", "1")})
}

// testAnchorMoves: a source object that gets another target object leaves the
// earlier one to others.
func testAnchorMoves(t *testing.T, open Open) {
	s := open(t)
	record(t, s, connected(directory.User, "ada", "1"))
	record(t, s, connected(directory.User, "ada", "2"), connected(directory.User, "ben", "1"))
	check(t, allConnections(t, s, job), []state.Connection{
		connection(directory.User, "ada", "2"), connection(directory.User, "ben", "1"),
	})
}

// testAnchorsAreUnlike: anchors are compared as they are spelled.
func testAnchorsAreUnlike(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	anchors := []string{"a", "A", "a ", "ä", "a\u0308", "1", "01", "1.0", "'", `"\`, "a%", "😀", "a\nb", "CN=Ada\\, B,DC=x", strings.Repeat("x", 2000)}
	var outcomes []state.Outcome
	for _, a := range anchors {
		o := connected(directory.User, a, "t"+a)
		o.Link = []state.Link{{Attribute: "manager", TargetAnchor: a}}
		outcomes = append(outcomes, o)
	}
	record(t, s, outcomes...)
	found, err := s.Connections(ctx, job, anchors)
	ok(t, err)
	if len(found) != len(anchors) {
		t.Errorf("%d connections, want %d", len(found), len(anchors))
	}
	for _, a := range anchors {
		check(t, found[a], connection(directory.User, a, "t"+a))
		check(t, links(t, s, a, "manager"), set(a))
		c, is, err := s.ConnectionByTarget(ctx, job, directory.User, "t"+a)
		ok(t, err)
		if !is || c.SourceAnchor != a {
			t.Errorf("target %q is connected to %q", "t"+a, c.SourceAnchor)
		}
	}
}

func testLinks(t *testing.T, open Open) {
	s := open(t)
	o := group("g")
	o.Link = []state.Link{
		{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "2"},
		{Attribute: "owners", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "1"},
	}
	record(t, s, o)
	check(t, links(t, s, "g", "members"), set("1", "2"))
	check(t, links(t, s, "g", "owners"), set("1"))
	check(t, links(t, s, "g", "Members"), set())
	check(t, links(t, s, "other", "members"), set())

	o = group("g")
	o.Unlink = []state.Link{{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "never"}}
	o.Link = []state.Link{{Attribute: "members", TargetAnchor: "3"}}
	record(t, s, o)
	check(t, links(t, s, "g", "members"), set("2", "3"))
	check(t, links(t, s, "g", "owners"), set("1"))

	// Unlink goes before Link in one outcome.
	o.Unlink = []state.Link{{Attribute: "members", TargetAnchor: "3"}}
	record(t, s, o)
	check(t, links(t, s, "g", "members"), set("2", "3"))
}

func testDisconnect(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ada := connected(directory.User, "ada", "1")
	ada.Link = []state.Link{{Attribute: "manager", TargetAnchor: "2"}}
	ada.Seen = &state.Seen{Hash: hash(1), Generation: 1}
	e := escrow("ada", 0)
	ada.Escrow = &e
	ben := connected(directory.User, "ben", "2")
	sales := connected(directory.Group, "sales", "9")
	sales.Link = []state.Link{{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "2"}}
	record(t, s, ada, ben, sales)
	other := group("sales")
	other.Link = []state.Link{{Attribute: "members", TargetAnchor: "1"}}
	ok(t, s.Record(ctx, "other-job", []state.Outcome{other}))

	gone := user("ada")
	gone.Disconnect = true
	record(t, s, gone)
	check(t, allConnections(t, s, job), []state.Connection{
		connection(directory.User, "ben", "2"), connection(directory.Group, "sales", "9"),
	})
	check(t, links(t, s, "ada", "manager"), set())
	check(t, links(t, s, "sales", "members"), set("2"))
	set2, err := s.Links(ctx, "other-job", "sales", "members")
	ok(t, err)
	check(t, set2, set("1"))
	// What was seen and the escrow are another matter.
	if n := snapshot(t, s, 1, noon()).Len(); n != 1 {
		t.Errorf("%d objects seen, want 1", n)
	}
	check(t, allEscrows(t, s, job), []state.Escrow{e})

	record(t, s, gone) // once more: nothing left to do
	gone = user("never")
	gone.Disconnect = true
	record(t, s, gone)
}

// testDisconnectAndConnect: the target object was removed behind our back and
// made anew. The earlier connection and its links go, the new one stays.
func testDisconnectAndConnect(t *testing.T, open Open) {
	s := open(t)
	ada := connected(directory.User, "ada", "1")
	ada.Link = []state.Link{{Attribute: "manager", TargetAnchor: "2"}}
	sales := connected(directory.Group, "sales", "9")
	sales.Link = []state.Link{{Attribute: "members", TargetAnchor: "1"}}
	record(t, s, ada, sales)
	again := connected(directory.User, "ada", "7")
	again.Disconnect = true
	again.Link = []state.Link{{Attribute: "manager", TargetAnchor: "3"}}
	record(t, s, again)
	check(t, allConnections(t, s, job), []state.Connection{
		connection(directory.User, "ada", "7"), connection(directory.Group, "sales", "9"),
	})
	check(t, links(t, s, "sales", "members"), set())
	check(t, links(t, s, "ada", "manager"), set("3"))
}

func testCounts(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	counts, err := s.Counts(ctx, job)
	ok(t, err)
	if counts.Connections[directory.User] != 0 || counts.Connections[directory.Group] != 0 || counts.Escrows != 0 {
		t.Errorf("a new store counts %+v", counts)
	}
	e := escrow("c", 0)
	reference := escrow("b", 0)
	reference.Reference = false
	disabled := connected(directory.User, "b", "2")
	disabled.Connect.Status = state.Disabled
	record(t, s, connected(directory.User, "a", "1"), disabled, connected(directory.Group, "g", "3"),
		state.Outcome{Type: directory.User, SourceAnchor: "c", Escrow: &e}, state.Outcome{Type: directory.User, SourceAnchor: "b", Escrow: &reference})
	counts, err = s.Counts(ctx, job)
	ok(t, err)
	check(t, counts, state.Counts{
		Connections: map[directory.ObjectType]int64{directory.User: 2, directory.Group: 1},
		Active:      map[directory.ObjectType]int64{directory.User: 1, directory.Group: 1}, Escrows: 2, References: 1, Failing: 1,
	})
	members, err := s.Memberships(ctx, job)
	ok(t, err)
	check(t, members, int64(0))
	record(t, s, state.Outcome{Type: directory.Group, SourceAnchor: "g", Link: []state.Link{{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "2"}}},
		state.Outcome{Type: directory.User, SourceAnchor: "a", Link: []state.Link{{Attribute: "manager", TargetAnchor: "2"}}})
	members, err = s.Memberships(ctx, job)
	ok(t, err)
	check(t, members, int64(2))
	record(t, s, state.Outcome{Type: directory.Group, SourceAnchor: "g", Seen: &state.Seen{Hash: hash(1)},
		Link: []state.Link{{Attribute: "members?", TargetAnchor: "1"}, {Attribute: "members?", TargetAnchor: "3"}}})
	for range 2 { // those in doubt too, each once, and without the connection of the group
		members, err = s.Memberships(ctx, job)
		ok(t, err)
		check(t, members, int64(3))
		ok(t, s.Reset(ctx, job, state.Reset{Connections: true, Doubt: "?"}))
	}
}
