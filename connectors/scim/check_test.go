package scim

import (
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

func TestCheckAttribute(t *testing.T) {
	const user, group = directory.User, directory.Group
	for _, tt := range []struct {
		t    directory.ObjectType
		path string
		says string // "" if the path is right
	}{
		{user, "userName", ""}, {user, "externalId", ""}, {user, "active", ""}, {user, "name.givenName", ""}, {user, "password", ""},
		{user, `emails[type eq "work"].value`, ""}, {user, `emails[type eq "other"].primary`, ""}, {user, `phoneNumbers[type eq "fax"].value`, ""},
		{user, `addresses[type eq "work"].formatted`, ""}, {user, `roles[primary eq "True"].value`, ""}, {user, "roles", ""}, {user, "emails", ""},
		{user, ent + "department", ""}, {user, ent + "manager", ""}, {user, ent + "manager.value", ""},
		{user, "urn:ietf:params:scim:schemas:core:2.0:User:userName", ""},
		{user, contoso + "badge.color", ""}, {user, contoso + "anything", ""}, {group, "urn:contoso:2.0:Group:owner", ""},
		{group, "displayName", ""}, {group, "externalId", ""}, {group, "members", ""},

		{user, "usernam", `the core schema of a user has no attribute "usernam": did you mean userName?`},
		{user, "USERNAMES", "did you mean userName?"},
		{user, "givenName", "did you mean name.givenName?"},
		{user, "department", "did you mean " + ent + "department?"},
		{user, "managr", "did you mean " + ent + "manager?"},
		{user, "zzz", `has no attribute "zzz"`},
		{user, "name.firstName", `name has no sub-attribute "firstName"`},
		{user, "name.givnName", "did you mean givenName?"},
		{user, "name", "made of parts: name one, as in name.formatted"},
		{user, "userName.value", "simple attribute"},
		{user, `userName[type eq "work"].value`, "takes no filter"},
		{user, `emails[type eq "work"]`, `add its sub-attribute, as in emails[type eq "work"].value`},
		{user, `emails[typ eq "work"].value`, "did you mean type?"},
		{user, `emails[type eq "work"].valu`, "did you mean value?"},
		{user, "emails.value", `choose one, as in emails[type eq "work"].value`},
		{user, `emails[type co "work"].value`, "no filter that chooses one element"},
		{user, `emails[type eq "work" or type eq "home"].value`, "no filter that chooses one element"},
		{user, `emails[type eq "work"`, "target attribute"},
		{user, "entitlements", "Entra does not support it"}, {user, `entitlements[type eq "x"].value`, "Entra does not support it"},
		{user, "groups", "set by the application"}, {user, "meta.created", "set by the application"},
		{user, ent + "departmnt", "the enterprise schema of a user has no attribute \"departmnt\": did you mean department?"},
		{user, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "whole schema"},
		{user, "urn:ietf:params:scim:schemas:core:2.0:Group:members", "not the one of a user"},
		{user, "members", "no attribute"},
		{user, contoso + `tags[type eq "x"]`, "whole element"},
		{user, "", "target attribute"}, {user, "a b", "target attribute"},
		{group, "userName", "the core schema of a group"}, {group, "displayname2", "did you mean displayName?"},
		{group, ent + "department", "for users"},
	} {
		err := CheckAttribute(tt.t, tt.path)
		switch {
		case tt.says == "" && err != nil:
			t.Errorf("%s: %v", tt.path, err)
		case tt.says != "" && err == nil:
			t.Errorf("%s is accepted; want an error that says %q", tt.path, tt.says)
		case err != nil && !strings.Contains(err.Error(), tt.says):
			t.Errorf("%s: %q does not say %q", tt.path, err, tt.says)
		}
	}
}

func TestTypeOf(t *testing.T) {
	overrides := map[string]string{contoso + "level": "Integer", contoso + "since": "dateTime", contoso + "boss": "reference", "title": "boolean"}
	for path, want := range map[string]directory.AttributeType{
		"userName": directory.TypeString, "active": directory.TypeBoolean, `emails[type eq "work"].primary`: directory.TypeBoolean,
		ent + "manager": directory.TypeReference, "roles": directory.TypeString, contoso + "badge": directory.TypeString,
		contoso + "level": directory.TypeInteger, contoso + "since": directory.TypeDateTime, contoso + "boss": directory.TypeReference,
		"title": directory.TypeBoolean, "not a path[": directory.TypeString,
	} {
		if got := TypeOf(directory.User, path, overrides); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	a, err := Describe(directory.Group, "members", nil)
	if err != nil || a.Type != directory.TypeReference || !a.Multivalued {
		t.Errorf("members: %+v, error %v", a, err)
	}
	if a, err := Describe(directory.User, `emails[type eq "work"].value`, nil); err != nil || a.Multivalued {
		t.Errorf("one e-mail address: %+v, error %v", a, err)
	}
}

func TestParseTenantURL(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want TenantURL
		says string
	}{
		{"https://app.example.com", TenantURL{Base: "https://app.example.com"}, ""},
		{" https://app.example.com:8443/scim/v2// ", TenantURL{Base: "https://app.example.com:8443/scim/v2"}, ""},
		{"https://app.example.com/a%2Fb/", TenantURL{Base: "https://app.example.com/a%2Fb"}, ""},
		{"https://x.example/scim?aadOptscim062020", TenantURL{Base: "https://x.example/scim", Flags: "aadOptscim062020", Compliant: true}, ""},
		{"https://x.example/scim/?AADOPTSCIM062020=true&t=1", TenantURL{Base: "https://x.example/scim", Query: "t=1", Flags: "AADOPTSCIM062020=true", Compliant: true}, ""},
		{"https://x.example/?a=%20b&AzureAdScimPatch2017&c", TenantURL{Base: "https://x.example", Query: "a=%20b&c", Flags: "AzureAdScimPatch2017"}, ""},
		{"https://x.example/?aadOptscim062020=false", TenantURL{Base: "https://x.example", Flags: "aadOptscim062020=false"}, ""},
		{"http://localhost:8080/scim", TenantURL{Base: "http://localhost:8080/scim"}, ""},
		{"http://127.0.0.1:1", TenantURL{Base: "http://127.0.0.1:1"}, ""},
		{"http://[::1]:1/x", TenantURL{Base: "http://[::1]:1/x"}, ""},
		{"http://app.example.com", TenantURL{}, "unencrypted"},
		{"app.example.com/scim", TenantURL{}, "must be absolute"},
		{"/scim", TenantURL{}, "must be absolute"}, {"", TenantURL{}, "must be absolute"}, {"https://", TenantURL{}, "must be absolute"},
		{"https://:443/", TenantURL{}, "must be absolute"}, {"https:app", TenantURL{}, "must be absolute"},
		{"127.0.0.1:8880/scim/v2", TenantURL{}, "http:// or https:// is missing"}, {"localhost:8880", TenantURL{}, "http:// or https:// is missing"},
		{"[::1]:8880/scim", TenantURL{}, "http:// or https:// is missing"}, {"app.example.com:443/scim", TenantURL{}, ": https:// is missing"},
		{"ftp://app.example.com", TenantURL{}, "must begin with https"},
		{"https://user:hunter2@app.example.com", TenantURL{}, "user name"},
		{"https://user:hunter2@app.example.com:x", TenantURL{}, "no URL"},
		{"https://user:hunter2/3@app.example.com", TenantURL{}, "user name"}, {"https://user:hunter2?@app.example.com", TenantURL{}, "user name"},
		{"https://user:hunter2#@app.example.com", TenantURL{}, "user name"}, {"https://app.example.com:x", TenantURL{}, `no URL: invalid port ":x"`},
		{"https://app.example.com/#x", TenantURL{}, "fragment"}, {"https://app.example.com/#", TenantURL{}, "fragment"},
		{"https://x.example/?aadOptscim062020&AzureAdScimPatch2017", TenantURL{}, "contradict"},
	} {
		got, err := ParseTenantURL(tt.raw, false)
		if tt.says == "" && (err != nil || got != tt.want) {
			t.Errorf("%s: %+v, error %v", tt.raw, got, err)
		}
		if tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: error %v, want one that says %q", tt.raw, err, tt.says)
		}
	}
	for parameter, flag := range map[string]string{
		"aadOptscim62020": FlagCompliant, "AADoptscim": FlagCompliant, "addOptscim062020": FlagCompliant, "AzureADScimPatch": FlagRollback,
		"api_key": "", "a": "", "adscimversion": "",
	} {
		got, err := ParseTenantURL("https://x.example/?"+parameter+"=x", false)
		if err != nil || got.Query != parameter+"=x" || flag == "" != (got.Suspicious == "") || !strings.Contains(got.Suspicious, flag) {
			t.Errorf("%s: %+v, error %v", parameter, got, err)
		}
	}
	if got, err := ParseTenantURL("http://app.example.com/scim", true); err != nil || got.Base != "http://app.example.com/scim" {
		t.Errorf("http allowed: %+v, error %v", got, err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for says, opts := range map[string]Options{
		"must be absolute":        {},
		"none of boolean":         {TenantURL: "https://x.example", Types: map[string]string{"title": "text"}},
		"patch dialect":           {TenantURL: "https://x.example", Behavior: Behavior{Patch: "x"}},
		"manager removal":         {TenantURL: "https://x.example", Behavior: Behavior{ManagerRemoval: "x"}},
		"must not be negative":    {TenantURL: "https://x.example", MembersPerPatch: -1},
		"character at position 3": {TenantURL: "https://x.example", SecretToken: "ab\n"},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, want one that says %q", err, says)
		}
	}
}

func TestQueryEncode(t *testing.T) {
	for in, want := range map[string]string{
		`userName eq "a@ex.com"`: "userName+eq+%22a%40ex.com%22", "-_.!*()": "-_.!*()", "a+b&c=d/é~'[]%": "a%2bb%26c%3dd%2f%c3%a9%7e%27%5b%5d%25",
	} {
		if got := queryEncode(in); got != want {
			t.Errorf("%s is encoded as %s, want %s", in, got, want)
		}
	}
	if got := equals("userName", "a\"b\\c\n\xff"); got != `userName eq "a\"b\\c\n�"` {
		t.Errorf("filter %s", got)
	}
	if got := pathEncode("../a b?c%"); got != "..%2Fa%20b%3Fc%25" {
		t.Errorf("path %s", got)
	}
}
