package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/scope"
)

// Explain shows what Decide has no need to look at: the filters after one that
// holds, the clauses after one that fails.
func TestExplainShowsEveryClause(t *testing.T) {
	s, err := scope.Compile(directory.User, scope.Settings{AssignedOnly: true}, []scope.Filter{
		{Title: "Sales in New York", Clauses: []scope.Clause{
			{Attribute: "Department", Operator: "equals", Values: []string{"Sales", "Marketing"}},
			{Attribute: "city", Operator: "EQUALS", Values: []string{"New York"}},
			{Attribute: "jobTitle", Operator: "IS NOT NULL"},
		}},
		{Clauses: []scope.Clause{{Attribute: "country", Operator: "EQUALS", Values: []string{"JP"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := directory.Object{Type: directory.User, Anchor: "1", Assignments: []directory.Assignment{{}}, Attributes: map[string]directory.Value{
		"department": directory.Str("Sales"), "city": directory.Str("Oslo"), "country": directory.Str("JP"),
	}}
	x := s.Explain(o)
	want := scope.Explained{
		Decision: s.Decide(o), AssignedOnly: true,
		Filters: []scope.ExplainedFilter{
			{Title: "Sales in New York", Result: scope.Fails, Clauses: []scope.ExplainedClause{
				{Attribute: "department", Operator: "EQUALS", Values: []string{"Sales", "Marketing"}, Value: directory.Str("Sales"), Result: scope.Holds},
				{Attribute: "city", Operator: "EQUALS", Values: []string{"New York"}, Value: directory.Str("Oslo"), Result: scope.Fails},
				{Attribute: "jobTitle", Operator: "IS NOT NULL", Result: scope.Fails},
			}},
			{Title: "filter 2", Result: scope.Holds, Clauses: []scope.ExplainedClause{
				{Attribute: "country", Operator: "EQUALS", Values: []string{"JP"}, Value: directory.Str("JP"), Result: scope.Holds},
			}},
		},
	}
	if diff := cmp.Diff(want, x, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if !x.InScope {
		t.Errorf("%s", x.Reason)
	}
	if x := s.Explain(directory.Object{Type: directory.User, Anchor: "1", Presence: directory.SoftDeleted, Tombstone: true}); len(x.Filters) != 0 || x.InScope {
		t.Errorf("of a tombstone: %+v", x)
	}
}

// Whatever Decide decides, the filters of Explain say the same.
func TestExplainAgreesWithUndecided(t *testing.T) {
	s, err := scope.Compile(directory.User, scope.Settings{}, []scope.Filter{
		{Clauses: []scope.Clause{{Attribute: "displayName", Operator: "REGEX MATCH", Values: []string{`^(a+)+$`}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o := directory.Object{Type: directory.User, Anchor: "1", Attributes: map[string]directory.Value{
		"displayName": directory.Str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
	}}
	x := s.Explain(o)
	if x.Err == nil || x.Filters[0].Result != scope.Undecided {
		t.Errorf("%+v", x)
	}
}
