package scim

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

func read(t testing.TB, typ directory.ObjectType, body string, types map[string]string, want ...string) map[string]directory.Value {
	t.Helper()
	r, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	targets, err := (&resolver{types: types}).resolveAll(typ, want)
	if err != nil {
		t.Fatal(err)
	}
	return flatten(r, targets)
}

func TestFlatten(t *testing.T) {
	str, none := directory.Str, directory.Value{}
	const work = `emails[type eq "work"].value`
	for _, tt := range []struct {
		body string
		name string
		want directory.Value
	}{
		{`{"userName":"ada"}`, "userName", str("ada")},
		{`{"USERNAME":"ada"}`, "userName", str("ada")},
		{`{"username":"b","USERNAME":"a"}`, "userName", str("a")},
		{`{"username":"b","userName":"exact"}`, "userName", str("exact")},
		{`{"userName":null}`, "userName", none},
		{`{"userName":""}`, "userName", str("")},
		{`{}`, "userName", none},
		{`{"title":7}`, "title", str("7")},
		{`{"title":true}`, "title", str("True")},
		{`{"title":{"a":"b"}}`, "title", directory.Struct(directory.Field{Name: "a", Value: str("b")})},
		{`{"title":["x"]}`, "title", directory.Strs("x")},
		{`{"Name":{"GivenName":"Ada"}}`, "name.givenName", str("Ada")},
		{`{"name":"Ada"}`, "name.givenName", none},
		{`{"name":[{"givenName":"Ada"}]}`, "name.givenName", none},
		{`{"active":true}`, "active", directory.Bool(true)},
		{`{"active":"False"}`, "active", directory.Bool(false)},
		{`{"active":"yes"}`, "active", str("yes")},
		{`{"active":1}`, "active", str("1")},

		{`{"emails":[{"type":"home","value":"h"},{"type":"Work","value":"w"}]}`, work, str("w")},
		{`{"emails":[{"value":"w"}]}`, work, none},
		{`{"emails":[]}`, work, none},
		{`{"emails":{"type":"work","value":"w"}}`, work, str("w")},
		{`{"emails":["w",null,3]}`, work, none},
		{`{"emails":[{"type":"work"}]}`, work, none},
		{`{"emails":[{"type":"work","primary":"true"}]}`, `emails[type eq "work"].primary`, directory.Bool(true)},
		{`{"emails":[{"type":"work","primary":true,"value":"a"},{"type":"work","primary":false,"value":"b"}]}`,
			`emails[type eq "work" and primary eq false].value`, str("b")},
		{`{"roles":[{"value":"a"},{"primary":true,"value":"b"}]}`, `roles[primary eq "True"].value`, str("b")},
		{`{"emails":[{"value":"a"},{"value":"b"}]}`, "emails", directory.Strs("a", "b")},
		{`{"roles":[{"value":"a","display":"A"}]}`, "roles", directory.Of(directory.Struct(
			directory.Field{Name: "display", Value: str("A")}, directory.Field{Name: "value", Value: str("a")}))},

		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D"}}`, ent + "department", str("R&D")},
		{`{"URN:ietf:params:scim:schemas:extension:Enterprise:2.0:User":{"Department":"R&D"}}`, ent + "department", str("R&D")},
		{`{"department":"R&D"}`, ent + "department", none},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":"x"}`, ent + "department", none},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m1","$ref":"../Users/m1"}}}`, ent + "manager", directory.Ref("m1")},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":"m1"}}`, ent + "manager", directory.Ref("m1")},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":5}}}`, ent + "manager", directory.Ref("5")},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":""}}}`, ent + "manager", none},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{}}}`, ent + "manager", none},
		{`{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":null}}`, ent + "manager", none},
		{`{"urn:ietf:params:scim:schemas:core:2.0:User":{"x":1},"userName":"ada"}`, "urn:ietf:params:scim:schemas:core:2.0:User:userName", str("ada")},

		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"badge":{"color":"red"}}}`, contoso + "badge.color", str("red")},
		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"level":"7"}}`, contoso + "level", directory.Int(7)},
		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"level":7}}`, contoso + "level", directory.Int(7)},
		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"level":7.5}}`, contoso + "level", str("7.5")},
		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"since":"soon"}}`, contoso + "since", str("soon")},
		{`{"urn:ietf:params:scim:schemas:extension:contoso:2.0:User":{"tags":[{"value":"a"},"b"]}}`, contoso + "tags", directory.Strs("a", "b")},
	} {
		got := read(t, directory.User, tt.body, map[string]string{contoso + "level": "integer", contoso + "since": "dateTime"}, tt.name)
		want := map[string]directory.Value{}
		if !tt.want.IsNull() {
			want[tt.name] = tt.want
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s of %s (-want +got):\n%s", tt.name, tt.body, diff)
		}
	}
}

func TestFlattenMembers(t *testing.T) {
	for body, want := range map[string]directory.Value{
		`{"members":[{"value":"u1","display":"x"},{"Value":"u2"},{},null]}`: refs("u1", "u2"),
		`{"members":["u1"]}`:         refs("u1"),
		`{"members":{"value":"u1"}}`: refs("u1"),
		`{"members":[]}`:             refs(),
	} {
		if diff := cmp.Diff(map[string]directory.Value{"members": want}, read(t, directory.Group, body, nil, "members")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

// FuzzRead reads anything as an answer: nothing may panic, and what is accepted
// must have an id that can stand in a URL.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		oneID, emptyList, `{"totalResults":1,"Resources":[` + oneID + `]}`, `{"id":"u1","emails":[{"type":"work","value":"x"}],"active":"True"}`,
		`{"id":7,"members":[{"value":"a"},"b",null]}`, `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m"}}}`,
		`<html>`, `{"id":`, `[]`, `{"roles":[{"value":{"x":[1]}}]}`, "\xff\xfe{", `{"detail":"x","scimType":3}`,
	} {
		f.Add([]byte(s))
	}
	names := []string{"userName", "active", "name.givenName", `emails[type eq "work"].value`, `emails[type eq "work"].primary`,
		"emails", "roles", `roles[primary eq "True"].value`, ent + "manager", ent + "department", contoso + "badge.color", contoso + "level", "members"}
	r := &resolver{types: map[string]string{contoso + "level": "integer"}}
	users, err := r.resolveAll(directory.User, names)
	if err != nil {
		f.Fatal(err)
	}
	groups, err := r.resolveAll(directory.Group, names)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := decode(body)
		if err != nil {
			return
		}
		if id, err := idOf(m); err == nil && (id == "" || id == "." || id == "..") {
			t.Errorf("the id %q is accepted", id)
		}
		resources, _, _ := list(m)
		for _, m := range append(resources, m) {
			flatten(m, users)
			flatten(m, groups)
		}
	})
}
