package connectors_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

var now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func user(anchor, name string) directory.Object {
	return directory.Object{Type: directory.User, Anchor: anchor, Attributes: map[string]directory.Value{"displayName": directory.Str(name)}}
}

func TestObserve(t *testing.T) {
	ada, bo := user("06b07648-ecfe-589f-9d2f-6325724a46ee", "Ada"), user("bo", "Bo")
	s := connectors.NewSnapshot()
	s.Add(connectors.Record{Type: directory.User, Anchor: ada.Anchor, Hash: ada.Hash()})
	s.Add(connectors.Record{Type: directory.User, Anchor: "due", Hash: user("due", "x").Hash(), Due: true})
	s.Add(connectors.Record{Type: directory.User, Anchor: "back", Hash: user("back", "x").Hash(), Presence: directory.SoftDeleted, Since: now})
	group := directory.Object{Type: directory.Group, Anchor: ada.Anchor}
	for _, tt := range []struct {
		name string
		o    directory.Object
		want connectors.Status
	}{
		{"as before", ada, connectors.Unchanged},
		{"twice", ada, connectors.Duplicate},
		{"never seen", bo, connectors.New},
		{"never seen, twice", bo, connectors.Duplicate},
		{"due", user("due", "x"), connectors.Changed},
		{"was missing", user("back", "x"), connectors.Changed},
		{"a group with a user's id", group, connectors.New},
	} {
		if got := s.Observe(tt.o, tt.o.Hash()); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	s = connectors.NewSnapshot()
	s.Add(connectors.Record{Type: directory.User, Anchor: ada.Anchor, Hash: ada.Hash()})
	if got := s.Observe(user(ada.Anchor, "Eve"), user(ada.Anchor, "Eve").Hash()); got != connectors.Changed {
		t.Errorf("another name: %v", got)
	}
}

func TestMissing(t *testing.T) {
	const bin = 30 * 24 * time.Hour
	record := func(anchor string, p directory.Presence, listed bool, since time.Time, due bool) connectors.Record {
		return connectors.Record{Type: directory.User, Anchor: anchor, Presence: p, Listed: listed, Since: since, Due: due}
	}
	var none time.Time
	s := connectors.NewSnapshot()
	for _, r := range []connectors.Record{
		record("a present", directory.Present, false, none, false),
		record("b missing for a day", directory.SoftDeleted, false, now.Add(-24*time.Hour), false),
		record("c missing for a day, due", directory.SoftDeleted, false, now.Add(-24*time.Hour), true),
		record("d missing for long", directory.SoftDeleted, false, now.Add(-bin), false),
		record("e was listed as deleted", directory.SoftDeleted, true, none, false),
		record("f purged, failed", directory.HardDeleted, false, now, true),
		record("g purged, waiting", directory.HardDeleted, false, now, false),
		record("h still there", directory.Present, false, none, false),
	} {
		s.Add(r)
	}
	s.Add(connectors.Record{Type: directory.Group, Anchor: "a group"})
	s.Observe(directory.Object{Type: directory.User, Anchor: "h still there"}, directory.Hash{})
	want := []connectors.Record{
		record("a present", directory.SoftDeleted, false, now, false),
		record("c missing for a day, due", directory.SoftDeleted, false, now.Add(-24*time.Hour), true),
		record("d missing for long", directory.HardDeleted, false, now.Add(-bin), false),
		record("e was listed as deleted", directory.HardDeleted, true, none, false),
		record("f purged, failed", directory.HardDeleted, false, now, true),
	}
	if diff := cmp.Diff(want, s.Missing(directory.User, now, bin)); diff != "" {
		t.Error(diff)
	}
	if got := s.Missing(directory.Group, now, bin); len(got) != 1 || got[0].Anchor != "a group" {
		t.Errorf("groups: %+v", got)
	}
	if s.Len() != 9 {
		t.Errorf("%d records", s.Len())
	}
}
