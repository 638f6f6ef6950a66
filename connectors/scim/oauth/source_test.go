package oauth

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// TestRenewal: a token is used until a fifth of its life is left, at most five
// minutes.
func TestRenewal(t *testing.T) {
	for _, c := range []struct {
		name, life    string
		good, renewed time.Duration // since it was given out
	}{
		{"an hour", lives(3600), 54 * time.Minute, 55*time.Minute + time.Second},
		{"six hours", lives(6 * 3600), 5*time.Hour + 54*time.Minute, 5*time.Hour + 55*time.Minute + time.Second},
		{"ten minutes", lives(600), 7*time.Minute + 59*time.Second, 8*time.Minute + time.Second},
		{"as text", `,"expires_in":"600"`, 7*time.Minute + 59*time.Second, 8*time.Minute + time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newSource(t, nil, gives("first", c.life), gives("second", c.life))
				mustToken(t, s, "first")
				time.Sleep(c.good)
				mustToken(t, s, "first")
				time.Sleep(c.renewed - c.good)
				mustToken(t, s, "second")
				mustToken(t, s, "second")
				if e.asked() != 2 {
					t.Errorf("%d requests, want 2", e.asked())
				}
			})
		})
	}
}

// TestUnknownLife: without expires_in a token is used until it is refused.
func TestUnknownLife(t *testing.T) {
	for _, life := range []string{"", `,"expires_in":0`, `,"expires_in":-5`, `,"expires_in":null`} {
		synctest.Test(t, func(t *testing.T) {
			s, _ := newSource(t, nil, gives("first", life), gives("second", life))
			mustToken(t, s, "first")
			time.Sleep(1000 * time.Hour)
			mustToken(t, s, "first")
			s.Invalidate("first")
			mustToken(t, s, "second")
		})
	}
}

// TestInvalidate forgets the token that was refused, and no later one.
func TestInvalidate(t *testing.T) {
	s, e := newSource(t, nil, gives("first", lives(3600)), gives("second", lives(3600)))
	mustToken(t, s, "first")
	s.Invalidate("another")
	mustToken(t, s, "first")
	s.Invalidate("first")
	mustToken(t, s, "second")
	s.Invalidate("first") // by one who was slower
	mustToken(t, s, "second")
	if e.asked() != 2 {
		t.Errorf("%d requests, want 2", e.asked())
	}
}

// TestSharing: everybody waits for the same request, and one who gives up does
// not end it for the others.
func TestSharing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, e := newSource(t, nil, after(10*time.Second, gives("shared", lives(3600))))
		start := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { // the first, whose request it is
			_, err := s.Token(impatient)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
				t.Errorf("error %v after %v", err, time.Since(start))
			}
		})
		synctest.Wait()
		for range 50 {
			wg.Go(func() { mustToken(t, s, "shared") })
		}
		wg.Wait()
		if e.asked() != 1 || time.Since(start) != 10*time.Second {
			t.Errorf("%d requests in %v, want 1 in 10s", e.asked(), time.Since(start))
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if _, err := s.Token(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v for a caller who has gone", err)
		}
	})
}

// TestEarlyRenewalFails: the old token is used until it ends, and a renewal
// tried now and then.
func TestEarlyRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := answer(400, "application/json", `{"error":"invalid_client"}`)
		s, e := newSource(t, nil, gives("first", lives(600)), refused)
		mustToken(t, s, "first")
		time.Sleep(8*time.Minute + time.Second)
		mustToken(t, s, "first")
		mustToken(t, s, "first")
		if e.asked() != 2 {
			t.Errorf("%d requests, want 2: the next renewal is half a minute away", e.asked())
		}
		time.Sleep(31 * time.Second)
		mustToken(t, s, "first")
		if e.asked() != 3 {
			t.Errorf("%d requests, want 3", e.asked())
		}
		time.Sleep(90 * time.Second)
		if _, err := s.Token(t.Context()); connectors.ClassOf(err) != connectors.Credentials {
			t.Errorf("error %v once the token has ended", err)
		}
	})
}

// TestRefusedWhileRenewalFails: a token that was refused does not come back.
func TestRefusedWhileRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSource(t, nil, gives("first", lives(600)), answer(401, "application/json", `{"error":"invalid_client"}`))
		mustToken(t, s, "first")
		s.Invalidate("first")
		if token, err := s.Token(t.Context()); token != "" || connectors.ClassOf(err) != connectors.Credentials {
			t.Errorf("token %q, error %v", token, err)
		}
	})
}

