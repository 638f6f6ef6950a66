package engine_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"

	"pgregory.net/rapid"
)

// fault is what becomes of one request.
type fault string

const (
	fine        fault = "fine"
	failed      fault = "500"
	failedAfter fault = "500 after it took effect"
	throttled   fault = "429"
	reset       fault = "connection reset"
	resetAfter  fault = "connection reset after it took effect"
)

func drawFaults(rt *rapid.T) []fault {
	return rapid.SliceOfN(rapid.SampledFrom([]fault{
		fine, failed, failedAfter, throttled, reset, resetAfter,
	}), 0, 60).Draw(rt, "faults")
}

// request is one request that left the engine, whatever became of it.
type request struct{ method, path, id, body string }

// weather is what lies between the engine and the application.
type weather struct {
	*world
	faults []fault // of the requests to come, one each; fine after the last
	silent bool    // every write takes effect, and none is answered
	victim string  // whose writes are refused: its nickname, or its id for a group
	stop   func()  // called at the request stopAt
	stopAt int

	guard    sync.Mutex
	count    int
	next     int
	requests []request
}

// begin forgets the requests of the last cycle.
func (w *weather) begin() {
	w.guard.Lock()
	defer w.guard.Unlock()
	w.count, w.next, w.requests = 0, 0, nil
}

// wrote returns the requests of this cycle that write, in order.
func (w *weather) wrote() (writes []request) {
	w.guard.Lock()
	defer w.guard.Unlock()
	for _, r := range w.requests {
		if r.method != http.MethodGet {
			writes = append(writes, r)
		}
	}
	return writes
}

func (w *weather) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := request{method: r.Method, path: strings.TrimPrefix(r.URL.Path, "/scim/v2")}
	if parts := strings.Split(sent.path, "/"); len(parts) == 3 {
		sent.id = parts[2]
	}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		sent.body = string(body)
		r.Body = io.NopCloser(strings.NewReader(sent.body))
	}
	switch w.pass(sent) {
	case failed:
		return answer(500, `{"detail":"a storm"}`), nil
	case throttled:
		return answer(429, `{"detail":"slower"}`), nil
	case reset:
		return nil, syscall.ECONNRESET
	case failedAfter:
		_, err := w.world.RoundTrip(r)
		return answer(500, `{"detail":"a storm, too late"}`), err
	case resetAfter:
		_, err := w.world.RoundTrip(r)
		return nil, errors.Join(syscall.ECONNRESET, err)
	}
	if w.refuses(sent) {
		return answer(400, `{"detail":"not this one"}`), nil
	}
	return w.world.RoundTrip(r)
}

// pass notes a request and says what becomes of it. The connection tests at
// the beginning of a cycle always succeed.
func (w *weather) pass(sent request) fault {
	w.guard.Lock()
	defer w.guard.Unlock()
	w.requests = append(w.requests, sent)
	w.count++
	if w.stop != nil && w.count == w.stopAt {
		w.stop()
	}
	switch {
	case w.silent && sent.method != http.MethodGet:
		return failedAfter
	case w.count <= 2 || w.next >= len(w.faults):
		return fine
	}
	w.next++
	return w.faults[w.next-1]
}

// refuses reports whether a write is one to the victim.
func (w *weather) refuses(sent request) bool {
	if w.victim == "" || sent.method == http.MethodGet {
		return false
	}
	if strings.Contains(sent.body, `"externalId":"`+w.victim+`"`) {
		return true
	}
	for _, o := range append(w.app.Users(), w.app.Groups()...) {
		if o["id"] == sent.id && o["externalId"] == w.victim {
			return true
		}
	}
	return false
}
