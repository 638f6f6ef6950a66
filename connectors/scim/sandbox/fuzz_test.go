package sandbox_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

func wantSame(t testing.TB, what string, before, after any) {
	t.Helper()
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%s changed:\nbefore %v\nafter  %v", what, before, after)
	}
}

// FuzzPatchBody sends any body to a user and to a group: nothing may break,
// and a refused PATCH may not change anything.
func FuzzPatchBody(f *testing.F) {
	for _, s := range []string{
		patchBody(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}`),
		patchBody(`{"op":"replace","value":{"name.familyName":"X","` + enterprise + `:department":"Ops"}}`),
		patchBody(`{"op":"remove","path":"members[value eq \"u1\"]"}`, `{"op":"add","path":"members","value":[{"value":"u2"}]}`),
		patchBody(`{"op":"add","path":"`+custom+`:a[b eq 1].c","value":[{"d":null}]}`, `{"op":"add","path":"manager","value":"u1"}`),
		`{"schemas":[1,"urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"name"}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(fuzzPatch)
}

// FuzzPatchOperations does the same with bodies that are right on the outside.
func FuzzPatchOperations(f *testing.F) {
	add := func(verb, path, value, path2, value2 string) { f.Add(verb, path, value, path2, value2) }
	add("Replace", `emails[type eq "work"].value`, `"x"`, `emails[type eq "fax" and primary eq true]`, `{"value":"y"}`)
	add("add", "", `{"name.familyName":"X","`+enterprise+`:department":"Ops","`+custom+`":{"n":1}}`, "manager", `[{"value":"u1"}]`)
	add("remove", `members[value eq "u1"]`, "null", "members", `[{"$ref":null,"value":"u2"}]`)
	add("add", custom+`:a[b eq 1.5].c`, `[{"d":null},"e",{}]`, custom+":a.c", `[1]`)
	add("replace", "roles", `[{"primary":true,"value":"a"}]`, `roles[primary eq "True"].display`, `null`)
	add("remove", custom+":tag.x", "{}", "name.givenName", `""`)
	add("replace", enterprise+":manager.value", `"u1"`, enterprise+":manager", `{"value":""}`)
	add("add", "emails.primary", "true", "x509Certificates.value", `"AA=="`)
	f.Fuzz(func(t *testing.T, verb, path, value, path2, value2 string) {
		var operations []string
		for _, pair := range [][2]string{{path, value}, {path2, value2}} {
			o := map[string]any{"op": verb, "value": pair[1]}
			if json.Valid([]byte(pair[1])) {
				o["value"] = json.RawMessage(pair[1])
			}
			if pair[0] != "" {
				o["path"] = pair[0]
			}
			b, err := json.Marshal(o)
			if err != nil {
				t.Skip()
			}
			operations = append(operations, string(b))
		}
		fuzzPatch(t, patchBody(operations...))
	})
}

func fuzzPatch(t *testing.T, body string) {
	a := newApp(t, sandbox.Options{})
	u := a.user("ada", ada)
	b := a.user("b", `,"`+enterprise+`":{"manager":"`+u+`"}`)
	g := a.group("G", u, b)
	for _, path := range []string{"/Users/" + u, "/Groups/" + g} {
		users, groups := a.Users(), a.Groups()
		r := a.do("PATCH", path, body, "Content-Type", "application/json")
		if r.status >= 500 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if r.status >= 400 {
			decode(t, r.body)
			wantSame(t, "users", users, a.Users())
			wantSame(t, "groups", groups, a.Groups())
		}
		// What was taken can be read, and putting it back changes nothing.
		users, groups = a.Users(), a.Groups()
		m := a.do("GET", path, "")
		if m.status != 200 {
			t.Fatalf("%d %s", m.status, m.body)
		}
		if r := a.do("PUT", path, m.body); r.status != 200 {
			t.Fatalf("PUT of what GET returned: %d %s\n%s", r.status, r.body, m.body)
		}
		wantSame(t, "users, by a PUT of what GET returned,", users, a.Users())
		wantSame(t, "groups, by a PUT of what GET returned,", groups, a.Groups())
	}
}
