package sandbox_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// ids lists the ids of an answer to a query.
func ids(m map[string]any) string {
	var all []string
	for _, r := range m["Resources"].([]any) {
		all = append(all, r.(map[string]any)["id"].(string))
	}
	return strings.Join(all, " ")
}

func TestFilters(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	a.user("boss", `,"externalId":"E1","displayName":"Same","active":true,"password":"x"`)
	a.user("Ada@x.org", `,"externalId":"e1","displayName":"Same","active":false,"emails":[{"type":"work","value":"a@x.org"}],"`+enterprise+`":{"manager":"u1","department":"R&D"},"`+custom+`":{"tag":"t"}`)
	a.user("bob", `,"displayName":"Bob","emails":[{"type":"home","value":"a@x.org"}]`)
	a.group("Ops", "u1", "u2") // u4
	a.group("Dev", "u3", "u4") // u5
	for _, c := range []struct{ endpoint, filter, want string }{
		{"Users", `userName eq "ada@X.ORG"`, "u2"},
		{"Users", `userName eq "nobody"`, ""},
		{"Users", `username EQ "bob"`, "u3"},
		{"Users", `externalId eq "e1"`, "u2"},
		{"Users", `externalId eq "E1"`, "u1"},
		{"Users", `id eq "u3"`, "u3"},
		{"Users", `id eq "U3"`, ""},
		{"Users", `displayName eq "same"`, "u1 u2"},
		{"Users", `displayName eq "same" and active eq false`, "u2"},
		{"Users", `displayName eq "same" or userName eq "bob"`, "u1 u2 u3"},
		{"Users", `not (displayName eq "same")`, "u3"},
		{"Users", `emails[type eq "work"].value eq "a@x.org"`, "u2"},
		{"Users", `emails.value eq "a@x.org"`, "u2 u3"},
		{"Users", `emails[type eq "home" and value sw "a"]`, "u3"},
		{"Users", `active eq "True"`, "u1"},
		{"Users", `password pr`, ""},
		{"Users", enterprise + `:department eq "r&d"`, "u2"},
		{"Users", custom + `:tag eq "T"`, "u2"},
		// Entra's reference check, in either order.
		{"Users", `id eq "u2" and manager eq "u1"`, "u2"},
		{"Users", `manager eq "u1" and id eq "u2"`, "u2"},
		{"Users", `id eq "u2" and manager eq "u3"`, ""},
		{"Users", `id eq "u3" and manager eq "u1"`, ""},
		{"Users", enterprise + `:manager.displayName eq "Same"`, "u2"},
		{"Users", `groups.display eq "ops"`, "u1 u2"},
		{"Users", `meta.location ew "/Users/u3"`, "u3"},
		{"Users", `meta.lastModified ge "2026-01-01T00:00:00Z"`, "u1 u2 u3"},
		{"Groups", `displayName eq "OPS"`, "u4"},
		{"Groups", `members eq "u2"`, "u4"},
		{"Groups", `id eq "u4" and members eq "u2"`, "u4"},
		{"Groups", `id eq "u5" and members eq "u2"`, ""},
		{"Groups", `members[value eq "u3"]`, "u5"},
		{"Groups", `members.type eq "group"`, "u5"},
		{"Groups", `members.display eq "bob"`, "u5"},
	} {
		m := a.must("GET", "/"+c.endpoint+"?filter="+url.QueryEscape(c.filter), "")
		if got := ids(m); got != c.want {
			t.Errorf("%s: got %q, want %q", c.filter, got, c.want)
		}
	}
}

func TestIndexFollowsChanges(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	id := a.user("old", `,"displayName":"D","externalId":"E"`)
	find := func(filter string) string {
		return ids(a.must("GET", "/Users?filter="+url.QueryEscape(filter), ""))
	}
	a.must("PATCH", "/Users/"+id, patchBody(`{"op":"replace","value":{"userName":"new","displayName":"D2"}}`, `{"op":"remove","path":"externalId"}`))
	if got := find(`userName eq "old"`) + find(`displayName eq "D"`) + find(`externalId eq "E"`); got != "" {
		t.Errorf("found by old values: %q", got)
	}
	if find(`userName eq "new"`) != id || find(`displayName eq "d2"`) != id {
		t.Error("not found by new values")
	}
	a.user("old") // free again
	a.must("DELETE", "/Users/"+id, "")
	if got := find(`userName eq "new"`); got != "" {
		t.Errorf("found after its deletion: %q", got)
	}
	a.user("new")
}

