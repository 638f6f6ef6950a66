package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/connectortest/npmserver"
)

// server is a SCIM server that others wrote.
type server struct {
	name     string
	host     string // the script that starts it: node HOST PORT TOKEN
	basePath string
	token    string
	flag     string // of the tenant URL
	members  string // where the members of a group are read, if SCIM does not show them
}

var servers = []server{
	{name: "better-auth, default dialect", host: "better-auth/better-auth.mjs", basePath: "/api/auth/scim/v2", token: strings.Repeat("better-auth-token-", 3)},
	{name: "better-auth, aadOptscim062020", host: "better-auth/better-auth.mjs", basePath: "/api/auth/scim/v2", token: strings.Repeat("better-auth-token-", 3), flag: "?aadOptscim062020"},
	{name: "scimmy, default dialect", host: "scimmy/scimmy.mjs", basePath: "/scim", token: "scimmy-token"},
	{name: "scimmy, aadOptscim062020", host: "scimmy/scimmy.mjs", basePath: "/scim", token: "scimmy-token", flag: "?aadOptscim062020"},
	{name: "saml-jackson, default dialect", host: "saml-jackson/saml-jackson.cjs", basePath: "/scim", token: "saml-jackson-token", members: "/api/v1/dsync/groups/%s/members"},
	{name: "saml-jackson, aadOptscim062020", host: "saml-jackson/saml-jackson.cjs", basePath: "/scim", token: "saml-jackson-token", members: "/api/v1/dsync/groups/%s/members", flag: "?aadOptscim062020"},
}

// temper names the server and the PATCH dialect that it is spoken to in.
func (s server) temper() temper {
	name, _, _ := strings.Cut(s.name, ",")
	if s.flag != "" {
		return temper{name, "compliant"}
	}
	return temper{name, "standard"}
}

// start starts the server until the test ends and returns its tenant URL,
// without a flag.
func (s server) start(t *testing.T) string {
	t.Helper()
	return "http://" + npmserver.Start(t, s.host, nil, "0", s.token).Address() + s.basePath
}

// person is a user of the test's directory, and what a simple model of the
// mapping makes of it.
type person struct {
	name, title, department string
	manager                 string
	blocked                 bool
}

func (p person) json() map[string]any {
	u := map[string]any{
		"id": idFor(p.name), "userPrincipalName": p.name + "@contoso.com", "mail": p.name + "@contoso.com",
		"displayName": strings.ToUpper(p.name), "givenName": p.name, "surname": "Test", "accountEnabled": !p.blocked,
		"mailNickname": p.name, "businessPhones": []string{"+1 555 " + fmt.Sprint(len(p.name)*111)},
	}
	if p.title != "" {
		u["jobTitle"] = p.title
	}
	if p.department != "" {
		u["department"] = p.department
	}
	if p.manager != "" {
		u["manager"] = map[string]any{"id": idFor(p.manager)}
	}
	return u
}

func idFor(name string) string {
	return fmt.Sprintf("00000000-0000-4000-8000-%012x", []byte(name + "\x00\x00\x00\x00\x00\x00")[:6])
}

// company is the directory of a test.
type company struct {
	people map[string]person
	groups map[string][]string // members by group; "Staff" is the one that is assigned
}

func (c company) export(t *testing.T, dir string) {
	t.Helper()
	var users, groups []any
	for _, name := range slices.Sorted(maps.Keys(c.people)) {
		users = append(users, c.people[name].json())
	}
	for _, name := range slices.Sorted(maps.Keys(c.groups)) {
		members := []any{}
		for _, m := range c.groups[name] {
			members = append(members, map[string]any{"id": idFor(m)})
		}
		groups = append(groups, map[string]any{"id": idFor("g-" + name), "displayName": name, "members": members})
	}
	for file, list := range map[string][]any{"users.json": users, "groups.json": groups} {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			t.Fatal(err)
		}
		write(t, dir, file, string(b))
	}
}

// account is what a test reads back of a user of the application.
type account struct {
	Active                                    bool
	Title, Given, Email, Phone, Dept, Manager string
}

// model is what a test reads back of an application.
type model struct {
	accounts map[string]account
	groups   map[string][]string
}

// accounts reads all users of the application.
func accounts(t *testing.T, url, token string) map[string]account {
	t.Helper()
	var list struct {
		Resources []struct {
			ID           string
			UserName     string
			Active       any
			Title        string
			Name         struct{ GivenName string }
			Emails       []struct{ Type, Value string }
			PhoneNumbers []struct{ Type, Value string }
			Enterprise   struct {
				Department string
				Manager    struct{ Value string }
			} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
		}
	}
	readList(t, url+"/Users?count=500", token, &list)
	names := map[string]string{}
	for _, r := range list.Resources {
		names[r.ID] = r.UserName
	}
	found := map[string]account{}
	for _, r := range list.Resources {
		a := account{
			Active: fmt.Sprint(r.Active) == "true", Title: r.Title, Given: r.Name.GivenName,
			Dept: r.Enterprise.Department, Manager: names[r.Enterprise.Manager.Value],
		}
		for _, e := range r.Emails {
			if e.Type == "work" {
				a.Email = e.Value
			}
		}
		for _, p := range r.PhoneNumbers {
			if p.Type == "work" {
				a.Phone = p.Value
			}
		}
		if _, twice := found[r.UserName]; twice {
			t.Errorf("%s is there twice", r.UserName)
		}
		found[r.UserName] = a
	}
	return found
}

// memberships reads the members of all groups of the application, by name.
func memberships(t *testing.T, url, token string) map[string][]string {
	t.Helper()
	var users struct {
		Resources []struct{ ID, UserName string }
	}
	readList(t, url+"/Users?count=500", token, &users)
	names := map[string]string{}
	for _, u := range users.Resources {
		names[u.ID] = strings.TrimSuffix(u.UserName, "@contoso.com")
	}
	var groups struct {
		Resources []struct {
			ID, DisplayName string
			Members         []struct{ Value string }
		}
	}
	readList(t, url+"/Groups?count=500", token, &groups)
	found := map[string][]string{}
	for _, g := range groups.Resources {
		members := []string{}
		for _, m := range g.Members {
			members = append(members, names[m.Value])
		}
		slices.Sort(members)
		found[g.DisplayName] = members
	}
	return found
}

func readList(t *testing.T, url, token string, list any) {
	t.Helper()
	status, body, err := get(url, token)
	if err != nil || status != 200 {
		t.Fatalf("%s: %d %v\n%s", url, status, err, body)
	}
	if err := json.Unmarshal([]byte(body), list); err != nil {
		t.Fatalf("%s: %v\n%s", url, err, body)
	}
}

const serverJob = `name: test
source: {kind: export, users: users.json, groups: groups.json}
target:
  kind: scim
  tenantURL: %q
  secretToken: %q
settings:
  scope: assigned
  assigned: {groups: [Staff]}
  recycleBin: 0s
mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
      - {source: displayName, target: displayName}
      - {source: jobTitle, target: title}
      - {source: mail, target: 'emails[type eq "work"].value'}
      - {source: givenName, target: name.givenName}
      - {source: surname, target: name.familyName}
      - {expression: 'Join(" ", [givenName], [surname])', target: name.formatted}
      - {source: telephoneNumber, target: 'phoneNumbers[type eq "work"].value'}
      - {source: mailNickname, target: externalId}
      - {source: department, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'}
      - {source: manager, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
  groups:
    attributes:
      - {source: displayName, target: displayName, matchingPrecedence: 1}
      - {source: objectId, target: externalId}
      - {source: members, target: members}
`
