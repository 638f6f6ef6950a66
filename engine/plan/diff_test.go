package plan_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
)

var values = cmp.AllowUnexported(directory.Value{})

func TestDifferences(t *testing.T) {
	str := directory.Str
	current := directory.Object{Type: directory.User, Anchor: "u1", Attributes: map[string]directory.Value{
		"active": directory.Bool(true), "title": str("Clerk"), "nickName": str("Di"), "level": directory.Int(7),
		"tags": directory.Strs("b", "a"), "empty": str(""),
	}}
	for name, tt := range map[string]struct {
		v    mapping.Value
		want []plan.Change
	}{
		"the same":                {mapping.Value{Target: "title", Value: str("Clerk")}, nil},
		"another":                 {mapping.Value{Target: "title", Value: str("clerk")}, []plan.Change{{Attribute: "title", Verb: plan.Replace, Old: str("Clerk"), New: str("clerk")}}},
		"not there":               {mapping.Value{Target: "locale", Value: str("en")}, []plan.Change{{Attribute: "locale", Verb: plan.Add, New: str("en")}}},
		"there and empty":         {mapping.Value{Target: "empty", Value: str("x")}, []plan.Change{{Attribute: "empty", Verb: plan.Add, Old: str(""), New: str("x")}}},
		"a boolean as text":       {mapping.Value{Target: "active", Value: str("True")}, nil},
		"the other one":           {mapping.Value{Target: "active", Value: str("False")}, []plan.Change{{Attribute: "active", Verb: plan.Replace, Old: directory.Bool(true), New: str("False")}}},
		"a number as text":        {mapping.Value{Target: "level", Value: str("7")}, nil},
		"a set in another order":  {mapping.Value{Target: "tags", Value: directory.Strs("a", "b")}, nil},
		"another set":             {mapping.Value{Target: "tags", Value: directory.Strs("a")}, []plan.Change{{Attribute: "tags", Verb: plan.Replace, Old: directory.Strs("b", "a"), New: directory.Strs("a")}}},
		"on creation alone":       {mapping.Value{Target: "title", Value: str("Chief"), OnCreate: true}, nil},
		"a reference":             {mapping.Value{Target: "manager", Value: directory.Ref("x"), Reference: true}, nil},
		"cleared":                 {mapping.Value{Target: "nickName"}, nil},
		"cleared, nulls flow":     {mapping.Value{Target: "nickName", FlowNull: true}, []plan.Change{{Attribute: "nickName", Verb: plan.Remove, Old: str("Di"), New: str("Di")}}},
		"never there, nulls flow": {mapping.Value{Target: "locale", FlowNull: true}, nil},
	} {
		op, differs := plan.Differences(plan.Update, []mapping.Value{tt.v}, current)
		if diff := cmp.Diff(tt.want, op.Changes, values); diff != "" || differs != (tt.want != nil) {
			t.Errorf("%s: %v\n%s", name, differs, diff)
		}
	}
}

func TestNewObject(t *testing.T) {
	op, ok := plan.NewObject(directory.User, []mapping.Value{
		{Target: "userName", Value: directory.Str("ada")}, {Target: "title", FlowNull: true},
		{Target: "manager", Value: directory.Ref("x"), Reference: true}, {Target: "locale", Value: directory.Str("en"), OnCreate: true},
	})
	want := []plan.Change{{Attribute: "userName", Verb: plan.Add, New: directory.Str("ada")}, {Attribute: "locale", Verb: plan.Add, New: directory.Str("en")}}
	if diff := cmp.Diff(want, op.Changes, values); diff != "" || !ok {
		t.Error(diff)
	}
	if _, ok := plan.NewObject(directory.User, nil); ok {
		t.Error("an object of nothing")
	}
}

