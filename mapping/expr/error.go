package expr

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// Error is what is wrong with an expression, and where: found in its text by
// Parse and Compile, or in the values of one object by Eval.
type Error struct {
	Line, Column int    // from 1; Column counts characters
	Function     string // the function concerned, "" if none
	Parameter    string // its parameter, "" if none
	Message      string // what is wrong, and what to do
	Source       string // the line of the expression; "" if it is not to be shown
	Err          error  // the cause: a *UniqueError, ErrTimeout, ErrTooLarge, or what Env.Unique returned; often nil
}

// What ends an evaluation that would take too long or grow too large: compare
// with errors.Is.
var (
	// ErrTimeout says that regular expressions took longer than the limit.
	ErrTimeout = errors.New("regular expressions took too long")
	// ErrTooLarge says that a value outgrew MaxText, or all values together MaxWork.
	ErrTooLarge = errors.New("the value is too large")
)

// UniqueError says that SelectUniqueValue found none of its candidates free in
// the target. Entra escrows such an object.
type UniqueError struct {
	Candidates []string // in the order of the rules; nil where the expression is redacted
	Rules      int      // how many there were
}

// Error names the candidates.
func (e *UniqueError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("none of the %d rules gives a value that is free in the target", e.Rules)
	}
	return "every value exists already in the target: " + strings.Join(e.Candidates, ", ")
}

// Error returns the place, the function and the parameter, the message, and
// the line of the expression with a caret under the place.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "line %d, column %d: ", e.Line, e.Column)
	if e.Function != "" {
		b.WriteString(e.Function + ": ")
		if e.Parameter != "" {
			b.WriteString("parameter " + e.Parameter + ": ")
		}
	}
	b.WriteString(e.Message)
	if e.Source != "" {
		line, column := excerpt(e.Source, e.Column)
		b.WriteString("\n  " + line + "\n  " + indent(line, column) + "^")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// excerpt returns the part of a line that is shown, and the column in it.
func excerpt(line string, column int) (string, int) {
	const before, after = 60, 60
	runes := []rune(strings.TrimRight(line, "\r"))
	start, end := 0, len(runes)
	if column-1 > before+10 {
		start = column - 1 - before
	}
	if end > column-1+after+10 {
		end = column - 1 + after
	}
	if start >= end {
		start = 0
	}
	s, c := string(runes[start:end]), column-start
	if start > 0 {
		s, c = "…"+s, c+1
	}
	if end < len(runes) {
		s += "…"
	}
	return s, c
}

// indent returns blanks as wide as what stands before the column, tabs kept.
func indent(line string, column int) string {
	var b strings.Builder
	for _, r := range line {
		column--
		if column <= 0 {
			break
		}
		switch kind := width.LookupRune(r).Kind(); {
		case r == '\t':
			b.WriteByte('\t')
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case kind == width.EastAsianWide || kind == width.EastAsianFullwidth:
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	for ; column > 1; column-- {
		b.WriteByte(' ')
	}
	return b.String()
}

// faultAt returns an error at a position of src.
func faultAt(src string, at Position, format string, args ...any) *Error {
	const most = 1000
	message := fmt.Sprintf(format, args...)
	if utf16Len(message) > most {
		message = utf16Slice(message, 0, most) + "…"
	}
	return &Error{Line: at.Line, Column: at.Column, Message: message, Source: lineAt(src, at.Offset)}
}

// lineAt returns the line of src that holds the offset.
func lineAt(src string, offset int) string {
	offset = min(max(offset, 0), len(src))
	start := strings.LastIndexByte(src[:offset], '\n') + 1
	line := src[start:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return strings.ToValidUTF8(line, string(utf8.RuneError))
}
