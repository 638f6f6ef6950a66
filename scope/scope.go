package scope

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Settings are the settings of a job that decide about scope.
type Settings struct {
	// AssignedOnly: only users and groups that are assigned to the application
	// are in scope (the job's scope is "assigned"), rather than all.
	AssignedOnly bool
}

// Scope decides about the objects of one type. It is immutable and safe for
// concurrent use.
type Scope struct {
	objectType   directory.ObjectType
	assignedOnly bool
	filters      []filter
	warnings     []string
	everybody    string // the first part of the reason where all are in scope
	roleKey      string // the key of Details that names the object type
}

// filter is a Filter made ready.
type filter struct {
	label   string // filter "Sales in New York"
	title   string // Sales in New York, or filter 2
	clauses []clause
	passed  string // ScopeEvaluationResult where this filter holds and is the first
}

// Compile makes the scoping filters of one object type ready. Everything that
// can be wrong with them is found here: the error joins one *Error for each
// clause that is wrong.
func Compile(t directory.ObjectType, settings Settings, filters []Filter) (*Scope, error) {
	s := &Scope{
		objectType: t, assignedOnly: settings.AssignedOnly,
		everybody: "in scope: the scope is all users", roleKey: DetailRoleUser,
	}
	if t == directory.Group {
		s.everybody, s.roleKey = "in scope: the scope is all groups", DetailRoleGroup
	}
	var errs []error
	keys := map[string]int{}
	for i, f := range filters {
		ready := filter{label: label(i, f.Title), title: cmp.Or(f.Title, label(i, ""))}
		for j, c := range f.Clauses {
			compiled, reason := compileClause(t, c)
			if reason != "" {
				errs = append(errs, &Error{Filter: i, Clause: j, Title: f.Title, Reason: reason})
				continue
			}
			compiled.key = clauseKey(i, f.Title, compiled, c.Values, keys)
			ready.clauses = append(ready.clauses, compiled)
			s.warnClause(i, j, f.Title, compiled, c.Attribute)
		}
		if len(f.Clauses) == 0 {
			s.warnings = append(s.warnings, place(i, f.Title, -1)+" has no clauses: it lets every object in")
		}
		ready.passed = allHold(ready.clauses)
		s.filters = append(s.filters, ready)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return s, nil
}

// Warnings returns what is allowed and yet likely a mistake: attributes that
// Entra does not know or does not support in a filter, patterns without
// anchors, filters without clauses. Each is one line that names its place.
func (s *Scope) Warnings() []string { return s.warnings }

// Attributes returns the canonical names of the source attributes that the
// filters read, each once, in the order of the filters.
func (s *Scope) Attributes() []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range s.filters {
		for _, c := range f.clauses {
			if !seen[c.attribute] {
				seen[c.attribute] = true
				names = append(names, c.attribute)
			}
		}
	}
	return names
}

func (s *Scope) warnClause(i, j int, title string, c clause, written string) {
	if w := warnAttribute(s.objectType, strings.TrimSpace(written)); w != "" {
		s.warnings = append(s.warnings, place(i, title, j)+" "+w)
	}
	for _, w := range c.operands {
		if c.op.regex && unanchored(w.text) {
			s.warnings = append(s.warnings, fmt.Sprintf(
				"%s has the pattern %s without anchors: it matches any part of %s; ^(?:…)$ would match the whole",
				place(i, title, j), quote(w.text), c.attribute))
		}
	}
}

// clauseKey returns the name of a clause in ScopeEvaluationResult, as a JSON
// string: Marketing department filter.department EQUALS 'Marketing' is
// Microsoft's sample (Microsoft Learn, "Configure cross-tenant
// synchronization using PowerShell or Microsoft Graph API"). Equal names are
// numbered: they are the members of one JSON object.
func clauseKey(i int, title string, c clause, values []string, used map[string]int) string {
	if title == "" {
		title = label(i, "")
	}
	key := title + "." + c.attribute + " " + c.op.Name
	if len(values) > 0 {
		key += " '" + strings.Join(values, "', '") + "'"
	}
	for used[key]++; used[key] > 1; used[key]++ {
		key = fmt.Sprintf("%s (%d)", key, used[key])
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(key); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// allHold returns the ScopeEvaluationResult in which all clauses hold.
func allHold(clauses []clause) string {
	var b evaluationResult
	for _, c := range clauses {
		b.add(c.key, true)
	}
	return b.String()
}
