package graphschema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	objects "github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// imported is an object mapping as the job file shows it.
type imported struct {
	objectType objects.ObjectType
	enabled    bool
	actions    []string // empty for all
	filters    []importedFilter
	attributes []importedAttribute
	remarks    []string
	// unusable says why the object mapping cannot stand in a job file; it is
	// written as a comment then.
	unusable string
}

type importedFilter struct {
	scope.Filter
	remarks []string
	dropped bool
}

type importedAttribute struct {
	mapping.Attribute
	remarks []string
	dropped string // why it is written as a comment; "" if it is not
}

func importMapping(t objects.ObjectType, r *rule, m *objectMapping, s *schema) imported {
	out := imported{objectType: t, enabled: m.Enabled}
	out.setActions(m.FlowTypes)
	out.remarkMetadata(m)
	out.setFilters(m.Scope)
	definitions := s.definitions(r.TargetDirectory, m.TargetObject)
	seen := map[string]int{}
	for i, a := range m.Attributes {
		one := importAttribute(t, a, definitions[strings.ToLower(a.Target)])
		one.MatchingPrecedence = min(max(a.MatchingPriority, 0), 1) // to be ranked below
		if one.dropped == "" {
			one.check(t, a)
		}
		target := strings.ToLower(strings.TrimSpace(a.Target))
		if first, twice := seen[target]; twice && one.dropped == "" {
			one.dropped = fmt.Sprintf("the target is mapped already, by attribute mapping %d of the schema", first+1)
		}
		if one.dropped == "" {
			seen[target] = i
		}
		out.attributes = append(out.attributes, one)
	}
	out.rank(m.Attributes)
	out.ensureMatching()
	out.remarkJoining(m)
	return out
}

func (m *imported) remark(format string, args ...any) {
	m.remarks = append(m.remarks, fmt.Sprintf(format, args...))
}

// setActions reads the flow types, as in "Add,Update,Delete".
func (m *imported) setActions(flowTypes string) {
	names := map[string]string{"add": "create", "update": "update", "delete": "delete"}
	given := map[string]bool{}
	for flow := range strings.SplitSeq(flowTypes, ",") {
		flow = strings.TrimSpace(flow)
		switch action := names[strings.ToLower(flow)]; {
		case action != "":
			given[action] = true
		case flow != "" && !strings.EqualFold(flow, "None"):
			m.remark("The flow type %s has no counterpart.", title(flow))
		}
	}
	for _, action := range []string{"create", "update", "delete"} {
		if given[action] {
			m.actions = append(m.actions, action)
		}
	}
	switch len(m.actions) {
	case 0:
		m.enabled = false
		m.remark("flowTypes allows neither Add nor Update nor Delete: switched off.")
	case len(names):
		m.actions = nil
	}
}

// ordinary are metadata of object mappings with the values that say nothing
// special.
var ordinary = map[string]string{
	"EscrowBehavior": "Default", "Disposition": "Normal", "DisableMonitoringForChanges": "false",
	"ExcludeFromReporting": "false", "Unsynchronized": "false",
}

// remarkMetadata names metadata without a counterpart. Their values are JSON
// texts.
func (m *imported) remarkMetadata(from *objectMapping) {
	for _, e := range from.Metadata {
		usual, known := ordinary[e.Key]
		switch {
		case e.Key == "IsCustomerDefined", e.Key == "OriginalJoiningProperty":
		case known && strings.EqualFold(unquoted(e.Value), usual):
		default:
			m.remark("Metadata without a counterpart: %s = %s", short(e.Key), short(unquoted(e.Value)))
		}
	}
}

// remarkJoining names the joining property, a source attribute, where it is not
// what objects are matched by.
func (m *imported) remarkJoining(from *objectMapping) {
	for _, e := range from.Metadata {
		joining := unquoted(e.Value)
		if e.Key != "OriginalJoiningProperty" || joining == "" {
			continue
		}
		matches := func(a importedAttribute) bool {
			return a.dropped == "" && a.MatchingPrecedence > 0 && (strings.EqualFold(a.Source, joining) || strings.EqualFold(a.Target, joining))
		}
		if !slices.ContainsFunc(m.attributes, matches) {
			m.remark("OriginalJoiningProperty = %s has no counterpart: objects are matched by the attributes with a matchingPrecedence.", short(joining))
		}
	}
}

func unquoted(s string) string {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if s == "null" {
		return ""
	}
	return s
}

const maxPrecedence = 100 // of a job file

// rank fills in the matching precedences: the priorities as they are, or counted
// from 1 in their order, where two are equal or one is too large.
func (m *imported) rank(from []attributeMapping) {
	var order []int
	for i, a := range m.attributes {
		if a.dropped == "" && a.MatchingPrecedence > 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return from[a].MatchingPriority - from[b].MatchingPriority })
	fits := true
	for n, i := range order {
		p := from[i].MatchingPriority
		fits = fits && p <= maxPrecedence && (n == 0 || p != from[order[n-1]].MatchingPriority)
	}
	for n, i := range order {
		a, p := &m.attributes[i], from[i].MatchingPriority
		switch {
		case fits:
			a.MatchingPrecedence = p
		case n >= maxPrecedence:
			a.MatchingPrecedence = 0
			a.remark(fmt.Sprintf("matchingPriority %d is left out: more than %d attributes match", p, maxPrecedence))
		default:
			a.MatchingPrecedence = n + 1
			if p != n+1 {
				a.remark(fmt.Sprintf("matchingPriority %d in the schema, where two are equal or one exceeds %d", p, maxPrecedence))
			}
		}
	}
}

// ensureMatching gives an attribute the matching precedence that every object
// mapping needs, where none has one.
func (m *imported) ensureMatching() {
	best := -1
	usual := map[objects.ObjectType]string{objects.User: "userName", objects.Group: "displayName"}[m.objectType]
	for i, a := range m.attributes {
		if a.dropped != "" {
			continue
		}
		if a.MatchingPrecedence > 0 {
			return
		}
		a.MatchingPrecedence = 1
		if faultOf(m.objectType, a.Attribute) != nil {
			continue
		}
		if best < 0 || strings.EqualFold(a.Target, usual) {
			best = i
		}
	}
	if best < 0 {
		m.unusable = "no attribute mapping can match objects in the application"
		return
	}
	m.attributes[best].MatchingPrecedence = 1
	m.attributes[best].remark("nothing matches in the schema: change the attribute that objects are matched by")
}

// faultOf returns what a job file would not allow about an attribute mapping.
func faultOf(t objects.ObjectType, a mapping.Attribute) error {
	_, err := mapping.Compile(t, []mapping.Attribute{a})
	for _, one := range joined(err) {
		var e *mapping.Error
		if !errors.As(one, &e) {
			return one
		}
		if e.Index == 0 {
			return e.Err
		}
	}
	return scim.CheckAttribute(t, strings.TrimSpace(a.Target))
}

// joined returns the errors that errors.Join joined.
func joined(err error) []error {
	if err == nil {
		return nil
	}
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		return all.Unwrap()
	}
	return []error{err}
}
