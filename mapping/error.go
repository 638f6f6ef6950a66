package mapping

import (
	"errors"
	"fmt"

	"github.com/scimsync/scimsync/mapping/expr"
)

// Error says what is wrong with one attribute mapping. Compile joins several
// with errors.Join.
type Error struct {
	Index  int    // index of the attribute mapping, from 0; -1 for the mapping as a whole
	Target string // its target attribute
	Err    error  // what was found, and what would be right
}

// Error returns the place, counted from 1, and the reason.
func (e *Error) Error() string {
	if e.Index < 0 {
		return "attribute mappings: " + e.Err.Error()
	}
	return place(e.Index, e.Target) + ": " + e.Err.Error()
}

// Unwrap returns the reason: an error of the expression language where the
// expression is at fault.
func (e *Error) Unwrap() error { return e.Err }

func place(index int, target string) string {
	if target == "" {
		return fmt.Sprintf("attribute mapping %d", index+1)
	}
	return fmt.Sprintf("attribute mapping %d (%s)", index+1, target)
}

// ValueError says that an attribute mapping gave no value for an object. The
// object is not provisioned (SkipReason AttributeValidationFailed).
type ValueError struct {
	Target string // target attribute
	Source string // the expression, or the source attribute; RedactedText where it calls Redact
	Err    error
}

// Error returns the target attribute, what was evaluated and what went wrong.
func (e *ValueError) Error() string {
	return fmt.Sprintf("attribute %s: %s: %v", e.Target, e.Source, e.Err)
}

// Unwrap returns the cause.
func (e *ValueError) Unwrap() error { return e.Err }

// redactedError stands for an error whose text could show a value that the
// mapping redacts. It leads to the cause, which says what kind of error it
// was: the target could not be asked, no value was free, a limit was reached.
type redactedError struct{ cause error }

func (*redactedError) Error() string {
	return "evaluation failed, and the reason could show the value that Redact hides: test the expression without Redact"
}

// Unwrap returns the cause, nil if the values themselves were at fault.
func (e *redactedError) Unwrap() error { return e.cause }

func redacted(err error) error {
	var e *expr.Error
	if errors.As(err, &e) {
		return &redactedError{cause: e.Err}
	}
	return &redactedError{}
}
