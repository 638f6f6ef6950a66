package scim

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/scimsync/scimsync/connectors"
)

// TestStrangeAnswers are seldom and real: none is taken for what it is not, none
// is waited for without an end, and no write that may have taken effect is sent
// again for them.
func TestStrangeAnswers(t *testing.T) {
	const refusal = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","detail":"no such title"}`
	const bad = connectors.NotSCIM
	wide := "\xff\xfe" // UTF-16 as Windows writes it
	for _, unit := range utf16.Encode([]rune(oneID)) {
		wide += string([]byte{byte(unit), byte(unit >> 8)}) //nolint:gosec // its two halves
	}
	drip := func(w http.ResponseWriter, r *http.Request) { // a byte each time that it can go out
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
		}
	}
	hints := strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n", 1000)
	for _, tt := range []struct {
		name, doing string
		answer      func(http.ResponseWriter, *http.Request)
		class       connectors.Class // "" if all is well
		doubtful    bool
		says        string
	}{
		{"UTF-16", "find get post", body(200, "application/scim+json", wide), bad, false, "no JSON object"},
		{"an id in Latin-1", "get post", body(200, "application/scim+json", "{\"id\":\"M\xfcller\"}"), bad, false, "not UTF-8"},
		{"an id in Latin-1 in a list", "find", body(200, "application/scim+json", "{\"Resources\":[{\"id\":\"M\xf6ller\"}]}"), bad, false, "not UTF-8"},
		{"half a character as an id", "get post", body(200, "application/scim+json", `{"id":"u\ud800"}`), bad, false, "not UTF-8"},
		{"NaN", "find get post", body(200, "application/scim+json", `{"id":"u1","x":NaN}`), bad, false, "not valid JSON"},
		{"an error message with 200", "find get", body(200, "application/scim+json", refusal), bad, false, ""},
		{"an error message with 200", "post patch delete", body(200, "application/scim+json", refusal), connectors.Rejected, true, "no such title"},
		{"412", "get post patch delete", body(412, "application/scim+json", refusal), connectors.Rejected, false, "HTTP 412"},
		{"a byte at a time", "post", drip, connectors.Retryable, true, "HTTP 200"},
		{"a thousand hints", "get post patch", raw(hints+"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"id\":\"u1\"}", false), "", false, ""},
		{"hints without an answer", "post", raw(hints, false), connectors.Retryable, true, ""},
		{"a length that is too short", "find get post", raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"id\":\"u1\"}", false), bad, false, "breaks off"},
		{"another protocol", "find get post patch delete", raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", false), bad, false, "HTTP 101"},
		{"a page to sign in", "find get post patch delete", body(200, "text/html", "<form>"), bad, false, "HTML"},
	} {
		for doing := range strings.FieldsSeq(tt.doing) {
			t.Run(tt.name+", "+doing, func(t *testing.T) {
				app := newRude(t, tt.answer)
				options := Options{TenantURL: app.URL, SecretToken: testToken, RetryWait: time.Nanosecond}
				if tt.name == "a byte at a time" {
					options.Timeout = 100 * time.Millisecond
				}
				target, err := New(options)
				if err != nil {
					t.Fatal(err)
				}
				defer target.CloseIdleConnections()
				err = doings[doing](target)
				if n, _, _ := app.counted(); n != 1 {
					t.Errorf("%d requests", n)
				}
				var e *connectors.Error
				switch {
				case tt.class == "" && err == nil:
				case !errors.As(err, &e) || e.Class != tt.class || e.Doubtful != tt.doubtful || !strings.Contains(err.Error(), tt.says):
					t.Errorf("want class %s, doubtful %v, and %q: doubtful %v, %v", tt.class, tt.doubtful, tt.says, e != nil && e.Doubtful, err)
				}
			})
		}
	}
}

// TestWhatAnswersSaysNoTLS: an answer that is none repeats the token, with words
// that Go has for a fault of TLS. The token is masked, and a write is in doubt.
func TestWhatAnswersSaysNoTLS(t *testing.T) {
	for _, said := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: TOKEN protocol version\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: TOKEN protocol version\r\n\r\n",
		"HTTP/1.1 200 OK\r\nprotocol version TOKEN\r\n\r\n", "protocol version TOKEN\r\n",
	} {
		for _, doing := range []string{"get", "post", "patch"} {
			app := newRude(t, func(w http.ResponseWriter, r *http.Request) {
				raw(strings.ReplaceAll(said, "TOKEN", r.Header.Get("Authorization")), false)(w, r)
			})
			target, err := New(Options{TenantURL: app.URL, SecretToken: testToken, Retries: -1})
			if err != nil {
				t.Fatal(err)
			}
			err = doings[doing](target)
			target.CloseIdleConnections()
			var e *connectors.Error
			if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful != (doing != "get") || strings.Contains(err.Error(), testToken) {
				t.Errorf("%q, %s: class %s, doubtful %v: %v", said, doing, connectors.ClassOf(err), e != nil && e.Doubtful, err)
			}
		}
	}
}
