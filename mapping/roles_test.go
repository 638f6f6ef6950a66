package mapping

import (
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

// TestAssertiveRoles checks by what the target tells roles that replace those
// it has from roles that come to them.
func TestAssertiveRoles(t *testing.T) {
	role := func(name, text string) directory.Value {
		return directory.Struct(
			directory.Field{Name: "id", Value: directory.Str("r1")},
			directory.Field{Name: "value", Value: directory.Str("Editor")},
			directory.Field{Name: name, Value: directory.Str(text)},
		)
	}
	ada := directory.Object{Type: directory.User, Anchor: "a", Attributes: map[string]directory.Value{
		"userPrincipalName": directory.Str("ada@contoso.com"), roles: directory.Of(role("displayName", "Editor of texts")),
	}}
	for function, want := range map[string]directory.Value{
		"AppRoleAssignmentsComplex":          directory.Of(role("displayName", "Editor of texts")),
		"AssertiveAppRoleAssignmentsComplex": directory.Of(role("display", "Editor of texts")),
	} {
		m, err := Compile(directory.User, []Attribute{
			{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
			{Expression: function + "([appRoleAssignments])", Target: "roles"},
		})
		if err != nil {
			t.Fatal(err)
		}
		result, err := m.Map(ada, Input{})
		if err != nil || len(result.Values) != 2 || !result.Values[1].Value.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", function, result.Values, err, want)
		}
	}
}
