// Package weather puts weather between a SCIM client and an application: a
// proxy that answers, by seeded choice, as applications, gateways and networks
// do on a bad day. Some of its faults come before a request reaches the
// application and some after it took effect, for that is what a client has to
// bear: not to know. A forecast says when the weather is calm, when single
// requests fail, and when everything does.
package weather

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options say what a proxy stands before, and what its weather is made of.
type Options struct {
	App    http.Handler // the application
	Seed   uint64       // chooses the faults
	Spells []Spell      // in order; before the first and after the last it is calm

	Now func() time.Time // the clock of the spells; nil means time.Now

	// TooLong is how long an answer takes that comes too late: longer than the
	// client waits. Slow is how long a slow one takes that comes in time.
	TooLong, Slow time.Duration
	// Wish is the longest time to be left alone that a sensible Retry-After asks
	// for, in whole seconds.
	Wish time.Duration
	// Elsewhere are the URLs of other hosts that redirects lead to. With none,
	// they lead back to the application alone.
	Elsewhere []string

	// OnRequest is told of each request once it is known what became of it, and
	// before it is answered. Calls may come from many goroutines. May be nil.
	OnRequest func(Request)
}

// Request is one request that came to the proxy.
type Request struct {
	At                  time.Time
	Method, Path, Query string
	Body                string
	Spell               int  // the index of the spell; -1 in the calm outside of them
	Kind                Kind // what was done to it; Pass for nothing
	Reached             bool // the application got it
	Status              int  // of the application's answer; 0 if it did not get it
}

// Proxy is an http.Handler that passes requests on to an application, or does
// not. It may be used by many goroutines at once. New makes one.
type Proxy struct {
	opts   Options
	faults map[Kind]fault

	mu     sync.Mutex
	seen   map[uint64]uint64 // how often each request came
	counts map[Kind]int
	spell  int // the spell that is on; -1 for none
	lag    int // how many requests still come before the next one begins
}

// New returns a proxy.
func New(opts Options) *Proxy {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Proxy{opts: opts, faults: table(), seen: map[uint64]uint64{}, counts: map[Kind]int{}, spell: -1, lag: -1}
}

// Counts returns how often each kind of fault was injected. Requests that were
// passed on as they are count as Pass.
func (p *Proxy) Counts() map[Kind]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

// maxBody is the size of the largest body of a request, in bytes.
const maxBody = 4 << 20

// ServeHTTP answers a request, or breaks its connection.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		http.Error(w, "the request's body is too large, or broke off", http.StatusBadRequest)
		return
	}
	x := &exchange{proxy: p, w: w, r: r, body: body}
	x.kind, x.spell, x.rng = p.choose(r, body)
	f := p.faults[x.kind]
	if f.before != nil {
		p.note(x, nil)
		f.before(x)
		return
	}
	a := x.ask()
	if f.after != nil && !f.fitsAnswer(x, a) {
		x.kind, f = Pass, fault{}
	}
	p.note(x, a)
	if f.after == nil {
		a.write(w)
		return
	}
	f.after(x, a)
}

// choose says what becomes of a request. It is drawn from the seed, the request
// and how often that came, so that it hardly depends on the order in which
// requests come that are under way at the same time.
func (p *Proxy) choose(r *http.Request, body []byte) (Kind, int, *rand.Rand) {
	h := fnv.New64a()
	for _, part := range []string{r.Method, r.URL.Path, r.URL.RawQuery, string(body)} {
		_, _ = io.WriteString(h, part+"\x00") // a hash takes everything
	}
	key := h.Sum64()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[key]++
	rng := rand.New(rand.NewPCG(p.opts.Seed^key, p.seen[key]))
	p.turn()
	if p.spell < 0 {
		return Pass, p.spell, rng
	}
	s := p.opts.Spells[p.spell]
	if rng.Float64() >= s.Chance {
		return Pass, p.spell, rng
	}
	var fitting []Kind
	for _, k := range s.Kinds {
		switch f := p.faults[k]; {
		case s.WritesOnly && r.Method == http.MethodGet && !f.match:
		case f.fits == nil:
			fitting = append(fitting, k)
		case f.fits(r): // what fits few requests would else be rare
			fitting = append(fitting, k, k, k, k)
		}
	}
	if len(fitting) == 0 {
		return Pass, p.spell, rng
	}
	// Every other time it is the one that was rarest so far: all are to be seen.
	kind, rarest := fitting[rng.IntN(len(fitting))], rng.IntN(2) == 0
	for _, i := range rng.Perm(len(fitting)) {
		if other := fitting[i]; rarest && p.counts[other] < p.counts[kind] {
			kind = other
		}
	}
	return kind, p.spell, rng
}

// turn lets the weather change if it is time, some requests later: else it
// would never change while a client is at work that waits for no clock.
func (p *Proxy) turn() {
	due, now := -1, p.opts.Now()
	for i, s := range p.opts.Spells {
		if !now.Before(s.Begin) && now.Before(s.End) {
			due = i
		}
	}
	switch {
	case due == p.spell:
		p.lag = -1
	case due < 0:
		p.spell, p.lag = due, -1
	case p.lag < 0:
		p.lag = p.opts.Spells[due].Lag
		fallthrough
	default:
		if p.lag == 0 {
			p.spell = due
		}
		p.lag--
	}
}

// Spell returns the index of the spell that is on, -1 if there is none.
func (p *Proxy) Spell() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spell
}

func (p *Proxy) count(k Kind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[k]++
}

func (p *Proxy) note(x *exchange, a *answer) {
	if x.kind != Expired { // which is counted by the handshakes that it spoils
		p.count(x.kind)
	}
	if p.opts.OnRequest == nil {
		return
	}
	q := Request{
		At: p.opts.Now(), Method: x.r.Method, Path: x.r.URL.Path, Query: x.r.URL.RawQuery, Body: string(x.body),
		Spell: x.spell, Kind: x.kind,
	}
	if a != nil {
		q.Reached, q.Status = true, a.status
	}
	p.opts.OnRequest(q)
}

// exchange is one request under way.
type exchange struct {
	proxy *Proxy
	w     http.ResponseWriter
	r     *http.Request
	body  []byte
	kind  Kind
	spell int
	rng   *rand.Rand
}

// ask has the application answer, whether somebody still waits for it or not.
func (x *exchange) ask() *answer {
	// What the client gives up goes on: that is how writes without an answer
	// come about.
	r := x.r.Clone(context.WithoutCancel(x.r.Context()))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(x.body)), int64(len(x.body))
	a := &answer{header: http.Header{}, status: http.StatusOK}
	x.proxy.opts.App.ServeHTTP(a, r)
	return a
}

// answer is what the application answered. It is the http.ResponseWriter that
// the application writes to.
type answer struct {
	header  http.Header
	status  int
	body    []byte
	started bool
}

// Header returns the header.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if !a.started {
		a.status, a.started = status, true
	}
}

// Write notes a part of the body.
func (a *answer) Write(b []byte) (int, error) {
	a.started = true
	a.body = append(a.body, b...)
	return len(b), nil
}

// write passes the answer on.
func (a *answer) write(w http.ResponseWriter) {
	header := w.Header()
	maps.Copy(header, a.header)
	if a.status != http.StatusNoContent {
		header.Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is none of the proxy's faults
}
