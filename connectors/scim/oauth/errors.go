package oauth

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/mask"
)

// ErrNoToken is in the chain of every error that says that there is no access
// token, as opposed to one that the application refuses.
var ErrNoToken = errors.New("no access token")

// Microsoft's error codes, as the SCIM client has them for the same cases.
const (
	codeUnauthorized    = "Unauthorized"
	codeTooManyRequests = "TooManyRequests"
	codeInternalServer  = "InternalServerError"
	codeTimeout         = "Timeout"
	codeConnection      = "WebExceptionProtocolError"
	codeBadResponse     = "SystemForCrossDomainIdentityManagementBadResponse"
)

// maxShown is how much of what a server says an error holds, in bytes.
const maxShown = 500

// cause is why there is no token: ErrNoToken, and what the connection said.
type cause struct {
	text string
	err  error // nil where there was an answer
}

func (c *cause) Error() string { return c.text }

func (c *cause) Unwrap() []error {
	if c.err == nil {
		return []error{ErrNoToken}
	}
	return []error{ErrNoToken, c.err}
}

// failure is the error for a request that brought no token.
func (s *Source) failure(x *exchange, err error) error {
	e := s.newError()
	if x.status == 0 {
		s.noAnswer(e, x, err)
		return e
	}
	code, description := refusal(err)
	e.Status, e.RetryAfter = x.status, x.retryAfter
	e.Class, e.Code = classOf(x, code)
	switch {
	case code != "":
		e.Detail = quoted(x.mask(code), x.mask(description)) + s.advice(code)
	case x.status >= 300 && x.status < 400:
		e.Detail = "the token endpoint redirects"
		if x.location != "" {
			e.Detail += " to " + shorten(withoutQuery(x.mask(x.location)))
		}
		e.Detail += "; the token URL must be the one that answers itself"
	case x.status < 300 && x.html:
		e.Detail = "a web page answers: this is not the token endpoint, check the token URL"
	case x.status < 300:
		// The answer may hold a token where it does not belong: it is not repeated.
		e.Detail = shorten(x.mask(strings.TrimPrefix(err.Error(), "oauth2: "))) +
			": this is no answer of a token endpoint (RFC 6749 section 5.1), check the token URL"
	case e.Class == connectors.NotSCIM:
		e.Detail = "there is no token endpoint at this address: check the token URL"
	case x.html:
		e.Detail = "a web page answers" + s.advice("")
	default:
		e.Detail = shorten(x.mask(strings.Join(strings.Fields(string(x.body)), " ")))
		if e.Class == connectors.Credentials {
			e.Detail += s.advice("")
		}
	}
	e.Err = &cause{text: e.Detail}
	return e
}

func (s *Source) newError() *connectors.Error {
	return &connectors.Error{Method: http.MethodPost, URL: withoutQuery(s.opts.TokenURL)}
}

// noAssertion is the error for an assertion that could not be made: nothing was
// sent.
func (s *Source) noAssertion(err error) error {
	e := s.newError()
	e.Class, e.Code, e.Err = connectors.Credentials, codeUnauthorized, &cause{text: err.Error(), err: err}
	return e
}

// noAnswer fills the error for a request that was not answered.
func (s *Source) noAnswer(e *connectors.Error, x *exchange, err error) {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err // the URL that it names may have a secret in its query
	}
	e.Class, e.Code = connectors.Retryable, codeConnection
	text := "the token endpoint does not answer: " + x.mask(err.Error()) + "; check the token URL, and that it can be reached from here"
	var timeout interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		e.Code = codeTimeout
		text = fmt.Sprintf("the token endpoint does not answer within %v; check the token URL, and that it can be reached from here", s.opts.Timeout)
	}
	e.Err = &cause{text: text, err: err}
}

// hopeless reports that trying again would only fail again: a host name that
// does not exist, a certificate that is not trusted.
func hopeless(err error) bool {
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.As(err, &certificate) || errors.As(err, &dns) && dns.IsNotFound
}

// classOf is the table of error codes (RFC 6749 section 5.2) and statuses.
func classOf(x *exchange, code string) (connectors.Class, string) {
	switch s := x.status; {
	case s == http.StatusTooManyRequests, code == "slow_down":
		return connectors.Throttled, codeTooManyRequests
	case s == http.StatusServiceUnavailable && x.retryAfter > 0:
		return connectors.Throttled, codeInternalServer
	case s >= 500, code == "temporarily_unavailable", code == "server_error":
		return connectors.Retryable, codeInternalServer
	case s == http.StatusRequestTimeout:
		return connectors.Retryable, codeTimeout
	case code != "", s == http.StatusBadRequest && !x.html, s == http.StatusUnauthorized, s == http.StatusForbidden:
		return connectors.Credentials, codeUnauthorized
	default:
		return connectors.NotSCIM, codeBadResponse
	}
}

// refusal returns what the server says of itself (RFC 6749 section 5.2).
func refusal(err error) (code, description string) {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return "", ""
	}
	return refused.ErrorCode, refused.ErrorDescription
}

func quoted(code, description string) string {
	if description == "" {
		return shorten(code)
	}
	return shorten(code) + ": " + strings.TrimSuffix(shorten(strings.Join(strings.Fields(description), " ")), ".")
}

// advice says what to do about an error code.
func (s *Source) advice(code string) string {
	switch code {
	case "invalid_scope":
		return fmt.Sprintf("; the server does not give the scope %q to this client: check scope", s.opts.Scope)
	case "unauthorized_client", "unsupported_grant_type":
		return "; the server has to allow the grant client_credentials for this client"
	case "temporarily_unavailable", "server_error", "slow_down":
		return ""
	}
	if s.opts.Assertion != nil {
		return fmt.Sprintf("; check the client ID %q, and that the server knows the issuer, subject, audience and key of the assertion: scimsync identity token shows them", s.opts.ClientID)
	}
	return fmt.Sprintf("; check the client ID %q, its secret, and tokenEndpointAuthMethod", s.opts.ClientID)
}

// mask hides what was sent in text that a server made: some repeat it.
func (x *exchange) mask(s string) string { return mask.New(x.secrets...).Mask(s) }

// basic returns the credentials of the header Authorization, "" if they do not
// go there.
func basic(o Options) string {
	if !o.BasicAuth {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(o.ClientSecret)))
}

// shorten cuts s, and makes it valid UTF-8.
func shorten(s string) string {
	if len(s) <= maxShown {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}
