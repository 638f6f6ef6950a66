package scim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
)

// tokens gives out tokens in order, the last one again and again.
type tokens struct {
	mu      sync.Mutex
	list    []string
	err     error // once the list is at its last
	refused []string
}

func (s *tokens) Token(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if len(s.list) == 1 && s.err != nil && len(s.refused) > 0 {
		return "", s.err
	}
	return s.list[0], nil
}

func (s *tokens) Invalidate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, token)
	if len(s.list) > 1 && s.list[0] == token {
		s.list = s.list[1:]
	}
}

func TestARefusedTokenIsReplacedOnce(t *testing.T) {
	refused := reply{status: 401, body: `{"detail":"token ended"}`}
	good := reply{status: 200, body: oneID}
	endpoint := &connectors.Error{Class: connectors.Retryable, Method: "POST", URL: "https://auth.example.com/token", Code: "Timeout"}
	for _, c := range []struct {
		name    string
		tokens  []string
		err     error // of the token endpoint, after these
		replies []reply
		sent    []string
		refused []string
		class   connectors.Class
	}{
		{"good", []string{"token-1", "token-2"}, nil, []reply{good}, []string{"token-1"}, nil, ""},
		{"refused", []string{"token-1", "token-2"}, nil, []reply{refused, good}, []string{"token-1", "token-2"}, []string{"token-1"}, ""},
		{"refused twice", []string{"token-1", "token-2", "token-3"}, nil, []reply{refused, refused, good},
			[]string{"token-1", "token-2"}, []string{"token-1"}, connectors.Credentials},
		{"no other token", []string{"token-1"}, nil, []reply{refused, good}, []string{"token-1"}, []string{"token-1"}, connectors.Credentials},
		{"forbidden", []string{"token-1", "token-2"}, nil, []reply{{status: 400}, good}, []string{"token-1"}, nil, connectors.Rejected},
		{"no token endpoint", []string{"token-1"}, endpoint, []reply{refused, good}, []string{"token-1"}, []string{"token-1"}, connectors.Retryable},
		{"busy in between", []string{"token-1", "token-2"}, nil, []reply{{status: 429}, refused, {status: 429}, good},
			[]string{"token-1", "token-1", "token-2", "token-2"}, []string{"token-1"}, ""},
	} {
		for _, doing := range []string{"get", "patch", "delete", "post"} {
			t.Run(c.name+", "+doing, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { // the pause after a 429 takes no time
					source := tokens{list: c.tokens, err: c.err}
					target, s := newScriptedTokens(t, &source, c.replies...)
					err := doings[doing](target)
					if connectors.ClassOf(err) != c.class || (err == nil) != (c.class == "") {
						t.Errorf("error %v, want class %q", err, c.class)
					}
					var sent []string
					for i, r := range s.requests {
						sent = append(sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
						if s.bodies[i] != s.bodies[0] || r.URL.String() != s.requests[0].URL.String() {
							t.Errorf("request %d is another one", i)
						}
					}
					if diff := cmp.Diff(c.sent, sent); diff != "" {
						t.Errorf("tokens sent (-want +got):\n%s", diff)
					}
					if diff := cmp.Diff(c.refused, source.refused); diff != "" {
						t.Errorf("tokens refused (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// TestNothingIsSentWithoutAToken: the error is that of the token endpoint.
func TestNothingIsSentWithoutAToken(t *testing.T) {
	endpoint := &connectors.Error{Class: connectors.Credentials, Method: "POST", URL: "https://auth.example.com/token", Code: "Unauthorized"}
	source := &tokens{list: []string{"x"}, err: endpoint, refused: []string{"before"}}
	target, s := newScriptedTokens(t, source, reply{status: 200, body: oneID})
	for doing, do := range doings {
		var e *connectors.Error
		if err := do(target); !errors.As(err, &e) || e.URL != endpoint.URL || len(s.requests) != 0 {
			t.Errorf("%s: %d requests, error %v", doing, len(s.requests), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := target.Get(ctx, "User", "u1", nil)
	if !errors.Is(err, context.Canceled) || connectors.ClassOf(err) != connectors.Retryable {
		t.Errorf("error %v of a cancelled request", err)
	}
}

// TestAFetchedTokenIsMasked: an application that repeats it does not get it
// into an error.
func TestAFetchedTokenIsMasked(t *testing.T) {
	const first, second = `fetched"1`, `fetched+2/=`
	echo := func(status int, token string) reply {
		return reply{status: status, body: `{"detail":"your token is ` + strings.ReplaceAll(token, `"`, `\"`) + `","scimType":"fetched+2/="}`,
			header: map[string]string{"Location": "https://other.example.com/" + token}}
	}
	for name, replies := range map[string][]reply{
		"refused":    {echo(401, first), echo(401, second)},
		"rejected":   {echo(401, first), echo(400, second)},
		"redirected": {echo(401, first), echo(302, second)},
		"no JSON":    {echo(401, first), {status: 200, body: "your token is " + second}},
		"broken":     {echo(401, first), {err: errors.New("malformed header " + second)}},
	} {
		t.Run(name, func(t *testing.T) {
			target, _ := newScriptedTokens(t, &tokens{list: []string{first, second}}, replies...)
			_, err := target.Get(t.Context(), "User", "u1", nil)
			var e *connectors.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if text := fmt.Sprintf("%v %+v %s %s %s %s", err, err, e.Body, e.Detail, e.Type, fmt.Sprint(e.Err)); strings.Contains(text, "fetched") {
				t.Errorf("the token is in %s", text)
			}
		})
	}
}

func TestTwoKindsOfTokensExcludeEachOther(t *testing.T) {
	_, err := New(Options{TenantURL: "https://app.example.com", SecretToken: "token", Tokens: &tokens{}})
	if err == nil || !strings.Contains(err.Error(), "one of them is enough") {
		t.Error(err)
	}
}

func newScriptedTokens(t *testing.T, source TokenSource, replies ...reply) (*Target, *script) {
	t.Helper()
	s := &script{replies: replies}
	target, err := New(Options{TenantURL: "https://app.example.com/scim/v2", Tokens: source, Transport: s, RetryWait: 1})
	if err != nil {
		t.Fatal(err)
	}
	return target, s
}
