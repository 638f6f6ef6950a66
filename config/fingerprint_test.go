package config

import (
	"strings"
	"testing"
)

const fingerprinted = `
name: blogin
source: {kind: export, users: users.json, groups: groups.json, assignments: a.json}
target: {kind: scim, tenantURL: "https://app.example.com/scim", secretToken: "${env:TOKEN}"}
settings:
  scope: assigned
  assigned: {groups: [Sales, Support], users: [ada@contoso.com]}
mappings:
  users:
    actions: [create, update]
    scopingFilters:
      - title: Sales
        clauses: [{attribute: department, operator: EQUALS, value: Sales}]
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {source: jobTitle, target: title}
`

func TestFingerprint(t *testing.T) {
	original := load(t, fingerprinted).Fingerprint()
	// It is stored: another value starts a new initial cycle of every job.
	if want := "c58758fb20f7897ff4c3574cddadc3ad33e0df755c777c779fa332940eec5034"; original != want {
		t.Errorf("the fingerprint is %s, it was %s", original, want)
	}
	for _, tc := range []struct {
		what, old, new string
		same           bool
	}{
		{"a comment", "name: blogin", "name: blogin # the tutorial", true},
		{"quotation marks and style", "{source: jobTitle, target: title}", "target: \"title\"\n        source: 'jobTitle'", true},
		{"a default written out", "target: title}", "target: title, apply: always, flowNullValues: false}", true},
		{"the name", "name: blogin", "name: other", true},
		{"the interval", "scope: assigned", "scope: assigned\n  interval: 1h", true},
		{"concurrency", "scope: assigned", "scope: assigned\n  concurrency: 2", true},
		{"mail", "scope: assigned", "scope: assigned\n  notificationEmail: a@b", true},
		{"the token", "${env:TOKEN}", "${env:KEY}", true},
		{"a file", "users: users.json", "users: people.json", true},
		{"a filter's title", "title: Sales", "title: Sellers", true},
		{"the order of names", "[Sales, Support]", "[Support, Sales]", true},
		{"a slash at the end of the URL", "/scim\"", "/scim/\"", true},
		{"the scope", "scope: assigned", "scope: all", false},
		{"assigned groups", "[Sales, Support]", "[Sales]", false},
		{"assigned users", "ada@", "eve@", false},
		{"skipOutOfScopeDeletions", "scope: assigned", "scope: assigned\n  skipOutOfScopeDeletions: true", false},
		{"actions", "[create, update]", "[create, update, delete]", false},
		{"a clause", "value: Sales", "value: Support", false},
		{"an operator", "EQUALS", "NOT EQUALS", false},
		{"a source", "jobTitle", "department", false},
		{"a constant", "source: jobTitle", "constant: jobTitle", false},
		{"a default", "target: title}", "target: title, default: Clerk}", false},
		{"apply", "target: title}", "target: title, apply: onCreate}", false},
		{"the tenant URL", "app.example.com", "app.example.org", false},
		{"the dialect", "/scim\"", "/scim?aadOptscim062020\"", false},
		{"flattenNestedGroups", "target: {", "target: {behavior: {flattenNestedGroups: true}, ", false},
		{"flattenNestedGroups by its default", "target: {", "target: {behavior: {flattenNestedGroups: false}, ", true},
		{"a switch", "target: {", "target: {behavior: {onMissingTarget: rematch}, ", false},
		{"a switch of the client", "target: {", "target: {behavior: {managerRemoval: remove}, ", false},
		{"a profile that changes nothing", "target: {", "target: {profile: entra, ", true},
		{"a profile", "target: {", "target: {profile: entra2018, ", false},
		{"members to a PATCH", "target: {", "target: {membersPerPatch: 10, ", true},
		{"groups", "mappings:", "mappings:\n  groups: {}", false},
		{"users off", "actions:", "enabled: false\n    actions:", false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			changed := strings.Replace(fingerprinted, tc.old, tc.new, 1)
			if changed == fingerprinted {
				t.Fatal("nothing was changed")
			}
			if same := load(t, changed).Fingerprint() == original; same != tc.same {
				t.Errorf("same fingerprint: %v", same)
			}
		})
	}
}

// The default mapping is the same whether it is written out or not.
func TestFingerprintOfDefaults(t *testing.T) {
	if load(t, head).Fingerprint() != load(t, head+"mappings: {users: {}, groups: {}}").Fingerprint() {
		t.Error("the fingerprints differ")
	}
}
