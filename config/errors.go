package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a file of the configuration, or, as a
// warning, allowed and yet likely a mistake.
type Error struct {
	File   string `json:"file"`             // path of the file, or the environment variable or flag that was read instead
	Line   int    `json:"line,omitempty"`   // from 1; 0 where there is no place in a file
	Column int    `json:"column,omitempty"` // from 1, in characters; 0 for a whole line
	// Message says what was found and what would be right. It may go on over
	// further lines: an expression with a caret under the place.
	Message string `json:"message"`
	Err     error  `json:"-"` // the cause, where there is one
}

// Error returns file, line and column as compilers print them, and the message.
func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
		if e.Column > 0 {
			s += fmt.Sprintf(":%d", e.Column)
		}
	}
	return s + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errors is everything that is wrong with a configuration, sorted by file,
// line and column. It is never empty where it is returned as an error.
type Errors []*Error

// Error returns one error a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors, for errors.Is and errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// sorted returns e in the order of files and positions, each error once: what
// stands behind an alias is read as often as it is used. Errors of one position
// keep the order in which they were found.
func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(e, func(a, b *Error) bool { return a.Error() == b.Error() })
}

// orNil returns e sorted as an error, nil if it is empty.
func (e Errors) orNil() error {
	if len(e) == 0 {
		return nil
	}
	return e.sorted()
}
