package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// kept is how many requests the page shows.
const kept = 50

// Recorded is one request and what came of it. Tokens and passwords in it read
// "***": the value of the header Authorization, of cookies, and the token
// itself wherever else it stands.
type Recorded struct {
	Number   int // 1 for the first request
	Time     time.Time
	Method   string
	Path     string // with the base path
	RawQuery string
	Header   http.Header
	Body     []byte // not to be changed, like Answer
	Status   int
	Answer   []byte // body of the answer
}

type recorder struct {
	mu    sync.Mutex
	count int
	last  []pageRequest // the most recent ones, oldest first
}

// add records a request with what is left of its body once secrets are hidden.
func (rec *recorder) add(s *Server, r *http.Request, body []byte, a answer, m mask) {
	entry := Recorded{
		Method: r.Method, Path: m.text(r.URL.Path), RawQuery: m.text(r.URL.RawQuery), Header: m.headers(r.Header),
		Body: body, Status: a.status, Answer: m.bytes(a.body),
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.count++
	entry.Number, entry.Time = rec.count, s.options.Now()
	if len(rec.last) == kept {
		rec.last = append(rec.last[:0], rec.last[1:]...)
	}
	rec.last = append(rec.last, newPageRequest(entry))
	if s.options.OnRequest != nil {
		s.options.OnRequest(entry)
	}
}

// recent returns the last requests, newest first, and how many there were.
func (rec *recorder) recent() ([]pageRequest, int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	list := slices.Clone(rec.last)
	slices.Reverse(list)
	return list, rec.count
}

const masked = "***"

// mask hides the secrets of one request.
type mask struct{ secrets []string }

func newMask(token string, r *http.Request) mask {
	var m mask
	sent, _ := bearer(r)
	// A text this short is no secret but would blacken half of the record.
	for _, secret := range []string{token, sent} {
		if len(secret) >= 4 {
			m.secrets = append(m.secrets, secret)
		}
	}
	return m
}

func (m mask) text(s string) string {
	for _, secret := range m.secrets {
		s = strings.ReplaceAll(s, secret, masked)
	}
	return s
}

func (m mask) headers(h http.Header) http.Header {
	c := h.Clone()
	for name, values := range c {
		for i, v := range values {
			switch name {
			case "Authorization", "Proxy-Authorization":
				scheme, _, found := strings.Cut(v, " ")
				if found {
					values[i] = scheme + " " + masked
				} else {
					values[i] = masked
				}
			case "Cookie":
				values[i] = masked
			default:
				values[i] = m.text(v)
			}
		}
	}
	return c
}

func (m mask) bytes(b []byte) []byte {
	for _, secret := range m.secrets {
		if bytes.Contains(b, []byte(secret)) {
			b = bytes.ReplaceAll(b, []byte(secret), []byte(masked))
		}
	}
	return b
}

// body hides tokens, and passwords where the body is JSON. One that mentions a
// password and is no JSON is not kept.
func (m mask) body(b []byte) []byte {
	c := m.bytes(b)
	if !bytes.Contains(bytes.ToLower(c), []byte("password")) {
		return c
	}
	d := json.NewDecoder(bytes.NewReader(c))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if _, after := d.Token(); err != nil || !errors.Is(after, io.EOF) {
		return []byte("(not kept: it mentions a password and is no JSON)")
	}
	if !hidePasswords(v) {
		return c
	}
	return encode(v)
}

// hidePasswords masks them in place and reports whether there were any.
func hidePasswords(v any) bool {
	found := false
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = hidePasswords(e) || found
		}
	case map[string]any:
		path, _ := lookup(v, "path")
		s, _ := path.(string)
		for key, e := range v {
			if isPassword(key) || strings.EqualFold(key, "value") && isPassword(s) {
				if _, text := e.(string); text {
					v[key] = masked
					found = true
					continue
				}
			}
			found = hidePasswords(e) || found
		}
	}
	return found
}

// isPassword recognises the attribute with and without its URN.
func isPassword(path string) bool {
	return strings.EqualFold(path[strings.LastIndexByte(path, ':')+1:], "password")
}
