package oauth

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

const clientSecret = `s3cret "+/&=`

// endpoint is a token endpoint within the test: answers in order, the last one
// again and again, and a record of what it was asked.
type endpoint struct {
	mu       sync.Mutex
	answers  []func(*http.Request) (*http.Response, error)
	requests []*http.Request
	forms    []url.Values
}

func (e *endpoint) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.requests, e.forms = append(e.requests, r), append(e.forms, form)
	if len(e.answers) == 0 {
		e.mu.Unlock()
		return nil, errors.New("there are no more answers")
	}
	next := e.answers[0]
	if len(e.answers) > 1 {
		e.answers = e.answers[1:]
	}
	e.mu.Unlock()
	return next(r)
}

func (e *endpoint) asked() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.requests)
}

type answering = func(*http.Request) (*http.Response, error)

func answer(status int, contentType, body string, header ...string) answering {
	return func(r *http.Request) (*http.Response, error) {
		resp := &http.Response{
			StatusCode: status, Status: http.StatusText(status), Request: r, Header: http.Header{"Content-Type": {contentType}},
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)),
		}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

func gives(token, life string) answering {
	return answer(200, "application/json", fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer"%s}`, token, life))
}

func lives(seconds int) string { return fmt.Sprintf(`,"expires_in":%d`, seconds) }

func fails(err error) answering {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// after answers once time has passed.
func after(d time.Duration, a answering) answering {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return a(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func newSource(t *testing.T, change func(*Options), answers ...answering) (*Source, *endpoint) {
	t.Helper()
	e := &endpoint{answers: answers}
	o := Options{TokenURL: "https://auth.example.com/oauth2/token", ClientID: "blogin", ClientSecret: clientSecret, Transport: e}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s, e
}

func mustToken(t *testing.T, s *Source, want string) {
	t.Helper()
	got, err := s.Token(t.Context())
	if err != nil || got != want {
		t.Errorf("token %q, error %v; want %q", got, err, want)
	}
}
