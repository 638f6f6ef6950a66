package connectors

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Class says what an error of a target means for the engine. It is decided
// once, in the connector.
type Class string

// The error classes.
const (
	Retryable   Class = "retryable"   // no answer, or the server's own fault: it may or may not have taken effect
	Throttled   Class = "throttled"   // 429, or 503 with Retry-After
	Credentials Class = "credentials" // 401, 403: nothing will work until somebody acts
	NotSCIM     Class = "notSCIM"     // the answer is no SCIM: HTML, other JSON, 404 on the collection, truncated
	Conflict    Class = "conflict"    // 409
	Gone        Class = "gone"        // the object's own URL answers 404
	Rejected    Class = "rejected"    // 400 and the rest: this request is wrong for this server
	ReadOnly    Class = "readOnly"    // a write on a dry run: a fault of the program
)

// ErrUnchanged says that the application has already what was to be written.
var ErrUnchanged = errors.New("the application has it already")

// Error is what a target's answer, or its absence, meant.
type Error struct {
	Class  Class
	Code   string // Microsoft's error code, as the provisioning log shows it
	Status int    // HTTP status; 0 where there was no answer
	Method string // of the request: GET, POST, …
	URL    string // of the request, without its query
	Detail string // SCIM detail of the answer, or the beginning of its body
	Type   string // scimType of the answer (RFC 7644 section 3.12)
	Body   string // the answer's body, cut to a size that a log can hold

	RetryAfter time.Duration // what the answer asked for; 0 if it did not
	// Doubtful: the request, or an earlier try of it, may have taken effect,
	// whatever the class says. Of a Retryable or NotSCIM one it always may.
	Doubtful bool
	Err      error // the cause where there was no answer
}

// Error says what was asked, what came back, and what it means.
func (e *Error) Error() string {
	s := e.Method + " " + e.URL
	switch {
	case e.Status != 0:
		s += fmt.Sprintf(": HTTP %d", e.Status)
	case e.Err != nil:
		s += ": " + e.Err.Error()
	}
	if e.Type != "" {
		s += " " + oneLine(e.Type)
	}
	if e.Detail != "" {
		s += ": " + oneLine(e.Detail)
	}
	return s + " (" + e.Code + ")"
}

// oneLine returns a text with blanks in the place of ends of lines: what an
// application or an export says must not look like another line of a log.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
			return ' '
		}
		return r
	}, s)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of the *Error in err's chain, "" if there is none.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}
