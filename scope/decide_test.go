package scope

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
)

func user(attributes map[string]directory.Value, via ...string) directory.Object {
	o := directory.Object{Type: directory.User, Anchor: "1", Attributes: attributes}
	for _, v := range via {
		o.Assignments = append(o.Assignments, directory.Assignment{Via: v})
	}
	return o
}

// engineering is the sample filter of Microsoft's page.
func engineering() Filter {
	return Filter{Title: "Engineering in New York", Clauses: []Clause{
		{Attribute: "state", Operator: "EQUALS", Values: []string{"New York"}},
		{Attribute: "department", Operator: "EQUALS", Values: []string{"Engineering"}},
		{Attribute: "employeeId", Operator: "GREATER_THAN", Values: []string{"1000000"}},
		{Attribute: "employeeId", Operator: "REGEX MATCH", Values: []string{"^1[0-9]{6}$"}},
		{Attribute: "jobTitle", Operator: "IS NOT NULL"},
	}}
}

func ada() map[string]directory.Value {
	return map[string]directory.Value{
		"state": directory.Str("New York"), "department": directory.Str("Engineering"),
		"employeeId": directory.Str("1000042"), "jobTitle": directory.Str("Engineer"),
		"accountEnabled": directory.Bool(true),
	}
}

func with(name string, v directory.Value) map[string]directory.Value {
	a := ada()
	a[name] = v
	return a
}

