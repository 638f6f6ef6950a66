package graphschema

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/scope"
)

// setFilters takes over the scoping filters. To leave a clause out would let
// objects in that the schema keeps out, so a filter with a clause that has no
// counterpart is left out as a whole; and if none remains, one takes its place
// that lets nobody in.
func (m *imported) setFilters(f *filter) {
	if f == nil {
		return
	}
	for _, early := range []struct {
		name   string
		groups []filterGroup
	}{{"inputFilterGroups", f.InputGroups}, {"categoryFilterGroups", f.CategoryGroups}} {
		for _, g := range early.groups {
			m.remark("scope.%s has no counterpart: objects that it keeps out are in scope here, unless settings or scopingFilters keep them out. It was: %s",
				early.name, describe(importFilter(g)))
		}
	}
	remaining := 0
	for _, g := range f.Groups {
		one := importedFilter{Filter: importFilter(g)}
		_, err := scope.Compile(m.objectType, scope.Settings{}, []scope.Filter{one.Filter})
		for _, fault := range joined(err) {
			var e *scope.Error
			reason := fault.Error()
			if errors.As(fault, &e) {
				reason = fmt.Sprintf("clause %d: %s", e.Clause+1, e.Reason)
			}
			one.remarks = append(one.remarks, reason)
			one.dropped = true
		}
		if !one.dropped {
			remaining++
		}
		m.filters = append(m.filters, one)
	}
	if len(f.Groups) > 0 && remaining == 0 {
		m.filters = append(m.filters, importedFilter{
			Filter: scope.Filter{
				Title: "Nobody", Clauses: []scope.Clause{{Attribute: "objectId", Operator: "IS NULL"}},
			},
			remarks: []string{"no filter could be taken over: until one is written, nobody is in scope"},
		})
	}
}

func importFilter(g filterGroup) scope.Filter {
	out := scope.Filter{Title: strings.TrimSpace(g.Name)}
	for _, c := range g.Clauses {
		one := scope.Clause{Attribute: c.Source, Operator: c.Operator}
		op, known := operatorNamed(c.Operator)
		if known {
			one.Operator = op.Name
		}
		if c.Target != nil {
			one.Values = c.Target.Values
		}
		if op.Unary && strings.Join(one.Values, "") == "" {
			one.Values = nil
		}
		out.Clauses = append(out.Clauses, one)
	}
	return out
}

// operatorNamed returns the operator of a Graph name: case makes no difference,
// nor do blanks and underscores.
func operatorNamed(name string) (scope.Operator, bool) {
	same := func(s string) string {
		return strings.ToUpper(strings.Join(strings.Fields(strings.ReplaceAll(s, "_", " ")), " "))
	}
	for _, o := range scope.Operators() {
		if same(o.Name) == same(name) {
			return o, true
		}
	}
	return scope.Operator{}, false
}

// describe returns a filter in one line, for comments.
func describe(f scope.Filter) string {
	const most = 10
	var parts []string
	for i, c := range f.Clauses {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more clauses", len(f.Clauses)-most))
			break
		}
		part := short(c.Attribute) + " " + short(c.Operator)
		if len(c.Values) > 0 {
			part += " " + listed(c.Values)
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return "no clauses"
	}
	return strings.Join(parts, " and ")
}