// TestMembersLeadFromKnownToWanted carries out the operations on a set.
func TestMembersLeadFromKnownToWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.StringMatching(`[a-f]{1,2}`), rapid.ID)
		known := map[string]struct{}{}
		for _, id := range ids.Draw(t, "known") {
			known[id] = struct{}{}
		}
		wanted := ids.Draw(t, "wanted")
		var refs []directory.Value
		for _, id := range wanted {
			refs = append(refs, directory.Ref(id))
		}
		batch := rapid.IntRange(0, 3).Draw(t, "batch")
		held := map[string]struct{}{}
		for k := range known {
			held[k] = struct{}{}
		}
		touched := 0
		for _, op := range plan.Members(directory.Group, "g", "members", refs, plan.Membership{Known: known}, batch) {
			c := op.Changes[0]
			if n := len(c.New.Elements()); n == 0 || n > max(batch, 1) {
				t.Fatalf("a batch of %d", n)
			}
			for _, e := range c.New.Elements() {
				touched++
				if _, there := held[e.Anchor()]; there != (c.Verb == plan.Remove) {
					t.Fatalf("%s of %s", c.Verb, e.Anchor())
				}
				if c.Verb == plan.Remove {
					delete(held, e.Anchor())
				} else {
					held[e.Anchor()] = struct{}{}
				}
			}
		}
		if len(held) != len(wanted) || touched > len(known)+len(wanted) {
			t.Fatalf("held %v, wanted %v", held, wanted)
		}
		for _, id := range wanted {
			if _, ok := held[id]; !ok {
				t.Fatalf("%s is missing", id)
			}
		}
	})
}

func TestReference(t *testing.T) {
	for name, tt := range map[string]struct {
		wanted, current directory.Value
		verb            plan.Verb
	}{
		"none wanted": {directory.Value{}, directory.Ref("a"), ""},
		"there":       {directory.Ref("a"), directory.Ref("a"), ""},
		"new":         {directory.Ref("a"), directory.Value{}, plan.Add},
		"another":     {directory.Ref("a"), directory.Ref("b"), plan.Replace},
		"not yet":     {directory.KnownAfterCreate("a"), directory.Value{}, plan.Add},
	} {
		op, ok := plan.Reference(directory.User, "u", "manager", tt.wanted, tt.current)
		if ok != (tt.verb != "") || ok && op.Changes[0].Verb != tt.verb {
			t.Errorf("%s: %+v", name, op)
		}
	}
}

func TestRenderKeepsValuesFromTheTerminal(t *testing.T) {
	var b bytes.Buffer
	evil := "Eve\x1b[2J\x1b]0;owned\a\u202e\r\nroot"
	entries := []plan.Entry{{
		Action: plan.Update, ObjectType: directory.User, DisplayName: evil, Reason: evil,
		ModifiedProperties: []plan.Property{{DisplayName: "title", OldValue: &evil, NewValue: &evil, NewName: evil}},
		Error:              &plan.EntryError{Code: "x", Message: evil},
	}}
	err := plan.Renderer{W: &b}.Render("title", func(yield func(plan.Entry, error) bool) {
		for _, e := range entries {
			yield(e, nil)
		}
	}, plan.Summary{Update: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\a\r\u202e") {
		t.Errorf("%q", b.String())
	}
	if n := slices.Compact(strings.Split(b.String(), "\n")); len(n) < 5 {
		t.Errorf("%q", b.String())
	}
}

func TestRedactedValuesAreNotShown(t *testing.T) {
	ops := []plan.Operation{{Changes: []plan.Change{
		{Attribute: "secret", Verb: plan.Replace, Old: directory.Str("old"), New: directory.Str("new")},
		{Attribute: "title", Verb: plan.Add, New: directory.Str("Chief")},
	}}}
	got := plan.Properties(ops, func(a string) bool { return a == "secret" })
	r, chief := plan.Redacted, "Chief"
	want := []plan.Property{{DisplayName: "secret", OldValue: &r, NewValue: &r}, {DisplayName: "title", NewValue: &chief}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
