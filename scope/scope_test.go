package scope

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

func TestCompileErrors(t *testing.T) {
	clause := func(attribute, operator string, values ...string) []Filter {
		return []Filter{{Title: "Sales", Clauses: []Clause{
			{Attribute: "mail", Operator: "IS NOT NULL"},
			{Attribute: attribute, Operator: operator, Values: values},
		}}}
	}
	const place = `scoping filter "Sales", clause 2: `
	all := `EQUALS, NOT EQUALS, IS TRUE, IS FALSE, IS NULL, IS NOT NULL, REGEX MATCH, NOT REGEX MATCH, GREATER_THAN, GREATER_THAN_OR_EQUALS, INCLUDES, ENDS_WITH, &, !&`
	for _, c := range []struct {
		name    string
		filters []Filter
		want    string
	}{
		{"mistyped operator", clause("department", "EQALS", "x"), place + `unknown operator "EQALS": did you mean EQUALS?`},
		{"mistyped operator with underscores", clause("department", "is_not_nul"), place + `unknown operator "is_not_nul": did you mean IS NOT NULL?`},
		{"unknown operator", clause("department", "~~~~~", "x"), place + `unknown operator "~~~~~": it is one of ` + all},
		{"no operator", clause("department", " "), place + `no operator is given: it is one of ` + all},
		{"IsMemberOf", clause("objectId", "IsMemberOf", "x"), place + `operator IsMemberOf is not supported: assign the group to the application instead`},
		{"no attribute", clause("", "EQUALS", "x"), place + `no attribute is given: name the source attribute to compare`},
		{"unary with a value", clause("department", "is null", "x", "y"), place + `operator IS NULL takes no value, found "x" or "y"`},
		{"binary without a value", clause("department", "Not_Equals"), place + `operator NOT EQUALS needs a value, found none`},
		{"binary with an empty value", clause("department", "EQUALS", ""), place + `operator EQUALS needs a value, found an empty one: an empty attribute is asked for with IS NULL, any other with IS NOT NULL`},
		{"bad pattern", clause("department", "REGEX MATCH", "(a"), place + "\"(a\" is no .NET regular expression: error parsing regexp: missing closing ) in `(a`"},
		{"unsupported Unicode block", clause("department", "REGEX MATCH", `\p{IsGreek}`), place + "\"\\\\p{IsGreek}\" is no .NET regular expression: error parsing regexp: unknown unicode category, script, or property 'IsGreek' in `\\p{IsGreek}`"},
		{"not an integer", clause("employeeId", "greater than", "1.5"), place + `operator GREATER_THAN compares integers, found "1.5"`},
		{"two at once", []Filter{
			{Clauses: []Clause{{Attribute: "mail", Operator: "IS NOT NULL", Values: []string{"x"}}}},
			{Title: "B", Clauses: []Clause{{Attribute: "mail", Operator: "ENDSWITH", Values: []string{"x"}}}},
		}, `scoping filter 1, clause 1: operator IS NOT NULL takes no value, found "x"` + "\n" +
			`scoping filter "B", clause 1: unknown operator "ENDSWITH": did you mean ENDS_WITH?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compile(directory.User, Settings{}, c.filters)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorCarriesIndexes(t *testing.T) {
	_, err := Compile(directory.User, Settings{}, []Filter{
		{Title: "A"},
		{Title: "B", Clauses: []Clause{{Attribute: "mail", Operator: "IS NULL"}, {Attribute: "mail", Operator: "EQUALS"}}},
	})
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("err = %v, want an *Error", err)
	}
	want := Error{Filter: 1, Clause: 1, Title: "B", Reason: "operator EQUALS needs a value, found none"}
	if *e != want {
		t.Errorf("got %+v, want %+v", *e, want)
	}
}

func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		name      string
		object    directory.ObjectType
		clause    Clause
		warnings  []string
		canonical string
	}{
		{"known", directory.User, Clause{Attribute: "Department", Operator: "IS NULL"}, nil, "department"},
		{"Graph's name", directory.User, Clause{Attribute: "mobilePhone", Operator: "IS NULL"}, nil, "mobile"},
		{"extension", directory.User, Clause{Attribute: "extension_0a_Team", Operator: "IS NULL"}, nil, "extension_0a_Team"},
		{"mistyped", directory.User, Clause{Attribute: "departmnet", Operator: "IS NULL"},
			[]string{`filters by "departmnet", which is no attribute of a user in Entra: did you mean department?`}, "departmnet"},
		{"of the other type", directory.Group, Clause{Attribute: "department", Operator: "IS NULL"},
			[]string{`filters by "department", which is no attribute of a group in Entra: department is an attribute of a user`}, "department"},
		{"own column", directory.User, Clause{Attribute: "badgeColourNumber", Operator: "IS NULL"},
			[]string{`filters by "badgeColourNumber", which is no attribute of a user in Entra: it is empty unless the source has a column of that name`}, "badgeColourNumber"},
		{"unsupported", directory.User, Clause{Attribute: "userType", Operator: "EQUALS", Values: []string{"Member"}},
			[]string{"filters by userType, which Microsoft's service does not support in a scoping filter: it works here, but not in Entra"}, "userType"},
		{"reference", directory.Group, Clause{Attribute: "members", Operator: "IS NULL"},
			[]string{"filters by members, which Microsoft's service does not support in a scoping filter: it works here, but not in Entra"}, "members"},
		{"date", directory.User, Clause{Attribute: "employeeHireDate", Operator: "IS NULL"},
			[]string{"filters by employeeHireDate, which Microsoft's service does not support in a scoping filter: it works here, but not in Entra"}, "employeeHireDate"},
		{"soft-deleted", directory.User, Clause{Attribute: "IsSoftDeleted", Operator: "IS FALSE"},
			[]string{"filters by IsSoftDeleted, which follows from the scope and is always empty here"}, "IsSoftDeleted"},
		{"several values", directory.User, Clause{Attribute: "proxyAddresses", Operator: "REGEX MATCH", Values: []string{"^smtp:"}},
			[]string{"filters by proxyAddresses, which has several values: the clause holds only if every value satisfies it"}, "proxyAddresses"},
		{"no anchors", directory.User, Clause{Attribute: "employeeId", Operator: "REGEX MATCH", Values: []string{"([1-9][0-9])"}},
			[]string{`has the pattern "([1-9][0-9])" without anchors: it matches any part of employeeId; ^(?:…)$ would match the whole`}, "employeeId"},
		{"negated class is no anchor", directory.User, Clause{Attribute: "employeeId", Operator: "REGEX MATCH", Values: []string{`[^0-9]\$`}},
			[]string{`has the pattern "[^0-9]\\$" without anchors: it matches any part of employeeId; ^(?:…)$ would match the whole`}, "employeeId"},
		{"word boundary", directory.User, Clause{Attribute: "jobTitle", Operator: "REGEX MATCH", Values: []string{`\bEngineer`}}, nil, "jobTitle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(c.object, Settings{}, []Filter{{Title: "F", Clauses: []Clause{c.clause}}})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range s.Warnings() {
				got = append(got, strings.TrimPrefix(w, `scoping filter "F", clause 1 `))
			}
			if diff := cmp.Diff(c.warnings, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{c.canonical}, s.Attributes()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEmptyFilterIsWarnedOf(t *testing.T) {
	s, err := Compile(directory.User, Settings{}, []Filter{{Title: "Everybody"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`scoping filter "Everybody" has no clauses: it lets every object in`}
	if diff := cmp.Diff(want, s.Warnings()); diff != "" {
		t.Error(diff)
	}
	if d := s.Decide(directory.Object{Type: directory.User}); !d.InScope {
		t.Errorf("not in scope: %s", d.Reason)
	}
}

func TestOperatorsTable(t *testing.T) {
	seen := map[string]bool{}
	for i, o := range operators {
		if (o.unary == nil) == (o.binary == nil) || o.Unary != (o.unary != nil) {
			t.Errorf("%s: must be unary or binary", o.Name)
		}
		if o.Meaning == "" || seen[o.Name] {
			t.Errorf("%s: no meaning, or twice", o.Name)
		}
		seen[o.Name] = true
		for _, spelled := range []string{o.Name, strings.ToLower(o.Name), strings.ReplaceAll(o.Name, " ", "_"), " " + strings.ReplaceAll(o.Name, "_", "  ")} {
			if got, ok := lookup(spelled); !ok || got.Name != o.Name {
				t.Errorf("lookup(%q) found %v", spelled, got)
			}
		}
		if Operators()[i].Name != o.Name {
			t.Errorf("Operators()[%d] = %v", i, Operators()[i])
		}
	}
}
