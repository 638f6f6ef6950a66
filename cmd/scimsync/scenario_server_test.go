package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// wireExchange is one request that reached the application, and its answer.
type wireExchange struct {
	at      time.Time
	method  string
	target  string // path and query, as they stood on the wire
	proto   string
	tls     uint16
	host    string
	header  http.Header
	body    []byte
	status  int
	answers http.Header
	answer  []byte
	// scripted: the answer is the scenario's own, not the sandbox's.
	scripted bool
	delay    time.Duration
}

// reaction is an answer that the scenario gives in the sandbox's place.
type reaction struct {
	method  string
	pattern string // of the path below the tenant URL, as in path.Match; with ? also of the query
	status  int
	header  http.Header
	body    []byte
	always  bool
	delay   time.Duration // before the answer
}

func (r reaction) fits(method, target string) bool {
	if !strings.Contains(r.pattern, "?") {
		target, _, _ = strings.Cut(target, "?")
		fits, err := path.Match(r.pattern, target)
		return r.method == method && err == nil && fits
	}
	return r.method == method && r.pattern == target
}

// application is the SCIM application of a scenario: a sandbox behind an https
// server, which writes down every request as it came over the wire.
type application struct {
	sandbox *sandbox.Server
	base    string // path of the tenant URL

	mu        sync.Mutex
	reactions []reaction
	exchanges []wireExchange
	// names are the names of headers as they were sent, by the spelling that
	// Go's server makes of them.
	names map[string]string
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	x := wireExchange{
		at: time.Now(), method: r.Method, target: r.RequestURI, proto: r.Proto, host: r.Host, header: a.spelled(r.Header), body: body,
	}
	if r.TLS != nil {
		x.tls = r.TLS.Version
	}
	recorder := httptest.NewRecorder()
	scripted, isScripted := a.reaction(r.Method, strings.TrimPrefix(r.RequestURI, a.base))
	if isScripted {
		x.scripted, x.delay = true, scripted.delay
		recorder.Code = scripted.status
		recorder.HeaderMap = scripted.header.Clone() //nolint:staticcheck // the header that is answered, not a copy of it
		recorder.Body.Write(scripted.body)
	} else {
		r.Body = io.NopCloser(bytes.NewReader(body))
		a.sandbox.ServeHTTP(recorder, r)
	}
	x.status, x.answers, x.answer = recorder.Code, recorder.Header().Clone(), bytes.Clone(recorder.Body.Bytes())
	a.note(x)
	time.Sleep(x.delay)
	for name, values := range x.answers {
		w.Header()[name] = values
	}
	w.WriteHeader(x.status)
	_, _ = w.Write(x.answer)
}

// reaction takes the first answer of the scenario that fits the request.
func (a *application) reaction(method, target string) (reaction, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, r := range a.reactions {
		if r.fits(method, target) {
			if !r.always {
				a.reactions = append(a.reactions[:i:i], a.reactions[i+1:]...)
			}
			return r, true
		}
	}
	return reaction{}, false
}

func (a *application) spelled(h http.Header) http.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	spelled := http.Header{}
	for name, values := range h {
		if sent := a.names[name]; sent != "" {
			name = sent
		}
		spelled[name] = values
	}
	return spelled
}

func (a *application) note(x wireExchange) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.exchanges = append(a.exchanges, x)
}

// taken returns the exchanges since it was last called.
func (a *application) taken() []wireExchange {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := a.exchanges
	a.exchanges = nil
	return taken
}

// behind carries out a request of the application's own administrator, which
// is no part of what the provisioning service sends.
func (a *application) behind(method, target string, body []byte) (status int, answer []byte) {
	r := httptest.NewRequest(method, "https://app.example.com/scim/v2"+target, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+scenarioToken)
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/scim+json")
	}
	w := httptest.NewRecorder()
	a.sandbox.ServeHTTP(w, r)
	return w.Code, w.Body.Bytes()
}

// serve starts the application. The transport that it returns reaches it under
// any host below example.com, over TLS, without a network: time stands still
// while a request is under way.
func (a *application) serve() (_ http.RoundTripper, stop func()) {
	listener := &pipeListener{accept: make(chan net.Conn), closed: make(chan struct{})}
	server := httptest.NewUnstartedServer(a)
	_ = server.Listener.Close() // the one of the network
	server.Listener = listener
	server.StartTLS()
	transport := scim.NewTransport(1)
	transport.Proxy = nil
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		if !strings.HasSuffix(address, ".example.com:443") {
			return nil, fmt.Errorf("scenarios know no application at %s", address)
		}
		return listener.dial(ctx)
	}
	return spelling{transport, a}, func() {
		transport.CloseIdleConnections()
		server.Close()
	}
}

// spelling remembers how the names of headers are spelled on the wire.
type spelling struct {
	http.RoundTripper
	app *application
}

// RoundTrip sends the request.
func (s spelling) RoundTrip(r *http.Request) (*http.Response, error) {
	s.app.mu.Lock()
	for name := range r.Header {
		s.app.names[http.CanonicalHeaderKey(name)] = name
	}
	s.app.mu.Unlock()
	return s.RoundTripper.RoundTrip(r)
}

// pipeListener is a listener whose connections are pipes within the process.
type pipeListener struct {
	accept chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.accept <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept waits for the next connection.
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is where the server says that it listens.
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "app.example.com:443" }
