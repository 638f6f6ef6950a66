package scim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/engine/plan"
)

// Microsoft's error codes (Microsoft Learn, "How to analyze the Microsoft Entra
// provisioning logs"). Those with the prefix are named for the protocol.
const (
	codePrefix = "SystemForCrossDomainIdentityManagement"

	codeBadRequest             = codePrefix + "BadRequest"
	codeBadResponse            = codePrefix + "BadResponse"
	codeIncompatible           = codePrefix + "ServiceIncompatible"
	codeIncompatibleFiltering  = codePrefix + "ServiceIncompatibleFiltering"
	codeMultipleEntries        = codePrefix + "MultipleEntriesInResponse"
	codeInvalidCredentials     = codePrefix + "InvalidCredentials"
	codeCredentialsUnavailable = codePrefix + "CredentialValidationUnavailable"

	codeUnauthorized       = "Unauthorized"
	codeInsufficientRights = "InsufficientRights"
	codeInvalidAnchor      = "InvalidAnchor"
	codeConflict           = "Conflict"
	codeTooManyRequests    = "TooManyRequests"
	codeInternalServer     = "InternalServerError"
	codeNotImplemented     = "NotImplemented"
	codeMethodNotAllowed   = "MethodNotAllowed"
	codeUnprocessable      = "UnprocessableEntity"
	codeTimeout            = "Timeout"
	codeConnection         = "WebExceptionProtocolError"
	codeInternal           = "InternalError"
	codeInvalidValue       = "AttributeValidationFailed"
)

// maxShownBody is how much of an answer an error holds, in bytes.
const maxShownBody = 4 << 10

// maxReason is how much is said of what is wrong with an answer, which may be an
// id or a name of any length, in bytes.
const maxReason = 500

// PartialError says that an operation of several requests failed after some of
// them: Applied has been carried out, the rest has not, but for the request
// that failed, which may have been.
type PartialError struct {
	Applied []plan.Change // as far as carried out: of a list, the elements that were
	Err     error         // why the next request failed; an *connectors.Error is in its chain
}

// Error says why the operation failed, and how far it came.
func (e *PartialError) Error() string {
	n := 0
	for _, c := range e.Applied {
		n += max(1, len(c.New.Elements()))
	}
	return fmt.Sprintf("%v (%d values before it were written)", e.Err, n)
}

// Unwrap returns why the next request failed.
func (e *PartialError) Unwrap() error { return e.Err }

// answer is what came back for a request.
type answer struct {
	status     int
	body       []byte
	html       bool // by its Content-Type
	location   string
	encoding   string // of the body, which was not asked for; "" for none
	retryAfter time.Duration
	token      string // that the request carried; "" for none
	doubtful   bool   // a try of the request may have taken effect without an answer that says so
}

// classify says what an answer means; nil for one of success.
func (t *Target) classify(r request, a answer) error {
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	e := t.newError(r, a)
	e.Class, e.Code = classOf(r, a)
	switch {
	case a.status >= 300 && a.status < 400:
		e.Detail = "the application redirects"
		if a.location != "" {
			e.Detail += " to " + shorten(withoutQuery(t.mask(a).Cut(a.location, maxShownBody)), 300)
		}
		e.Detail += "; the tenant URL must be the one that answers itself"
	case a.status == http.StatusNotFound && !r.object && e.Detail == "":
		e.Detail = "there is no SCIM endpoint at this address: check the tenant URL"
	}
	// A name that is taken although the matching query found nobody with it: to
	// Entra, the filtering is at fault (scim-client-wire 3.16).
	unmatched := e.Type == "uniqueness" && r.method == http.MethodPost && a.status == http.StatusConflict
	if e.Type == "invalidFilter" || unmatched {
		e.Code = codeIncompatibleFiltering
	}
	return e
}

// classOf is the table of statuses.
func classOf(r request, a answer) (connectors.Class, string) {
	switch s := a.status; {
	case s < 400:
		return connectors.NotSCIM, codeIncompatible
	case s == http.StatusBadRequest && r.method == http.MethodGet:
		return connectors.Rejected, codeBadRequest
	case s == http.StatusUnauthorized:
		return connectors.Credentials, codeUnauthorized
	case s == http.StatusForbidden && r.method != http.MethodGet:
		return connectors.Rejected, codeInsufficientRights // this object may not be written; others may
	case s == http.StatusForbidden:
		return connectors.Credentials, codeInsufficientRights
	case (s == http.StatusNotFound || s == http.StatusGone) && r.object:
		return connectors.Gone, codeInvalidAnchor
	case s == http.StatusNotFound, s == http.StatusGone:
		return connectors.NotSCIM, codeIncompatible
	case s == http.StatusMethodNotAllowed:
		return connectors.Rejected, codeMethodNotAllowed
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		return connectors.Retryable, codeTimeout
	case s == http.StatusConflict:
		return connectors.Conflict, codeConflict // the name of the status, as the other codes for statuses are
	case s == http.StatusUnprocessableEntity:
		return connectors.Rejected, codeUnprocessable
	case s == http.StatusTooManyRequests:
		return connectors.Throttled, codeTooManyRequests
	case s == http.StatusNotImplemented:
		return connectors.Rejected, codeNotImplemented
	case s == http.StatusServiceUnavailable && a.retryAfter > 0:
		return connectors.Throttled, codeInternalServer
	case s >= 500:
		return connectors.Retryable, codeInternalServer
	default:
		return connectors.Rejected, codeIncompatible
	}
}

