package oauth

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
)

func TestTokenRequest(t *testing.T) {
	fixed := fixedAssertion("eyJh.eyJi.c2ln")
	for _, c := range []struct {
		name          string
		change        func(*Options)
		form          url.Values
		authorization string
	}{
		{"secret in the form", nil, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"blogin"}, "client_secret": {clientSecret},
		}, ""},
		{"secret in the header", func(o *Options) { o.BasicAuth, o.Scope, o.Audience = true, "scim read", "https://app" }, url.Values{
			"grant_type": {"client_credentials"}, "scope": {"scim read"}, "audience": {"https://app"},
		}, "Basic " + basic(Options{BasicAuth: true, ClientID: "blogin", ClientSecret: clientSecret})},
		{"assertion", func(o *Options) { o.ClientSecret, o.Assertion, o.Scope = "", fixed, "scim" }, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"blogin"}, "scope": {"scim"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {string(fixed)},
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, e := newSource(t, c.change, gives("token", lives(3600)))
			mustToken(t, s, "token")
			r := e.requests[0]
			if diff := cmp.Diff(c.form, e.forms[0]); diff != "" {
				t.Errorf("form (-want +got):\n%s", diff)
			}
			want := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {""}}
			if c.authorization != "" {
				want.Set("Authorization", c.authorization)
			}
			if diff := cmp.Diff(want, r.Header); diff != "" || r.Method != http.MethodPost {
				t.Errorf("%s, header (-want +got):\n%s", r.Method, diff)
			}
		})
	}
}

type fixedAssertion string

func (f fixedAssertion) Assertion(time.Time) (string, error) { return string(f), nil }

// TestAnotherAssertionForEachTry: a server may take each only once.
func TestAnotherAssertionForEachTry(t *testing.T) {
	n := 0
	counting := assertionFunc(func(time.Time) (string, error) { n++; return fmt.Sprintf("eyJh.eyJi.c2ln%d", n), nil })
	s, e := newSource(t, func(o *Options) { o.ClientSecret, o.Assertion, o.RetryWait = "", counting, time.Millisecond },
		answer(503, "text/plain", ""), gives("token", ""))
	mustToken(t, s, "token")
	if a, b := e.forms[0].Get("client_assertion"), e.forms[1].Get("client_assertion"); a == b {
		t.Errorf("both tries have the assertion %s", a)
	}
}

type assertionFunc func(time.Time) (string, error)

func (f assertionFunc) Assertion(now time.Time) (string, error) { return f(now) }

