package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Mapping is the attribute mappings of one object type made ready. It is
// immutable and safe for concurrent use.
type Mapping struct {
	objectType directory.ObjectType
	rows       []row
	matching   []int             // rows that match, in the order of precedence
	names      map[string]string // spellings in expressions that are not canonical
	warnings   []string
}

// Compile makes the attribute mappings of one object type ready. Everything
// that their text allows to find is found here: the error joins one *Error
// for each fault.
func Compile(t directory.ObjectType, attributes []Attribute) (*Mapping, error) {
	m := &Mapping{objectType: t, names: map[string]string{}}
	var errs []error
	targets, precedences := map[string]int{}, map[int]int{}
	for i, a := range attributes {
		r, faults := compileRow(t, a)
		if first, twice := targets[strings.ToLower(r.target)]; twice && r.target != "" {
			faults = append(faults, fmt.Errorf("the target is mapped already, by attribute mapping %d", first+1))
		} else {
			targets[strings.ToLower(r.target)] = i
		}
		if r.precedence > 0 {
			if first, twice := precedences[r.precedence]; twice {
				faults = append(faults, fmt.Errorf("matching precedence %d is taken already, by %s", r.precedence, place(first, attributes[first].Target)))
			} else {
				precedences[r.precedence] = i
			}
			m.matching = append(m.matching, i)
		}
		for _, fault := range faults {
			errs = append(errs, &Error{Index: i, Target: r.target, Err: fault})
		}
		m.warn(i, r)
		m.rows = append(m.rows, r)
		m.addNames(r)
	}
	if len(precedences) == 0 {
		errs = append(errs, &Error{Index: -1, Err: errors.New("none has a matching precedence: without one, objects cannot be found in the application")})
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	slices.SortFunc(m.matching, func(a, b int) int { return m.rows[a].precedence - m.rows[b].precedence })
	for rank, i := range m.matching {
		m.rows[i].rank = rank
	}
	if !m.HasSoftDelete() && t == directory.User {
		m.warnings = append(m.warnings, "no attribute mapping that applies on updates reads IsSoftDeleted: users that leave scope are not disabled in the application")
	}
	return m, nil
}

// addNames remembers how expressions spell attributes, so that reading one
// takes a look-up and no comparison without case.
func (m *Mapping) addNames(r row) {
	if r.program == nil {
		return
	}
	for i, name := range r.program.Attributes() {
		if name != r.reads[i] {
			m.names[name] = r.reads[i]
		}
	}
}

// warn notes what is allowed and yet likely a mistake.
func (m *Mapping) warn(i int, r row) {
	for _, name := range r.reads {
		if _, known := directory.SourceAttribute(m.objectType, name); known || strings.HasPrefix(strings.ToLower(name), "extension_") {
			continue
		}
		s := fmt.Sprintf("%s reads %q, which is no attribute of a %s in Entra", place(i, r.target), name, strings.ToLower(string(m.objectType)))
		if near := directory.Nearest(name, schemaNames(m.objectType)); near != "" {
			s += ": did you mean " + near + "?"
		} else {
			s += ": it is empty unless the source has a column of that name"
		}
		m.warnings = append(m.warnings, s)
	}
	if r.flowNull && (r.onCreate || r.kind == Constant || r.kind == None) {
		m.warnings = append(m.warnings, place(i, r.target)+" has flowNullValues without effect: it clears values on updates, when the source has become empty")
	}
}

func schemaNames(t directory.ObjectType) []string {
	schema := directory.SourceSchema(t)
	names := make([]string, len(schema))
	for i, a := range schema {
		names[i] = a.Name
	}
	return names
}

// Warnings returns what is allowed and yet likely a mistake: source attributes
// that Entra does not know, settings without effect, no IsSoftDeleted. Each is
// one line that names its place.
func (m *Mapping) Warnings() []string { return m.warnings }

// Targets returns the target attributes in the order of the mapping, matching
// ones included.
func (m *Mapping) Targets() []string {
	targets := make([]string, len(m.rows))
	for i, r := range m.rows {
		targets[i] = r.target
	}
	return targets
}

// References returns the target attributes that refer to other objects, in
// the order of the mapping.
func (m *Mapping) References() []string {
	var targets []string
	for _, r := range m.rows {
		if r.reference {
			targets = append(targets, r.target)
		}
	}
	return targets
}

// HasSoftDelete reports whether a mapping that flows on updates reads
// IsSoftDeleted. Without one, an object that leaves scope is not disabled in
// the application (Microsoft Learn, "How application provisioning works").
func (m *Mapping) HasSoftDelete() bool {
	return slices.ContainsFunc(m.rows, func(r row) bool {
		return !r.onCreate && slices.Contains(r.reads, isSoftDeleted)
	})
}

// SourceAttributes returns the canonical names of all source attributes that
// the mapping reads, each once, in the order of their first use.
func (m *Mapping) SourceAttributes() []string {
	var names []string
	for _, r := range m.rows {
		for _, name := range r.reads {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Calls reports whether any expression calls this function, whose name is
// compared without case.
func (m *Mapping) Calls(function string) bool {
	return slices.ContainsFunc(m.rows, func(r row) bool { return r.program != nil && r.program.Calls(function) })
}
