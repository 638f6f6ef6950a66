package engine

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/mask"
	"github.com/scimsync/scimsync/scope"
)

// Failure says why one object could not be provisioned.
type Failure struct {
	Code     string // Microsoft's error code
	Message  string
	Status   int    // HTTP status of the application's answer; 0 where there was none
	Body     string // of the answer
	Category string // Graph's errorCategory
	Advice   string // what to do about it
	Err      error
}

// Error returns code and message.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// reason is the failure as the provisioning log's errorInformation has it, laid
// out as in captured records (scim-client-wire 9.7): the name of the status,
// what happened, the raw answer, then how often it was tried again and when it
// is next.
func (f *Failure) reason(escrow *state.Escrow) string {
	reason := f.Message
	if f.Status != 0 {
		status := strings.ReplaceAll(http.StatusText(f.Status), " ", "") // as .NET names it
		reason = provlog.Reason(status, f.Message, f.Body)
	}
	if escrow == nil {
		return reason + ". Not tried again before its source object changes"
	}
	return fmt.Sprintf("%s. Retried %d times so far; next try after %s", reason, escrow.Attempts-1, escrow.Next.UTC().Format(time.RFC3339Nano))
}

// hide takes values that are never shown out of what an application answered:
// some repeat the request in their errors, and in their own spelling. Very short
// ones stay, for taking them out would garble words.
func (f *Failure) hide(values []string) {
	if len(values) > 0 {
		m := mask.New(values...).As(plan.Redacted)
		f.Message, f.Body = m.Mask(f.Message), m.Mask(f.Body)
	}
}

// hideIn does the same in what a cycle ends with: its error goes into the state,
// and to the people who are told of it.
func hideIn(err error, values []string) error {
	if err == nil || len(values) == 0 {
		return err
	}
	return &hiddenError{mask.New(values...).As(plan.Redacted).Mask(err.Error()), err}
}

// hiddenError keeps what an error is while hiding values in what it says.
type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

// failure says what an error of the target, or of a mapping, means for an object.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var value *mapping.ValueError
	if errors.As(err, &value) {
		return &Failure{
			Code: skipValidation, Message: err.Error(), Category: "failure", Err: err,
			Advice: "Correct the attribute in the directory, or its mapping.",
		}
	}
	var unclear *scope.UnclearError
	if errors.As(err, &unclear) {
		return &Failure{
			Code: skipValidation, Message: err.Error(), Category: "failure", Err: err,
			Advice: "Write true or false in the directory's export.",
		}
	}
	var target *connectors.Error
	if !errors.As(err, &target) {
		return &Failure{Code: "InternalError", Message: err.Error(), Category: "failure", Err: err,
			Advice: "Look at the message; if it points to nothing that you can change, report it as a fault of scimsync."}
	}
	return &Failure{
		Code: target.Code, Message: err.Error(), Status: target.Status, Body: target.Body, Category: "nonServiceFailure",
		Advice: advice[target.Class], Err: err,
	}
}

var advice = map[connectors.Class]string{
	connectors.Retryable:   "The application did not answer as it should. Nothing needs to be done if it recovers: the object is tried again.",
	connectors.Throttled:   "The application is limiting requests. The object is tried again; a lower concurrency setting spares it.",
	connectors.Credentials: "Give the job valid credentials (secret token, client secret or key), with the right to write users and groups.",
	connectors.NotSCIM:     "Check the tenant URL: what answers there does not speak SCIM.",
	connectors.Conflict:    "Another object of the application holds a value that must be unique. Remove it there, or choose a matching attribute that finds it.",
	connectors.Gone:        "The connected object was removed from the application. Restart the job with its connections reset, so that it is matched again.",
	connectors.Rejected:    "The application refuses the request. Its answer says why: correct the value, the mapping, or the application.",
}
