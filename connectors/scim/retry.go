package scim

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// retryRepeatable says that a request without effect, or with the same effect
// if repeated, is to be sent again: the connection failed, or the application
// or something before it was too busy.
func (t *Target) retryRepeatable(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // the client returns the error of the try itself
	}
	if err != nil {
		return !t.hopeless(err), nil
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return t.affordable(resp), nil
	default:
		return false, nil
	}
}

// retryOnce says that a create is to be sent again: only where it certainly had
// no effect, for a second one would create a second object.
func (t *Target) retryOnce(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, nil //nolint:nilerr // as above
	}
	if err != nil {
		return undialed(err) && !t.hopeless(err), nil
	}
	return resp.StatusCode == http.StatusTooManyRequests && t.affordable(resp), nil
}

// doubting returns the check of a request's tries, and notes at doubtful whether
// one of them may have taken effect although no answer says so: what a later try
// is answered is not the whole truth.
func (t *Target) doubting(r request, doubtful *bool) retryablehttp.CheckRetry {
	check := t.retryRepeatable
	if r.method == http.MethodPost {
		check = t.retryOnce
	}
	return func(ctx context.Context, resp *http.Response, err error) (bool, error) {
		if r.method != http.MethodGet && t.perhapsDone(resp, err) {
			*doubtful = true
		}
		return check(ctx, resp, err)
	}
}

// perhapsDone reports whether one try may have taken effect without an answer
// that says so. A gateway answers 503 also for what it has passed on.
func (t *Target) perhapsDone(resp *http.Response, err error) bool {
	if err != nil {
		return !undialed(err) && !t.hopeless(err)
	}
	return resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented
}

// undialed reports that there was no connection to send a request on: to the
// application, or to the proxy before it.
func undialed(err error) bool {
	var op *net.OpError
	var proxy *proxyError
	return errors.As(err, &proxy) || errors.As(err, &op) && slices.Contains([]string{"dial", "proxyconnect", "socks connect"}, op.Op)
}

// hopeless reports that trying again would only fail again.
func (t *Target) hopeless(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
	)
	if _, explained := t.explainTLS(err); explained != nil {
		return true
	}
	return errors.As(err, &certificate) ||
		errors.As(err, &dns) && dns.IsNotFound ||
		errors.Is(err, errTooLarge)
}

// affordable reports whether the pause that the application asks for is short
// enough to wait for here.
func (t *Target) affordable(resp *http.Response) bool {
	return t.opts.Behavior.IgnoreRetryAfter || t.retryAfter(resp) <= t.opts.RetryWaitMax
}

// backoff is the pause before the next try: what the application asks for, or
// twice the one before.
func (t *Target) backoff(first, longest time.Duration, attempt int, resp *http.Response) time.Duration {
	if resp != nil && !t.opts.Behavior.IgnoreRetryAfter {
		if wait := t.retryAfter(resp); wait > 0 {
			return min(wait, longest)
		}
	}
	wait := first
	for range attempt {
		if wait >= longest/2 {
			return longest
		}
		wait *= 2
	}
	return min(wait, longest)
}

// retryAfter reads the header of RFC 9110 section 10.2.3: seconds or a date.
// It is 0 where there is none, and where it makes no sense.
func (t *Target) retryAfter(resp *http.Response) time.Duration {
	text := strings.TrimSpace(resp.Header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	} else if errors.Is(err, strconv.ErrRange) && text[0] != '-' {
		return math.MaxInt32 * time.Second // a number, and more than anybody waits
	}
	if at, err := http.ParseTime(text); err == nil {
		now := t.opts.Now()
		if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			now = theirs // the date was made by that clock, and this one may be wrong
		}
		return max(0, at.Sub(now))
	}
	return 0
}
