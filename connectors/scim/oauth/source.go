package oauth

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/scimsync/scimsync/connectors"
)

const (
	// A token is renewed when a fifth of its life is left, but not earlier than
	// five minutes before its end.
	earlyShare  = 5
	longestLead = 5 * time.Minute
	// againAfter is how long after an early renewal that failed the next one is
	// tried, while the old token is good.
	againAfter = 30 * time.Second
	// longestPause is how long a server may ask to be left alone for it to be
	// waited for here: for a longer wish the cycle ends.
	longestPause = 2 * time.Minute
	// longestWish is for how long a wish is remembered, whatever a broken server
	// once said.
	longestWish = time.Hour
)

// Source keeps an access token for all who ask. It is safe for concurrent use.
type Source struct {
	opts   Options
	flight singleflight.Group

	mu    sync.Mutex
	token token
	until time.Time // the server asked not to be asked before; zero if it did not
	// refusal is how it asked.
	refusal *connectors.Error
}

// token is an access token and how long it is good; the zero token is none.
type token struct {
	value string
	// renewAt is when to ask for the next one, ends when this one ends; zero
	// where the server did not say: such a token is used until it is refused.
	renewAt, ends time.Time
}

// New returns a source of access tokens. The error says which option is wrong.
// Nothing is sent.
func New(opts Options) (*Source, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Source{opts: opts}, nil
}

// Token returns an access token that is valid as far as is known. It asks the
// token endpoint if there is none, or if the one at hand ends soon; all callers
// share the one request that is under way. If an early renewal fails, the old
// token is returned until it ends.
//
// The error is an *connectors.Error of class Credentials, Retryable, Throttled
// or NotSCIM, with ErrNoToken in its chain, or the error of ctx, at whose end the
// caller stops waiting.
func (s *Source) Token(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if t := s.fresh(); t != "" {
		return t, nil
	}
	flight := s.flight.DoChan("", func() (any, error) { return s.renew(context.WithoutCancel(ctx)) })
	select {
	case r := <-flight:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Invalidate forgets a token that was refused. One that was renewed meanwhile
// stays.
func (s *Source) Invalidate(refused string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.value == refused {
		s.token = token{}
	}
}

// fresh returns the token at hand, "" if it is time to ask for another.
func (s *Source) fresh() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.renewAt.IsZero() || s.opts.Now().Before(s.token.renewAt) {
		return s.token.value
	}
	return ""
}

// renew asks for the next token. One call is under way at a time.
func (s *Source) renew(ctx context.Context) (string, error) {
	if t := s.fresh(); t != "" { // the request before this one ended just now
		return t, nil
	}
	patience, err := s.patience()
	if err != nil {
		return "", err
	}
	next, err := s.fetch(ctx, patience)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.token = next
		return next.value, nil
	}
	now, wish := s.opts.Now(), retryAfter(err)
	if wish > 0 && errors.As(err, &s.refusal) {
		s.until = now.Add(min(wish, longestWish))
	}
	if !s.good(now) {
		return "", err
	}
	s.token.renewAt = now.Add(max(againAfter, wish))
	if s.token.renewAt.After(s.token.ends) {
		s.token.renewAt = s.token.ends
	}
	return s.token.value, nil
}

// patience returns how long a server may ask to be left alone for it to be waited
// for, which it is not while the old token is good. The error is that the server
// wants to be left alone now.
func (s *Source) patience() (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.opts.Now()
	if s.good(now) {
		return 0, nil
	}
	if left := s.until.Sub(now); left > 0 {
		again := *s.refusal
		again.RetryAfter = left
		return 0, &again
	}
	return longestPause, nil
}

// good reports whether the token at hand can still be used. s.mu is held.
func (s *Source) good(now time.Time) bool { return s.token.value != "" && now.Before(s.token.ends) }

// newToken returns a token that was asked for at a time; life 0 is one whose
// end is not known.
func newToken(value string, asked time.Time, life time.Duration) token {
	t := token{value: value}
	if life > 0 {
		t.ends = asked.Add(life)
		t.renewAt = t.ends.Add(-min(life/earlyShare, longestLead))
	}
	return t
}
