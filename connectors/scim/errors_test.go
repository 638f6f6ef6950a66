package scim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// The requests that the table of classes is tried with.
var doings = map[string]func(*Target) error{
	"find": func(t *Target) error {
		_, err := t.Find(context.Background(), connectors.Query{Type: directory.User, Attribute: "userName", Value: directory.Str("ada@ex.com")})
		return err
	},
	"get": func(t *Target) error {
		_, err := t.Get(context.Background(), directory.User, "u1", []string{"userName"})
		return err
	},
	"post": func(t *Target) error {
		_, err := t.Apply(context.Background(), create(directory.User, set("userName", "ada@ex.com")))
		return err
	},
	"patch": func(t *Target) error {
		_, err := t.Apply(context.Background(), patch(directory.User, "u1", set("title", "x")))
		return err
	},
	"delete": func(t *Target) error {
		_, err := t.Apply(context.Background(), plan.Operation{Action: plan.Delete, Type: directory.User, TargetAnchor: "u1"})
		return err
	},
	"test": func(t *Target) error { return t.Test(context.Background(), directory.User, directory.Group) },
}

func TestClasses(t *testing.T) {
	const p = codePrefix
	html := reply{status: 200, body: "<!DOCTYPE html>\n<title>Sign in</title>", header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}
	scimError := func(status int, scimType, detail string) reply {
		return reply{status: status, body: fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"scimType":%q,"detail":%q,"status":"%d"}`, scimType, detail, status)}
	}
	tests := []struct {
		doing string // several, separated by blanks
		reply reply
		class connectors.Class
		code  string
		says  string // in the error's text
	}{
		{"find get post patch delete", scimError(401, "", "expired"), connectors.Credentials, "Unauthorized", "HTTP 401: expired"},
		{"find get", reply{status: 403}, connectors.Credentials, "InsufficientRights", ""},
		{"post patch delete", reply{status: 403}, connectors.Rejected, "InsufficientRights", ""},
		{"test", reply{status: 401}, connectors.Credentials, p + "InvalidCredentials", ""},
		{"test", reply{status: 403}, connectors.Credentials, p + "InvalidCredentials", ""},
		{"get patch delete", scimError(404, "", "no u1"), connectors.Gone, "InvalidAnchor", "/scim/v2/Users/u1: HTTP 404: no u1"},
		{"get patch delete", reply{status: 410}, connectors.Gone, "InvalidAnchor", ""},
		{"find post test", reply{status: 404}, connectors.NotSCIM, p + "ServiceIncompatible", "check the tenant URL"},
		{"find get post patch delete test", reply{status: 302, header: map[string]string{"Location": "https://sso.example.com/login?secret=1"}},
			connectors.NotSCIM, p + "ServiceIncompatible", "redirects to https://sso.example.com/login;"},
		{"patch", scimError(409, "uniqueness", "userName is taken"), connectors.Conflict, "Conflict", "HTTP 409 uniqueness: userName is taken (Conflict)"},
		{"post", scimError(409, "", "userName is taken"), connectors.Conflict, "Conflict", "HTTP 409: userName is taken (Conflict)"},
		{"post", scimError(409, "uniqueness", "userName is taken"), connectors.Conflict, p + "ServiceIncompatibleFiltering", "HTTP 409 uniqueness: userName is taken"},
		{"find get patch delete post", reply{status: 429}, connectors.Throttled, "TooManyRequests", ""},
		{"find get patch delete post", reply{status: 503, header: map[string]string{"Retry-After": "9999"}}, connectors.Throttled, "InternalServerError", ""},
		{"find get patch delete post", reply{status: 503}, connectors.Retryable, "InternalServerError", ""},
		{"find get patch delete post", reply{status: 500, body: "<html>oops"}, connectors.Retryable, "InternalServerError", ""},
		{"find get patch delete post", reply{status: 502}, connectors.Retryable, "InternalServerError", ""},
		{"find get patch delete post", reply{status: 504}, connectors.Retryable, "Timeout", ""},
		{"test", reply{status: 500}, connectors.Retryable, p + "CredentialValidationUnavailable", ""},
		{"patch", reply{status: 501}, connectors.Rejected, "NotImplemented", ""},
		{"patch", reply{status: 405}, connectors.Rejected, "MethodNotAllowed", ""},
		{"post", reply{status: 422}, connectors.Rejected, "UnprocessableEntity", ""},
		{"post patch", scimError(400, "invalidValue", "no email"), connectors.Rejected, p + "ServiceIncompatible", "HTTP 400 invalidValue: no email"},
		{"post", reply{status: 400, body: "plain\n  words"}, connectors.Rejected, p + "ServiceIncompatible", "HTTP 400: plain words"},
		{"get", reply{status: 400}, connectors.Rejected, p + "BadRequest", ""},
		{"find", scimError(400, "invalidFilter", "eq only"), connectors.Rejected, p + "ServiceIncompatibleFiltering", ""},

		{"find get post patch delete test", html, connectors.NotSCIM, p + "BadResponse", "HTML"},
		{"find get post", reply{status: 200, body: `{"schemas":["urn:ietf:par`}, connectors.NotSCIM, p + "BadResponse", "truncated"},
		{"find get post", reply{status: 200, body: ``}, connectors.NotSCIM, p + "BadResponse", "empty"},
		{"find get post", reply{status: 200, body: `["a"]`}, connectors.NotSCIM, p + "BadResponse", "no JSON object"},
		{"find get post", reply{status: 200, body: `{"id":"u1","Resources":[]} x`}, connectors.NotSCIM, p + "BadResponse", ""},
		{"get post", reply{status: 201, body: `{"userName":"ada"}`}, connectors.NotSCIM, p + "BadResponse", "no id"},
		{"post", reply{status: 201, body: `{"userName":"ada"}`, header: map[string]string{"Location": "https://app.example.com/scim/v2/Users/u9"}}, connectors.NotSCIM, p + "BadResponse", "no id"},
		{"get post", reply{status: 201, body: `{"id":"  "}`}, connectors.NotSCIM, p + "BadResponse", "empty"},
		{"get post", reply{status: 201, body: `{"id":".."}`}, connectors.NotSCIM, p + "BadResponse", "no URL can hold"},
		{"get post", reply{status: 201, body: `{"id":{}}`}, connectors.NotSCIM, p + "BadResponse", "no string"},
		{"get", reply{status: 200, body: `{"id":"u2"}`}, connectors.NotSCIM, p + "BadResponse", `"u2"`},
		{"get", reply{status: 200, body: `{"Resources":[{"id":"u1"},{"id":"u2"}]}`}, connectors.Rejected, p + "MultipleEntriesInResponse", "2 came"},
		{"find test", reply{status: 200, body: `{"totalResults":1}`}, connectors.NotSCIM, p + "BadResponse", "no Resources"},
		{"find", reply{status: 200, body: `{"ok":true}`}, connectors.NotSCIM, p + "BadResponse", "no Resources"},
		{"find", reply{status: 200, body: `{"Resources":{}}`}, connectors.NotSCIM, p + "BadResponse", "no list"},
		{"find", reply{status: 200, body: `{"totalResults":"x","Resources":[]}`}, connectors.NotSCIM, p + "BadResponse", "totalResults"},
		{"find", reply{status: 200, body: `{"Resources":[3]}`}, connectors.NotSCIM, p + "BadResponse", "entry 1"},
		{"find", reply{status: 200, body: `{"Resources":[{"userName":"ada@ex.com"}]}`}, connectors.NotSCIM, p + "BadResponse", "no id"},
		{"find", reply{status: 200, body: `{"totalResults":7,"Resources":[{"id":"u1","userName":"ada@ex.com"}]}`}, connectors.Rejected, p + "MultipleEntriesInResponse", "counts 7"},
		{"find test", reply{status: 200, body: `{"totalResults":7,"Resources":[]}`}, connectors.Rejected, p + "ServiceIncompatibleFiltering", "counts 7 objects"},
		{"find test", reply{status: 200, body: `{"totalResults":1,"Resources":[{"id":"u1","userName":"ben@ex.com"}]}`},
			connectors.Rejected, p + "ServiceIncompatibleFiltering", "ignore the filter"},

		{"find get post patch delete", reply{err: syscall.ECONNRESET}, connectors.Retryable, "WebExceptionProtocolError", "connection reset"},
		{"find get post patch delete", reply{err: timeout{}}, connectors.Retryable, "Timeout", ""},
		{"test", reply{err: syscall.ECONNREFUSED}, connectors.Retryable, p + "CredentialValidationUnavailable", ""},
		{"find get post patch delete", reply{status: 200, read: func() (int, error) { return 0, io.ErrUnexpectedEOF }}, connectors.Retryable, "WebExceptionProtocolError", "broke off"},
		{"find get post", reply{status: 200, body: strings.Repeat(" ", maxBody+1)}, connectors.NotSCIM, p + "BadResponse", "larger than 10 MB"},
	}
	for _, tt := range tests {
		for doing := range strings.FieldsSeq(tt.doing) {
			t.Run(fmt.Sprintf("%s %d %s", doing, tt.reply.status, tt.says), func(t *testing.T) {
				target, _ := newScripted(t, Options{Retries: -1}, tt.reply)
				err := doings[doing](target)
				var e *connectors.Error
				if !errors.As(err, &e) {
					t.Fatalf("error %v is no *connectors.Error", err)
				}
				if e.Class != tt.class || e.Code != tt.code || e.Status != tt.reply.status && tt.reply.read == nil && tt.reply.err == nil {
					t.Errorf("class %s, code %s, status %d: %v", e.Class, e.Code, e.Status, err)
				}
				if !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%q does not say %q", err, tt.says)
				}
				if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "?") {
					t.Errorf("%q tells a query", err)
				}
			})
		}
	}
}

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

