package scim

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

func TestRetries(t *testing.T) {
	after := func(status int, seconds string) reply {
		return reply{status: status, header: map[string]string{"Retry-After": seconds}}
	}
	dial := reply{err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	reset := reply{err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}
	broken := reply{status: 200, read: func() (int, error) { return 0, io.ErrUnexpectedEOF }}
	good := reply{status: 200, body: oneID}
	tests := []struct {
		name    string
		doing   string
		options Options
		replies []reply
		tries   int
		waited  time.Duration
		ok      bool
	}{
		{"busy", "get patch delete", Options{}, []reply{{status: 429}, {status: 503}, good}, 3, 3 * time.Second, true},
		{"gateway", "get patch delete", Options{}, []reply{{status: 502}, {status: 504}, {status: 502}, good}, 4, 7 * time.Second, true},
		{"always busy", "get patch delete", Options{}, []reply{{status: 503}}, 4, 7 * time.Second, false},
		{"pauses end at the longest", "get", Options{Retries: 5, RetryWaitMax: 3 * time.Second}, []reply{{status: 503}}, 6, 12 * time.Second, false},
		{"internal error", "get patch delete post", Options{}, []reply{{status: 500}, good}, 1, 0, false},
		{"bad request", "get patch delete post", Options{}, []reply{{status: 400}, good}, 1, 0, false},
		{"no retries", "get", Options{Retries: -1}, []reply{{status: 503}, good}, 1, 0, false},
		{"Retry-After", "get patch delete post", Options{}, []reply{after(429, "40"), good}, 2, 40 * time.Second, true},
		{"Retry-After of a day", "get patch post", Options{}, []reply{after(429, "86400"), good}, 1, 0, false},
		{"Retry-After ignored", "get", Options{Behavior: Behavior{IgnoreRetryAfter: true}}, []reply{after(429, "86400"), good}, 2, time.Second, true},
		{"reset", "get patch delete", Options{}, []reply{reset, reset, good}, 3, 3 * time.Second, true},
		{"answer breaks off", "get patch delete", Options{}, []reply{broken, good}, 2, time.Second, true},
		{"no connection", "get patch delete post", Options{}, []reply{dial, good}, 2, time.Second, true},

		// A create that may have taken effect is never sent again.
		{"reset", "post", Options{}, []reply{reset, good}, 1, 0, false},
		{"timeout", "post", Options{}, []reply{{err: timeout{}}, good}, 1, 0, false},
		{"end of file", "post", Options{}, []reply{{err: io.EOF}, good}, 1, 0, false},
		{"unavailable", "post", Options{}, []reply{{status: 503}, good}, 1, 0, false},
		{"gateway", "post", Options{}, []reply{{status: 504}, good}, 1, 0, false},
		{"answer breaks off", "post", Options{}, []reply{broken, good}, 1, 0, false},
		{"busy", "post", Options{}, []reply{{status: 429}, good}, 2, time.Second, true},

		{"certificate", "get", Options{}, []reply{{err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, good}, 1, 0, false},
		{"no such host", "get", Options{}, []reply{{err: &net.DNSError{IsNotFound: true}}, good}, 1, 0, false},
		{"too large", "get", Options{}, []reply{{status: 200, body: strings.Repeat(" ", maxBody+1)}, good}, 1, 0, false},
	}
	for _, tt := range tests {
		for doing := range strings.FieldsSeq(tt.doing) {
			t.Run(tt.name+", "+doing, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					target, s := newScripted(t, tt.options, tt.replies...)
					start := time.Now()
					err := doings[doing](target)
					if len(s.requests) != tt.tries || time.Since(start) != tt.waited || (err == nil) != tt.ok {
						t.Errorf("%d tries in %v, error %v; want %d in %v", len(s.requests), time.Since(start), err, tt.tries, tt.waited)
					}
					for _, body := range s.bodies {
						if body != s.bodies[0] {
							t.Errorf("the tries have different bodies: %q", s.bodies)
						}
					}
				})
			})
		}
	}
}

// TestCancelledPause ends a pause by the context.
func TestCancelledPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, s := newScripted(t, Options{}, reply{status: 429, header: map[string]string{"Retry-After": "100"}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := target.Get(ctx, "User", "u1", nil)
		if !errors.Is(err, context.DeadlineExceeded) || connectors.ClassOf(err) != connectors.Retryable || time.Since(start) != 10*time.Second || len(s.requests) != 1 {
			t.Errorf("%d requests in %v, error %v", len(s.requests), time.Since(start), err)
		}
	})
}
