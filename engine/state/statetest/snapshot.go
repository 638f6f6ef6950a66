package statetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// recycleBin is how long a missing object counts as soft-deleted here.
const recycleBin = 30 * 24 * time.Hour

func snapshot(t *testing.T, s state.Store, generation int64, now time.Time) *connectors.Snapshot {
	t.Helper()
	got, err := s.Snapshot(context.Background(), job, generation, now)
	ok(t, err)
	return got
}

func hash(b byte) directory.Hash { return directory.Hash{0: b, 15: 0xff} }

func seen(kind directory.ObjectType, anchor string, s state.Seen) state.Outcome {
	return state.Outcome{Type: kind, SourceAnchor: anchor, Seen: &s}
}

func observe(s *connectors.Snapshot, kind directory.ObjectType, anchor string, h directory.Hash) connectors.Status {
	return s.Observe(directory.Object{Type: kind, Anchor: anchor}, h)
}

func testSnapshot(t *testing.T, open Open) {
	s := open(t)
	if n := snapshot(t, s, 1, noon()).Len(); n != 0 {
		t.Fatalf("a new store has seen %d objects", n)
	}
	missing := noon().Add(-recycleBin + time.Hour).Truncate(time.Second)
	record(t, s,
		seen(directory.User, guid(1), state.Seen{Hash: hash(1), Generation: 1}),
		seen(directory.Group, guid(1), state.Seen{Hash: hash(2), Generation: 1}),
		seen(directory.User, "CN=Ada,DC=contoso", state.Seen{Hash: hash(3), Generation: 1}),
		seen(directory.User, guid(4), state.Seen{Hash: hash(4), Presence: directory.SoftDeleted, Listed: true, Generation: 1}),
		seen(directory.User, guid(5), state.Seen{Hash: hash(5), Presence: directory.SoftDeleted, Since: missing, Generation: 1}),
		seen(directory.User, guid(6), state.Seen{Hash: hash(6), Presence: directory.HardDeleted, Generation: 1}),
	)
	got := snapshot(t, s, 1, noon())
	if got.Len() != 6 {
		t.Errorf("%d objects in the snapshot, want 6", got.Len())
	}
	for _, o := range []struct {
		kind   directory.ObjectType
		anchor string
		hash   directory.Hash
		want   connectors.Status
	}{
		{directory.User, guid(1), hash(1), connectors.Unchanged},
		{directory.User, guid(1), hash(1), connectors.Duplicate},
		{directory.Group, guid(1), hash(1), connectors.Changed},
		{directory.Group, guid(2), hash(1), connectors.New},
	} {
		if status := observe(got, o.kind, o.anchor, o.hash); status != o.want {
			t.Errorf("%s %s: status %v, want %v", o.kind, o.anchor, status, o.want)
		}
	}
	now := noon().Add(2 * time.Hour)
	check(t, got.Missing(directory.User, now, recycleBin), []connectors.Record{
		{Type: directory.User, Anchor: guid(4), Hash: hash(4), Presence: directory.HardDeleted, Listed: true},
		{Type: directory.User, Anchor: guid(5), Hash: hash(5), Presence: directory.HardDeleted, Since: missing},
		{Type: directory.User, Anchor: "CN=Ada,DC=contoso", Hash: hash(3), Presence: directory.SoftDeleted, Since: now},
	}, byAnchor())

	// Seen again, it is what it is now.
	record(t, s, seen(directory.User, guid(1), state.Seen{Hash: hash(9), Generation: 1}))
	got = snapshot(t, s, 1, noon())
	if status := observe(got, directory.User, guid(1), hash(9)); status != connectors.Unchanged {
		t.Errorf("what was seen anew is %v, want unchanged", status)
	}
}