func TestReasons(t *testing.T) {
	sales := Filter{Title: "Sales", Clauses: []Clause{{Attribute: "department", Operator: "EQUALS", Values: []string{"Sales"}}}}
	untitled := Filter{Clauses: []Clause{{Attribute: "city", Operator: "EQUALS", Values: []string{"Rome", "Oslo"}}}}
	many := []Filter{sales, sales, sales, sales, sales}
	gone := user(nil)
	gone.Presence, gone.Tombstone = directory.SoftDeleted, true
	binned := user(ada())
	binned.Presence = directory.SoftDeleted
	purged := user(ada(), "")
	purged.Presence = directory.HardDeleted
	lost := user(nil)
	lost.Tombstone = true

	for _, c := range []struct {
		name     string
		assigned bool
		filters  []Filter
		object   directory.Object
		want     string
	}{
		{"all", false, nil, user(ada()), `in scope: the scope is all users`},
		{"all and a filter", false, []Filter{engineering()}, user(ada()), `in scope: the scope is all users; scoping filter "Engineering in New York" holds`},
		{"direct", true, nil, user(ada(), ""), `in scope: assigned directly`},
		{"direct and by groups", true, nil, user(ada(), "Sales", ""), `in scope: assigned directly`},
		{"by a group", true, []Filter{engineering()}, user(ada(), "Sales"), `in scope: assigned through group "Sales"; scoping filter "Engineering in New York" holds`},
		{"by groups", true, nil, user(ada(), "Sales", "IT", "HR"), `in scope: assigned through group "Sales" and 2 more`},
		{"second filter", false, []Filter{sales, engineering()}, user(ada()), `in scope: the scope is all users; scoping filter "Engineering in New York" holds`},
		{"untitled filter", false, []Filter{sales, untitled}, user(with("city", directory.Str("Oslo"))), `in scope: the scope is all users; scoping filter 2 holds`},
		{"unassigned", true, nil, user(ada()), `out of scope: not assigned to the application`},
		{"disabled", true, nil, user(with("accountEnabled", directory.Bool(false))), `out of scope: accountEnabled is False`},
		{"disabled as text", false, nil, user(with("accountEnabled", directory.Str("FALSE"))), `out of scope: accountEnabled is False`},
		{"accountEnabled unknown", false, nil, user(with("accountEnabled", directory.Value{})), `in scope: the scope is all users`},
		{"soft-deleted", false, []Filter{sales}, gone, `out of scope: missing from the source`},
		{"in the recycle bin", false, []Filter{sales}, binned, `out of scope: soft-deleted in the source`},
		{"hard-deleted", true, nil, purged, `out of scope: hard-deleted in the source`},
		{"lost", false, nil, lost, `out of scope: no longer in the source`},
		{"one filter", false, []Filter{sales}, user(ada()), `out of scope: department is "Engineering", and filter "Sales" wants EQUALS "Sales"`},
		{"empty attribute", false, []Filter{engineering()}, user(with("jobTitle", directory.Str(""))), `out of scope: jobTitle is empty, and filter "Engineering in New York" wants IS NOT NULL`},
		{"first clause that fails", false, []Filter{engineering()}, user(with("employeeId", directory.Int(5))), `out of scope: employeeId is 5, and filter "Engineering in New York" wants GREATER_THAN "1000000"`},
		{"two filters", false, []Filter{sales, untitled}, user(ada()), `out of scope: no scoping filter holds: department is "Engineering", and filter "Sales" wants EQUALS "Sales"; city is empty, and filter 2 wants EQUALS "Rome" or "Oslo"`},
		{"many filters", false, many, user(with("department", directory.Str("X"))), `out of scope: no scoping filter holds: ` + strings.Repeat(`department is "X", and filter "Sales" wants EQUALS "Sales"; `, 3) + `and so on for 2 more`},
		{"control characters", false, []Filter{sales}, user(with("department", directory.Str("a\x1b[31m\n"))), `out of scope: department is "a\x1b[31m\n", and filter "Sales" wants EQUALS "Sales"`},
		{"long value", false, []Filter{sales}, user(with("department", directory.Str(strings.Repeat("é", 101)))), `out of scope: department is "` + strings.Repeat("é", 100) + `…", and filter "Sales" wants EQUALS "Sales"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(directory.User, Settings{AssignedOnly: c.assigned}, c.filters)
			if err != nil {
				t.Fatal(err)
			}
			d := s.Decide(c.object)
			if diff := cmp.Diff(c.want, d.Reason); diff != "" {
				t.Error(diff)
			}
			if in := strings.HasPrefix(c.want, "in scope"); d.InScope != in || (d.SkipReason == "NotEffectivelyEntitled") == in {
				t.Errorf("in scope %v, skip reason %q", d.InScope, d.SkipReason)
			}
			if d.Err != nil {
				t.Errorf("error %v", d.Err)
			}
		})
	}
}

func TestDetails(t *testing.T) {
	marketing := Filter{Title: "Marketing department filter", Clauses: []Clause{
		{Attribute: "department", Operator: "equals", Values: []string{"Marketing"}},
		{Attribute: "jobTitle", Operator: "is_not_null"},
	}}
	angle := Filter{Title: `<R&D> "lab"`, Clauses: []Clause{
		{Attribute: "department", Operator: "&", Values: []string{"R", "D"}},
		{Attribute: "department", Operator: "&", Values: []string{"R", "D"}},
	}}
	details := func(active, assigned, passed, result string) map[string]string {
		return map[string]string{
			"Active in the source system": active, "Assigned to the application": assigned,
			"User has the required role": assigned, "Scoping filter evaluation passed": passed,
			"ScopeEvaluationResult": result,
		}
	}
	tombstone := user(nil)
	tombstone.Presence, tombstone.Tombstone = directory.SoftDeleted, true

	for _, c := range []struct {
		name    string
		filters []Filter
		object  directory.Object
		want    map[string]string
	}{
		{"no filter", nil, user(ada(), ""), details("True", "True", "True", "{}")},
		{"in by the first", []Filter{marketing}, user(with("department", directory.Str("Marketing")), ""),
			details("True", "True", "True", `{"Marketing department filter.department EQUALS 'Marketing'":true,"Marketing department filter.jobTitle IS NOT NULL":true}`)},
		{"in by the second", []Filter{marketing, angle}, user(with("department", directory.Str("R")), ""),
			details("True", "True", "True", `{"Marketing department filter.department EQUALS 'Marketing'":false,"Marketing department filter.jobTitle IS NOT NULL":true,"<R&D> \"lab\".department & 'R', 'D'":true,"<R&D> \"lab\".department & 'R', 'D' (2)":true}`)},
		{"filtered out", []Filter{marketing}, user(ada(), ""),
			details("True", "True", "False", `{"Marketing department filter.department EQUALS 'Marketing'":false,"Marketing department filter.jobTitle IS NOT NULL":true}`)},
		{"unassigned, filter holds", []Filter{{Clauses: marketing.Clauses[1:]}}, user(ada()),
			details("True", "False", "True", `{"filter 1.jobTitle IS NOT NULL":true}`)},
		{"disabled", nil, user(with("accountEnabled", directory.Bool(false)), ""), details("False", "True", "True", "{}")},
		{"tombstone", []Filter{marketing}, tombstone, details("False", "False", "False", "{}")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(directory.User, Settings{AssignedOnly: true}, c.filters)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, s.Decide(c.object).Details); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGroupsHaveTheirOwnWords(t *testing.T) {
	s, err := Compile(directory.Group, Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Decide(directory.Object{Type: directory.Group})
	if d.Reason != "in scope: the scope is all groups" || d.Details["Group has the required role"] != "True" {
		t.Errorf("got %+v", d)
	}
	if _, ok := d.Details["User has the required role"]; ok {
		t.Error("a group has the detail of a user")
	}
}

// catastrophic backtracks exponentially on a run of a.
const catastrophic = `^(a+)+$`

func TestPatternThatTakesTooLong(t *testing.T) {
	slow := directory.Str(strings.Repeat("a", 60) + "b")
	pattern := Clause{Attribute: "department", Operator: "REGEX MATCH", Values: []string{catastrophic}}
	not := Clause{Attribute: "department", Operator: "NOT REGEX MATCH", Values: []string{catastrophic}}
	never := Clause{Attribute: "department", Operator: "EQUALS", Values: []string{"Sales"}}
	because := `department is "` + slow.Text() + `" (matching it took longer than 250ms), and filter "Slow" wants `

	for _, c := range []struct {
		name    string
		clauses []Clause
		reason  string
		err     string
	}{
		{"match", []Clause{pattern}, because + `REGEX MATCH "^(a+)+$"`, because + `REGEX MATCH "^(a+)+$"`},
		{"no match", []Clause{not}, because + `NOT REGEX MATCH "^(a+)+$"`, because + `NOT REGEX MATCH "^(a+)+$"`},
		{"decided by another clause", []Clause{pattern, never}, `department is "` + slow.Text() + `", and filter "Slow" wants EQUALS "Sales"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Compile(directory.User, Settings{}, []Filter{{Title: "Slow", Clauses: c.clauses}})
			if err != nil {
				t.Fatal(err)
			}
			d := s.Decide(user(map[string]directory.Value{"department": slow}))
			if d.InScope {
				t.Error("in scope")
			}
			if diff := cmp.Diff("out of scope: "+c.reason, d.Reason); diff != "" {
				t.Error(diff)
			}
			var undecided *UndecidedError
			if errors.As(d.Err, &undecided) != (c.err != "") || c.err != "" && undecided.Reason != c.err {
				t.Errorf("error %v, want %q", d.Err, c.err)
			}
			if c.err != "" && d.Err.Error() != "the scoping filters could not be decided: "+c.err+"; write a pattern that backtracks less" {
				t.Errorf("error text %q", d.Err)
			}
		})
	}
}

// Whether an account is enabled is no matter to guess at.
func TestAccountEnabledThatIsNeither(t *testing.T) {
	s, err := Compile(directory.User, Settings{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []directory.Value{directory.Str("no"), directory.Str("yes"), directory.Int(0), directory.Str("disabled")} {
		d := s.Decide(user(with("accountEnabled", v)))
		var unclear *UnclearError
		if d.InScope || !errors.As(d.Err, &unclear) || unclear.Value != v.Text() || !strings.Contains(d.Err.Error(), v.Text()) {
			t.Errorf("%s: %+v", v, d)
		}
	}
}