func TestPaging(t *testing.T) {
	a := newApp(t, sandbox.Options{MaxResults: 4})
	for i := range 12 {
		a.user(fmt.Sprintf("n%02d", 20-i), `,"title":"T"`)
	}
	for _, id := range []string{"u1", "u5"} {
		a.must("DELETE", "/Users/"+id, "")
	}
	for _, c := range []struct {
		query, want        string
		total, start, page int
	}{
		{"", "u2 u3 u4 u6", 10, 1, 4},
		{"startIndex=3&count=2", "u4 u6", 10, 3, 2},
		{"startIndex=9", "u11 u12", 10, 9, 2},
		{"startIndex=11", "", 10, 11, 0},
		{"startIndex=99", "", 10, 99, 0},
		{"startIndex=-5&count=1", "u2", 10, 1, 1},
		{"count=0", "", 10, 1, 0},
		{"count=-1", "", 10, 1, 0},
		{"count=100", "u2 u3 u4 u6", 10, 1, 4},
		{"filter=title+eq+%22t%22&startIndex=9", "u11 u12", 10, 9, 2},
		{"filter=title+eq+%22t%22&startIndex=99", "", 10, 99, 0},
		{"filter=userName+eq+%22n19%22", "u2", 1, 1, 1},
		{"filter=userName+eq+%2200000000-0000-0000-0000-000000000000%22", "", 0, 1, 0},
	} {
		m := a.must("GET", "/Users?"+c.query, "")
		if ids(m) != c.want || m["totalResults"] != float64(c.total) || m["startIndex"] != float64(c.start) || m["itemsPerPage"] != float64(c.page) {
			t.Errorf("%s: %v", c.query, m)
		}
	}
	r := a.do("GET", "/Users?filter=userName+eq+%22x%22", "")
	if want := `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`; r.body != want {
		t.Errorf("got %s", r.body)
	}
}

func TestAttributes(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	a.user("boss", `,"displayName":"Boss"`)
	id := a.user("ada", ada)
	a.must("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"manager","value":"u1"}`))
	g := a.group("G", "u2")
	for _, c := range []struct{ path, want string }{
		{"/Users/u2?attributes=id", `{}`},
		{"/Users/u2?attributes=", `{}`},
		{"/Users/u2?attributes=USERNAME,nope", `{"userName":"ada"}`},
		{"/Users/u2?attributes=name.givenName,emails.value", `{"name":{"givenName":"Ada"},"emails":[{"value":"ada@x.org"},{"value":"ada@h.org"}]}`},
		{"/Users/u2?attributes=emails.type,emails.value,userName", `{"userName":"ada","emails":[{"type":"work","value":"ada@x.org"},{"type":"home","value":"ada@h.org"}]}`},
		{"/Users/u2?attributes=" + enterprise + ":department," + enterprise + ":manager.value", `{"` + enterprise + `":{"department":"R&D","manager":{"value":"u1"}}}`},
		{"/Users/u2?attributes=" + custom, `{"` + custom + `":{"tag":"a","level":"True"}}`},
		{"/Users/u2?attributes=" + custom + ":TAG", `{"` + custom + `":{"tag":"a"}}`},
		{"/Users/u2?attributes=title", `{}`},
		{"/Users/u2?attributes=groups.display", `{"groups":[{"display":"G"}]}`},
		{"/Users/u2?attributes=name&excludedAttributes=name.familyName", `{"name":{"givenName":"Ada"}}`},
		{"/Users/u2?excludedAttributes=id,schemas,meta,groups,emails,roles,name,active," + enterprise + "," + custom, `{"userName":"ada","displayName":"Ada"}`},
		{"/Users/u2?attributes=" + enterprise + "&excludedAttributes=" + enterprise + ":manager", `{"` + enterprise + `":{"department":"R&D"}}`},
		{"/Users/u2?attributes=emails&excludedAttributes=emails.primary,emails.type", `{"emails":[{"value":"ada@x.org"},{"value":"ada@h.org"}]}`},
		{"/Groups/" + g + "?excludedAttributes=members,meta", `{"displayName":"G"}`},
		{"/Groups/" + g + "?attributes=members.value", `{"members":[{"value":"u2"}]}`},
	} {
		m := a.must("GET", c.path, "")
		if m["id"] == nil || m["schemas"] == nil {
			t.Errorf("%s: id or schemas are missing: %v", c.path, m)
		}
		delete(m, "id")
		delete(m, "schemas")
		wantJSON(t, c.path, m, c.want)
	}
	m := a.must("GET", "/Groups?excludedAttributes=members&filter=displayName+eq+%22g%22", "")
	if r := m["Resources"].([]any)[0].(map[string]any); r["members"] != nil || r["displayName"] != "G" {
		t.Errorf("got %v", r)
	}
}

func TestLegacyIgnoreExcludedAttributes(t *testing.T) {
	a := newApp(t, sandbox.Options{LegacyIgnoreExcludedAttributes: true})
	g := a.group("G", a.user("u"))
	if m := a.must("GET", "/Groups/"+g+"?excludedAttributes=members", ""); m["members"] == nil {
		t.Errorf("got %v", m)
	}
}

func TestOmitAttributes(t *testing.T) {
	a := newApp(t, sandbox.Options{OmitAttributes: []string{"active", enterprise + ":manager", "members", "emails.primary"}})
	boss := a.user("boss")
	m := a.must("POST", "/Users", userStart+`"userName":"ada"`+ada+`}`)
	id := m["id"].(string)
	a.must("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"manager","value":"`+boss+`"}`))
	g := a.group("G", id)
	for _, m := range []map[string]any{m, a.must("GET", "/Users/"+id, "")} {
		if m["active"] != nil || strings.Contains(fmt.Sprint(m["emails"]), "primary") || strings.Contains(fmt.Sprint(m), "manager") {
			t.Errorf("got %v", m)
		}
	}
	if m := a.must("GET", "/Groups/"+g, ""); m["members"] != nil {
		t.Errorf("got %v", m)
	}
	// They are there all the same.
	if a.stored(id)["active"] != true || a.members(g) != id {
		t.Errorf("stored %v", a.stored(id))
	}
	if got := ids(a.must("GET", "/Users?filter=active+eq+true", "")); got != id {
		t.Errorf("found %q", got)
	}
}