func testSnapshotGeneration(t *testing.T, open Open) {
	s := open(t)
	record(t, s,
		seen(directory.User, guid(1), state.Seen{Hash: hash(1), Generation: 1}),
		seen(directory.User, guid(2), state.Seen{Hash: hash(2), Generation: 2}),
		seen(directory.User, guid(3), state.Seen{Hash: hash(3), Generation: 3}),
	)
	for generation, want := range map[int64][]connectors.Status{
		1: {connectors.Unchanged, connectors.Changed, connectors.Changed},
		2: {connectors.Changed, connectors.Unchanged, connectors.Changed},
		4: {connectors.Changed, connectors.Changed, connectors.Changed},
	} {
		got := snapshot(t, s, generation, noon())
		for i, status := range want {
			if is := observe(got, directory.User, guid(i+1), hash(byte(i+1))); is != status {
				t.Errorf("generation %d, object %d: status %v, want %v", generation, i+1, is, status)
			}
		}
	}
}

func testSnapshotEscrows(t *testing.T, open Open) {
	s := open(t)
	var outcomes []state.Outcome
	for i, next := range []time.Duration{-time.Hour, 0, time.Microsecond} {
		o := seen(directory.User, guid(i), state.Seen{Hash: hash(1), Generation: 1})
		e := escrow(guid(i), next)
		o.Escrow = &e
		outcomes = append(outcomes, o,
			seen(directory.Group, guid(i), state.Seen{Hash: hash(1), Generation: 1})) // of the same id
	}
	record(t, s, outcomes...)
	// An object that failed before anything was seen of it is new.
	e := escrow(guid(9), -time.Hour)
	record(t, s, state.Outcome{Type: directory.User, SourceAnchor: guid(9), Escrow: &e})

	got := snapshot(t, s, 1, noon())
	if got.Len() != 6 {
		t.Errorf("%d objects in the snapshot, want 6", got.Len())
	}
	for i, want := range []connectors.Status{connectors.Changed, connectors.Changed, connectors.Unchanged} {
		if is := observe(got, directory.User, guid(i), hash(1)); is != want {
			t.Errorf("user %d: status %v, want %v", i, is, want)
		}
		if is := observe(got, directory.Group, guid(i), hash(1)); is != connectors.Unchanged {
			t.Errorf("group %d: status %v, want unchanged", i, is)
		}
	}
	if is := observe(got, directory.User, guid(9), hash(1)); is != connectors.New {
		t.Errorf("an object that nothing was seen of is %v, want new", is)
	}

	record(t, s, state.Outcome{Type: directory.User, SourceAnchor: guid(0), Release: true})
	if is := observe(snapshot(t, s, 1, noon()), directory.User, guid(0), hash(1)); is != connectors.Unchanged {
		t.Errorf("an object that has left escrow is %v, want unchanged", is)
	}
}

func testForget(t *testing.T, open Open) {
	s := open(t)
	record(t, s,
		seen(directory.User, "a", state.Seen{Hash: hash(1), Generation: 1}),
		seen(directory.User, "b", state.Seen{Hash: hash(1), Generation: 1}),
		seen(directory.Group, "a", state.Seen{Hash: hash(1), Generation: 1}),
		state.Outcome{Type: directory.User, SourceAnchor: "a", Forget: true},
		state.Outcome{Type: directory.User, SourceAnchor: "never-seen", Forget: true},
	)
	got := snapshot(t, s, 1, noon())
	if got.Len() != 2 || observe(got, directory.User, "a", hash(1)) != connectors.New {
		t.Errorf("%d objects after one of three was forgotten", got.Len())
	}
	// Forget goes before Seen in one outcome.
	o := seen(directory.User, "b", state.Seen{Hash: hash(2), Generation: 1})
	o.Forget = true
	record(t, s, o)
	if is := observe(snapshot(t, s, 1, noon()), directory.User, "b", hash(2)); is != connectors.Unchanged {
		t.Errorf("status %v, want unchanged", is)
	}
}

func byAnchor() cmp.Option {
	return cmpopts.SortSlices(func(a, b connectors.Record) bool { return a.Anchor < b.Anchor })
}
