package scope

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// The keys of Decision.Details, as Microsoft's provisioning log spells them.
const (
	DetailActive    = "Active in the source system"
	DetailAssigned  = "Assigned to the application"
	DetailRoleUser  = "User has the required role"
	DetailRoleGroup = "Group has the required role"
	DetailFilter    = "Scoping filter evaluation passed"
	DetailResult    = "ScopeEvaluationResult"
)

// NotEffectivelyEntitled is the SkipReason of an object that is not in scope:
// unassigned, filtered out, or inactive in the source.
const NotEffectivelyEntitled = "NotEffectivelyEntitled"

// Decide says whether an object is in scope, and why. It looks at its
// presence, accountEnabled, its assignment and the scoping filters, in this
// order; the first that speaks against the object gives the reason. The
// details state all four. Whoever is assigned has the required role: default
// access counts like any other role (Microsoft Learn, "No users are being
// provisioned", for configurations made after 16 April 2020).
//
// The decision depends on the object alone.
func (s *Scope) Decide(o directory.Object) Decision {
	here := o.Presence == directory.Present && !o.Tombstone
	state, enabled, clear := o.Get("accountEnabled"), true, true
	if !state.IsEmpty() {
		enabled, clear = state.Boolean()
	}
	d := Decision{Active: here && enabled, Assigned: !s.assignedOnly || len(o.Assignments) > 0}

	var buffer [16]verdict
	holding, verdicts := -1, buffer[:0]
	passed := false
	if !o.Tombstone { // of a tombstone no attribute is known
		holding, verdicts = s.evaluate(o, verdicts)
		passed = holding >= 0 || len(s.filters) == 0
	}
	d.InScope = d.Active && d.Assigned && passed
	switch {
	case d.InScope:
		d.Reason = s.inScope(o, holding)
	case !here:
		d.Reason = "out of scope: " + absence(o)
	case !clear:
		d.Reason, d.Err = "out of scope: accountEnabled is unclear", &UnclearError{Value: state.Text()}
	case !enabled:
		d.Reason = "out of scope: accountEnabled is False"
	case !d.Assigned:
		d.Reason = "out of scope: not assigned to the application"
	default:
		d.Reason, d.Err = s.filteredOut(o, verdicts)
	}
	if !d.InScope {
		d.SkipReason = NotEffectivelyEntitled
	}
	d.Details = map[string]string{
		DetailActive:   truth(d.Active),
		DetailAssigned: truth(d.Assigned),
		s.roleKey:      truth(d.Assigned),
		DetailFilter:   truth(passed),
		DetailResult:   s.result(holding, verdicts),
	}
	return d
}

// evaluate evaluates the filters up to the first that holds and returns its
// index, or -1, and the verdicts of all clauses evaluated.
func (s *Scope) evaluate(o directory.Object, verdicts []verdict) (int, []verdict) {
	for i := range s.filters {
		f := &s.filters[i]
		all := holds
		for j := range f.clauses {
			c := &f.clauses[j]
			v := c.evaluate(o.Get(c.attribute))
			verdicts = append(verdicts, v)
			if v != holds {
				all = v
			}
		}
		if all == holds {
			return i, verdicts
		}
	}
	return -1, verdicts
}

func (s *Scope) inScope(o directory.Object, holding int) string {
	reason := s.everybody
	if s.assignedOnly {
		reason = "in scope: assigned " + through(o.Assignments)
	}
	if holding >= 0 {
		reason += "; scoping " + s.filters[holding].label + " holds"
	}
	return reason
}

// through says how an object comes to be assigned; a direct assignment is
// told before any group.
func through(assignments []directory.Assignment) string {
	for _, a := range assignments {
		if a.Via == "" {
			return "directly"
		}
	}
	group := "through group " + quote(assignments[0].Via)
	if more := len(assignments) - 1; more > 0 {
		group += " and " + strconv.Itoa(more) + " more"
	}
	return group
}

func absence(o directory.Object) string {
	if o.Presence == directory.Present {
		return "no longer in the source"
	}
	if o.Presence == directory.SoftDeleted && o.Tombstone { // nobody has said that it was deleted
		return "missing from the source"
	}
	return o.Presence.String() + " in the source"
}

const maxFailures = 3 // filters that a reason names

// filteredOut says why no filter lets the object in. Its error is set if that
// could not be decided for some filter and is certain for no clause of it.
func (s *Scope) filteredOut(o directory.Object, verdicts []verdict) (string, error) {
	var because []string
	var undecidedBy string
	for i := range s.filters {
		f := &s.filters[i]
		at, worst := 0, holds
		for j := range f.clauses {
			if v := verdicts[j]; v == fails || v == undecided && worst == holds {
				at, worst = j, v
				if v == fails {
					break
				}
			}
		}
		reason := f.clauses[at].because(o, worst, f.label)
		because = append(because, reason)
		if worst == undecided && undecidedBy == "" {
			undecidedBy = reason
		}
		verdicts = verdicts[len(f.clauses):]
	}
	reason := "out of scope: "
	if len(because) > 1 {
		reason += "no scoping filter holds: "
	}
	if more := len(because) - maxFailures; more > 0 {
		because = append(because[:maxFailures:maxFailures], fmt.Sprintf("and so on for %d more", more))
	}
	reason += strings.Join(because, "; ")
	if undecidedBy != "" {
		return reason, &UndecidedError{Reason: undecidedBy}
	}
	return reason, nil
}

// result returns the ScopeEvaluationResult of the clauses evaluated.
func (s *Scope) result(holding int, verdicts []verdict) string {
	if holding == 0 {
		return s.filters[0].passed
	}
	var b evaluationResult
	for i := range s.filters {
		for j := range s.filters[i].clauses {
			if len(verdicts) == 0 {
				return b.String()
			}
			b.add(s.filters[i].clauses[j].key, verdicts[0] == holds)
			verdicts = verdicts[1:]
		}
	}
	return b.String()
}

// evaluationResult writes the JSON object that names each clause and its
// truth.
type evaluationResult struct{ b strings.Builder }

func (r *evaluationResult) add(key string, holds bool) {
	if r.b.Len() > 0 {
		r.b.WriteByte(',')
	}
	r.b.WriteString(key)
	r.b.WriteByte(':')
	r.b.WriteString(strconv.FormatBool(holds))
}

// String returns the object: {} if nothing was added.
func (r *evaluationResult) String() string {
	if r.b.Len() == 0 {
		return "{}"
	}
	return "{" + r.b.String() + "}"
}

func truth(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