func TestTokenErrors(t *testing.T) {
	const jsonType = "application/json"
	withAssertion := func(o *Options) { o.ClientSecret, o.Assertion = "", fixedAssertion("eyJh.eyJi.c2ln") }
	echo := func(status int) answering {
		return func(r *http.Request) (*http.Response, error) {
			text := strings.ReplaceAll(clientSecret, `"`, `\"`)
			return answer(status, jsonType, `{"error":"invalid_client","error_description":"You sent `+text+` and `+
				url.QueryEscape(clientSecret)+` with `+r.Header.Get("Authorization")+`."}`)(r)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*Options)
		answer answering
		class  connectors.Class
		text   string
	}{
		{"wrong secret", nil, answer(401, jsonType, `{"error":"invalid_client","error_description":"Client authentication failed."}`), connectors.Credentials,
			`HTTP 401: invalid_client: Client authentication failed; check the client ID "blogin", its secret, and tokenEndpointAuthMethod (Unauthorized)`},
		{"wrong secret, 400", nil, answer(400, jsonType, `{"error":"invalid_client"}`), connectors.Credentials, `HTTP 400: invalid_client; check the client ID`},
		{"an error with 200", nil, answer(200, jsonType, `{"error":"invalid_client"}`), connectors.Credentials, `HTTP 200: invalid_client; check the client ID`},
		{"wrong assertion", withAssertion, answer(400, jsonType, `{"error":"invalid_grant","error_description":"unknown kid"}`), connectors.Credentials,
			`invalid_grant: unknown kid; check the client ID "blogin", and that the server knows the issuer, subject, audience and key of the assertion: scimsync identity token shows them`},
		{"scope", func(o *Options) { o.Scope = "everything" }, answer(400, jsonType, `{"error":"invalid_scope"}`), connectors.Credentials, `does not give the scope "everything"`},
		{"grant", nil, answer(400, jsonType, `{"error":"unauthorized_client"}`), connectors.Credentials, `has to allow the grant client_credentials`},
		{"as a form", nil, answer(400, "application/x-www-form-urlencoded", "error=invalid_client&error_description=No+such+client"), connectors.Credentials, `invalid_client: No such client; check`},
		{"text", nil, answer(403, "text/plain", "Forbidden here"), connectors.Credentials, `HTTP 403: Forbidden here; check the client ID`},
		{"firewall", nil, answer(403, "text/html", "<html>blocked"), connectors.Credentials, `HTTP 403: a web page answers; check`},
		{"no endpoint", nil, answer(404, "text/html", "<html>"), connectors.NotSCIM, `HTTP 404: there is no token endpoint at this address: check the token URL`},
		{"web page", nil, answer(200, "text/html", "<html>Sign in"), connectors.NotSCIM, `HTTP 200: a web page answers: this is not the token endpoint`},
		{"web page as text", nil, answer(200, "text/plain", " <!doctype html>"), connectors.NotSCIM, `a web page answers`},
		{"other JSON", nil, answer(200, jsonType, `{"token":"hidden-token"}`), connectors.NotSCIM, `server response missing access_token: this is no answer of a token endpoint`},
		{"truncated", nil, answer(200, jsonType, `{"access_token":"hidden-tok`), connectors.NotSCIM, `this is no answer of a token endpoint`},
		{"MAC token", nil, answer(200, jsonType, `{"access_token":"hidden-token","token_type":"mac"}`), connectors.NotSCIM, `the token is of type "mac"`},
		{"token of two lines", nil, answer(200, jsonType, `{"access_token":"hidden\ntoken","token_type":"Bearer"}`), connectors.NotSCIM, `a character at position 7`},
		{"redirect", nil, answer(302, "text/html", "", "Location", "https://login.example.com/?s=x"), connectors.NotSCIM, `redirects to https://login.example.com/; the token URL must be the one`},
		{"busy", nil, answer(429, jsonType, `{"error":"slow_down"}`, "Retry-After", "3600"), connectors.Throttled, `HTTP 429: slow_down (TooManyRequests)`},
		{"down", nil, answer(500, jsonType, `{"error":"server_error"}`), connectors.Retryable, `HTTP 500: server_error (InternalServerError)`},
		{"gateway", nil, answer(502, "text/html", "<html>"), connectors.Retryable, `HTTP 502`},
		{"no connection", nil, fails(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), connectors.Retryable,
			`POST https://auth.example.com/oauth2/token: the token endpoint does not answer: dial: connection refused; check the token URL, and that it can be reached from here`},
		{"breaks off", nil, func(r *http.Request) (*http.Response, error) {
			resp, err := answer(200, jsonType, "")(r)
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
			return resp, err
		}, connectors.Retryable, `broke off after 1 bytes: unexpected EOF`},
		{"repeats the secret", nil, echo(401), connectors.Credentials, `You sent ******** and ******** with`},
		{"repeats the header", func(o *Options) { o.BasicAuth = true }, echo(401), connectors.Credentials, `with Basic ********;`},
		{"repeats the assertion", withAssertion, answer(400, "text/plain", "bad: eyJh.eyJi.c2ln"), connectors.Credentials, `HTTP 400: bad: ********; check`},
		{"no assertion", func(o *Options) { o.ClientSecret, o.Assertion = "", File("/nowhere/token") }, nil, connectors.Credentials,
			`the assertion cannot be read: open /nowhere/token: no such file or directory (Unauthorized)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := newSource(t, func(o *Options) {
				o.Retries, o.TokenURL = -1, "https://auth.example.com/oauth2/token?key=query-secret"
				if c.change != nil {
					c.change(o)
				}
			}, c.answer)
			token, err := s.Token(t.Context())
			if token != "" || connectors.ClassOf(err) != c.class || !errors.Is(err, ErrNoToken) || !strings.Contains(fmt.Sprint(err), c.text) {
				t.Errorf("class %q, %v\nwant  %q, %s", connectors.ClassOf(err), err, c.class, c.text)
			}
			secrets := []string{"s3cret", "query-secret", "hidden"}
			if c.name != "no assertion" {
				secrets = append(secrets, "c2ln", "eyJ", basic(Options{BasicAuth: true, ClientID: "blogin", ClientSecret: clientSecret}))
			}
			for e := err; e != nil; e = next(e) {
				for _, secret := range secrets {
					if strings.Contains(fmt.Sprintf("%v %+v", e, e), secret) {
						t.Errorf("%s is in %v", secret, e)
					}
				}
			}
		})
	}
}

// next returns the first error that another one wraps.
func next(err error) error {
	if e := errors.Unwrap(err); e != nil {
		return e
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()[len(many.Unwrap())-1]
	}
	return nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestOptions(t *testing.T) {
	good := Options{TokenURL: "https://auth.example.com/token", ClientID: "blogin", ClientSecret: clientSecret, Transport: &endpoint{}}
	for _, c := range []struct {
		change func(*Options)
		want   string
	}{
		{func(o *Options) { o.TokenURL = "/token" }, "must be absolute"},
		{func(o *Options) { o.TokenURL = "ftp://auth.example.com" }, "begins with ftp"},
		{func(o *Options) { o.TokenURL = "https://u:hidden@auth.example.com" }, "holds a user name"},
		{func(o *Options) { o.TokenURL = "https://auth.example.com/#x" }, "has a fragment"},
		{func(o *Options) { o.TokenURL = "https://u:hidden@auth.example.com:port/" }, "is no URL"},
		{func(o *Options) { o.TokenURL = "https://u:hidden/3@auth.example.com" }, "hold a user name"},
		{func(o *Options) { o.TokenURL = "http://auth.example.com/token" }, "would send the credentials unencrypted"},
		{func(o *Options) { o.ClientID = "" }, "client ID is missing"},
		{func(o *Options) { o.ClientSecret = "" }, "a client secret or an assertion is needed"},
		{func(o *Options) { o.Assertion = File("x") }, "only one of them"},
		{func(o *Options) { o.ClientSecret, o.Assertion, o.BasicAuth = "", File("x"), true }, "goes into the form"},
		{func(o *Options) { o.Transport = nil }, "no transport"},
		{func(o *Options) { o.Timeout = -1 }, "must not be negative"},
		{func(o *Options) { o.TokenURL = "http://127.0.0.1:80/token" }, ""},
		{func(o *Options) { o.TokenURL = "http://LOCALHOST/token" }, ""},
		{func(o *Options) { o.TokenURL, o.AllowHTTP = "http://auth.example.com/token", true }, ""},
	} {
		o := good
		c.change(&o)
		_, err := New(o)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || strings.Contains(fmt.Sprint(err), "hidden") {
			t.Errorf("%v: %v; want %q", o, err, c.want)
		}
	}
	if text := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(text, "s3cret") {
		t.Errorf("the options print their secret: %s", text)
	}
}
