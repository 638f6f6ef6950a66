package scim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// meter is an application that answers so many requests in each second, as a
// bucket of tokens does, and refuses the rest.
type meter struct {
	perSecond  float64       // 0: everything
	takes      time.Duration // to answer
	retryAfter string
	status     int // of a refusal; 0 is 429

	mu       sync.Mutex
	tokens   float64
	last     time.Time
	starts   []time.Time
	refusals []time.Time
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	if !m.admits() {
		resp := &http.Response{StatusCode: m.status, Header: http.Header{}, Request: r, Body: http.NoBody}
		if m.status == 0 {
			resp.StatusCode = http.StatusTooManyRequests
		}
		if m.retryAfter != "" {
			resp.Header.Set("Retry-After", m.retryAfter)
		}
		return resp, nil
	}
	time.Sleep(m.takes)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(oneID))}, nil
}

func (m *meter) admits() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.starts = append(m.starts, now)
	if m.perSecond == 0 {
		return true
	}
	if m.last.IsZero() {
		m.tokens = m.perSecond
	} else {
		m.tokens = min(m.perSecond, m.tokens+now.Sub(m.last).Seconds()*m.perSecond)
	}
	m.last = now
	if m.tokens < 1 {
		m.refusals = append(m.refusals, now)
		return false
	}
	m.tokens--
	return true
}

// between counts the requests that started from one moment to another.
func (m *meter) between(from, to time.Time) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, at := range m.starts {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n
}

func newMetered(t *testing.T, opts Options, m *meter) *Target {
	t.Helper()
	opts.TenantURL, opts.Transport = "https://app.example.com/scim/v2", m
	target, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// work sends n requests, eight at a time, and returns how many failed.
func work(target *Target, n int) (failed int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	queue := make(chan struct{}, n)
	for range n {
		queue <- struct{}{}
	}
	close(queue)
	for range 8 {
		wg.Go(func() {
			for range queue {
				if err := doings["get"](target); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return failed
}

// TestTheWholeJobPauses: from the first refusal on nobody starts a request
// before the moment that the application asked for.
func TestTheWholeJobPauses(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // synctest's
	for name, header := range map[string]string{"seconds": "30", "date": start.Add(30 * time.Second).Format(http.TimeFormat)} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := &meter{perSecond: 3, takes: 100 * time.Millisecond, retryAfter: header, status: status}
					target := newMetered(t, Options{}, m)
					if failed := work(target, 20); failed > 0 {
						t.Errorf("%d requests failed", failed)
					}
					until := start.Add(30 * time.Second)
					if n := m.between(m.refusals[0].Add(time.Nanosecond), until); n > 0 {
						t.Errorf("%d requests started in the pause", n)
					}
					if n := m.between(until, until.Add(200*time.Millisecond)); n != 1 {
						t.Errorf("%d requests started when the pause was over, want one", n)
					}
				})
			})
		}
	}
}

// TestALongPauseIsNotWaitedFor: beyond RetryWaitMax requests fail at once and
// nothing is sent; after an hour at the latest one asks again.
func TestALongPauseIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, s := newScripted(t, Options{}, reply{status: 429, header: map[string]string{"Retry-After": "86400"}}, reply{status: 200, body: oneID})
		begin := time.Now()
		for i, want := range []time.Duration{86400 * time.Second, time.Hour, time.Hour} {
			var e *connectors.Error
			if err := doings["get"](target); !errors.As(err, &e) || e.Class != connectors.Throttled || e.Code != codeTooManyRequests || e.RetryAfter != want {
				t.Errorf("request %d: %v, RetryAfter %v", i, err, e.RetryAfter)
			}
		}
		err := doings["post"](target)
		if err == nil || !strings.Contains(err.Error(), "not sent: the application asked to be left alone until 2000-01-01T01:00:00Z") {
			t.Error(err)
		}
		if len(s.requests) != 1 || !time.Now().Equal(begin) {
			t.Errorf("%d requests in %v", len(s.requests), time.Since(begin))
		}
		time.Sleep(time.Hour - time.Minute)
		if err := doings["get"](target); err != nil || time.Since(begin) != time.Hour {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// TestTheSpeedComesBack: an application that is slow for a while slows the job
// down, and is asked at full speed when it has recovered.
func TestTheSpeedComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{perSecond: 10, takes: 100 * time.Millisecond}
		target := newMetered(t, Options{}, m)
		if failed := work(target, 600); failed > 0 {
			t.Errorf("%d of 600 requests failed", failed)
		}
		if ratio := float64(len(m.refusals)) / float64(len(m.starts)); ratio > 0.15 {
			t.Errorf("%d of %d requests were refused", len(m.refusals), len(m.starts))
		}
		if took := m.starts[len(m.starts)-1].Sub(m.starts[0]); took > 120*time.Second {
			t.Errorf("600 requests at 10 a second took %v", took)
		}
		m.mu.Lock()
		m.perSecond = 0
		m.mu.Unlock()
		work(target, 1000)
		if !target.pace.full() {
			t.Errorf("after 1000 good answers the speed is %v a second", target.pace.bucket.Limit())
		}
		begin := time.Now()
		work(target, 800)
		if took := time.Since(begin); took != 10*time.Second { // eight at a time, 100 ms each
			t.Errorf("at full speed 800 requests take %v", took)
		}
	})
}

