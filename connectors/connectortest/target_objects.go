package connectortest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

func testConnection(t *testing.T, c *targetCase) {
	if err := c.Test(t.Context(), directory.User, directory.Group); err != nil {
		t.Errorf("the application is there: %v", err)
	}
	if found := c.find(t, directory.User, attrUserName, "nobody@example.com"); len(found) != 0 {
		t.Errorf("the application is empty: found %v", found)
	}
}

func ada() []plan.Change {
	return []plan.Change{
		text(attrUserName, "ada@example.com"), text(attrDisplay, "Ada Ito"), isActive(),
		text(attrGivenName, "Ada"), text(attrEmail, "ada@work.example"), text(attrDepartment, "R&D"),
	}
}

func testCreate(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	other := c.create(t, directory.User, text(attrUserName, "ben@example.com"), text(attrDisplay, "Ben"), isActive())
	if anchor == other {
		t.Fatalf("two users have the anchor %q", anchor)
	}
	want := map[string]directory.Value{
		attrUserName: directory.Str("ada@example.com"), attrDisplay: directory.Str("Ada Ito"), attrActive: directory.Bool(true),
		attrGivenName: directory.Str("Ada"), attrEmail: directory.Str("ada@work.example"), attrDepartment: directory.Str("R&D"),
		attrPhone: {}, attrManager: {},
	}
	c.expect(t, directory.User, anchor, want)
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrDisplay: directory.Str("Ada Ito")})

	found := c.find(t, directory.User, attrUserName, "ada@example.com", userAttributes...)
	if len(found) != 1 || found[0].Anchor != anchor || found[0].Type != directory.User {
		t.Fatalf("found %v, want the user %q alone", found, anchor)
	}
	compare(t, found[0].Attributes, want)

	found = c.find(t, directory.User, attrUserName, "ben@example.com")
	if len(found) != 1 || found[0].Anchor != other {
		t.Fatalf("found %v, want the user %q alone", found, other)
	}
	if got := found[0].Get(attrUserName).Text(); got != "ben@example.com" {
		t.Errorf("the matching attribute is returned in any case, got %q", got)
	}
}

func testUpdate(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	c.update(t, directory.User, anchor,
		replacing(text(attrDisplay, "Ada B."), directory.Str("Ada Ito")),
		replacing(text(attrGivenName, "Adele"), directory.Str("Ada")),
		replacing(text(attrEmail, "adele@work.example"), directory.Str("ada@work.example")),
		replacing(text(attrDepartment, "Ops"), directory.Str("R&D")),
		text(attrPhone, "+47 2"))
	c.expect(t, directory.User, anchor, map[string]directory.Value{
		attrUserName: directory.Str("ada@example.com"), attrDisplay: directory.Str("Ada B."), attrActive: directory.Bool(true),
		attrGivenName: directory.Str("Adele"), attrEmail: directory.Str("adele@work.example"),
		attrDepartment: directory.Str("Ops"), attrPhone: directory.Str("+47 2"),
	})
	// An attribute that stands alone has a form of its own in one dialect.
	c.update(t, directory.User, anchor, replacing(text(attrUserName, "adele@example.com"), directory.Str("ada@example.com")))
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrUserName: directory.Str("adele@example.com")})
}

func testDisable(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	op := plan.Operation{Action: plan.Disable, Type: directory.User, TargetAnchor: anchor,
		Changes: []plan.Change{replacing(text(attrActive, "False"), directory.Bool(true))}}
	if _, err := c.Apply(t.Context(), op); err != nil {
		t.Fatalf("disable: %v", err)
	}
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrActive: directory.Bool(false), attrDisplay: directory.Str("Ada Ito")})
	if found := c.find(t, directory.User, attrUserName, "ada@example.com"); len(found) != 1 {
		t.Errorf("a disabled user is still found, got %d", len(found))
	}
	c.update(t, directory.User, anchor, replacing(text(attrActive, "True"), directory.Bool(false)))
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrActive: directory.Bool(true)})
}

func testDelete(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	op := plan.Operation{Action: plan.Delete, Type: directory.User, TargetAnchor: anchor}
	o, err := c.Apply(t.Context(), op)
	if err != nil {
		t.Fatalf("delete: %v", err)
	}
	if o.Anchor != anchor {
		t.Errorf("delete of %q returned the anchor %q", anchor, o.Anchor)
	}
	_, err = c.Get(t.Context(), directory.User, anchor, nil)
	c.expectClass(t, "get after delete", err, connectors.Gone)
	_, err = c.Apply(t.Context(), op)
	c.expectClass(t, "second delete", err, connectors.Gone)
	if found := c.find(t, directory.User, attrUserName, "ada@example.com"); len(found) != 0 {
		t.Errorf("found %v after delete", found)
	}
	if again := c.create(t, directory.User, ada()...); again == anchor {
		t.Errorf("a new user has the anchor %q of a deleted one", again)
	}
}

func testConflict(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.User, ada()...)
	_, err := c.Apply(t.Context(), plan.Operation{Action: plan.Create, Type: directory.User,
		Changes: []plan.Change{text(attrUserName, "ada@example.com"), text(attrDisplay, "Somebody else"), isActive()}})
	c.expectClass(t, "second create", err, connectors.Conflict)
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrDisplay: directory.Str("Ada Ito")})
}

