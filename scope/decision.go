// Package scope decides whether a source object is in scope of a job: by its
// presence, its assignment to the application, and the scoping filters
// (Microsoft Learn, "Define who is in scope for provisioning" and "Scoping
// users or groups to be provisioned with scoping filters"). It is pure, and
// every answer carries its reason.
package scope

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
	// (scim-client-wire 9.4).
	Details map[string]string
	// SkipReason is the log's SkipReason for an object that is not in scope.
	SkipReason string
}
