package mapping

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

func text(s string) *string { return &s }

// matching is a valid first attribute mapping, for tests about the second.
var matching = Attribute{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1}

func TestCompileErrors(t *testing.T) {
	for _, c := range []struct {
		name      string
		attribute Attribute
		want      string
	}{
		{"no target", Attribute{Source: "mail"}, `attribute mapping 2: no target is given: name the attribute of the application`},
		{"target twice", Attribute{Source: "mail", Target: "USERNAME"}, `attribute mapping 2 (USERNAME): the target is mapped already, by attribute mapping 1`},
		{"two origins", Attribute{Source: "mail", Constant: text("x"), Target: "title"}, `attribute mapping 2 (title): source, expression and constant exclude each other: give one of them`},
		{"nothing", Attribute{Target: "title"}, `attribute mapping 2 (title): maps nothing: give a source, an expression, a constant or a default`},
		{"nothing but an empty default", Attribute{Target: "title", Default: text("")}, `attribute mapping 2 (title): maps nothing: give a source, an expression, a constant or a default`},
		{"empty constant", Attribute{Target: "title", Constant: text("")}, `attribute mapping 2 (title): maps nothing: the constant is empty`},
		{"apply", Attribute{Source: "mail", Target: "title", Apply: "once"}, `attribute mapping 2 (title): unknown apply "once": it is always or onCreate`},
		{"type", Attribute{Source: "mail", Target: "title", Type: "Text"}, `attribute mapping 2 (title): unknown type "Text": it is one of String, Boolean, Integer, Reference, DateTime`},
		{"precedence twice", Attribute{Source: "mail", Target: "title", MatchingPrecedence: 1}, `attribute mapping 2 (title): matching precedence 1 is taken already, by attribute mapping 1 (userName)`},
		{"negative precedence", Attribute{Source: "mail", Target: "title", MatchingPrecedence: -1}, `attribute mapping 2 (title): matching precedence -1: the first is 1, and 0 does not match`},
		{"matching constant", Attribute{Constant: text("x"), Target: "title", MatchingPrecedence: 2}, `attribute mapping 2 (title): a mapping of type Constant cannot match: it has the same value for every object`},
		{"matching default", Attribute{Default: text("x"), Target: "title", MatchingPrecedence: 2}, `attribute mapping 2 (title): a mapping of type None cannot match: it has the same value for every object`},
		{"matching reference", Attribute{Source: "manager", Target: "manager", MatchingPrecedence: 2}, `attribute mapping 2 (manager): a reference cannot match: it is written after the object was found`},
		{"reference with default", Attribute{Source: "manager", Target: "manager", Default: text("1")}, `attribute mapping 2 (manager): a reference cannot have a default: it is the anchor of another object`},
		{"expression on a reference", Attribute{Expression: `Append([manager], "x")`, Target: "title"}, `attribute mapping 2 (title): an expression cannot work on manager, which refers to other objects: map it with source manager`},
		{"constant reference", Attribute{Constant: text("1"), Target: "manager", Type: directory.TypeReference}, `attribute mapping 2 (manager): a target of type Reference needs a source attribute that holds object ids`},
		{"brackets in source", Attribute{Source: "[mail]", Target: "title"}, `attribute mapping 2 (title): source "[mail]" has brackets, which belong to an expression: write source mail`},
		{"expression as source", Attribute{Source: `Join(" ", [givenName])`, Target: "title"}, `attribute mapping 2 (title): source "Join(\" \", [givenName])" is an expression: give it as the expression`},
		{"unique value on updates", Attribute{Expression: `SelectUniqueValue([mail], [displayName])`, Target: "title"}, `attribute mapping 2 (title): SelectUniqueValue looks for a value that nobody has yet, which is done on creation alone: add apply onCreate`},
		{"unique value that matches", Attribute{Expression: `SelectUniqueValue([mail], [displayName])`, Target: "title", Apply: OnCreate, MatchingPrecedence: 2}, `attribute mapping 2 (title): SelectUniqueValue cannot match: it gives a value that no object has`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(directory.User, []Attribute{matching, c.attribute})
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			var e *Error
			if !errors.As(err, &e) || e.Index != 1 || e.Target != c.attribute.Target {
				t.Errorf("error %+v", e)
			}
		})
	}
}

func TestExpressionErrorsAreKept(t *testing.T) {
	_, err := Compile(directory.User, []Attribute{matching, {Expression: `Joyn(" ", [mail])`, Target: "title"}})
	if err == nil || !strings.HasPrefix(err.Error(), "attribute mapping 2 (title): ") || !strings.Contains(err.Error(), "Joyn") {
		t.Fatalf("err = %v", err)
	}
	var e *Error
	var place *expr.Error
	if !errors.As(err, &e) || !errors.As(e, &place) || place.Line != 1 || place.Column != 1 {
		t.Errorf("error %+v, place %+v", e, place)
	}
}