func TestAnswersOfSuccess(t *testing.T) {
	for _, tt := range []struct {
		doing string
		reply reply
	}{
		{"patch delete", reply{status: 204}},
		{"patch delete", reply{status: 200}},
		{"patch delete", reply{status: 200, body: "OK"}},
		{"patch delete", reply{status: 200, body: `{"userName":"no id"}`}},
		{"patch delete post get", reply{status: 200, body: oneID}},
		{"patch delete post", reply{status: 201, body: oneID}},
		{"patch delete", reply{status: 202}},
		{"get post", reply{status: 200, body: "\xef\xbb\xbf" + ` {"ID":"u1"} `}},
		{"find", reply{status: 200, body: `{"totalResults":0}`}},
		{"find", reply{status: 200, body: `{"resources":[{"Id":7,"USERNAME":"ADA@ex.com "}]}`}},
	} {
		for doing := range strings.FieldsSeq(tt.doing) {
			target, _ := newScripted(t, Options{}, tt.reply)
			if err := doings[doing](target); err != nil {
				t.Errorf("%s answered by %d %s: %v", doing, tt.reply.status, tt.reply.body, err)
			}
		}
	}
}

// TestSecrets lets applications and connections repeat the token.
func TestSecrets(t *testing.T) {
	const token = `tok"en+/=0123`
	for name, r := range map[string]reply{
		"detail":    {status: 400, body: `{"detail":"bad header Bearer tok\"en+/=0123","scimType":"tok\"en+/=0123"}`},
		"body":      {status: 500, body: `Authorization: Bearer ` + token + " " + `"tok\"en+/=0123"` + " tok%22en%2B%2F%3D0123"},
		"html":      {status: 200, body: "<html>" + token},
		"location":  {status: 302, header: map[string]string{"Location": "https://x.example/" + token}},
		"transport": {err: fmt.Errorf("proxy refused header %q: %s", "Bearer "+token, token)},
	} {
		for doing, do := range doings {
			target, _ := newScripted(t, Options{SecretToken: token, Retries: -1}, r)
			err := do(target)
			var e *connectors.Error
			if !errors.As(err, &e) {
				t.Fatalf("%s, %s: %v", name, doing, err)
			}
			text := err.Error() + e.Body + e.Detail + e.Type + e.URL
			if strings.Contains(text, token) || strings.Contains(text, `tok\"en`) || strings.Contains(text, "tok%22en") {
				t.Errorf("%s, %s: the token is told: %s", name, doing, text)
			}
		}
	}
	if _, err := New(Options{TenantURL: "https://x.example", SecretToken: "tok\nen"}); err == nil || strings.Contains(err.Error(), "en\"") {
		t.Errorf("a token with a line end: %v", err)
	}
}

