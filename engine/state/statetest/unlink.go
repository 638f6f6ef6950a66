package statetest

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

func seenOf(t *testing.T, s state.Store, kind directory.ObjectType, anchor string, generation int64) connectors.Record {
	t.Helper()
	r, found, err := s.Seen(context.Background(), job, kind, anchor, generation)
	ok(t, err)
	if !found {
		t.Fatalf("%s %s was never seen", kind, anchor)
	}
	return r
}

func testSeen(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ada := user("ada")
	ada.Seen = &state.Seen{Hash: hash(1), Presence: directory.SoftDeleted, Since: noon(), Generation: 2}
	ben := user("ben")
	ben.Seen = &state.Seen{Hash: hash(2), Presence: directory.SoftDeleted, Listed: true, Generation: 1}
	record(t, s, ada, ben)
	check(t, seenOf(t, s, directory.User, "ada", 2), connectors.Record{
		Type: directory.User, Anchor: "ada", Hash: hash(1), Presence: directory.SoftDeleted, Since: noon(),
	})
	check(t, seenOf(t, s, directory.User, "ben", 2), connectors.Record{
		Type: directory.User, Anchor: "ben", Hash: hash(2), Presence: directory.SoftDeleted, Listed: true, Due: true,
	})
	for _, tt := range []struct {
		job, anchor string
		kind        directory.ObjectType
	}{{job, "ada", directory.Group}, {"other-job", "ada", directory.User}, {job, "nobody", directory.User}} {
		if _, found, err := s.Seen(ctx, tt.job, tt.kind, tt.anchor, 2); found || err != nil {
			t.Errorf("%+v was seen: %v, %v", tt, found, err)
		}
	}
}

func testUnlink(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	outcomes := []state.Outcome{
		connected(directory.User, "ada", "1"), connected(directory.User, "ben", "2"),
		connected(directory.Group, "sales", "9"), connected(directory.Group, "board", "8"),
	}
	for i := range outcomes {
		outcomes[i].Seen = &state.Seen{Hash: hash(byte(i)), Generation: 5}
	}
	outcomes[0].Link = []state.Link{{Attribute: "manager", TargetAnchor: "2"}}
	e := escrow("ada", time.Hour)
	outcomes[0].Escrow = &e
	outcomes[2].Link = []state.Link{
		{Attribute: "members", TargetAnchor: "1"}, {Attribute: "members", TargetAnchor: "2"}, {Attribute: "members?", TargetAnchor: "3"},
	}
	outcomes[3].Link = []state.Link{{Attribute: "members", TargetAnchor: "2"}}
	record(t, s, outcomes...)

	due := func(kind directory.ObjectType, anchor string, want bool) {
		t.Helper()
		if got := seenOf(t, s, kind, anchor, 5).Due; got != want {
			t.Errorf("%s is due: %v, want %v", anchor, got, want)
		}
	}
	unlink := func(anchor string, want bool) {
		t.Helper()
		found, err := s.Unlink(ctx, job, anchor, "?")
		ok(t, err)
		if found != want {
			t.Errorf("%s had a connection: %v, want %v", anchor, found, want)
		}
	}
	unlink("ada", true)
	unlink("ada", false)
	unlink("nobody", false)
	check(t, allConnections(t, s, job), []state.Connection{
		connection(directory.User, "ben", "2"), connection(directory.Group, "board", "8"), connection(directory.Group, "sales", "9"),
	})
	// Who was made to refer to its target object does so still, and is due.
	due(directory.User, "ada", true)
	due(directory.Group, "sales", true)
	due(directory.Group, "board", false)
	due(directory.User, "ben", false)
	check(t, links(t, s, "sales", "members"), set("1", "2"))
	// What it refers to itself is in doubt.
	check(t, links(t, s, "ada", "manager"), set())
	check(t, links(t, s, "ada", "manager?"), set("2"))
	check(t, allEscrows(t, s, job), []state.Escrow{e})
	r := seenOf(t, s, directory.User, "ada", 5)
	r.Due = false
	check(t, r, connectors.Record{Type: directory.User, Anchor: "ada", Hash: hash(0)})

	unlink("sales", true)
	check(t, links(t, s, "sales", "members"), set())
	check(t, links(t, s, "sales", "members?"), set("1", "2", "3"))
	record(t, s, connected(directory.User, "ada", "1")) // it can be connected again
	check(t, links(t, s, "ada", "manager?"), set("2"))
}

// testUnlinkApart: another job keeps what it has.
func testUnlinkApart(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ada, sales := connected(directory.User, "ada", "1"), connected(directory.Group, "sales", "9")
	sales.Link = []state.Link{{Attribute: "members", TargetAnchor: "1"}}
	sales.Seen = &state.Seen{Hash: hash(1), Generation: 5}
	record(t, s, ada, sales)
	ok(t, s.Record(ctx, "other-job", []state.Outcome{ada, sales}))
	found, err := s.Unlink(ctx, "other-job", "ada", "?")
	ok(t, err)
	if !found {
		t.Fatal("there was no connection")
	}
	check(t, allConnections(t, s, job), []state.Connection{connection(directory.User, "ada", "1"), connection(directory.Group, "sales", "9")})
	if seenOf(t, s, directory.Group, "sales", 5).Due {
		t.Error("a group of another job is due")
	}
	if _, err := s.Unlink(ctx, "", "ada", "?"); err == nil {
		t.Error("a connection of a job without a name was dropped")
	}
}
