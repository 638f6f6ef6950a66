package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// The body of Entra's POST (Microsoft Learn, "Develop and plan provisioning
// for a SCIM endpoint"), with a custom extension that schemas does not name.
const entraUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "externalId":"dana","userName":"dana@ex.com","active":true,"displayName":"Dana <Ito> & Co",
 "emails":[{"primary":true,"type":"work","value":"dana@ex.com"}],
 "name":{"formatted":"Dana Ito","familyName":"Ito","givenName":"Dana"},
 "meta":{"resourceType":"User"},"roles":[],"title":null,
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"R&D","division":null},
 "` + custom + `":{"tag":"t","count":12345678901234567890,"nothing":null}}`

func TestCreateUser(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	r := a.do("POST", "/Users", entraUser)
	want := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","` + custom + `","` + enterprise + `"],` +
		`"id":"u1","externalId":"dana","userName":"dana@ex.com","displayName":"Dana <Ito> & Co",` +
		`"name":{"familyName":"Ito","formatted":"Dana Ito","givenName":"Dana"},"active":true,` +
		`"emails":[{"primary":true,"type":"work","value":"dana@ex.com"}],` +
		`"` + custom + `":{"count":12345678901234567890,"tag":"t"},"` + enterprise + `":{"department":"R&D"},` +
		`"meta":{"created":"2026-01-02T03:04:05.000Z","lastModified":"2026-01-02T03:04:05.000Z",` +
		`"location":"http://app.test/scim/v2/Users/u1","resourceType":"User","version":"W/\"1\""}}`
	if r.status != 201 || r.body != want {
		t.Errorf("%d\n got %s\nwant %s", r.status, r.body, want)
	}
	if r.header.Get("Location") != "http://app.test/scim/v2/Users/u1" || r.header.Get("ETag") != `W/"1"` ||
		r.header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("headers %v", r.header)
	}
	if got := a.do("GET", "/Users/u1", ""); got.body != want || got.status != 200 {
		t.Errorf("GET: %d %s", got.status, got.body)
	}
	wantJSON(t, "stored", a.stored("u1"), `{"externalId":"dana","userName":"dana@ex.com","displayName":"Dana <Ito> & Co",
		"name":{"familyName":"Ito","formatted":"Dana Ito","givenName":"Dana"},"active":true,
		"emails":[{"primary":true,"type":"work","value":"dana@ex.com"}],
		"`+custom+`":{"count":12345678901234567890,"tag":"t"},"`+enterprise+`":{"department":"R&D"}}`)
}

func TestCreateGroup(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	u := a.user("ada", `,"displayName":"Ada"`)
	v := a.user("bob")
	inner := a.group("Inner")
	for name, body := range map[string]string{
		"Entra's example": `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"o1","displayName":"Ops","meta":{"resourceType":"Group"}}`,
		"captured":        `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"externalId":"o2","displayName":"Dev","members":[]}`,
	} {
		m := a.must("POST", "/Groups", body)
		if m["members"] != nil || fmt.Sprint(m["schemas"]) != "[urn:ietf:params:scim:schemas:core:2.0:Group]" {
			t.Errorf("%s: %v", name, m)
		}
	}
	m := a.must("POST", "/Groups", groupBody("G", u, v, inner, u))
	wantJSON(t, "members", m["members"], `[
		{"value":"u1","display":"Ada","type":"User","$ref":"http://app.test/scim/v2/Users/u1"},
		{"value":"u2","display":"bob","type":"User","$ref":"http://app.test/scim/v2/Users/u2"},
		{"value":"u3","display":"Inner","type":"Group","$ref":"http://app.test/scim/v2/Groups/u3"}]`)
	wantJSON(t, "groups", a.must("GET", "/Users/u1", "")["groups"],
		`[{"value":"`+m["id"].(string)+`","display":"G","type":"direct","$ref":"http://app.test/scim/v2/Groups/`+m["id"].(string)+`"}]`)
}

func TestManagerIsReturnedAsAnObject(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	a.user("boss", `,"displayName":"Boss"`)
	m := a.must("POST", "/Users", userStart+`"userName":"ada","`+enterprise+`":{"manager":"u1"}}`)
	want := `{"manager":{"value":"u1","displayName":"Boss","$ref":"http://app.test/scim/v2/Users/u1"}}`
	wantJSON(t, "manager", m[enterprise], want)
	a.must("PATCH", "/Users/u1", patchBody(`{"op":"replace","path":"displayName","value":"Chief"}`))
	wantJSON(t, "manager", a.must("GET", "/Users/u2", "")[enterprise], strings.Replace(want, "Boss", "Chief", 1))
}

