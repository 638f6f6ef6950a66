package scimpath

import (
	"encoding/json"
	"fmt"
	"testing"
)

const bjensen = `{
 "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
 "id": "Abc", "externalId": "Ext", "userName": "BJensen", "active": true, "title": "", "nickName": null, "age": 42,
 "name": {"familyName": "O'Malley", "givenName": "Barbara"},
 "emails": [{"type": "work", "value": "b@Example.com", "primary": true}, {"type": "home", "value": "b@home.org"}],
 "tags": ["red", "Green"], "phoneNumbers": [],
 "roles": [{"primary": true, "value": "Editor"}],
 "meta": {"lastModified": "2011-05-13T04:42:34.500Z", "resourceType": "User"},
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "m1"}}}`

func resource(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(bjensen), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatch(t *testing.T) {
	r := resource(t)
	for in, want := range map[string]bool{
		`userName eq "bjensen"`:        true,
		`USERNAME eq "bjensen"`:        true,
		`userName ne "bjensen"`:        false,
		`id eq "abc"`:                  false,
		`id eq "Abc"`:                  true,
		`externalId eq "ext"`:          false,
		`name.familyName co "o'm"`:     true,
		`userName sw "bj"`:             true,
		`userName ew "EN"`:             true,
		`title pr`:                     false,
		`title eq ""`:                  true,
		`title eq null`:                true,
		`nickName pr`:                  false,
		`nickName eq null`:             true,
		`nickName ne "x"`:              true,
		`nickName eq "x"`:              false,
		`userName ne null`:             true,
		`userName eq null`:             false,
		`phoneNumbers pr`:              false,
		`phoneNumbers eq null`:         true,
		`name pr`:                      true,
		`active eq true`:               true,
		`active eq "True"`:             true,
		`active ne "False"`:            true,
		`active eq false`:              false,
		`active eq "yes"`:              false,
		`age gt 41`:                    true,
		`age le 41.5`:                  false,
		`age eq 42.0`:                  true,
		`age eq "42"`:                  false,
		`userName gt 1`:                false,
		`userName gt "a"`:              true,
		`emails co "example.com"`:      true,
		`emails.value eq "B@home.ORG"`: true,
		`emails eq "b@home.org"`:       true,
		`emails ne "b@home.org"`:       true,
		`emails.type eq "fax"`:         false,
		`emails[type eq "work"]`:       true,
		`emails[type eq "fax"]`:        false,
		`emails[type eq "work"].value eq "b@example.com"`: true,
		`emails[type eq "home"].value eq "b@example.com"`: false,
		`emails[type eq "home"].primary pr`:               false,
		`emails[type eq "work" and value ew "org"]`:       false,
		`roles[primary eq "True"].value eq "editor"`:      true,
		`tags eq "green"`:      true,
		`tags[value eq "red"]`: true,
		`schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"`:          true,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "bjensen"`: true,
		enterprise + `:department eq "r&d"`:                                true,
		enterprise + `:manager eq "m1"`:                                    true,
		enterprise + `:manager.value eq "m1"`:                              true,
		enterprise + ` pr`:                                                 true,
		`manager eq "m1"`:                                                  false,
		`urn:none:such:x pr`:                                               false,
		`meta.lastModified gt "2011-05-13T04:42:34Z"`:                      true,
		`meta.lastModified eq "2011-05-13T06:42:34.5+02:00"`:               true,
		`meta.lastModified lt "2011-05-13T04:42:34Z"`:                      false,
		`not (userName eq "bjensen") or active eq true`:                    true,
		`not (userName eq "bjensen" or active eq true)`:                    false,
		`userName eq "bjensen" and active eq false`:                        false,
	} {
		f, err := ParseFilter(in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got := Match(f, r); got != want {
			t.Errorf("%s: got %t", in, got)
		}
	}
}

func TestLookup(t *testing.T) {
	r := resource(t)
	for in, want := range map[string]string{
		"username":                     "[BJensen]",
		"name.givenname":               "[Barbara]",
		"emails.value":                 "[b@Example.com b@home.org]",
		`emails[type eq "home"].value`: "[b@home.org]",
		"tags":                         "[red Green]",
		"nickName":                     "[]",
		"userName.x":                   "[]",
		enterprise + ":Department":     "[R&D]",
		enterprise + ".department":     "[R&D]",
	} {
		p, err := Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(Lookup(r, p)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestGetTakesTheExactNameFirst(t *testing.T) {
	m := map[string]any{"NAME": 1, "Name": 2, "name": 3}
	if Get(m, "name") != 3 || Get(m, "nAME") != 1 || Get(m, "other") != nil {
		t.Errorf("got %v, %v, %v", Get(m, "name"), Get(m, "nAME"), Get(m, "other"))
	}
}
