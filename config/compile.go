package config

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/scope"
)

// compile makes filters and attributes of an object mapping ready, and puts
// what is wrong with them at its place in the file.
func compile(d *document, v *value, m *ObjectMapping, s Settings) {
	compileScope(d, v.get("scopingFilters"), m, s)
	attributes := v.get("attributes")
	compileMapping(d, attributes, m)
	for _, a := range attributes.items {
		target := a.get("target")
		if !target.ok() {
			continue
		}
		if err := scim.CheckAttribute(m.Type, strings.TrimSpace(target.text)); err != nil {
			d.fail(target.node, "%v", err)
		}
		checkPlain(d, a)
	}
}

func compileScope(d *document, v *value, m *ObjectMapping, s Settings) {
	compiled, err := scope.Compile(m.Type, scope.Settings{AssignedOnly: s.AssignedOnly}, m.Filters)
	for _, one := range split(err) {
		var e *scope.Error
		if !errors.As(one, &e) || e.Filter < 0 || e.Filter >= len(v.items) {
			d.fail(v.node, "%v", one)
			continue
		}
		at := v.items[e.Filter]
		if clauses := at.get("clauses").items; e.Clause >= 0 && e.Clause < len(clauses) {
			at = clauses[e.Clause]
		}
		if !at.faulty {
			d.fail(at.node, "%s", e.Reason)
		}
	}
	if err != nil {
		return
	}
	m.Scope = compiled
	for _, w := range compiled.Warnings() {
		d.warn(placeOfScopeWarning(v, m.Filters, w), "%s", w)
	}
}

func compileMapping(d *document, v *value, m *ObjectMapping) {
	compiled, err := mapping.Compile(m.Type, m.Attributes)
	for _, one := range split(err) {
		var e *mapping.Error
		switch {
		case !errors.As(one, &e):
			d.fail(v.node, "%v", one)
		case e.Index < 0 || e.Index >= len(v.items):
			if !v.faulty { // else the attribute that is wrong may be the one that is missed
				d.fail(v.node, "%v", e)
			}
		case !v.items[e.Index].faulty:
			d.failAttribute(v.items[e.Index], e.Err)
		}
	}
	if err != nil {
		return
	}
	m.Mapping = compiled
	for _, w := range compiled.Warnings() {
		d.warn(placeOfMappingWarning(v, m.Attributes, w), "%s", w)
	}
}

// failAttribute reports what is wrong with an attribute mapping; in an
// expression, at the very place where the file shows it as it is.
func (d *document) failAttribute(a *value, err error) {
	var e *expr.Error
	if !errors.As(err, &e) {
		d.fail(a.node, "%v", err)
		return
	}
	n := a.get("expression").node
	message := strings.TrimPrefix(e.Error(), fmt.Sprintf("line %d, column %d: ", e.Line, e.Column))
	at := d.at(n, message)
	at.Err = err
	if column, ok := d.within(n, e); ok {
		at.Column = column
	} else {
		at.Message = fmt.Sprintf("in line %d, column %d of the expression: %s", e.Line, e.Column, at.Message)
	}
	d.errors = append(d.errors, at)
}

// within returns the column in the file of a place in an expression, if the
// expression stands in one line as it is: without escapes or line breaks.
func (d *document) within(n *yaml.Node, e *expr.Error) (column int, ok bool) {
	if e.Line != 1 || strings.Contains(n.Value, "\n") || n.Line < 1 || n.Line > len(d.lines) {
		return 0, false
	}
	column = n.Column
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		column++
	}
	line := string(d.lines[n.Line-1])
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return column + e.Column - 1, strings.HasPrefix(line, n.Value)
}

// checkPlain warns of references where none are read.
func checkPlain(d *document, a *value) {
	for _, name := range []string{"constant", "default"} {
		if v := a.get(name); v.ok() && (strings.Contains(v.text, "${env:") || strings.Contains(v.text, "${file:")) {
			d.warn(v.node, "%s is taken as it stands: references are not read in mappings", v.path)
		}
	}
}

// placeOfMappingWarning returns the node of the attribute that a warning is
// about: it begins as an error about that attribute would.
func placeOfMappingWarning(v *value, attributes []mapping.Attribute, warning string) *yaml.Node {
	for i, item := range v.items {
		e := mapping.Error{Index: i, Target: strings.TrimSpace(attributes[i].Target), Err: errors.New("")}
		if strings.HasPrefix(warning, strings.TrimSuffix(e.Error(), ": ")+" ") {
			return item.node
		}
	}
	return v.node
}

// placeOfScopeWarning is the same for a clause of a scoping filter.
func placeOfScopeWarning(v *value, filters []scope.Filter, warning string) *yaml.Node {
	for i, item := range v.items {
		for j, clause := range item.get("clauses").items {
			e := scope.Error{Filter: i, Clause: j, Title: filters[i].Title}
			if strings.HasPrefix(warning, strings.TrimSuffix(e.Error(), ": ")+" ") {
				return clause.node
			}
		}
		e := scope.Error{Filter: i, Clause: -1, Title: filters[i].Title}
		if strings.HasPrefix(warning, strings.TrimSuffix(e.Error(), ": ")+" ") {
			return item.node
		}
	}
	return v.node
}

// split returns the errors that errors.Join joined.
func split(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok { // the joined error itself is wanted, not one in its chain
		return joined.Unwrap()
	}
	return []error{err}
}
