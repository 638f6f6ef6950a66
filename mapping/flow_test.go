package mapping

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func compile(t testing.TB, object directory.ObjectType, attributes ...Attribute) *Mapping {
	t.Helper()
	m, err := Compile(object, attributes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func user(attributes map[string]directory.Value) directory.Object {
	return directory.Object{Type: directory.User, Anchor: "1", Attributes: attributes}
}

func ada() directory.Object {
	s := directory.Str
	return user(map[string]directory.Value{
		"objectId": s("1"), "userPrincipalName": s("ada@contoso.com"), "displayName": s("Ada Ito"),
		"givenName": s("Ada"), "surname": s("Ito"), "mail": s("ada@contoso.com"), "mailNickname": s("ada"),
		"jobTitle": s("Engineer"), "department": s("R&D"), "employeeId": s("42"), "preferredLanguage": s("en"),
		"telephoneNumber": s("+1 5"), "mobile": s("+1 6"), "facsimileTelephoneNumber": s("+1 7"),
		"physicalDeliveryOfficeName": s("1/2"), "streetAddress": s("Main 1"), "city": s("Rome"), "state": s("RM"),
		"postalCode": s("00100"), "country": s("IT"), "manager": directory.Ref("9"), "accountEnabled": directory.Bool(true),
	})
}

// values maps the object by these attributes beside the matching one and
// returns what follows the matching one's value.
func values(t *testing.T, o directory.Object, in Input, attributes ...Attribute) []Value {
	t.Helper()
	res, err := compile(t, directory.User, append([]Attribute{matching}, attributes...)...).Map(o, in)
	if err != nil {
		t.Fatal(err)
	}
	var rest []Value
	for _, v := range res.Values {
		if v.Target != matching.Target {
			rest = append(rest, v)
		}
	}
	return rest
}

func TestFlow(t *testing.T) {
	s := directory.Str
	for _, c := range []struct {
		name      string
		attribute Attribute
		source    directory.Value // of jobTitle
		want      []Value
	}{
		{"direct", Attribute{Source: "jobTitle"}, s("x"), []Value{{Value: s("x")}}},
		{"direct by another case", Attribute{Source: "JOBTITLE"}, s("x"), []Value{{Value: s("x")}}},
		{"direct on creation", Attribute{Source: "jobTitle", Apply: OnCreate}, s("x"), []Value{{Value: s("x"), OnCreate: true}}},
		{"boolean stays boolean", Attribute{Source: "jobTitle"}, directory.Bool(false), []Value{{Value: directory.Bool(false)}}},
		{"zero flows", Attribute{Source: "jobTitle"}, directory.Int(0), []Value{{Value: directory.Int(0)}}},
		{"null", Attribute{Source: "jobTitle"}, directory.Value{}, nil},
		{"empty text", Attribute{Source: "jobTitle"}, s(""), nil},
		{"empty list", Attribute{Source: "jobTitle"}, directory.Of(), nil},
		{"blank text", Attribute{Source: "jobTitle"}, s(" "), []Value{{Value: s(" ")}}},
		{"null with default", Attribute{Source: "jobTitle", Default: text("d")}, directory.Value{}, []Value{{Value: s("d"), OnCreate: true}}},
		{"value with default", Attribute{Source: "jobTitle", Default: text("d")}, s("x"), []Value{{Value: s("x")}}},
		{"null flows", Attribute{Source: "jobTitle", FlowNullValues: true}, s(""), []Value{{FlowNull: true}}},
		{"value where null would flow", Attribute{Source: "jobTitle", FlowNullValues: true}, s("x"), []Value{{Value: s("x")}}},
		{"null flows, and a default", Attribute{Source: "jobTitle", FlowNullValues: true, Default: text("d")}, s(""), []Value{{Value: s("d"), OnCreate: true}, {FlowNull: true}}},
		{"null on creation does not flow", Attribute{Source: "jobTitle", FlowNullValues: true, Apply: OnCreate}, s(""), nil},
		{"constant", Attribute{Constant: text("c")}, s("x"), []Value{{Value: s("c")}}},
		{"none with default", Attribute{Default: text("d")}, s("x"), []Value{{Value: s("d"), OnCreate: true}}},
		{"none with default never clears", Attribute{Default: text("d"), FlowNullValues: true}, s("x"), []Value{{Value: s("d"), OnCreate: true}}},
		{"expression", Attribute{Expression: `Append([jobTitle], "!")`}, s("x"), []Value{{Value: s("x!")}}},
		{"expression by another case", Attribute{Expression: `Append([JobTitle], "!")`}, s("x"), []Value{{Value: s("x!")}}},
		{"expression gives nothing", Attribute{Expression: `Switch([jobTitle], , "a", "b")`}, s("x"), nil},
		{"expression gives nothing, default", Attribute{Expression: `Switch([jobTitle], , "a", "b")`, Default: text("d")}, s("x"), []Value{{Value: s("d"), OnCreate: true}}},
		{"expression gives empty text", Attribute{Expression: `Append([jobTitle], "")`}, directory.Value{}, nil},
		{"attribute ignored, default too", Attribute{Expression: `IgnoreFlowIfNullOrEmpty([jobTitle])`, Default: text("d"), FlowNullValues: true}, s(""), nil},
		{"attribute ignored by keyword", Attribute{Expression: `IIF([jobTitle]="x", IgnoreAttributeFlow, "y")`, Default: text("d")}, s("x"), nil},
		{"redacted", Attribute{Expression: `Redact([jobTitle])`}, s("x"), []Value{{Value: s("x"), Redacted: true}}},
		{"text as reference", Attribute{Source: "jobTitle", Type: directory.TypeReference}, directory.Strs("1", "2"), []Value{{Value: directory.Of(directory.Ref("1"), directory.Ref("2")), Reference: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.attribute.Target = "title"
			for i := range c.want {
				c.want[i].Target = "title"
			}
			o := ada()
			o.Attributes["jobTitle"] = c.source
			if diff := cmp.Diff(c.want, values(t, o, Input{Now: now}, c.attribute)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDefaultMappingOfAUser(t *testing.T) {
	m := compile(t, directory.User, DefaultUsers()...)
	res, err := m.Map(ada(), Input{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range res.Values {
		got[v.Target] = v.Value.Text()
		if isManager := strings.HasSuffix(v.Target, ":manager"); v.Reference != isManager || v.OnCreate || v.FlowNull || v.Redacted {
			t.Errorf("%+v", v)
		}
	}
	const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
	want := map[string]string{
		"userName": "ada@contoso.com", "active": "True", "displayName": "Ada Ito", "title": "Engineer",
		`emails[type eq "work"].value`: "ada@contoso.com", "preferredLanguage": "en",
		"name.givenName": "Ada", "name.familyName": "Ito", "name.formatted": "Ada Ito",
		`addresses[type eq "work"].formatted`: "1/2", `addresses[type eq "work"].streetAddress`: "Main 1",
		`addresses[type eq "work"].locality`: "Rome", `addresses[type eq "work"].region`: "RM",
		`addresses[type eq "work"].postalCode`: "00100", `addresses[type eq "work"].country`: "IT",
		`phoneNumbers[type eq "work"].value`: "+1 5", `phoneNumbers[type eq "mobile"].value`: "+1 6", `phoneNumbers[type eq "fax"].value`: "+1 7",
		"externalId": "ada", urn + "employeeNumber": "42", urn + "department": "R&D", urn + "manager": "9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Match{{Target: "userName", Value: directory.Str("ada@contoso.com")}}, res.Match); diff != "" {
		t.Error(diff)
	}
}

func TestLeaving(t *testing.T) {
	attributes := append(DefaultUsers(),
		Attribute{Source: "IsSoftDeleted", Target: "deleted"},
		Attribute{Source: "accountEnabled", Target: "enabled", FlowNullValues: true, Default: text("False")},
		Attribute{Expression: `Not([AccountEnabled])`, Target: "suspended"},
		Attribute{Source: "IsSoftDeleted", Target: "createdDeleted", Apply: OnCreate},
		Attribute{Constant: text("x"), Target: "constant"})
	m := compile(t, directory.User, attributes...)
	in := Input{Now: now, SoftDeleted: true, Deprovision: true}

	unassigned, err := m.Map(ada(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Match: []Match{}, Values: []Value{
		{Target: "active", Value: directory.Str("False")},
		{Target: "deleted", Value: directory.Bool(true)},
		{Target: "enabled", Value: directory.Bool(true)},
		{Target: "suspended", Value: directory.Bool(false)},
	}}
	if diff := cmp.Diff(want, unassigned); diff != "" {
		t.Error(diff)
	}

	gone, err := m.Map(directory.Object{Type: directory.User, Anchor: "1", Presence: directory.SoftDeleted, Tombstone: true}, in)
	if err != nil {
		t.Fatal(err)
	}
	want.Values = []Value{
		{Target: "active", Value: directory.Str("False")},
		{Target: "deleted", Value: directory.Bool(true)},
		{Target: "suspended", Value: directory.Bool(true)},
	}
	if diff := cmp.Diff(want, gone); diff != "" {
		t.Errorf("tombstone: %s", diff)
	}
}

func TestNothingMatchesWhatLeaves(t *testing.T) {
	m := compile(t, directory.User,
		Attribute{Expression: `IIF([IsSoftDeleted]="True", [mail], [userPrincipalName])`, Target: "userName", MatchingPrecedence: 1})
	for _, leaving := range []bool{false, true} {
		res, err := m.Map(ada(), Input{Now: now, SoftDeleted: leaving, Deprovision: leaving})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Values) != 1 || (len(res.Match) == 0) != leaving {
			t.Errorf("leaving %v: %+v", leaving, res)
		}
	}
}

func TestMatchOrder(t *testing.T) {
	m := compile(t, directory.User,
		Attribute{Source: "mail", Target: "userName", MatchingPrecedence: 3},
		Attribute{Source: "employeeId", Target: "externalId", MatchingPrecedence: 1},
		Attribute{Expression: `Redact([displayName])`, Target: "displayName", MatchingPrecedence: 2},
		Attribute{Source: "jobTitle", Target: "title", MatchingPrecedence: 10, Default: text("d")})
	o := ada()
	o.Attributes["jobTitle"] = directory.Str("")
	res, err := m.Map(o, Input{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	want := []Match{
		{Target: "externalId", Value: directory.Str("42")},
		{Target: "displayName", Value: directory.Str("Ada Ito"), Redacted: true},
		{Target: "userName", Value: directory.Str("ada@contoso.com")},
	}
	if diff := cmp.Diff(want, res.Match); diff != "" {
		t.Error(diff)
	}
}

func TestIgnoreObjectFlow(t *testing.T) {
	m := compile(t, directory.User, matching,
		Attribute{Expression: `IIF([employeeId]="42", IgnoreObjectFlow, "x")`, Target: "title"})
	res, err := m.Map(ada(), Input{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Result{Skip: true, SkippedBy: "title"}, res); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluationErrors(t *testing.T) {
	m := compile(t, directory.User, matching,
		Attribute{Expression: `Item(Split([jobTitle], ","), 5)`, Target: "title"},
		Attribute{Source: "displayName", Target: "displayName"},
		Attribute{Expression: `Redact(Item(Split([employeeId], ","), 5))`, Target: "secret"})
	res, err := m.Map(ada(), Input{Now: now})
	if err == nil || res.Values != nil || res.Match != nil {
		t.Fatalf("got %+v, %v", res, err)
	}
	var e *ValueError
	if !errors.As(err, &e) || e.Target != "title" || e.Source != `Item(Split([jobTitle], ","), 5)` {
		t.Errorf("error %+v", e)
	}
	first, second, _ := strings.Cut(err.Error(), "\nattribute secret: ")
	if !strings.HasPrefix(first, `attribute title: Item(Split([jobTitle], ","), 5): `) {
		t.Errorf("first error %q", first)
	}
	want := `[Redact]: evaluation failed, and the reason could show the value that Redact hides: test the expression without Redact`
	if second != want {
		t.Errorf("second error %q", second)
	}
}

func TestUniqueValue(t *testing.T) {
	unique := Attribute{Expression: `SelectUniqueValue([mailNickname], Append([mailNickname], "2"))`, Target: "nickName", Apply: OnCreate}
	if got := values(t, ada(), Input{Now: now}, unique); got != nil {
		t.Errorf("without a target to ask: %v", got)
	}
	var asked []string
	in := Input{Now: now, Unique: func(target, candidate string) (bool, error) {
		asked = append(asked, target+"="+candidate)
		return candidate != "ada", nil
	}}
	want := []Value{{Target: "nickName", Value: directory.Str("ada2"), OnCreate: true}}
	if diff := cmp.Diff(want, values(t, ada(), in, unique)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"nickName=ada", "nickName=ada2"}, asked); diff != "" {
		t.Error(diff)
	}

	broken := errors.New("no route to host")
	in.Unique = func(string, string) (bool, error) { return false, broken }
	_, err := compile(t, directory.User, matching, unique).Map(ada(), in)
	if !errors.Is(err, broken) {
		t.Errorf("err = %v, want the target's", err)
	}

	// Redact hides the text and not the class of an error.
	unique.Expression = `SelectUniqueValue(Redact([mailNickname]), Append([mailNickname], "2"))`
	_, err = compile(t, directory.User, matching, unique).Map(ada(), in)
	if !errors.Is(err, broken) || strings.Contains(err.Error(), broken.Error()) {
		t.Errorf("err = %v, want the target's behind a text that hides it", err)
	}
}

func TestGlobals(t *testing.T) {
	got := values(t, ada(), Input{Now: now, Globals: map[string]string{"DomainFQDN": "contoso.com"}},
		Attribute{Expression: `Append("x@", %DomainFQDN%)`, Target: "title"})
	if len(got) != 1 || got[0].Value.Text() != "x@contoso.com" {
		t.Errorf("got %v", got)
	}
}

func TestRolesComeFromAssignments(t *testing.T) {
	role := directory.Struct(directory.Field{Name: "displayName", Value: directory.Str("Editor")})
	o := ada()
	o.Assignments = []directory.Assignment{{Via: "Staff"}, {Role: role}, {Role: role, Via: "Sales"}}
	direct := Attribute{Source: "appRoleAssignments", Target: "roles"}
	want := []Value{{Target: "roles", Value: directory.Of(role)}}
	if diff := cmp.Diff(want, values(t, o, Input{Now: now}, direct)); diff != "" {
		t.Error(diff)
	}
	if got := values(t, ada(), Input{Now: now}, direct); got != nil {
		t.Errorf("without an assignment: %v", got)
	}
	o.Attributes["appRoleAssignments"] = directory.Str("own")
	if got := values(t, o, Input{Now: now}, direct); len(got) != 1 || got[0].Value.Text() != "own" {
		t.Errorf("with an attribute of the source: %v", got)
	}
}
