package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/oauth"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// authority is a sandbox with a token endpoint, and a clock.
type authority struct {
	*sandbox.Server
	t      *testing.T
	now    time.Time
	issuer *oauth.Issuer
	record bytes.Buffer
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := oauth.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	a.issuer = &oauth.Issuer{Key: key, Issuer: "https://id.example.com", Subject: "blogin-sync", Audience: "api://blogin"}
	a.Server = sandbox.New(sandbox.Options{
		Now: func() time.Time { return a.now },
		OAuth: &sandbox.OAuth{
			ClientID: "blogin", ClientSecret: "secret +&", Lifetime: 10 * time.Minute,
			Keys: oauth.JWKS(key), Issuer: a.issuer.Issuer, Subject: a.issuer.Subject, Audience: a.issuer.Audience,
		},
		OnRequest: func(r sandbox.Recorded) { fmt.Fprintf(&a.record, "%+v %s %s\n", r, r.Body, r.Answer) },
	})
	return a
}

func (a *authority) do(r *http.Request) (status int, body string) {
	a.t.Helper()
	resp, err := (&http.Client{Transport: a.Transport()}).Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}

func (a *authority) ask(form url.Values, basic ...string) (status int, body string) {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodPost, "http://app.test"+sandbox.TokenPath, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) == 2 {
		r.SetBasicAuth(basic[0], basic[1])
	}
	return a.do(r)
}

func (a *authority) users(token string) (status int, body string) {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodGet, "http://app.test/scim/v2/Users", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return a.do(r)
}

