package oauth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/mask"
)

// assertionType says that the client assertion is a JWT (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// maxBody is the size of the largest answer that is read, in bytes.
const maxBody = 1 << 20

// fetch gets a new token. After a passing fault it tries again, each time with
// an assertion of its own: a server may take each only once. A wish to be left
// alone for longer than the patience is not waited for.
func (s *Source) fetch(ctx context.Context, patience time.Duration) (token, error) {
	wait := s.opts.RetryWait
	for try := 0; ; try++ {
		t, err := s.request(ctx)
		if err == nil || try >= s.opts.Retries || !passing(err, patience) {
			return t, err
		}
		pause := time.NewTimer(max(wait, retryAfter(err)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return t, err
		}
		wait *= 2
	}
}

// passing reports whether the same request may succeed soon.
func passing(err error, patience time.Duration) bool {
	switch connectors.ClassOf(err) {
	case connectors.Retryable, connectors.Throttled:
		return retryAfter(err) <= patience && !hopeless(err)
	default:
		return false
	}
}

func retryAfter(err error) time.Duration {
	var e *connectors.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// request sends one request to the token endpoint.
func (s *Source) request(ctx context.Context) (token, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	asked := s.opts.Now()
	config := clientcredentials.Config{
		ClientID: s.opts.ClientID, ClientSecret: s.opts.ClientSecret, TokenURL: s.opts.TokenURL,
		AuthStyle: oauth2.AuthStyleInParams, EndpointParams: url.Values{},
	}
	if s.opts.BasicAuth {
		config.AuthStyle = oauth2.AuthStyleInHeader
	}
	if s.opts.Scope != "" {
		config.Scopes = []string{s.opts.Scope}
	}
	if s.opts.Audience != "" {
		config.EndpointParams.Set("audience", s.opts.Audience)
	}
	x := &exchange{next: s.opts.Transport, now: s.opts.Now, secrets: append(mask.ProxyPasswords(), s.opts.ClientSecret, basic(s.opts))}
	if u, err := url.Parse(s.opts.TokenURL); err == nil {
		for _, values := range u.Query() {
			x.secrets = append(x.secrets, values...)
		}
	}
	if s.opts.Assertion != nil {
		assertion, err := s.opts.Assertion.Assertion(asked)
		if err != nil {
			return token{}, s.noAssertion(err)
		}
		config.EndpointParams.Set("client_assertion_type", assertionType)
		config.EndpointParams.Set("client_assertion", assertion)
		x.secrets = append(x.secrets, assertion)
	}
	client := &http.Client{
		Transport: x,
		// The credentials go to the token URL and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	got, err := config.Token(context.WithValue(ctx, oauth2.HTTPClient, client))
	if err == nil {
		err = usable(got)
	}
	if err != nil {
		return token{}, s.failure(x, err)
	}
	return newToken(got.AccessToken, asked, life(got)), nil
}

// usable returns why a token cannot be sent, nil if it can.
func usable(t *oauth2.Token) error {
	if !strings.EqualFold(t.Type(), "Bearer") {
		return fmt.Errorf("the token is of type %.40q, and a bearer token is needed", t.TokenType)
	}
	if i := strings.IndexFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }); i >= 0 {
		return fmt.Errorf("the access token has a character at position %d that no bearer token may have", i+1)
	}
	return nil
}

// life returns how long a token is good from when it was asked for (expires_in
// of RFC 6749 section 5.1), 0 if the answer does not say. Some servers write
// the number as text.
func life(t *oauth2.Token) time.Duration {
	const longest = 10 * 365 * 24 * time.Hour
	var seconds float64
	switch v := t.Extra("expires_in").(type) {
	case float64:
		seconds = v
	case int64:
		seconds = float64(v)
	case string:
		seconds, _ = strconv.ParseFloat(v, 64) // 0 where it is no number, as if it were not there
	}
	if seconds > 0 {
		return time.Duration(min(seconds, longest.Seconds()) * float64(time.Second))
	}
	return 0
}

// exchange sends one token request and keeps what its answer was, which the
// library does not tell in every case.
type exchange struct {
	next    http.RoundTripper
	now     func() time.Time
	secrets []string // what was sent and must not be repeated

	status     int
	html       bool
	location   string
	retryAfter time.Duration
	body       []byte
}

// RoundTrip sends the request without a User-Agent, as the service sends its
// own, and reads the answer to its end: an answer that breaks off is none.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := r.Clone(r.Context())
	sent.Header.Set("User-Agent", "") // which keeps net/http from sending one
	resp, err := x.next.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return nil, fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	x.status, x.body, x.location = resp.StatusCode, body, resp.Header.Get("Location")
	x.html = strings.Contains(media, "html") || bytes.HasPrefix(bytes.TrimSpace(body), []byte("<"))
	x.retryAfter = pauseAskedFor(resp.Header, x.now())
	return resp, nil
}

// pauseAskedFor reads Retry-After (RFC 9110 section 10.2.3): seconds or a date,
// which is one of the server's clock where the header says what that is.
func pauseAskedFor(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err == nil || errors.Is(err, strconv.ErrRange) { // of a number that is too large, the largest there is
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
			now = theirs
		}
		return max(0, at.Sub(now))
	}
	return 0
}