// TestHalvedAndGrown reads the speed after each answer.
func TestHalvedAndGrown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(RateLimit{}, time.Now)
		round := 0
		for range 101 {
			round = p.started()
			time.Sleep(50 * time.Millisecond)
		}
		near := func(what string, want float64) {
			t.Helper()
			if got := float64(p.bucket.Limit()); math.Abs(got-want) > 0.01 {
				t.Errorf("%s: %v requests a second, want %v", what, got, want)
			}
		}
		p.tooMuch(round, 0)
		near("20 a second were too much", 10)
		p.tooMuch(round, 0)
		p.good(round)
		near("answers to earlier requests", 10)
		p.good(p.started())
		near("a good answer", 10.2)
		for range 49 {
			p.good(p.started())
		}
		near("50 good answers", 20)
		for range 100 {
			p.good(p.started())
		}
		if !p.full() || p.bucket.Limit() < 1e9 {
			t.Errorf("150 good answers: %v a second", p.bucket.Limit())
		}
		for range 30 {
			p.tooMuch(p.started(), 0)
		}
		near("never anything but refusals", float64(slowest))
	})
}

func TestAConfiguredLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{}
		target := newMetered(t, Options{RateLimit: RateLimit{RequestsPerSecond: 25, Burst: 5}}, m)
		begin := time.Now()
		work(target, 105)
		if took := time.Since(begin); took != 4*time.Second {
			t.Errorf("105 requests took %v", took)
		}
		if n := m.between(begin, begin.Add(time.Nanosecond)); n != 5 {
			t.Errorf("%d requests started at once", n)
		}
		target.pace.tooMuch(target.pace.started(), 0)
		if limit := target.pace.bucket.Limit(); limit > 13 {
			t.Errorf("after a refusal the speed is %v a second", limit)
		}
		work(target, 200)
		if limit := target.pace.bucket.Limit(); limit != 25 || target.pace.bucket.Burst() != 5 {
			t.Errorf("the speed is %v a second, the burst %d", limit, target.pace.bucket.Burst())
		}
	})
}

// TestAWaitEndsWithItsContext, without a request and without a goroutine, which
// the bubble would not end with.
func TestAWaitEndsWithItsContext(t *testing.T) {
	for name, opts := range map[string]Options{"pause": {}, "limit": {RateLimit: RateLimit{RequestsPerSecond: 0.01}}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &meter{}
				target := newMetered(t, opts, m)
				if err := doings["get"](target); err != nil {
					t.Fatal(err)
				}
				if name == "pause" {
					target.pace.tooMuch(target.pace.started(), time.Minute)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				_, err := target.Get(ctx, "User", "u1", nil)
				if !errors.Is(err, context.DeadlineExceeded) || len(m.starts) != 1 || time.Since(begin) != time.Second {
					t.Errorf("%d requests in %v, error %v", len(m.starts), time.Since(begin), err)
				}
			})
		})
	}
}

func TestRetryAfterIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{perSecond: 3, retryAfter: "86400"}
		target := newMetered(t, Options{Behavior: Behavior{IgnoreRetryAfter: true}}, m)
		begin := time.Now()
		if failed := work(target, 30); failed > 0 || time.Since(begin) > time.Minute || len(m.refusals) == 0 {
			t.Errorf("%d failed in %v, %d refusals", failed, time.Since(begin), len(m.refusals))
		}
	})
}

func TestRateLimitsAreChecked(t *testing.T) {
	for says, limit := range map[string]RateLimit{
		"not from 0 to": {RequestsPerSecond: -1}, "is not from": {RequestsPerSecond: math.NaN()}, "10000": {RequestsPerSecond: math.Inf(1)},
		"negative": {RequestsPerSecond: 1, Burst: -1}, "no requests per second": {Burst: 2},
	} {
		if _, err := New(Options{TenantURL: "https://x.example", RateLimit: limit}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v", limit, err)
		}
	}
	if _, err := RateLimitNamed("slak"); err == nil || !strings.Contains(err.Error(), "entra-gallery, eptura") {
		t.Error(err)
	}
}

// TestPublishedLimits: no window of time has more requests than the page of the
// profile allows, and the documentation has the same table.
func TestPublishedLimits(t *testing.T) {
	page, err := os.ReadFile("../../docs/jobs.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range RateLimitProfiles() {
		limit, err := RateLimitNamed(p.Name)
		if err != nil || limit != p.RateLimit() {
			t.Errorf("%s: %v, error %v", p.Name, limit, err)
		}
		if most := limit.RequestsPerSecond*p.Per.Seconds() + float64(limit.Burst) - 1; most > float64(p.Requests+p.Burst)+1e-6 {
			t.Errorf("%s: up to %v requests in %v", p.Name, most, p.Per)
		}
		if !strings.Contains(string(page), row(p)) {
			t.Errorf("docs/jobs.md lacks this row:\n%s", row(p))
		}
	}
}

// row is a profile as the documentation has it.
func row(p RateLimitProfile) string {
	per := map[time.Duration]string{time.Second: "a second", 5 * time.Second: "in 5 seconds", time.Minute: "a minute", time.Hour: "an hour"}[p.Per]
	limit := fmt.Sprintf("%d %s", p.Requests, per)
	if p.Burst > 0 {
		limit += fmt.Sprintf(", bursts of %d", p.Burst)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | <%s> |", p.Name, p.Application, limit, p.Counted, p.Source)
}
