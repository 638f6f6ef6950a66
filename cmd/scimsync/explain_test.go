package main

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/mapping"
)

// TestMappingList: what flows has a sign, and a reason that several mappings
// share stands once.
func TestMappingList(t *testing.T) {
	got := mappingList([]engine.ExplainedMapping{
		{Target: "userName", Source: "mail", Type: "Direct", Value: directory.Str("ada@contoso.com"), Reason: "shown already"},
		{
			Target: "title", Source: `Join(" ", [jobTitle], [city])`, Type: "Expression", Value: directory.Str("Boss"), Flows: true,
			Current: directory.Str("Clerk"), Reason: "replaces what the application shows",
		},
		{Target: "active", Source: "x", Type: "Direct", Apply: mapping.OnCreate, Reason: "shown already"},
		{Target: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", Source: "department", Type: "Direct", Reason: "empty"},
	}, 60)
	const want = `
Attribute mappings: + is written when a cycle looks at the object
The others, where nothing else is said: shown already
    userName: ada@contoso.com
      Direct mail
  + title: Boss
      Expression Join(" ", [jobTitle], [city]); replaces
      what the application shows: Clerk
    active: -
      Direct, onCreate x
    …enterprise:2.0:User:department: -
      Direct department; empty
`
	if got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}
