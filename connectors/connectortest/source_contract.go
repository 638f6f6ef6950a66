package connectortest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// summary writes changes as lines: type, last letters of the anchor, what it is.
func summary(changes []directory.Change) []string {
	lines := []string{}
	for _, c := range changes {
		line := fmt.Sprintf("%s %s %s", c.Object.Type, c.Object.Anchor[max(0, len(c.Object.Anchor)-2):], c.Object.Presence)
		for _, flag := range []struct {
			set  bool
			name string
		}{{c.New, "new"}, {c.Object.Tombstone, "tombstone"}, {c.Listed, "listed"}} {
			if flag.set {
				line += " " + flag.name
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// expect runs a cycle and compares what it delivers.
func (c *sourceCase) expect(t *testing.T, when string, want ...string) []directory.Change {
	t.Helper()
	changes, _ := c.cycle(t)
	if diff := cmp.Diff(append([]string{}, want...), summary(changes)); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", when, diff)
	}
	for _, change := range changes {
		if !change.Object.Tombstone && change.Hash != change.Object.Hash() {
			t.Errorf("%s: the hash of %s is not that of its content", when, change.Object.Anchor)
		}
		if change.Object.Tombstone && len(change.Object.Attributes) > 0 {
			t.Errorf("%s: the tombstone of %s has attributes", when, change.Object.Anchor)
		}
	}
	return changes
}

// first returns what the first read of people delivers.
func (c *sourceCase) first() []string {
	lines := []string{"User a1 present new", "User b2 present new", "User c3 present new"}
	if c.h.Groups {
		lines = append(lines, "Group d4 present new", "Group e5 present new")
	}
	return lines
}

func testSourceEmpty(t *testing.T, c *sourceCase) {
	c.lay(SourceContent{})
	changes, result := c.cycle(t)
	if len(changes) != 0 || result.Users != 0 || result.Groups != 0 {
		t.Errorf("an empty source delivers %v and counts %+v", summary(changes), result)
	}
}

func testFirstRead(t *testing.T, c *sourceCase) {
	content := c.people()
	c.lay(content)
	changes, result := c.cycle(t)
	if diff := cmp.Diff(c.first(), summary(changes)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if result.Users != len(content.Users) || result.Groups != len(content.Groups) {
		t.Errorf("counted %d users and %d groups", result.Users, result.Groups)
	}
}

func testSourceValues(t *testing.T, c *sourceCase) {
	odd := user(adaID, "ada", `R&D, "Nørrebro"; Ærø`, directory.Field{Name: "accountEnabled", Value: directory.Bool(false)})
	delete(odd.Attributes, "mail")
	c.lay(SourceContent{Users: []directory.Object{odd}})
	changes := c.expect(t, "the first read", "User a1 present new")
	for name, want := range odd.Attributes {
		if got := changes[0].Object.Get(name); !got.Equal(want) {
			t.Errorf("%s: got %v of kind %d, want %v of kind %d", name, got, got.Kind(), want, want.Kind())
		}
	}
	if got := changes[0].Object.Get("mail"); !got.IsNull() {
		t.Errorf("mail, which the user has not, is %q", got)
	}
}

func testSourceReferences(t *testing.T, c *sourceCase) {
	content := c.people()
	content.Users[1].Attributes["manager"] = directory.Ref(adaID)
	c.lay(content)
	changes, _ := c.cycle(t)
	if got := changes[1].Object.Get("manager"); !got.Equal(directory.Ref(adaID)) {
		t.Errorf("manager: got %v of kind %d", got, got.Kind())
	}
	if !c.h.Groups {
		return
	}
	for i, o := range content.Groups {
		if diff := cmp.Diff(memberIDs(o), memberIDs(changes[3+i].Object)); diff != "" {
			t.Errorf("members of %s (-want +got):\n%s", o.Get("displayName"), diff)
		}
	}
}

func memberIDs(o directory.Object) []string {
	ids := []string{}
	for _, m := range o.Get("members").Elements() {
		ids = append(ids, m.Anchor())
	}
	return ids
}

func testNothingChanged(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	c.expect(t, "the first read", c.first()...)
	c.expect(t, "the second read")
	c.lay(c.people())
	c.expect(t, "the same content written again")
	_, result := c.cycle(t)
	if result.Users != 3 {
		t.Errorf("an unchanged source counts %d users", result.Users)
	}
}

func testChanged(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	before, _ := c.cycle(t)
	content := c.people()
	content.Users[1] = user(boID, "bo", "IT")
	content.Users = append(content.Users, user("00000000-0000-4000-8000-0000000000f6", "di", "IT"))
	c.lay(content)
	changes := c.expect(t, "one changed and one joined", "User b2 present", "User f6 present new")
	if changes[0].Hash == before[1].Hash {
		t.Error("another department has the same hash")
	}
	c.expect(t, "the read after")
}

func testLeft(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	before, _ := c.cycle(t)
	content := c.people()
	content.Users = content.Users[:2]
	want := []string{"User c3 soft-deleted tombstone"}
	if c.h.Groups {
		content.Groups = content.Groups[:1]
		want = append(want, "Group e5 soft-deleted tombstone")
	}
	c.lay(content)
	changes := c.expect(t, "the read after leaving", want...)
	if changes[0].Hash != before[2].Hash || !changes[0].Since.Equal(c.now) {
		t.Errorf("hash %x since %s, want the last hash %x since %s", changes[0].Hash, changes[0].Since, before[2].Hash, c.now)
	}
	c.now = c.now.Add(recycleBin / 2)
	c.expect(t, "the read after that")
	c.lay(c.people())
	want = []string{"User c3 present"}
	if c.h.Groups {
		want = append(want, "Group e5 present")
	}
	c.expect(t, "the read after returning", want...)
}

func testLeftForGood(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	c.cycle(t)
	content := c.people()
	content.Users = content.Users[:2]
	c.lay(content)
	c.expect(t, "the read after leaving", "User c3 soft-deleted tombstone")
	c.now = c.now.Add(recycleBin - time.Second)
	c.expect(t, "the read before the recycle bin's time is over")
	c.now = c.now.Add(time.Second)
	c.expect(t, "the read when it is over", "User c3 hard-deleted tombstone")
	c.expect(t, "the read after that")
}

func testListed(t *testing.T, c *sourceCase) {
	if !c.h.Deleted {
		t.Skip("the source has no list of deleted objects")
	}
	c.lay(c.people())
	c.cycle(t)
	content := c.people()
	content.Users, content.Deleted = content.Users[:2], content.Users[2:]
	c.lay(content)
	changes := c.expect(t, "the read after deletion", "User c3 soft-deleted listed")
	if got := changes[0].Object.Get("userPrincipalName").Text(); got != "cy@contoso.com" {
		t.Errorf("the deleted user's name is %q", got)
	}
	c.now = c.now.Add(2 * recycleBin)
	c.expect(t, "the read long after that, while it is listed")
	content.Deleted = nil
	c.lay(content)
	c.expect(t, "the read after purging", "User c3 hard-deleted tombstone listed")
	c.lay(c.people())
	c.expect(t, "the read after a new start", "User c3 present new")
}

func testDue(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	c.cycle(t)
	key := recordKey{directory.User, boID}
	record := c.records[key]
	record.Due = true
	c.records[key] = record
	changes := c.expect(t, "the read with an object that is due", "User b2 present")
	if got := changes[0].Object.Get("department").Text(); got != "Sales" {
		t.Errorf("it is delivered without its attributes: department %q", got)
	}
	c.expect(t, "the read after that")
}

func testMembership(t *testing.T, c *sourceCase) {
	if !c.h.Groups {
		t.Skip("the source has no groups")
	}
	c.lay(c.people())
	c.cycle(t)
	content := c.people()
	content.Groups[0] = group(salesID, "Sales", adaID)
	c.lay(content)
	changes := c.expect(t, "the read after a member left", "Group d4 present")
	if diff := cmp.Diff([]string{adaID}, memberIDs(changes[0].Object)); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func testOrder(t *testing.T, c *sourceCase) {
	var content SourceContent
	for i := range 50 {
		content.Users = append(content.Users, user(fmt.Sprintf("00000000-0000-4000-8000-%012x", (i*37)%50), fmt.Sprintf("u%d", i), "IT"))
	}
	content.Groups = c.people().Groups
	c.lay(content)
	var orders [2]string
	for i := range orders {
		changes, _, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		groups := false
		for _, change := range changes {
			if change.Object.Type == directory.User && groups {
				t.Fatal("a user is delivered after a group")
			}
			groups = change.Object.Type == directory.Group
		}
		orders[i] = strings.Join(summary(changes), "\n")
	}
	if orders[0] != orders[1] {
		t.Error("two reads of the same source deliver in another order")
	}
}

func testYieldFails(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	failure, calls := errors.New("the disk is full"), 0
	_, err := c.Read(context.Background(), c.request(), func(directory.Change) error {
		calls++
		return failure
	})
	if !errors.Is(err, failure) || calls != 1 {
		t.Errorf("after an error of yield: %d calls, Read returns %v", calls, err)
	}
}

func testSourceCancelled(t *testing.T, c *sourceCase) {
	var content SourceContent
	for i := range 2000 {
		content.Users = append(content.Users, user(fmt.Sprintf("00000000-0000-4000-8000-%012x", i), fmt.Sprintf("u%d", i), "IT"))
	}
	c.lay(content)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	calls := 0
	_, err := c.Read(ctx, c.request(), func(directory.Change) error {
		calls++
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || calls == len(content.Users) {
		t.Errorf("after a cancellation: %d of %d objects are delivered, Read returns %v", calls, len(content.Users), err)
	}
}

func testSourceFind(t *testing.T, c *sourceCase) {
	c.lay(c.people())
	changes, _ := c.cycle(t)
	for _, name := range []string{boID, strings.ToUpper(boID), "bo@contoso.com", "BO@Contoso.com", "bo@mail.contoso.com", "bo", "Bo"} {
		list, err := c.Find(context.Background(), name)
		if err != nil || len(list) != 1 || list[0].Hash() != changes[1].Hash {
			t.Errorf("Find(%q) = %v, %v, want what Read delivers", name, list, err)
		}
	}
	for _, name := range []string{"nobody", "b", "", "bo@"} {
		if list, err := c.Find(context.Background(), name); err != nil || len(list) != 0 {
			t.Errorf("Find(%q) = %v, %v, want nothing", name, list, err)
		}
	}
	if !c.h.Groups {
		return
	}
	content := c.people()
	content.Users = append(content.Users, user("00000000-0000-4000-8000-0000000000f6", "Sales", "IT"))
	c.lay(content)
	list, err := c.Find(context.Background(), "sales")
	if err != nil || len(list) != 2 || list[0].Type != directory.User || list[1].Anchor != salesID {
		t.Errorf("Find of a user's and a group's name: %v, %v", list, err)
	}
}

func testBroken(t *testing.T, s connectors.Source) {
	snapshot := connectors.NewSnapshot()
	snapshot.Add(connectors.Record{Type: directory.User, Anchor: cyID})
	result, err := s.Read(context.Background(), connectors.ReadRequest{Snapshot: snapshot, Now: time.Unix(0, 0), RecycleBin: recycleBin},
		func(c directory.Change) error {
			if c.Object.Tombstone {
				t.Errorf("%s is said to be gone, and the source was not read to its end", c.Object.Anchor)
			}
			return nil
		})
	if err == nil || !cmp.Equal(result, connectors.ReadResult{}) {
		t.Errorf("a source that cannot be read to its end gives %+v, %v", result, err)
	}
	if list, err := s.Find(context.Background(), "nobody"); err == nil {
		t.Errorf("Find in a source that cannot be read to its end gives %v and no error", list)
	}
}
