package scim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// slowest is the least speed that an application is asked with, in requests a
	// second, however often it answers that this is too much.
	slowest rate.Limit = 0.1
	// recovery is how many good answers make up for the speed that was too much:
	// half of them where it was halved.
	recovery = 100
	// leastStep is what one good answer adds at least, in requests a second.
	leastStep rate.Limit = 0.1

	measuredStarts = 128              // how many requests the measured speed is taken from
	measuredFor    = 10 * time.Second // and how far they reach back

	// longestPause is for how long a wish of an application is remembered: after
	// that one request asks again, whatever a broken proxy once said.
	longestPause = time.Hour
)

// pace is the speed of all requests of a target together. An application that
// is asked too much is left alone for as long as it wishes, and for the pause of
// a retry if it does not say, then asked with half
// of the speed, which grows with every good answer: additive increase and
// multiplicative decrease, as TCP does (RFC 5681). It starts no goroutine.
type pace struct {
	now   func() time.Time // monotonic: a clock that is set must not stretch a pause
	most  rate.Limit       // as configured; rate.Inf for no limit
	burst int

	mu     sync.Mutex
	bucket *rate.Limiter
	rounds int        // how often it was slowed down
	until  time.Time  // no request starts before
	step   rate.Limit // what a good answer adds
	peak   rate.Limit // the measured speed when it was slowed down from full speed

	starts [measuredStarts]time.Time // of requests, in a ring
	next   int
}

func newPace(limit RateLimit, now func() time.Time) *pace {
	p := &pace{now: now, most: rate.Inf, burst: max(1, limit.Burst)}
	if limit.RequestsPerSecond > 0 {
		p.most = rate.Limit(limit.RequestsPerSecond)
	}
	p.bucket = rate.NewLimiter(p.most, p.burst)
	return p
}

// pausedError says that a request was not sent because of the application's wish.
type pausedError struct {
	until time.Time
	wait  time.Duration
}

func (e *pausedError) Error() string {
	return fmt.Sprintf("not sent: the application asked to be left alone until %s", e.until.UTC().Format(time.RFC3339))
}

// wait returns when the next request may start. It fails with ctx, and at once,
// with a *pausedError, where the application wants to be left alone for longer
// than longest.
func (p *pace) wait(ctx context.Context, longest time.Duration) error {
	for {
		delay, round, err := p.reserve(longest)
		if err != nil {
			return err
		}
		if err := sleep(ctx, delay); err != nil {
			return err
		}
		if p.granted(round) {
			return nil
		}
	}
}

// inPause is the round of a reservation that is none: ask again afterwards.
const inPause = -1

// reserve takes a place in the queue and returns how long it is.
func (p *pace) reserve(longest time.Duration) (delay time.Duration, round int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if pause := p.until.Sub(now); pause > longest {
		return 0, 0, &pausedError{until: p.until, wait: pause}
	} else if pause > 0 {
		return pause, inPause, nil
	}
	return p.bucket.ReserveN(now, 1).DelayFrom(now), p.rounds, nil
}

// granted reports whether a reservation still counts: places that were given
// out before the speed changed are forgotten, or they would all start at once
// after a pause.
func (p *pace) granted(round int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return round == p.rounds && !p.now().Before(p.until)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// started notes that a request is sent now, and returns its round.
func (p *pace) started() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starts[p.next%measuredStarts] = p.now()
	p.next++
	return p.rounds
}

// tooMuch slows down for an answer to a request of this round, and starts no
// request for the time of the pause. Answers to requests that were on
// their way when it was slowed down change the pause alone: several at once mean
// one thing.
func (p *pace) tooMuch(round int, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if until := now.Add(min(pause, longestPause)); until.After(p.until) {
		p.until = until
	}
	if round != p.rounds {
		return
	}
	before := min(p.measured(now), p.bucket.Limit())
	if p.full() {
		p.peak = before
	}
	p.rounds++
	p.step = max(before/recovery, leastStep)
	// The new bucket has one request in it: the one that was refused has waited
	// by itself.
	p.bucket = rate.NewLimiter(min(max(before/2, slowest), p.most), 1)
}

// good speeds up for an answer to a request of this round. Full speed is back
// at the configured limit or, where there is none, at twice the speed that was
// once too much.
func (p *pace) good(round int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full() || round != p.rounds {
		return
	}
	now, faster, enough := p.now(), p.bucket.Limit()+p.step, p.most
	if p.most == rate.Inf {
		enough = 2 * p.peak
	}
	if faster >= enough {
		p.bucket.SetBurstAt(now, p.burst)
		faster = p.most
	}
	p.bucket.SetLimitAt(now, faster)
}

func (p *pace) full() bool { return p.bucket.Limit() >= p.most }

// measured is the speed of the last requests, in requests a second.
func (p *pace) measured(now time.Time) rate.Limit {
	n, since := 0, now
	for i := range min(p.next, measuredStarts) {
		if at := p.starts[(p.next-1-i)%measuredStarts]; now.Sub(at) <= measuredFor {
			n, since = n+1, at
		}
	}
	return rate.Limit(float64(max(1, n)) / max(1, now.Sub(since).Seconds()))
}

// paced is a transport that tells a pace what becomes of the requests.
type paced struct {
	Transport
	target *Target
}

// RoundTrip sends one request.
func (t paced) RoundTrip(req *http.Request) (*http.Response, error) {
	pace := t.target.pace
	round := pace.started()
	resp, err := t.Transport.RoundTrip(req)
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn == nil { // which the HTTP client would take for a server without TLS
		err = fmt.Errorf("the connection broke off: %w", err)
	}
	if err != nil {
		return resp, err
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		// Without a wish nobody asks again before the refused request does: the
		// answers would all be the same, and each would halve the speed.
		pause := t.target.opts.RetryWait
		if wish := t.target.retryAfter(resp); wish > 0 && !t.target.opts.Behavior.IgnoreRetryAfter {
			pause = wish
		}
		pace.tooMuch(round, pause)
	case resp.StatusCode < http.StatusInternalServerError:
		pace.good(round)
	}
	// The HTTP client fails on what it cannot read, though it is not to follow it.
	if location := resp.Header.Get("Location"); location != "" {
		if _, err := req.URL.Parse(location); err != nil {
			resp.Header.Del("Location")
		}
	}
	return resp, nil
}

// CloseIdleConnections closes those of the transport.
func (t paced) CloseIdleConnections() {
	if c, ok := t.Transport.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
