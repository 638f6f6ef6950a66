package scim

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// TestKnownReferences asks before it writes, and writes what is not there.
func TestKnownReferences(t *testing.T) {
	hit := reply{status: 200, body: `{"totalResults":1,"Resources":[{"id":"g1"}]}`}
	none := reply{status: 200, body: emptyList}
	done := reply{status: 204}
	for name, tt := range map[string]struct {
		op      plan.Operation
		replies []reply
		writes  []string
	}{
		"manager there": {patch(directory.User, "u1", set(ent+"manager", directory.Ref("m1"))), []reply{hit}, nil},
		"manager removed without a value": {patch(directory.User, "u1", plan.Change{Attribute: ent + "manager", Verb: plan.Remove}), []reply{done},
			[]string{`{"schemas":["` + messagePatch + `"],"Operations":[{"op":"Replace","path":"` + ent + `manager","value":""}]}`}},
		"one member there": {patch(directory.Group, "g1", set("members", refs("u1", "u2"))), []reply{hit, none, done},
			[]string{`{"schemas":["` + messagePatch + `"],"Operations":[{"op":"Add","path":"members","value":[{"value":"u2"}]}]}`}},
		"one member gone": {patch(directory.Group, "g1", change(plan.Remove, "members", refs("u1", "u2"))), []reply{hit, none, done},
			[]string{`{"schemas":["` + messagePatch + `"],"Operations":[{"op":"Remove","path":"members","value":[{"value":"u1"}]}]}`}},
	} {
		target, s := newScripted(t, Options{MembersPerPatch: 5, Behavior: Behavior{CheckReferences: true}}, tt.replies...)
		_, err := target.Apply(context.Background(), tt.op)
		if nothing := errors.Is(err, connectors.ErrUnchanged); err != nil && !nothing || nothing != (tt.writes == nil) {
			t.Fatalf("%s: %v", name, err)
		}
		var writes []string
		for _, body := range s.bodies {
			if body != "" {
				writes = append(writes, body)
			}
		}
		if diff := cmp.Diff(tt.writes, writes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	target, _ := newScripted(t, Options{Behavior: Behavior{CheckReferences: true}}, reply{status: 200, body: "<html>"})
	if _, err := target.Apply(context.Background(), patch(directory.User, "u1", set(ent+"manager", directory.Ref("m1")))); err == nil {
		t.Error("a check that is answered by a web page passes")
	}
}

// TestAnswerOfApply has what a write tells of the object.
func TestAnswerOfApply(t *testing.T) {
	target, _ := newScripted(t, Options{}, reply{status: 201, body: `{"id":"u7","userName":"ADA","title":null}`})
	got, err := target.Apply(context.Background(), create(directory.User, set("userName", "ada"), set("title", "x")))
	want := directory.Object{Type: directory.User, Anchor: "u7", Attributes: map[string]directory.Value{"userName": directory.Str("ADA")}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

// TestElements writes several values of attributes in each shape they may have.
func TestElements(t *testing.T) {
	link := directory.Struct(directory.Field{Name: "value", Value: directory.Str("a@b")}, directory.Field{Name: "primary", Value: directory.Bool(true)})
	for _, tt := range []struct {
		name            string
		value           directory.Value
		standard, typed string
	}{
		{"emails", directory.Of(link), `[{"value":"{\"value\":\"a@b\",\"primary\":true}"}]`, `[{"value":"a@b","primary":true}]`},
		{"emails", directory.Strs("a", "b"), `[{"value":"a"},{"value":"b"}]`, `[{"value":"a"},{"value":"b"}]`},
		{contoso + "tags", directory.Strs("a", "b"), `[{"value":"a"},{"value":"b"}]`, `["a","b"]`},
		{"roles", directory.Strs("Admin", "{no json"), `[{"value":"Admin"},{"value":"{no json"}]`, `[{"value":"Admin"},{"value":"{no json"}]`},
	} {
		p, err := resolve(directory.User, tt.name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for enc, want := range map[encoding]string{asString: tt.standard, typed: tt.typed} {
			if got, err := elements(p, tt.value, enc, false); err != nil || string(got) != want {
				t.Errorf("%s: %s, want %s, error %v", tt.name, got, want, err)
			}
		}
	}
}
