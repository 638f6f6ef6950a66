package sandbox_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestPatchCombinations holds every operation, path and value together
// against what FuzzPatchBody demands: nothing breaks, a refused PATCH changes
// nothing, and what was taken can be read and put back. A first operation that
// always succeeds shows whether a refusal of the second undoes it.
func TestPatchCombinations(t *testing.T) {
	paths := []string{
		"", "userName", "displayName", "title", "active", "password", "id", "meta", "meta.version", "schemas", "groups",
		"name", "name.givenName", "name.givenName.x", "emails", "emails.value", "emails.primary", "userName.x",
		`emails[type eq "work"]`, `emails[type eq "work"].value`, `emails[type eq "fax"]`, `emails[type eq "fax"].primary`,
		`emails[type ne "x"].display`, `emails[not (type eq "x")]`, `emails[primary eq true]`, `roles[primary eq "True"].value`,
		`displayName[value eq "x"]`, `name[givenName eq "Ada"].familyName`, "members", "members.value", "members.display",
		`members[value eq "u1"]`, `members[value eq "u2"].value`, `members[display pr]`, `members[value eq ""]`,
		"manager", enterprise, enterprise + ":manager", enterprise + ":manager.value", enterprise + ":manager.displayName",
		enterprise + ":department", enterprise + ":nope", enterprise + ".department", custom, custom + ":tag", custom + ":tag.x",
		custom + `:tag[value eq "a"]`, custom + `:new[a eq 1].b`, custom + ":new.b", custom + ":new", "urn:a:b:c", "nope", " ", "[", "a b",
	}
	values := []string{
		`null`, `""`, `"u1"`, `"u2"`, `"True"`, `true`, `7`, `[]`, `{}`, `[null]`, `[[]]`, `["x"]`, `[{"value":"u1"}]`, `[{"value":"u9"}]`,
		`{"value":"u1"}`, `{"value":""}`, `{"value":null}`, `{"value":{"value":"x"}}`, `{"givenName":"G"}`, `{"givenName":null}`,
		`[{"value":"a","primary":true},{"value":"b","primary":true}]`, `{"primary":true}`, `{"a":[{"b":null}]}`,
		`{"userName":"B","members":[{"value":"u2"}],"displayName":"H"}`, `{"name.givenName":"G","emails[type eq \"fax\"].value":"f"}`,
		`{"` + enterprise + `":{"manager":"u2","department":null}}`, `{"` + custom + `":{"tag":[1,null]},"` + custom + `:tag.x":1}`,
	}
	for _, verb := range []string{"Add", "replace", "REMOVE"} {
		for _, path := range paths {
			for _, value := range values {
				p, err := json.Marshal(path)
				if err != nil {
					t.Fatal(err)
				}
				o := fmt.Sprintf(`{"op":%q,"path":%s,"value":%s}`, verb, p, value)
				if path == "" {
					o = fmt.Sprintf(`{"op":%q,"value":%s}`, verb, value)
				}
				fuzzPatch(t, patchBody(`{"op":"replace","path":"displayName","value":"Changed"}`, o))
				if t.Failed() {
					t.Fatalf("^ %s", o)
				}
			}
		}
	}
}