func TestPut(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	id := a.user("ada", ada)
	m := a.must("PUT", "/Users/"+id, userStart+`"id":"other","meta":{"version":"x"},"groups":[{"value":"x"}],"userName":"ADA","title":"T"}`)
	wantJSON(t, "answer", plain(m), `{"userName":"ADA","title":"T"}`)
	if m["id"] != id || m["meta"].(map[string]any)["version"] != `W/"2"` {
		t.Errorf("got %v", m)
	}
	b := a.user("bob")
	g := a.group("G", id, b)
	a.must("PUT", "/Groups/"+g, groupBody("H", b))
	if got := a.members(g); got != b {
		t.Errorf("members %q", got)
	}
	a.must("PUT", "/Groups/"+g, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"H"}`)
	if got := a.members(g); got != "" {
		t.Errorf("members %q", got)
	}
}

func TestDeleteRemovesReferences(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	u, v := a.user("ada"), a.user("bob", `,"`+enterprise+`":{"manager":"u1","department":"D"}`)
	w := a.user("cid", `,"`+enterprise+`":{"manager":"u1"}`)
	inner := a.group("Inner", u)
	g := a.group("G", u, v, inner)
	if r := a.do("DELETE", "/Users/"+u, ""); r.status != 204 || r.body != "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := a.do("DELETE", "/Users/"+u, ""); r.status != 404 {
		t.Errorf("the second time: %d", r.status)
	}
	if a.members(inner) != "" || a.members(g) != v+" "+inner {
		t.Errorf("members %q and %q", a.members(inner), a.members(g))
	}
	wantJSON(t, "bob", a.stored(v)[enterprise], `{"department":"D"}`)
	wantJSON(t, "cid", a.stored(w)[enterprise], `null`)
	m := a.must("GET", "/Users/"+w, "")
	wantJSON(t, "schemas", m["schemas"], `["urn:ietf:params:scim:schemas:core:2.0:User"]`)
	if m["meta"].(map[string]any)["version"] != `W/"2"` {
		t.Errorf("meta %v", m["meta"])
	}
	a.must("DELETE", "/Groups/"+inner, "")
	if a.members(g) != v {
		t.Errorf("members %q", a.members(g))
	}
	a.must("DELETE", "/Groups/"+g, "")
	if m := a.must("GET", "/Users/"+v, ""); m["groups"] != nil {
		t.Errorf("groups %v", m["groups"])
	}
}

func TestVersions(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := newApp(t, sandbox.Options{Now: func() time.Time { return now }})
	id := a.user("ada")
	now = now.Add(time.Hour)
	patch := patchBody(`{"op":"add","path":"title","value":"T"}`)
	wantError(t, "stale", a.do("PATCH", "/Users/"+id, patch, "If-Match", `W/"7"`), 412, "", `the User 'u1' has the version W/"1", not W/"7": read it again`)
	r := a.do("PATCH", "/Users/"+id, patch, "If-Match", `W/"1"`)
	wantJSON(t, "meta", decode(t, r.body)["meta"], `{"resourceType":"User","version":"W/\"2\"","location":"http://app.test/scim/v2/Users/u1",
		"created":"2026-01-01T00:00:00.000Z","lastModified":"2026-01-01T01:00:00.000Z"}`)
	if r := a.do("GET", "/Users/"+id, "", "If-None-Match", `W/"1", W/"2"`); r.status != 304 || r.body != "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := a.do("GET", "/Users/"+id, "", "If-None-Match", `W/"1"`); r.status != 200 {
		t.Errorf("%d", r.status)
	}
	if r := a.do("DELETE", "/Users/"+id, "", "If-Match", "*"); r.status != 204 {
		t.Errorf("%d", r.status)
	}
}

func TestBasePaths(t *testing.T) {
	for given, want := range map[string]string{"": "/scim/v2", "/": "", "scim/": "/scim", "/a/b": "/a/b"} {
		a := newApp(t, sandbox.Options{BasePath: given})
		if a.BasePath() != want {
			t.Errorf("%q: %q", given, a.BasePath())
		}
		a.user("x")
		a.must("GET", "/Users/", "")
	}
	a := newApp(t, sandbox.Options{BasePath: "/scim"})
	for _, path := range []string{"http://app.test/scimx/Users", "http://app.test/Users"} {
		r, err := a.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		if r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestSeed(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	err := a.Seed([]map[string]any{
		{"id": "a", "userName": "ada", enterprise: map[string]any{"manager": "b"}, "emails": []map[string]string{{"value": "a@x.org"}}},
		{"id": "b", "userName": "bob"}, {"userName": "cid"},
	}, []map[string]any{{"id": "g", "displayName": "G", "members": []map[string]any{{"value": "a"}, {"value": "u1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, "ada", a.stored("a"), `{"userName":"ada","emails":[{"value":"a@x.org"}],"`+enterprise+`":{"manager":{"value":"b"}}}`)
	if a.members("g") != "a u1" {
		t.Errorf("members %q", a.members("g"))
	}
	if m := a.must("GET", "/Users/a", ""); m["meta"].(map[string]any)["version"] != `W/"1"` {
		t.Errorf("meta %v", m["meta"])
	}
	users, groups := a.Users(), a.Groups()
	for want, bad := range map[string][2][]map[string]any{
		"user 2 of the seed: a User with the userName 'ADA' exists already: a":                            {{{"userName": "new"}, {"userName": "ADA"}}, nil},
		"user 1 of the seed: the id 'g' exists already":                                                   {{{"userName": "new", "id": "g"}}, nil},
		"user 'new' of the seed: the manager 'x' is no user here: create the manager first":               {{{"userName": "new", enterprise: map[string]any{"manager": "x"}}}, nil},
		"group 1 of the seed: the member 'x' is neither a user nor a group here: create it first":         {{{"userName": "new"}}, {{"displayName": "H", "members": []map[string]any{{"value": "x"}}}}},
		"user 1 of the seed: a User needs 'userName', and it must not be empty":                           {{nil}, nil},
		"user 1 of the seed: the attribute 'username2' is not defined for User; did you mean 'userName'?": {{{"username2": "x"}}, nil},
	} {
		if err := a.Seed(bad[0], bad[1]); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		wantSame(t, "users", users, a.Users())
		wantSame(t, "groups", groups, a.Groups())
	}
	a.Reset()
	if len(a.Users())+len(a.Groups()) != 0 {
		t.Error("something is left")
	}
	a.user("ada") // free again
}

func TestSnapshotsAreCopies(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	a.user("b", ada)
	a.user("A")
	a.group("G", "u1")
	if got := a.Users(); got[0]["userName"] != "A" || got[1]["userName"] != "b" {
		t.Errorf("not sorted: %v", got)
	}
	users, groups := a.Users(), a.Groups()
	users[1]["name"].(map[string]any)["givenName"] = "changed"
	users[1]["emails"].([]any)[0].(map[string]any)["value"] = "changed"
	groups[0]["members"].([]any)[0].(map[string]any)["value"] = "changed"
	groups[0]["meta"].(map[string]any)["version"] = "changed"
	if text := fmt.Sprint(a.Users(), a.Groups()); strings.Contains(text, "changed") {
		t.Errorf("changed from outside: %s", text)
	}
}

// TestParallel is for the race detector; it also shows that nothing is lost.
func TestParallel(t *testing.T) {
	a := newApp(t, sandbox.Options{OnRequest: func(sandbox.Recorded) {}})
	g := a.group("G")
	const workers, each = 8, 20
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("w%d-%d", w, i)
				id := a.user(name, `,"displayName":"D"`)
				a.must("PATCH", "/Groups/"+g, patchBody(`{"op":"Add","path":"members","value":[{"value":"`+id+`"}]}`))
				a.must("PATCH", "/Users/"+id, patchBody(`{"op":"Add","path":"emails[type eq \"work\"].value","value":"x"}`))
				a.must("GET", "/Users?filter=displayName+eq+%22d%22&count=3", "")
				a.must("GET", "/Groups/"+g, "")
				if i%2 == 0 {
					a.must("DELETE", "/Users/"+id, "")
				}
				a.Users()
			}
		})
	}
	wg.Wait()
	var want []string
	for _, u := range a.Users() {
		want = append(want, u["id"].(string))
	}
	got := strings.Fields(a.members(g))
	slices.Sort(want)
	slices.Sort(got)
	if len(want) != workers*each/2 || !slices.Equal(got, want) {
		t.Errorf("%d users, %d members", len(want), len(got))
	}
}