func (a *authority) token(form url.Values, basic ...string) string {
	a.t.Helper()
	status, body := a.ask(form, basic...)
	var answer struct {
		Token string `json:"access_token"`
		Type  string `json:"token_type"`
		Life  int    `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.Type != "Bearer" || answer.Life != 600 || len(answer.Token) < 40 {
		a.t.Fatalf("%d %s %v", status, body, err)
	}
	return answer.Token
}

func credentials(secret string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {"blogin"}, "client_secret": {secret}, "scope": {"scim"}}
}

func (a *authority) assertion(change func(*oauth.Issuer), at time.Time) url.Values {
	a.t.Helper()
	issuer := *a.issuer
	if change != nil {
		change(&issuer)
	}
	signed, err := issuer.Assertion(at)
	if err != nil {
		a.t.Fatal(err)
	}
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"blogin"}, "client_assertion": {signed},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func TestAccessTokensAreGoodUntilTheyEnd(t *testing.T) {
	a := newAuthority(t)
	for name, token := range map[string]string{
		"secret":          a.token(credentials("secret +&")),
		"secret in basic": a.token(url.Values{"grant_type": {"client_credentials"}}, "blogin", url.QueryEscape("secret +&")),
		"assertion":       a.token(a.assertion(nil, a.now)),
	} {
		if status, body := a.users(token); status != 200 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	token := a.token(credentials("secret +&"))
	a.now = a.now.Add(10*time.Minute - time.Second)
	if status, _ := a.users(token); status != 200 {
		t.Errorf("%d just before the end", status)
	}
	a.now = a.now.Add(time.Second)
	if status, body := a.users(token); status != 401 || !strings.Contains(body, "was not given out here, or it has ended") {
		t.Errorf("%d %s at the end", status, body)
	}
	token = a.token(credentials("secret +&"))
	a.RevokeTokens()
	for _, token := range []string{token, "", "another"} {
		if status, _ := a.users(token); status != 401 {
			t.Errorf("%d with token %q", status, token)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	a := newAuthority(t)
	other, err := oauth.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	without := func(name string) url.Values { f := credentials("secret +&"); f.Del(name); return f }
	with := func(f url.Values, name string, values ...string) url.Values { f[name] = values; return f }
	for _, c := range []struct {
		form   url.Values
		status int
		code   string
		text   string
	}{
		{credentials("wrong"), 401, "invalid_client", "the client secret is not the one"},
		{without("client_secret"), 401, "invalid_client", "the client secret is not the one"},
		{without("client_id"), 401, "invalid_client", "there is no client"},
		{with(credentials("secret +&"), "client_id", "other"), 401, "invalid_client", "there is no client"},
		{without("grant_type"), 400, "invalid_request", "grant_type is missing"},
		{with(credentials("secret +&"), "grant_type", "password"), 400, "unsupported_grant_type", "knows client_credentials"},
		{with(credentials("secret +&"), "scope", "a", "b"), 400, "invalid_request", "scope is there more than once"},
		{with(a.assertion(nil, a.now), "client_secret", "secret +&"), 400, "invalid_request", "one of them is enough"},
		{with(a.assertion(nil, a.now), "client_assertion_type", "saml"), 400, "invalid_request", "client_assertion_type"},
		{with(a.assertion(nil, a.now), "client_assertion", "a.b.c"), 401, "invalid_client", "it is no JWT"},
		{a.assertion(func(i *oauth.Issuer) { i.Issuer = "https://other" }, a.now), 401, "invalid_client", "iss is"},
		{a.assertion(func(i *oauth.Issuer) { i.Subject = "other" }, a.now), 401, "invalid_client", "sub is"},
		{a.assertion(func(i *oauth.Issuer) { i.Audience = "other" }, a.now), 401, "invalid_client", "aud is"},
		{a.assertion(func(i *oauth.Issuer) { i.Key = other }, a.now), 401, "invalid_client", "the JWKS has no key with the kid"},
		{a.assertion(nil, a.now.Add(-2*time.Hour)), 401, "invalid_client", "it ended at 2026-01-02T02:04:05Z"},
		{a.assertion(nil, a.now.Add(time.Hour)), 401, "invalid_client", "lies in the future"},
		{with(a.assertion(nil, a.now), "client_assertion", forged(a.assertion(nil, a.now).Get("client_assertion"))), 401, "invalid_client", "its signature does not belong"},
	} {
		status, body := a.ask(c.form)
		var answer struct {
			Error       string
			Description string `json:"error_description"`
		}
		if err := json.Unmarshal([]byte(body), &answer); err != nil || status != c.status || answer.Error != c.code || !strings.Contains(answer.Description, c.text) {
			t.Errorf("%d %s %v\nwant %d %s %s", status, body, err, c.status, c.code, c.text)
		}
	}
	r, err := http.NewRequest(http.MethodGet, "http://app.test"+sandbox.TokenPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := a.do(r); status != 405 {
		t.Errorf("GET: %d", status)
	}
	closed := sandbox.New(sandbox.Options{Token: "x"})
	if resp, err := (&http.Client{Transport: closed.Transport()}).Post("http://app.test"+sandbox.TokenPath, "", nil); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("there is a token endpoint without OAuth: %v", err)
	}
}

// forged returns the assertion with another signature.
func forged(assertion string) string {
	return assertion[:strings.LastIndexByte(assertion, '.')+1] + strings.Repeat("A", 342)
}

func TestTokenRequestsAreRecordedWithoutSecrets(t *testing.T) {
	a := newAuthority(t)
	asserted := a.assertion(nil, a.now)
	tokens := []string{a.token(credentials("secret +&")), a.token(url.Values{"grant_type": {"client_credentials"}}, "blogin", url.QueryEscape("secret +&")), a.token(asserted)}
	a.ask(credentials("wrong-secret"))
	for _, token := range tokens {
		a.users(token)
	}
	record := a.record.String()
	for _, secret := range append(tokens, "secret+", "secret +", "wrong-secret", asserted.Get("client_assertion"), "YmxvZ2lu") {
		if strings.Contains(record, secret) {
			t.Errorf("%s is in the record", secret)
		}
	}
	for _, kept := range []string{"client_id=blogin&client_secret=***&grant_type=client_credentials&scope=scim", "client_assertion=***&client_assertion_type=urn", `"access_token":"***"`} {
		if !strings.Contains(record, kept) {
			t.Errorf("%s is not in the record:\n%s", kept, record)
		}
	}
}
