package scimpath

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Filter is a parsed filter: one of Compare, Present, ValuePath, And, Or and
// Not, as values. Filters of these types are comparable with ==.
type Filter interface {
	// String returns the filter as it is written in a request; parsing it gives
	// the same filter again.
	String() string
	appendTo(b []byte) []byte
}

// Op is a comparison operator, in lower case.
type Op string

// The comparison operators of RFC 7644 table 3; pr is Present.
const (
	Eq Op = "eq"
	Ne Op = "ne"
	Co Op = "co"
	Sw Op = "sw"
	Ew Op = "ew"
	Gt Op = "gt"
	Ge Op = "ge"
	Lt Op = "lt"
	Le Op = "le"
)

// Compare holds if a value of the path compares so with Value.
type Compare struct {
	Path  Path
	Op    Op
	Value any // string, bool, int64, float64 or nil for null
}

// Present holds if the path has a value that is not null and not empty (pr).
type Present struct{ Path Path }

// ValuePath holds if the attribute has an element that its filter chooses:
// emails[type eq "work"] standing alone. Its path always has a Filter and
// never a Sub.
type ValuePath struct{ Path Path }

// And holds if both sides do.
type And struct{ Left, Right Filter }

// Or holds if either side does.
type Or struct{ Left, Right Filter }

// Not holds if the filter does not.
type Not struct{ Filter Filter }

// String returns attribute, operator and value; a string value is quoted as
// JSON, without the escapes that HTML would need.
func (f Compare) String() string { return string(f.appendTo(nil)) }

// String returns the path and pr.
func (f Present) String() string { return string(f.appendTo(nil)) }

// String returns the path.
func (f ValuePath) String() string { return string(f.appendTo(nil)) }

// String returns both sides joined by and, in parentheses where they have to be.
func (f And) String() string { return string(f.appendTo(nil)) }

// String returns both sides joined by or, in parentheses where they have to be.
func (f Or) String() string { return string(f.appendTo(nil)) }

// String returns not and the filter in parentheses.
func (f Not) String() string { return string(f.appendTo(nil)) }

func (f Compare) appendTo(b []byte) []byte {
	b = f.Path.appendTo(b)
	b = append(b, ' ')
	b = append(b, f.Op...)
	b = append(b, ' ')
	return appendValue(b, f.Value)
}

func (f Present) appendTo(b []byte) []byte { return append(f.Path.appendTo(b), " pr"...) }

func (f ValuePath) appendTo(b []byte) []byte { return f.Path.appendTo(b) }

func (f And) appendTo(b []byte) []byte {
	// The right side keeps its parentheses even around another and: the same
	// meaning, but then parsing gives back the same tree.
	b = appendOperand(b, f.Left, isOr(f.Left))
	b = append(b, " and "...)
	return appendOperand(b, f.Right, isOr(f.Right) || isAnd(f.Right))
}

func (f Or) appendTo(b []byte) []byte {
	b = appendOperand(b, f.Left, false)
	b = append(b, " or "...)
	return appendOperand(b, f.Right, isOr(f.Right))
}

func (f Not) appendTo(b []byte) []byte {
	return appendOperand(append(b, "not "...), f.Filter, true)
}

func isAnd(f Filter) bool { _, ok := f.(And); return ok }
func isOr(f Filter) bool  { _, ok := f.(Or); return ok }

func appendOperand(b []byte, f Filter, parentheses bool) []byte {
	if f == nil {
		return b
	}
	if !parentheses {
		return f.appendTo(b)
	}
	return append(f.appendTo(append(b, '(')), ')')
}

// appendValue writes a JSON value. A value that JSON cannot hold is written
// as a string of its Go form, so that printing never fails.
func appendValue(b []byte, v any) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return appendValue(b, fmt.Sprint(v))
	}
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}
