package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// application is a SCIM application that keeps a book of what took effect in
// it. It serves the sandbox, and tells of each request before it is carried out
// and after it was, when its answer has not gone out yet.
type application struct {
	sandbox *sandbox.Server
	// before and after are called with the number of the request, from 1 on, by
	// many goroutines. They may be nil; set them while no request is under way.
	before, after func(n int, r *http.Request)

	mu       sync.Mutex
	requests int
	book     []effect          // in the order in which they took effect
	living   map[string]string // ids by kind and externalId
	names    map[string]string // the other way round
	twice    []string          // accounts made a second time while the first was there
}

// effect is a write that took effect.
type effect struct {
	method, kind string // POST and Users, …
	id, name     string // of the resource; name as the POST had it
	externalID   string // of a POST
	at           time.Time
}

func (e effect) String() string {
	return fmt.Sprintf("%s %s %s %s", e.at.Format("15:04:05.000000"), e.method, strings.TrimSuffix(e.kind, "s"), e.id+" "+e.name)
}

func newApplication() *application {
	a := &application{living: map[string]string{}, names: map[string]string{}}
	a.sandbox = sandbox.New(sandbox.Options{Token: token, OnRequest: a.note})
	return a
}

// ServeHTTP lets the sandbox answer.
func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests++
	n, before, after := a.requests, a.before, a.after
	a.mu.Unlock()
	if before != nil {
		before(n, r)
	}
	held := &heldAnswer{ResponseWriter: w}
	a.sandbox.ServeHTTP(held, r)
	if after != nil {
		after(n, r)
	}
	held.release()
}

// heldAnswer keeps an answer back until it is released.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   []byte
}

func (h *heldAnswer) WriteHeader(status int) { h.status = status }

func (h *heldAnswer) Write(b []byte) (int, error) {
	h.body = append(h.body, b...)
	return len(b), nil
}

func (h *heldAnswer) release() {
	if h.status != 0 {
		h.ResponseWriter.WriteHeader(h.status)
	}
	_, _ = h.ResponseWriter.Write(h.body) // a client that was killed reads no answer
}

// note writes down what a request did. The sandbox calls it for one request at
// a time, in the order in which they took effect.
func (a *application) note(r sandbox.Recorded) {
	if r.Method == http.MethodGet || r.Status >= 300 {
		return
	}
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.Path, "/scim/v2/"), "/")
	e := effect{method: r.Method, kind: kind, id: id, at: time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.Method {
	case http.MethodPost:
		var made struct{ ID, UserName, DisplayName, ExternalID string }
		_ = json.Unmarshal(r.Answer, &made) // the sandbox's own answer
		e.id, e.name, e.externalID = made.ID, made.UserName, made.ExternalID
		if kind == "Groups" {
			e.name = made.DisplayName
		}
		// The directory's id is in externalId: two accounts of one object have the
		// same, also if it was renamed between the two.
		key := kind + " " + e.externalID
		if first, there := a.living[key]; there {
			a.twice = append(a.twice, fmt.Sprintf("%s %s (%s) was made as %s while %s was there", kind, e.name, e.externalID, e.id, first))
		}
		a.living[key], a.names[e.id] = e.id, key
	case http.MethodDelete:
		delete(a.living, a.names[id])
		delete(a.names, id)
	}
	a.book = append(a.book, e)
}

// writes returns how many writes took effect so far.
func (a *application) writes() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.book)
}

// seen returns how many requests came in so far.
func (a *application) seen() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// hook sets what is called around each request; nil takes it away.
func (a *application) hook(before, after func(n int, r *http.Request)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before, a.after = before, after
}