func TestMatchingIsNeeded(t *testing.T) {
	_, err := Compile(directory.User, []Attribute{{Source: "mail", Target: "userName"}})
	want := "attribute mappings: none has a matching precedence: without one, objects cannot be found in the application"
	if err == nil || err.Error() != want {
		t.Errorf("err = %v, want %s", err, want)
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	_, err := Compile(directory.User, []Attribute{{Source: "mail"}, {Target: "title"}})
	want := "attribute mapping 1: no target is given: name the attribute of the application\n" +
		"attribute mapping 2 (title): maps nothing: give a source, an expression, a constant or a default\n" +
		"attribute mappings: none has a matching precedence: without one, objects cannot be found in the application"
	if err == nil || err.Error() != want {
		t.Errorf("err = %v", err)
	}
}

func TestWarnings(t *testing.T) {
	active := Attribute{Expression: SoftDeleteExpression, Target: "active"}
	for _, c := range []struct {
		name       string
		attributes []Attribute
		want       []string
	}{
		{"default users", DefaultUsers(), nil},
		{"mistyped source", []Attribute{matching, active, {Source: "departmnet", Target: "title"}},
			[]string{`attribute mapping 3 (title) reads "departmnet", which is no attribute of a user in Entra: did you mean department?`}},
		{"mistyped in an expression", []Attribute{matching, active, {Expression: `Append([jobTitel], "x")`, Target: "title"}},
			[]string{`attribute mapping 3 (title) reads "jobTitel", which is no attribute of a user in Entra: did you mean jobTitle?`}},
		{"own column", []Attribute{matching, active, {Source: "badgeColourNumber", Target: "title"}},
			[]string{`attribute mapping 3 (title) reads "badgeColourNumber", which is no attribute of a user in Entra: it is empty unless the source has a column of that name`}},
		{"extension", []Attribute{matching, active, {Source: "extension_0a_Team", Target: "title"}}, nil},
		{"flowNullValues on creation", []Attribute{matching, active, {Source: "jobTitle", Target: "title", Apply: OnCreate, FlowNullValues: true}},
			[]string{"attribute mapping 3 (title) has flowNullValues without effect: it clears values on updates, when the source has become empty"}},
		{"soft delete on creation alone", []Attribute{matching, {Source: "IsSoftDeleted", Target: "active", Apply: OnCreate}},
			[]string{"no attribute mapping that applies on updates reads IsSoftDeleted: users that leave scope are not disabled in the application"}},
		{"no soft delete", []Attribute{matching, {Source: "accountEnabled", Target: "active"}},
			[]string{"no attribute mapping that applies on updates reads IsSoftDeleted: users that leave scope are not disabled in the application"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Compile(directory.User, c.attributes)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, m.Warnings()); diff != "" {
				t.Error(diff)
			}
		})
	}
	m, err := Compile(directory.Group, DefaultGroups())
	if err != nil || m.Warnings() != nil {
		t.Errorf("default groups: %v, %v", m.Warnings(), err)
	}
}

func TestBareAttributeIsDirect(t *testing.T) {
	m, err := Compile(directory.User, []Attribute{
		matching,
		{Expression: " [manager] ", Target: "manager"},
		{Expression: `[urn:own:[x]]`, Target: "title"},
		{Expression: `Append([givenName], [Surname])`, Target: "name.formatted"},
		{Expression: `"constant"`, Target: "nickName"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []Kind
	for _, x := range m.Explain(directory.Object{}, Input{}) {
		kinds = append(kinds, x.Kind)
	}
	if diff := cmp.Diff([]Kind{Direct, Direct, Direct, Expression, Expression}, kinds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"manager"}, m.References()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"userPrincipalName", "manager", "urn:own:[x]", "givenName", "surname"}, m.SourceAttributes()); diff != "" {
		t.Error(diff)
	}
	if !m.Calls("append") || m.Calls("Join") {
		t.Error("Calls is wrong")
	}
}

func TestDefaultMappings(t *testing.T) {
	users, err := Compile(directory.User, DefaultUsers())
	if err != nil {
		t.Fatal(err)
	}
	const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	want := []string{
		"userName", "active", "displayName", "title", `emails[type eq "work"].value`, "preferredLanguage",
		"name.givenName", "name.familyName", "name.formatted",
		`addresses[type eq "work"].formatted`, `addresses[type eq "work"].streetAddress`, `addresses[type eq "work"].locality`,
		`addresses[type eq "work"].region`, `addresses[type eq "work"].postalCode`, `addresses[type eq "work"].country`,
		`phoneNumbers[type eq "work"].value`, `phoneNumbers[type eq "mobile"].value`, `phoneNumbers[type eq "fax"].value`,
		"externalId", urn + "employeeNumber", urn + "department", urn + "manager",
	}
	if diff := cmp.Diff(want, users.Targets()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{urn + "manager"}, users.References()); diff != "" {
		t.Error(diff)
	}
	if !users.HasSoftDelete() {
		t.Error("the default mapping has no IsSoftDeleted")
	}
	groups, err := Compile(directory.Group, DefaultGroups())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"displayName", "externalId", "members"}, groups.Targets()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"members"}, groups.References()); diff != "" {
		t.Error(diff)
	}
	if groups.HasSoftDelete() {
		t.Error("groups have no IsSoftDeleted")
	}
}
