package lab

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// Application is a SCIM application that keeps a book of what took effect in
// it. It serves the sandbox, and tells of each request before it is carried out
// and after it was, when its answer has not gone out yet.
type Application struct {
	sandbox *sandbox.Server

	mu            sync.Mutex
	idle          *sync.Cond
	open          int // connections
	before, after func(n int, method, path string)

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
	externalID   string // the directory's id of it
	at           time.Time
}

func (e effect) String() string {
	return fmt.Sprintf("%s %s %s %s", e.at.Format("15:04:05.000000"), e.method, strings.TrimSuffix(e.kind, "s"), e.id+" "+e.name)
}

func newApplication(t testing.TB) (a *Application, url string) {
	a = &Application{living: map[string]string{}, names: map[string]string{}}
	a.idle = sync.NewCond(&a.mu)
	a.sandbox = sandbox.New(sandbox.Options{Token: token, OnRequest: a.note})
	server := httptest.NewUnstartedServer(a)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		a.mu.Lock()
		defer a.mu.Unlock()
		switch s {
		case http.StateNew:
			a.open++
		case http.StateClosed, http.StateHijacked:
			a.open--
		}
		a.idle.Broadcast()
	}
	server.Start()
	t.Cleanup(server.Close)
	return a, server.URL + "/scim/v2"
}

// await waits until nobody is connected any more: what a program sent before it
// was killed may still take effect.
func (a *Application) await() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.open > 0 {
		a.idle.Wait()
	}
}

// ServeHTTP lets the sandbox answer.
func (a *Application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests++
	n, before, after := a.requests, a.before, a.after
	a.mu.Unlock()
	if before != nil {
		before(n, r.Method, r.URL.Path)
	}
	held := &heldAnswer{ResponseWriter: w}
	a.sandbox.ServeHTTP(held, r)
	if after != nil {
		after(n, r.Method, r.URL.Path)
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
func (a *Application) note(r sandbox.Recorded) {
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
		defer delete(a.names, id)
		delete(a.living, a.names[id])
	}
	if e.externalID == "" { // of what was there already
		_, e.externalID, _ = strings.Cut(a.names[id], " ")
	}
	a.book = append(a.book, e)
}

// Writes returns how many writes took effect so far.
func (a *Application) Writes() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.book)
}

// Seen returns how many requests came in so far.
func (a *Application) Seen() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// Hook sets what is called around each request, by many goroutines: before it is
// carried out and after it was, with its number, from 1 on. Nil takes it away.
func (a *Application) Hook(before, after func(n int, method, path string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.before, a.after = before, after
}

// duplicates are the accounts that were made a second time.
func (a *Application) duplicates() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.twice)
}

// lately is what took effect of late.
func (a *Application) lately() []effect {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.book[max(0, len(a.book)-40):])
}

// effects are all the writes that took effect, in their order.
func (a *Application) effects() []effect {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.book)
}
