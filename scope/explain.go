package scope

import (
	"github.com/scimsync/scimsync/connectors/directory"
)

// Explained is how the scoping decision about one object comes about: the
// decision, and every filter with every clause, also where an earlier one has
// decided already.
type Explained struct {
	Decision
	AssignedOnly bool // the job's scope is assigned, rather than all
	Filters      []ExplainedFilter
}

// ExplainedFilter is one scoping filter with what it says of the object.
type ExplainedFilter struct {
	Title   string // "filter 2" where it has none
	Result  Result
	Clauses []ExplainedClause
}

// ExplainedClause is one clause with the value that it saw.
type ExplainedClause struct {
	Attribute string // canonical
	Operator  string
	Values    []string // that it compares with
	Value     directory.Value
	Result    Result
}

// Result says whether a filter or a clause lets the object in.
type Result string

// The results. Undecided: matching a regular expression took too long.
const (
	Holds     Result = "holds"
	Fails     Result = "fails"
	Undecided Result = "undecided"
)

func resultOf(v verdict) Result {
	switch v {
	case holds:
		return Holds
	case undecided:
		return Undecided
	default:
		return Fails
	}
}

// Explain returns how Decide decides about the object. Of a tombstone no
// attribute is known, so its filters are left out.
func (s *Scope) Explain(o directory.Object) Explained {
	x := Explained{Decision: s.Decide(o), AssignedOnly: s.assignedOnly, Filters: []ExplainedFilter{}}
	if o.Tombstone {
		return x
	}
	for i := range s.filters {
		x.Filters = append(x.Filters, s.filters[i].explain(o))
	}
	return x
}

func (f *filter) explain(o directory.Object) ExplainedFilter {
	x := ExplainedFilter{Title: f.title, Result: Holds, Clauses: []ExplainedClause{}}
	for j := range f.clauses {
		c := &f.clauses[j]
		value := o.Get(c.attribute)
		clause := ExplainedClause{
			Attribute: c.attribute, Operator: c.op.Name, Values: []string{}, Value: value, Result: resultOf(c.evaluate(value)),
		}
		for _, w := range c.operands {
			clause.Values = append(clause.Values, w.text)
		}
		x.Clauses = append(x.Clauses, clause)
		if clause.Result == Fails || clause.Result == Undecided && x.Result == Holds {
			x.Result = clause.Result
		}
	}
	return x
}
