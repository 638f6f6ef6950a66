package scim

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// rude is an application that answers every request in one way, and counts.
type rude struct {
	*httptest.Server
	mu       sync.Mutex
	requests int
	writes   int // that took effect
	tokens   int // requests that carried the token
}

func newRude(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *rude {
	app := &rude{}
	app.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		app.mu.Lock()
		app.requests++
		if r.Method != http.MethodGet {
			app.writes++
		}
		if r.Header.Get("Authorization") != "" {
			app.tokens++
		}
		app.mu.Unlock()
		answer(w, r)
	}))
	app.Config.ErrorLog = log.New(io.Discard, "", 0)
	app.Start()
	t.Cleanup(app.Close)
	return app
}

// counted returns how many requests came, how many writes took effect, and how
// many requests carried the token.
func (app *rude) counted() (requests, writes, tokens int) {
	app.mu.Lock()
	defer app.mu.Unlock()
	return app.requests, app.writes, app.tokens
}

// raw answers with these bytes and closes the connection, by a reset if told.
func raw(text string, reset bool) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

func body(status int, contentType, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// TestMisbehaviour lets real connections carry what applications should not
// answer. Whatever it is, a create is sent once, and the rest as often as the
// table says.
func TestMisbehaviour(t *testing.T) {
	const (
		bad, incompatible = codePrefix + "BadResponse", codePrefix + "ServiceIncompatible"
		notSCIM           = connectors.NotSCIM
		retryable         = connectors.Retryable
	)
	html := `<!DOCTYPE html><title>Sign in</title>`
	long := func(w http.ResponseWriter, r *http.Request) { // until the client has had enough
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<10)); err != nil {
				return
			}
		}
	}
	trickle := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"id":"u1",`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zeros{}, 64<<20)
		_ = z.Close()
	}
	large := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Padding", strings.Repeat("x", 1<<20))
		_, _ = io.WriteString(w, oneID)
	}
	all := "find get patch delete post"
	for _, tt := range []struct {
		name     string
		doing    string
		answer   func(http.ResponseWriter, *http.Request)
		class    connectors.Class
		code     string
		requests int // of one that may be repeated; a create is sent once
		says     string
	}{
		{"reset", all, raw("", true), retryable, codeConnection, 3, ""},
		{"closed", all, raw("", false), retryable, codeConnection, 3, "EOF"},
		{"no HTTP", all, raw("220 mail.example.com ESMTP\r\n", false), retryable, codeConnection, 3, "malformed HTTP"},
		{"a header that breaks off", all, raw("HTTP/1.1 200 OK\r\nContent-Le", false), retryable, codeConnection, 3, ""},
		{"a body that breaks off", all, raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":", false), retryable, codeConnection, 3, "broke off after 6 bytes"},
		{"chunks that break off", all, raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"id\r\n", false), retryable, codeConnection, 3, "broke off after 4 bytes"},
		{"chunks that are none", all, raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\"id\r\n", false), retryable, codeConnection, 3, ""},
		{"two lengths", all, raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", false), retryable, codeConnection, 3, ""},
		{"a body that never ends", all, trickle, retryable, codeTimeout, 3, ""},
		{"no answer", all, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, retryable, codeTimeout, 3, "no answer in time (timeout is 100ms)"},
		{"a body without measure", all, long, notSCIM, bad, 1, "larger than 10 MB"},
		{"a header of 1 MB", all, large, retryable, codeConnection, 3, "headers exceeded"},
		{"compressed, though not asked", "find get post", bomb, notSCIM, bad, 1, "compressed (gzip)"},
		{"compressed with an error", "find get post", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte{0x8b, 0x01, 0x80, 0x00})
		}, connectors.Rejected, "", 1, "HTTP 400"},

		{"404 on everything", "find post test", body(404, "text/html", html), notSCIM, incompatible, 1, "check the tenant URL"},
		{"404 on everything", "get patch delete", body(404, "text/html", html), connectors.Gone, codeInvalidAnchor, 1, "HTTP 404"},
		{"HTML with 200", all + " test", body(200, "text/html", html), notSCIM, bad, 1, "HTML"},
		{"HTML that says it is SCIM", all, body(200, "application/scim+json", html), notSCIM, bad, 1, "HTML"},
		{"HTML with a byte order mark", all, body(200, "application/scim+json", "\xef\xbb\xbf "+html), notSCIM, bad, 1, "HTML"},
		{"HTML with 201", "post", body(201, "text/html", html), notSCIM, bad, 1, "HTML"},
		{"HTML with 401", all, body(401, "text/html", html), connectors.Credentials, codeUnauthorized, 1, "HTTP 401 (Unauthorized)"},
		{"HTML with 403", "find get", body(403, "text/html", html), connectors.Credentials, codeInsufficientRights, 1, "HTTP 403"},
		{"HTML with 400", "patch delete post", body(400, "text/html", html), connectors.Rejected, incompatible, 1, "HTTP 400"},
		{"500", all, body(500, "text/plain", "\x00\x1b[2J"), retryable, codeInternalServer, 1, "HTTP 500"},
		{"truncated", "find get post", body(200, "application/scim+json", `{"Resources":[{"id":"u1"`), notSCIM, bad, 1, "breaks off"},
		{"a NUL byte", "find get post", body(200, "application/scim+json", "{\"id\":\"u1\x00\"}"), notSCIM, bad, 1, "not valid JSON"},
		{"an id with a NUL", "get post", body(200, "application/scim+json", `{"id":"u1\u0000"}`), notSCIM, bad, 1, "control characters"},
		{"an id in a list with a line end", "find", body(200, "application/scim+json", `{"Resources":[{"id":"u1\n"}]}`), notSCIM, bad, 1, "control characters"},
		{"nested too deep", "find get post", body(200, "application/scim+json", `{"id":"u1","x":`+strings.Repeat("[", 200_000)), notSCIM, bad, 1, "depth"},
		{"a number without end", "get post", body(200, "application/scim+json", `{"id":`+strings.Repeat("9", 5000)+`}`), "", "", 1, ""},
		{"a status of three digits", all, body(299, "text/plain", ""), "", "", 1, ""},
		{"a status of no class", all, raw("HTTP/1.1 999 Whatever\r\nContent-Length: 0\r\n\r\n", false), retryable, codeInternalServer, 1, "HTTP 999"},
	} {
		for doing := range strings.FieldsSeq(tt.doing) {
			t.Run(tt.name+", "+doing, func(t *testing.T) {
				app := newRude(t, tt.answer)
				target, err := New(Options{TenantURL: app.URL, SecretToken: testToken, Retries: 2, RetryWait: time.Nanosecond, Timeout: patience(tt.code)})
				if err != nil {
					t.Fatal(err)
				}
				defer target.CloseIdleConnections()
				err = doings[doing](target)
				want := tt.requests
				if doing == "post" {
					want = 1
				}
				if got, _, _ := app.counted(); got != want {
					t.Errorf("%d requests, want %d", got, want)
				}
				if tt.class == "" && tt.code == "" {
					return // good or not: it is told, and nothing breaks
				}
				var e *connectors.Error
				if !errors.As(err, &e) || e.Class != tt.class || tt.code != "" && e.Code != tt.code && doing != "test" || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("want class %s, code %s and %q: %v", tt.class, tt.code, tt.says, err)
				}
			})
		}
	}
}

// patience is short where the answer never ends, and else long enough for a
// slow machine.
func patience(code string) time.Duration {
	if code == codeTimeout {
		return 100 * time.Millisecond
	}
	return time.Minute
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestSloppyAnswers are wrong and clear: they are understood.
func TestSloppyAnswers(t *testing.T) {
	user := `{"ID":"u1","USERNAME":"Ada@ex.com","Active":"TRUE","Name":{"GIVENNAME":"Ada"},"x":` + strings.Repeat(`{"x":`, 1000) + "1" + strings.Repeat("}", 1000) + `}`
	for _, contentType := range []string{"application/scim+json", "application/json", "text/plain", "text/html", "application/octet-stream", ""} {
		for _, bom := range []string{"", "\xef\xbb\xbf", "\r\n"} {
			app := newRude(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{contentType}
				if strings.HasSuffix(r.URL.Path, "/Users") && r.Method == http.MethodGet {
					fmt.Fprintf(w, `%s{"TOTALRESULTS":1,"resources":[%s]}`, bom, user)
					return
				}
				fmt.Fprint(w, bom+user)
			})
			target, err := New(Options{TenantURL: app.URL, SecretToken: testToken})
			if err != nil {
				t.Fatal(err)
			}
			defer target.CloseIdleConnections()
			for doing, do := range doings {
				if doing == "test" {
					continue // for a name that nobody has, somebody is a wrong answer
				}
				if err := do(target); err != nil {
					t.Errorf("%q, %s: %v", contentType, doing, err)
				}
			}
			got, err := target.Get(t.Context(), directory.User, "u1", []string{"active", "name.givenName"})
			if err != nil || got.Get("active").Text() != "True" || got.Get("name.givenName").Text() != "Ada" {
				t.Errorf("%q: %v, error %v", contentType, got, err)
			}
		}
	}
}

// TestDuplicateKeys: of two keys with the same name the last counts, as to most
// readers of JSON; of two that differ by case, the one spelled as in the schema.
func TestDuplicateKeys(t *testing.T) {
	for body, want := range map[string]string{
		`{"id":"u1","id":"u2"}`: "u2", `{"ID":"u1","id":"u2"}`: "u2", `{"id":"u2","ID":"u1"}`: "u2", `{"ID":"u2","Id":"u1"}`: "u2",
	} {
		target, _ := newScripted(t, Options{}, reply{status: 201, body: body})
		if got, err := target.Apply(t.Context(), create(directory.User, set("userName", "ada"))); err != nil || got.Anchor != want {
			t.Errorf("%s: %q, error %v", body, got.Anchor, err)
		}
	}
}

// TestSeveralMatches returns them all, in order: it is for the engine to choose none.
func TestSeveralMatches(t *testing.T) {
	target, _ := newScripted(t, Options{}, reply{status: 200, body: `{"totalResults":2,"Resources":[{"id":"u1","userName":"ada@ex.com"},{"id":"u2","userName":"ADA@ex.com"}]}`})
	found, err := target.Find(t.Context(), connectors.Query{Type: directory.User, Attribute: "userName", Value: directory.Str("ada@ex.com")})
	if err != nil || len(found) != 2 || found[0].Anchor != "u1" || found[1].Anchor != "u2" {
		t.Errorf("%v, error %v", found, err)
	}
}

// TestRedirectsOfEveryCode: to the same host or another, with the path or
// without, nothing is followed, and the token goes nowhere.
func TestRedirectsOfEveryCode(t *testing.T) {
	other := newRude(t, body(200, "application/scim+json", oneID))
	for _, status := range []int{300, 301, 302, 303, 304, 305, 306, 307, 308, 399} {
		for _, location := range []string{other.URL + "/Users/u1?secret=1", "/login?secret=1", "//" + strings.TrimPrefix(other.URL, "http://") + "/x", "", "https://%zz/?secret=1", "http://a b/?secret=1", ":"} {
			for doing, do := range doings {
				app := newRude(t, func(w http.ResponseWriter, _ *http.Request) {
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(status)
				})
				target, err := New(Options{TenantURL: app.URL, SecretToken: testToken, RetryWait: time.Nanosecond})
				if err != nil {
					t.Fatal(err)
				}
				err = do(target)
				target.CloseIdleConnections()
				requests, _, _ := app.counted()
				if connectors.ClassOf(err) != connectors.NotSCIM || requests != 1 || !strings.Contains(err.Error(), "the application redirects") || strings.Contains(err.Error(), "secret") {
					t.Errorf("%d to %q, %s: %d requests: %v", status, location, doing, requests, err)
				}
				app.Close()
			}
		}
	}
	if requests, _, tokens := other.counted(); requests > 0 {
		t.Errorf("%d requests were sent to another host, %d with the token", requests, tokens)
	}
}

// TestAWriteIsSentOnce where it may have taken effect, on a connection that is
// used for the first time and on one that was kept.
func TestAWriteIsSentOnce(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for name, reset := range map[string]bool{"reset": true, "closed": false} {
			app := newRude(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					fmt.Fprint(w, oneID)
					return
				}
				raw("", reset)(w, r) // it took effect, and nobody hears of it
			})
			target, err := New(Options{TenantURL: app.URL, RetryWait: time.Nanosecond})
			if err != nil {
				t.Fatal(err)
			}
			defer target.CloseIdleConnections()
			if kept {
				if err := doings["get"](target); err != nil {
					t.Fatal(err)
				}
			}
			err = doings["post"](target)
			if _, writes, _ := app.counted(); connectors.ClassOf(err) != connectors.Retryable || writes != 1 {
				t.Errorf("%s, kept %v: %d creates, error %v", name, kept, writes, err)
			}
		}
	}
}

// TestFormsOfRetryAfter has what applications write into the header.
func TestFormsOfRetryAfter(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // synctest's
	date := func(d time.Duration) string { return start.Add(d).Format(http.TimeFormat) }
	const own = time.Second // what scimsync waits by itself before the first retry
	for header, want := range map[string]time.Duration{
		"30": 30 * time.Second, " 30 ": 30 * time.Second, "0": own, "-5": own, "": own, "soon": own, "1.5": own, "30s": own, "1e3": own, "-99999999999": own,
		date(30 * time.Second): 30 * time.Second, date(-time.Hour): own, date(0): own,
		start.Add(30 * time.Second).Format("Monday, 02-Jan-06 15:04:05 GMT"): 30 * time.Second,
		start.Add(30 * time.Second).Format(time.ANSIC):                       30 * time.Second,
		"2000-01-01T00:00:30Z": own,
		"121":                  0, "86400": 0, "99999999999999999999": 0, date(time.Hour): 0, "Fri, 31 Dec 9999 23:59:59 GMT": 0, // nobody waits for that
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			for _, doing := range []string{"get", "patch", "delete", "find", "post"} {
				t.Run(fmt.Sprintf("%q, %d, %s", header, status, doing), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						good := reply{status: 200, body: oneID}
						if doing == "find" {
							good.body = emptyList
						}
						target, s := newScripted(t, Options{}, reply{status: status, header: map[string]string{"Retry-After": header}}, good)
						begin := time.Now()
						err := doings[doing](target)
						var e *connectors.Error
						switch {
						case want == 0 || doing == "post" && status == http.StatusServiceUnavailable:
							class := connectors.Throttled
							if want == own && status == http.StatusServiceUnavailable {
								class = connectors.Retryable
							}
							if !errors.As(err, &e) || e.Class != class || len(s.requests) != 1 || !time.Now().Equal(begin) || want == 0 && e.RetryAfter <= defaultRetryWaitMax {
								t.Errorf("%d requests, %v, error %v", len(s.requests), time.Since(begin), err)
							}
						case err != nil || len(s.requests) != 2 || time.Since(begin) != want:
							t.Errorf("%d requests in %v, want %v: %v", len(s.requests), time.Since(begin), want, err)
						}
					})
				})
			}
		}
	}
}

// TestRetryAfterOfAnotherClock: a date is one of the application's clock, and this
// machine's may be wrong.
func TestRetryAfterOfAnotherClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, -5 * time.Minute, time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			theirs := time.Now().Add(off)
			busy := reply{status: http.StatusTooManyRequests, header: map[string]string{
				"Date": theirs.UTC().Format(http.TimeFormat), "Retry-After": theirs.Add(30 * time.Second).UTC().Format(http.TimeFormat),
			}}
			target, s := newScripted(t, Options{}, busy, reply{status: 200, body: oneID})
			begin := time.Now()
			if err := doings["get"](target); err != nil || len(s.requests) != 2 || time.Since(begin) != 30*time.Second {
				t.Errorf("off by %v: %d requests in %v, want 30s: %v", off, len(s.requests), time.Since(begin), err)
			}
		})
	}
}