func TestOptionsTellNoSecret(t *testing.T) {
	opts := Options{TenantURL: "https://x.example/scim?code=abc", SecretToken: "token-0123"}
	for _, s := range []string{fmt.Sprintf("%v", opts), fmt.Sprintf("%+v", opts), fmt.Sprintf("%#v", opts), fmt.Sprint(&opts)} {
		if s != "SCIM target https://x.example/scim" {
			t.Errorf("the options print as %s", s)
		}
	}
}

func TestBodyIsCut(t *testing.T) {
	target, _ := newScripted(t, Options{}, reply{status: 400, body: strings.Repeat("é", maxShownBody)})
	var e *connectors.Error
	if err := doings["get"](target); !errors.As(err, &e) || len(e.Body) > maxShownBody+len("…") || len(e.Detail) > 210 {
		t.Errorf("a body of %d bytes and a detail of %d are kept", len(e.Body), len(e.Detail))
	}
}

func TestRetryAfterIsTold(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"300": 5 * time.Minute, "Sun, 01 Nov 2026 12:10:00 GMT": 10 * time.Minute, "Sun, 01 Nov 2026 11:00:00 GMT": 0, "soon": 0, "-5": 0,
	} {
		target, _ := newScripted(t, Options{Retries: -1, Now: func() time.Time { return now }}, reply{status: 429, header: map[string]string{"Retry-After": header}})
		var e *connectors.Error
		if err := doings["get"](target); !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("Retry-After: %s gives %v, want %v", header, e.RetryAfter, want)
		}
	}
}

