package scim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Transport sends one request, as http.RoundTripper does.
type Transport = http.RoundTripper

// NewTransport returns a transport that keeps as many connections alive as
// there are requests at a time, with TLS 1.2 at least, and with the system's
// authorities. It speaks HTTP/1.1, as .NET's HttpClient does unless told
// otherwise, and asks for no compression. Options.NewTransport knows more.
func NewTransport(concurrency int) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               proxyOf,
		Protocols:           protocols,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 15 * time.Second,
		MaxIdleConns:        concurrency,
		MaxIdleConnsPerHost: concurrency,
		// Less than the five seconds after which Node.js closes an idle connection: a
		// POST that meets a closing one is lost, and must not be repeated.
		IdleConnTimeout:       4 * time.Second,
		DisableCompression:    true,
		ExpectContinueTimeout: time.Second,
		// More is no answer of an application.
		MaxResponseHeaderBytes: maxHeader,
		OnProxyConnectResponse: proxyAnswered,
	}
}

// proxyOf returns the proxy that the environment names, and none for this machine:
// plain http to it is allowed because it stays here. The library leaves localhost
// out too, but not LOCALHOST.
func proxyOf(r *http.Request) (*url.URL, error) {
	if isLoopback(r.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

// proxyError says that a proxy did not connect: nothing was sent to the
// application.
type proxyError struct {
	host   string
	status int
}

// Error says what the proxy answered, by its status alone: some proxies repeat
// the password that they were sent.
func (e *proxyError) Error() string {
	advice := "check HTTPS_PROXY and NO_PROXY in the environment"
	if e.status == http.StatusProxyAuthRequired {
		advice = "check user name and password of HTTPS_PROXY in the environment"
	}
	return fmt.Sprintf("the proxy %s does not connect (HTTP %d): %s", e.host, e.status, advice)
}

func proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{host: proxy.Host, status: answer.StatusCode}
}

// contentType is that of every request with a body.
const contentType = "application/scim+json; charset=utf-8"

// maxBody is the size of the largest answer that is read, in bytes.
const maxBody = 10 << 20

// maxHeader is the size of the largest header of an answer that is read, in bytes.
const maxHeader = 512 << 10

var errTooLarge = fmt.Errorf("the answer is larger than %d MB: the application may have ignored the filter and listed everything", maxBody>>20)

// newHTTPClient returns the client that sends single tries.
func (t *Target) newHTTPClient() *http.Client {
	return &http.Client{
		Transport: paced{t.opts.Transport, t},
		Timeout:   t.opts.Timeout,
		// The token goes to the tenant URL and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newClient returns the client that tries a request as often as the check says.
func (t *Target) newClient(check retryablehttp.CheckRetry) *retryablehttp.Client {
	return &retryablehttp.Client{
		HTTPClient:   t.client,
		Logger:       nil, // it would write URLs, and people's names with them
		RetryMax:     max(0, t.opts.Retries),
		RetryWaitMin: t.opts.RetryWait,
		RetryWaitMax: t.opts.RetryWaitMax,
		CheckRetry:   check,
		Backoff:      t.backoff,
		PrepareRetry: func(req *http.Request) error { return t.turn(req.Context()) },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
}

// sendWith sends a request with a token, as send does.
func (t *Target) sendWith(ctx context.Context, r request, token string) (answer, error) {
	var body any
	if r.body != nil {
		body = r.body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.method, t.address(r), body)
	if err != nil {
		return answer{}, t.noAnswer(r, answer{token: token}, err)
	}
	t.setHeader(req.Header, r, token)
	doubtful := false
	client := t.newClient(t.doubting(r, &doubtful))

	// The answer is read inside of the try, so that one that breaks off is tried
	// again where that is safe.
	a := answer{token: token}
	read := false
	readAnswer := func(resp *http.Response) error {
		read = true
		var err error
		a, err = t.readAnswer(resp)
		a.token, a.doubtful = token, doubtful
		return err
	}
	req.SetResponseHandler(readAnswer)
	resp, err := client.Do(req)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close() // the answer broke off: nothing more to learn from it
		}
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		a.doubtful = doubtful
		return a, t.noAnswer(r, a, err)
	}
	a.doubtful = doubtful
	if !read { // the last of the tries that were to be repeated
		if err := readAnswer(resp); err != nil {
			return a, t.noAnswer(r, a, err)
		}
	}
	return a, t.classify(r, a)
}

func (t *Target) address(r request) string {
	query := join(t.query, r.query)
	if query == "" {
		return t.url.Base + r.path
	}
	return t.url.Base + r.path + "?" + query
}

// setHeader sets the headers that Entra's requests show, and keeps Go from
// adding others: no User-Agent, no Accept, no Accept-Encoding.
func (t *Target) setHeader(h http.Header, r request, token string) {
	h.Set("User-Agent", "")
	if token != "" {
		h.Set("Authorization", "Bearer "+token)
	}
	if r.body != nil {
		h.Set("Content-Type", contentType)
	}
	if v := t.opts.Behavior.ADSCIMVersion; v != NoHeader {
		h["ADSCIMVersion"] = []string{v}
	}
}

func (t *Target) readAnswer(resp *http.Response) (answer, error) {
	t.ahead.note(resp.Header, t.opts.Now())
	a := answer{
		status:     resp.StatusCode,
		html:       strings.Contains(strings.ToLower(resp.Header.Get("Content-Type")), "html"),
		location:   resp.Header.Get("Location"),
		retryAfter: t.retryAfter(resp),
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err, body = errTooLarge, body[:maxShownBody]
	}
	a.body = body
	if encoding := resp.Header.Get("Content-Encoding"); len(body) > 0 && !strings.EqualFold(encoding, "identity") {
		a.encoding = encoding
	}
	closeErr := resp.Body.Close()
	if err == nil {
		err = closeErr
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the answer broke off after %d bytes: %w", len(body), err)
	}
	return a, err
}