func testGone(t *testing.T, c *targetCase) {
	const nobody = "b1946ac9-2492-4a5b-8d3c-0123456789ab"
	for _, typ := range []directory.ObjectType{directory.User, directory.Group} {
		_, err := c.Get(t.Context(), typ, nobody, []string{attrDisplay})
		c.expectClass(t, string(typ)+" get", err, connectors.Gone)
		_, err = c.Apply(t.Context(), plan.Operation{Action: plan.Update, Type: typ, TargetAnchor: nobody, Changes: []plan.Change{text(attrDisplay, "x")}})
		c.expectClass(t, string(typ)+" update", err, connectors.Gone)
		_, err = c.Apply(t.Context(), plan.Operation{Action: plan.Delete, Type: typ, TargetAnchor: nobody})
		c.expectClass(t, string(typ)+" delete", err, connectors.Gone)
	}
}

// testCharacters uses values that a filter, a URL or JSON could trip over.
func testCharacters(t *testing.T, c *targetCase) {
	for _, name := range []string{
		"a+b@example.com", "o'brien@example.com", `quote"d@example.com`, `back\slash@example.com`, "zoë.ärm@exämple.com",
		"percent%41&amp=1;x?y#z@example.com", "two words@example.com", "日本語@example.com", "[type eq work]@example.com",
	} {
		anchor := c.create(t, directory.User, text(attrUserName, name), text(attrDisplay, "<"+name+">"), isActive())
		found := c.find(t, directory.User, attrUserName, name, attrDisplay)
		if len(found) != 1 || found[0].Anchor != anchor {
			t.Errorf("%q: found %v, want %q", name, found, anchor)
			continue
		}
		if got := found[0].Get(attrDisplay).Text(); got != "<"+name+">" {
			t.Errorf("display name %q came back as %q", "<"+name+">", got)
		}
	}
}

func testManager(t *testing.T, c *targetCase) {
	boss := c.create(t, directory.User, text(attrUserName, "boss@example.com"), text(attrDisplay, "Boss"), isActive())
	other := c.create(t, directory.User, text(attrUserName, "other@example.com"), text(attrDisplay, "Other"), isActive())
	anchor := c.create(t, directory.User, ada()...)
	c.update(t, directory.User, anchor, reference(plan.Add, attrManager, directory.Ref(boss)))
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrManager: directory.Ref(boss), attrDepartment: directory.Str("R&D")})
	c.update(t, directory.User, anchor, replacing(reference(plan.Replace, attrManager, directory.Ref(other)), directory.Ref(boss)))
	c.expect(t, directory.User, anchor, map[string]directory.Value{attrManager: directory.Ref(other)})
}

func testGroup(t *testing.T, c *targetCase) {
	anchor := c.create(t, directory.Group, text(attrDisplay, "Sales"), text("externalId", "g-1"))
	c.expect(t, directory.Group, anchor, map[string]directory.Value{attrDisplay: directory.Str("Sales"), "externalId": directory.Str("g-1")})
	found := c.find(t, directory.Group, attrDisplay, "Sales")
	if len(found) != 1 || found[0].Anchor != anchor || found[0].Type != directory.Group {
		t.Fatalf("found %v, want the group %q", found, anchor)
	}
	c.update(t, directory.Group, anchor, replacing(text(attrDisplay, "Marketing"), directory.Str("Sales")))
	c.expect(t, directory.Group, anchor, map[string]directory.Value{attrDisplay: directory.Str("Marketing")})
	if _, err := c.Apply(t.Context(), plan.Operation{Action: plan.Delete, Type: directory.Group, TargetAnchor: anchor}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	_, err := c.Get(t.Context(), directory.Group, anchor, nil)
	c.expectClass(t, "get after delete", err, connectors.Gone)
}

func testMembers(t *testing.T, c *targetCase) {
	if c.h.Members == nil {
		t.Skip("the harness cannot read members")
	}
	var users []string
	for _, name := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
		users = append(users, c.create(t, directory.User, text(attrUserName, name), text(attrDisplay, name), isActive()))
	}
	group := c.create(t, directory.Group, text(attrDisplay, "Sales"))
	expect := func(want ...string) {
		t.Helper()
		got := slices.Sorted(slices.Values(c.h.Members(t, group)))
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members differ (-want +got):\n%s", diff)
		}
	}
	c.update(t, directory.Group, group, reference(plan.Add, attrMembers, anchors(users[:3]...)))
	expect(users[0], users[1], users[2])
	c.update(t, directory.Group, group, reference(plan.Add, attrMembers, anchors(users[0], users[3])))
	expect(users...)
	c.update(t, directory.Group, group,
		reference(plan.Remove, attrMembers, anchors(users[1], users[2])), replacing(text(attrDisplay, "Marketing"), directory.Str("Sales")))
	expect(users[0], users[3])
	c.expect(t, directory.Group, group, map[string]directory.Value{attrDisplay: directory.Str("Marketing")})
}
