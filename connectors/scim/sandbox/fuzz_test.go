package sandbox_test

import (
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

// FuzzPatch sends any body to a user and to a group: nothing may break, and a
// refused PATCH may not change anything.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		patchBody(`{"op":"Replace","path":"emails[type eq \"work\"].value","value":"x"}`),
		patchBody(`{"op":"replace","value":{"name.familyName":"X","` + enterprise + `:department":"Ops"}}`),
		patchBody(`{"op":"remove","path":"members[value eq \"u1\"]"}`, `{"op":"add","path":"members","value":[{"value":"u2"}]}`),
		patchBody(`{"op":"add","path":"`+custom+`:a[b eq 1].c","value":[{"d":null}]}`, `{"op":"add","path":"manager","value":"u1"}`),
		patchBody(`{"op":"remove","path":"`+custom+`:tag.x"}`, `{"op":"add","path":"emails","value":[{"primary":true}]}`),
		`{"schemas":[1,"urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"name"}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
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
			// What was taken can be read, found, and put back as it is.
			m := a.do("GET", path, "")
			if m.status != 200 {
				t.Fatalf("%d %s", m.status, m.body)
			}
			if r := a.do("PUT", path, m.body); r.status != 200 {
				t.Fatalf("PUT of what GET returned: %d %s\n%s", r.status, r.body, m.body)
			}
		}
	})
}