// TestRetries: passing faults are waited out, others are not.
func TestRetries(t *testing.T) {
	good := gives("token", lives(3600))
	refused := fails(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})
	busy := func(seconds string) answering { return answer(429, "text/plain", "slow down", "Retry-After", seconds) }
	for _, c := range []struct {
		name    string
		answers []answering
		retries int
		tries   int
		waited  time.Duration
		class   connectors.Class
	}{
		{"no connection", []answering{refused, refused, good}, 0, 3, 3 * time.Second, ""},
		{"never a connection", []answering{refused}, 0, 4, 7 * time.Second, connectors.Retryable},
		{"unavailable", []answering{answer(503, "text/html", "<p>down</p>"), good}, 0, 2, time.Second, ""},
		{"Retry-After", []answering{busy("20"), good}, 0, 2, 20 * time.Second, ""},
		{"Retry-After of an hour", []answering{busy("3600"), good}, 0, 1, 0, connectors.Throttled},
		{"no retries", []answering{refused, good}, -1, 1, 0, connectors.Retryable},
		{"refused", []answering{answer(401, "application/json", `{"error":"invalid_client"}`), good}, 0, 1, 0, connectors.Credentials},
		{"no such host", []answering{fails(&net.DNSError{IsNotFound: true}), good}, 0, 1, 0, connectors.Retryable},
		{"hangs", []answering{after(time.Hour, good)}, -1, 1, 90 * time.Second, connectors.Retryable},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newSource(t, func(o *Options) { o.Retries = c.retries }, c.answers...)
				start := time.Now()
				_, err := s.Token(t.Context())
				if e.asked() != c.tries || time.Since(start) != c.waited || connectors.ClassOf(err) != c.class || (err == nil) != (c.class == "") {
					t.Errorf("%d tries in %v, error %v; want %d in %v, class %q", e.asked(), time.Since(start), err, c.tries, c.waited, c.class)
				}
			})
		})
	}
}

// TestLeftAlone: a token endpoint that asks to be left alone is not asked again
// before that, whoever wants a token. A short wish is waited for, unless the old
// token is still good.
func TestLeftAlone(t *testing.T) {
	busy := func(seconds string) answering { return answer(429, "text/plain", "slow down", "Retry-After", seconds) }
	for _, c := range []struct {
		name    string
		old     bool // there is a token that is to be renewed early
		answers []answering
		wish    time.Duration
		says    connectors.Class
	}{
		{"a minute, and no token", false, []answering{busy("60"), gives("new", lives(3600))}, time.Minute, ""},
		{"an hour, and no token", false, []answering{busy("3600"), gives("new", lives(3600))}, time.Hour, connectors.Throttled},
		{"a century, and no token", false, []answering{busy("3153600000"), gives("new", lives(3600))}, time.Hour, connectors.Throttled},
		{"two minutes, and the old token", true, []answering{gives("old", lives(3600)), busy("120"), gives("new", lives(3600))}, 2 * time.Minute, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, e := newSource(t, nil, c.answers...)
				if c.old {
					mustToken(t, s, "old")
					time.Sleep(56 * time.Minute) // it is renewed five minutes before its end
				}
				asked, begin := len(c.answers)-1, time.Now()
				for time.Since(begin) < c.wish {
					got, err := s.Token(t.Context())
					var told *connectors.Error
					if n := e.asked(); n != asked && time.Since(begin) < c.wish {
						t.Fatalf("after %v of %v: %d requests, want %d", time.Since(begin), c.wish, n, asked)
					}
					if c.old && got != "old" || connectors.ClassOf(err) != c.says ||
						errors.As(err, &told) && time.Since(begin) > 0 && told.RetryAfter > c.wish-time.Since(begin) {
						t.Fatalf("after %v: %q, %v", time.Since(begin), got, err)
					}
					time.Sleep(time.Second)
				}
				mustToken(t, s, "new")
				if n := e.asked(); n != len(c.answers) {
					t.Errorf("%d requests, want %d", n, len(c.answers))
				}
			})
		})
	}
}

// TestRetryAfterOfAnotherClock: a date is one of the server's clock, and this
// machine's may be wrong.
func TestRetryAfterOfAnotherClock(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			theirs := time.Now().Add(off).UTC()
			s, _ := newSource(t, nil, answer(429, "text/plain", "", "Date", theirs.Format(http.TimeFormat), "Retry-After", theirs.Add(30*time.Second).Format(http.TimeFormat)),
				gives("token", lives(3600)))
			begin := time.Now()
			mustToken(t, s, "token")
			if took := time.Since(begin); took != 30*time.Second {
				t.Errorf("off by %v: %v, want 30s", off, took)
			}
		})
	}
}
