package weather

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What is answered instead of what the application has to say.

// afterwards answers so although the request took effect.
func afterwards(f func(*exchange)) func(*exchange, *answer) {
	return func(x *exchange, _ *answer) { f(x) }
}

const (
	scimJSON = "application/scim+json"
	html     = "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body><h1>We will be back soon</h1></body></html>"
)

func (x *exchange) answer(status int, contentType, body string) {
	if contentType != "" {
		x.w.Header().Set("Content-Type", contentType)
	}
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, body)
}

func page(status int) func(*exchange) {
	return func(x *exchange) { x.answer(status, "text/html; charset=utf-8", html) }
}

// bodies are the forms in which a status is answered: as SCIM has it, as
// gateways have it, and with nothing.
func bodies(status int) map[string]func(*exchange) {
	return map[string]func(*exchange){
		"SCIM": func(x *exchange) {
			x.answer(status, scimJSON, fmt.Sprintf(
				`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"%d","detail":"%s"}`, status, http.StatusText(status)))
		},
		"JSON": func(x *exchange) {
			x.answer(status, "application/json", `{"message":"no route matched with those values"}`)
		},
		"HTML": page(status),
		"empty": func(x *exchange) {
			x.answer(status, "", "")
		},
	}
}

// contradicted says that it was done, and that it was not.
func contradicted(x *exchange) {
	x.answer(http.StatusOK, scimJSON,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500","detail":"the upstream server has failed"}`)
}

func refuse(x *exchange) {
	x.w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	x.answer(http.StatusUnauthorized, scimJSON,
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"401","detail":"the token has expired"}`)
}

// wishes are the forms of Retry-After (RFC 9110 section 10.2.3), and those that
// are none.
var wishes = map[string]func(*exchange) string{
	"in seconds": inSeconds,
	"as a date": func(x *exchange) string {
		return x.proxy.opts.Now().Add(x.wish() + time.Second).UTC().Format(http.TimeFormat) // a date has no parts of seconds
	},
	"absent": absent,
	"absurd": func(x *exchange) string {
		absurd := []string{"-5", "soon", "1e9", "86400", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "\"30\""}
		return absurd[x.rng.IntN(len(absurd))]
	},
}

func inSeconds(x *exchange) string { return strconv.Itoa(int(x.wish() / time.Second)) }

func absent(*exchange) string { return "" }

// wish draws a time to be left alone, in whole seconds.
func (x *exchange) wish() time.Duration {
	return time.Duration(1+x.rng.Int64N(max(1, int64(x.proxy.opts.Wish/time.Second)))) * time.Second
}

func tooMuch(status int, wish func(*exchange) string) func(*exchange) {
	return func(x *exchange) {
		if text := wish(x); text != "" {
			x.w.Header().Set("Retry-After", text)
		}
		x.answer(status, "application/json", `{"error":"slow down"}`)
	}
}

// Where a redirect leads.
func itself(x *exchange) string { return x.r.URL.RequestURI() }

func elsewhere(x *exchange) string {
	places := x.proxy.opts.Elsewhere
	if len(places) == 0 {
		return itself(x)
	}
	return places[x.rng.IntN(len(places))] + x.r.URL.RequestURI()
}

func redirect(to func(*exchange) string) func(*exchange) {
	return func(x *exchange) {
		statuses := []int{http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect}
		x.w.Header().Set("Location", to(x))
		x.w.WriteHeader(statuses[x.rng.IntN(len(statuses))])
	}
}

// silence answers nothing before the client has had enough.
func silence(x *exchange) {
	x.wait(x.proxy.opts.TooLong)
	drop(x)
}

// wait waits, and reports whether the client is still there.
func (x *exchange) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-x.r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}

// drop closes the connection.
func drop(x *exchange) { x.hangUp("", false) }

// reset breaks the connection so that the client is told (TCP's RST).
func reset(x *exchange) { x.hangUp("", true) }

// hangUp writes raw bytes and ends the connection without the farewell of TLS.
func (x *exchange) hangUp(text string, hard bool) {
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil { // the client has gone, or it is HTTP/2
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(conn, text)
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if l, ok := conn.(interface{ SetLinger(int) error }); ok && hard {
		_ = l.SetLinger(0)
	}
	_ = conn.Close()
}

var _ interface{ SetLinger(int) error } = (*net.TCPConn)(nil)

// flood answers blanks without end: some applications list everything.
func flood(x *exchange) {
	x.w.Header().Set("Content-Type", scimJSON)
	x.w.WriteHeader(http.StatusOK)
	part := strings.Repeat(`{"id":"x"},`, 10_000)
	if _, err := io.WriteString(x.w, `{"Resources":[`); err != nil {
		return
	}
	for n := 0; n < hugeSize; n += len(part) {
		if _, err := io.WriteString(x.w, part); err != nil {
			return // the client has had enough
		}
	}
}

// hugeSize is more than any client reads, in bytes.
const hugeSize = 40 << 20
