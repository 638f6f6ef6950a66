// Package scope decides whether a source object is in scope of a job: by its
// presence, its assignment to the application, and the scoping filters
// (Microsoft Learn, "Define who is in scope for provisioning" and "Scoping
// users or groups to be provisioned with scoping filters"). It is pure, and
// every answer carries its reason.
package scope

import "fmt"

// Filter is one scoping filter (Graph filterGroup): all its clauses must hold.
// An object is in scope if any filter of a job lets it in.
type Filter struct {
	Title   string
	Clauses []Clause
}

// Clause compares one source attribute (Graph filterClause).
type Clause struct {
	Attribute string
	Operator  string   // EQUALS, IS NOT NULL, …; case and _ or blank make no difference
	Values    []string // none for a unary operator
}

// Decision is the answer for one object.
type Decision struct {
	InScope bool
	// Assigned and Active are the two facts that the provisioning log shows
	// beside the filters' result. Assigned is true where the job's scope is all.
	Assigned bool
	Active   bool // present in the source and accountEnabled is not false
	// Reason is one sentence for a person: which fact, which filter, which
	// clause with which value.
	Reason string
	// Details are the details of the log's scoping step, with Microsoft's keys
	// (DetailActive and the other constants) and values "True" and "False".
	Details map[string]string
	// SkipReason is the log's SkipReason for an object that is not in scope.
	SkipReason string
	// Err is an *UndecidedError where the scoping filters could not be decided, and
	// an *UnclearError where nobody can tell whether the account is enabled: the
	// object is then not in scope, but it should be left as it is, and tried
	// again, rather than disabled.
	Err error
}

// UnclearError says that accountEnabled of an object is neither true nor false.
type UnclearError struct {
	Value string
}

// Error says what was found and what would be right.
func (e *UnclearError) Error() string {
	return fmt.Sprintf("accountEnabled is %q, which is neither true nor false: the object is left as it is", e.Value)
}

// UndecidedError says that the scoping filters could not be decided for an
// object, because matching a regular expression took too long.
type UndecidedError struct {
	Reason string // the attribute, its value, the filter and the pattern
}

// Error returns the reason and what to do.
func (e *UndecidedError) Error() string {
	return "the scoping filters could not be decided: " + e.Reason + "; write a pattern that backtracks less"
}
