package har

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"
)

// Transport returns a transport that sends requests by next and records each:
// a request that is sent again is an entry of its own. A request that gets no
// answer is one with status 0 and the reason in _error. An entry ends when the
// body of its answer was read to the end or closed.
func (r *Recorder) Transport(next http.RoundTripper) http.RoundTripper {
	return &transport{recorder: r, next: next}
}

type transport struct {
	recorder *Recorder
	next     http.RoundTripper
}

// RoundTrip sends one request.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	e := &entry{recorder: t.recorder, method: req.Method, url: req.URL, header: req.Header.Clone()}
	if e.method == "" {
		e.method = http.MethodGet
	}
	if v := e.header.Values("User-Agent"); len(v) == 1 && v[0] == "" {
		e.header.Del("User-Agent") // which keeps net/http from sending one
	}
	t.recorder.secrets.learn(req.Header)
	sent := req.WithContext(httptrace.WithClientTrace(req.Context(), e.trace()))
	e.copyBody(sent)
	t.recorder.secrets.learnForm(req.Header, e.body)
	t.recorder.secrets.learnPasswords(e.body)
	if !t.recorder.begin(e) {
		return t.next.RoundTrip(req)
	}
	resp, err := t.next.RoundTrip(sent)
	if err != nil {
		e.finish(err)
		return resp, err
	}
	e.answered(resp)
	resp.Request = req
	resp.Body = &responseBody{body: resp.Body, entry: e}
	return resp, nil
}

// CloseIdleConnections closes those of the transport below.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// copyBody keeps the body of a request: at once where it can be had twice, so
// that it is known even if nothing could be sent, else as it is sent.
func (e *entry) copyBody(req *http.Request) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	e.body = &capture{}
	if req.GetBody != nil {
		if again, err := req.GetBody(); err == nil {
			_, err = io.Copy(e.body, again)
			_ = again.Close()
			if err == nil {
				return
			}
		}
		e.body = &capture{}
	}
	req.Body = requestBody{Reader: io.TeeReader(req.Body, e.body), Closer: req.Body}
	req.GetBody = nil // a second reading would be recorded after the first
}

// trace tells the entry what happens on the wire.
func (e *entry) trace() *httptrace.ClientTrace {
	mark := func(at *time.Time) {
		now := e.recorder.now()
		e.update(func() { e.times.set(at, now) })
	}
	t := &e.times
	return &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { mark(&t.dnsStart) },
		DNSDone:           func(httptrace.DNSDoneInfo) { mark(&t.dnsDone) },
		ConnectStart:      func(string, string) { mark(&t.connectStart) },
		TLSHandshakeStart: func() { mark(&t.tlsStart) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { mark(&t.tlsDone) },
		GotConn: func(info httptrace.GotConnInfo) {
			now := e.recorder.now()
			e.update(func() {
				// A second connection follows one that broke before it was used.
				e.sent, e.times.wrote = nil, time.Time{}
				e.times.gotConn, e.times.reused = now, info.Reused
				e.connected(info.Conn)
			})
		},
		WroteHeaderField: func(name string, values []string) {
			if name == "Proxy-Authorization" { // the transport added it
				e.recorder.secrets.learn(http.Header{name: values})
			}
			e.update(func() {
				for _, v := range values {
					e.sent = append(e.sent, pair{name, v})
				}
			})
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { mark(&t.wrote) },
		GotFirstResponseByte: func() { mark(&t.firstByte) },
	}
}