// notSCIM is the error for an answer of success that is no SCIM.
func (t *Target) notSCIM(r request, a answer, reason error) error {
	if a.encoding != "" {
		reason = fmt.Errorf("the answer is compressed (%s), which it was not asked to be", printable(t.mask(a).Cut(a.encoding, 40)))
	}
	e := t.newError(r, a)
	e.Class, e.Code, e.Detail = connectors.NotSCIM, codeBadResponse, t.mask(a).Cut(reason.Error(), maxReason)
	return e
}

// rejected is the error for an answer that cannot be used.
func (t *Target) rejected(r request, a answer, code, format string, args ...any) error {
	e := t.newError(r, a)
	e.Class, e.Code, e.Detail = connectors.Rejected, code, t.mask(a).Cut(fmt.Sprintf(format, args...), maxReason)
	return e
}

// noAnswer is the error for a request that was not answered.
func (t *Target) noAnswer(r request, a answer, err error) error {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // the URL it names has the query, with people's names
	}
	e := t.newError(r, a)
	e.Class, e.Code, e.Err = connectors.Retryable, codeConnection, &maskedError{t.mask(a).Cut(err.Error(), maxShownBody), err}
	if a.status != 0 { // the answer began and did not end
		e.Detail = e.Err.Error()
	}
	var timeout interface{ Timeout() bool }
	var paused *pausedError
	switch {
	case errors.As(err, &paused):
		e.Class, e.Code, e.RetryAfter = connectors.Throttled, codeTooManyRequests, paused.wait
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		e.Code = codeTimeout
		// Which of its texts net/http has for its own timeout is a matter of chance.
		own := errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "Client.Timeout exceeded")
		if a.status == 0 && own {
			e.Err = &maskedError{fmt.Sprintf("no answer in time (timeout is %s)", t.opts.Timeout), err}
		}
	case errors.Is(err, errTooLarge):
		e.Class, e.Code = connectors.NotSCIM, codeBadResponse
	default:
		if class, explained := t.explainTLS(err); explained != nil {
			e.Class, e.Err = class, &maskedError{t.mask(a).Cut(explained.Error(), maxShownBody), explained}
		}
	}
	return e
}

// refused is the error for an operation that cannot be put into a request.
func (t *Target) refused(method, path string, err error) error {
	e := &connectors.Error{Class: connectors.Rejected, Code: codeInternal, Method: method, URL: t.url.Base + path, Detail: err.Error()}
	var value *valueError
	if errors.As(err, &value) {
		e.Code = codeInvalidValue
	}
	return e
}

func (t *Target) newError(r request, a answer) *connectors.Error {
	e := &connectors.Error{Status: a.status, Method: r.method, URL: t.url.Base + r.path, RetryAfter: a.retryAfter, Doubtful: a.doubtful}
	if a.encoding != "" {
		e.Body = fmt.Sprintf("%d bytes, compressed", len(a.body))
		return e
	}
	secrets := t.mask(a)
	e.Body = secrets.Cut(string(bytes.ToValidUTF8(a.body, []byte("\uFFFD"))), maxShownBody)
	if body, err := decode(a.body); err == nil {
		if detail, ok := lookup(body, "detail").(string); ok {
			e.Detail = secrets.Cut(detail, maxShownBody)
		}
		if scimType, ok := lookup(body, "scimType").(string); ok {
			e.Type = secrets.Cut(scimType, 80)
		}
	}
	if e.Detail == "" && a.status >= 400 && !a.html {
		e.Detail = shorten(strings.Join(strings.Fields(e.Body), " "), 200)
	}
	return e
}

// maskedError keeps what an error is while hiding what it says.
type maskedError struct {
	text string
	err  error
}

func (e *maskedError) Error() string { return e.text }
func (e *maskedError) Unwrap() error { return e.err }

func withoutQuery(s string) string {
	s, _, _ = strings.Cut(s, "?")
	s, _, _ = strings.Cut(s, "#")
	return s
}

// shorten cuts s to n bytes, at the end of a character.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