// TestPartial fails the second of three batches.
func TestPartial(t *testing.T) {
	target, s := newScripted(t, Options{MembersPerPatch: 2, Retries: -1}, reply{status: 204}, reply{status: 204}, reply{status: 400, body: "no"})
	_, err := target.Apply(context.Background(), patch(directory.Group, "g1", replace("displayName", "x"), set("members", refs("a", "b", "c", "d", "e"))))
	var partial *PartialError
	if !errors.As(err, &partial) || connectors.ClassOf(err) != connectors.Rejected || len(s.requests) != 3 {
		t.Fatalf("%d requests, error %v", len(s.requests), err)
	}
	if diff := cmp.Diff([]plan.Change{replace("displayName", "x"), set("members", refs("a", "b"))}, partial.Applied); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(err.Error(), "3 values before it were written") {
		t.Error(err)
	}
}

// TestRefused has operations that cannot be put into a request.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		op   plan.Operation
		code string
		says string
	}{
		"boolean":  {patch(directory.User, "u1", replace("active", "maybe")), "AttributeValidationFailed", `active: takes True or False, not "maybe"`},
		"post":     {create(directory.User, set("active", "maybe")), "AttributeValidationFailed", `not "maybe"`},
		"integer":  {patch(directory.User, "u1", replace(contoso+"level", "x")), "AttributeValidationFailed", "takes a whole number"},
		"null":     {patch(directory.User, "u1", replace("title", directory.Value{})), "AttributeValidationFailed", "no value"},
		"path":     {patch(directory.User, "u1", replace("title[", "x")), "InternalError", "title["},
		"filter":   {patch(directory.User, "u1", replace(`emails[type co "w"].value`, "x")), "InternalError", "no filter that chooses one element"},
		"empty":    {create(directory.User), "InternalError", "without attributes"},
		"no type":  {plan.Operation{Action: plan.Delete, Type: "Device", TargetAnchor: "d1"}, "InternalError", "Device"},
		"no verbs": {plan.Operation{Action: "merge", Type: directory.User, TargetAnchor: "u1"}, "InternalError", "merge"},
	} {
		for _, tenant := range []string{"https://app.example.com", "https://app.example.com?aadOptscim062020"} {
			target, s := newScripted(t, Options{TenantURL: tenant, Types: map[string]string{contoso + "level": "integer"}}, reply{status: 200, body: oneID})
			_, err := target.Apply(context.Background(), tt.op)
			var e *connectors.Error
			if !errors.As(err, &e) || e.Class != connectors.Rejected || e.Code != tt.code || !strings.Contains(err.Error(), tt.says) || len(s.requests) > 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	target, s := newScripted(t, Options{}, reply{status: http.StatusTemporaryRedirect, header: map[string]string{"Location": "https://evil.example/"}}, reply{status: 200, body: oneID})
	if err := doings["get"](target); connectors.ClassOf(err) != connectors.NotSCIM || len(s.requests) != 1 {
		t.Errorf("%d requests, error %v", len(s.requests), err)
	}
}
