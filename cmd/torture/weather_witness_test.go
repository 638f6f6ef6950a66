package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/weather"
)

// witness sees every request and tells which of them should not have been sent.
type witness struct {
	mu     sync.Mutex
	broken []string
	all    []string // requests
	// unsure are the names of objects whose creation may have taken effect, and
	// that nobody asked for since.
	unsure map[string]string
	spells []weather.Spell

	start  time.Time // of the cycle under way
	fresh  bool      // it has sent nothing yet
	began  int       // the spell in which it began
	denied bool      // it has met 401
	beyond int       // the writes that it has sent since
	writes int       // of all cycles
}

// inHand is how many requests may be under way when one of them is refused.
const inHand = 4

func newWitness(spells []weather.Spell) *witness {
	return &witness{unsure: map[string]string{}, spells: spells}
}

func (w *witness) violated(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

func (w *witness) violations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// save writes all requests to a file, for whoever looks for the cause of a failure.
func (w *witness) save(file string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = os.WriteFile(file, []byte(strings.Join(w.all, "\n")+"\n"), 0o600)
}

// cycle hears that a cycle begins.
func (w *witness) cycle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.start, w.fresh, w.denied, w.beyond = time.Now(), true, false, 0
}

// refused returns when the last cycle began if it met 401, else the zero time.
func (w *witness) refused() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.denied {
		return time.Time{}
	}
	return w.start.UTC()
}

// knownUndone are faults that say that nothing was done.
func knownUndone(k weather.Kind) bool {
	return strings.HasPrefix(string(k), "429") || k == weather.Unauthorized
}

// request looks at one request.
func (w *witness) request(r weather.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.denied = w.denied || r.Kind == weather.Unauthorized }()
	query, _ := url.QueryUnescape(r.Query)
	line := fmt.Sprintf("%s %s %s?%s %s → %s, %d", r.At.Format(time.DateTime), r.Method, r.Path, query, r.Body, r.Kind, r.Status)
	w.all = append(w.all, line)
	if w.fresh {
		w.began, w.fresh = r.Spell, false
	}
	if r.Method == http.MethodGet {
		if _, value, ok := strings.Cut(query, ` eq "`); ok {
			delete(w.unsure, strings.TrimSuffix(value, `"`))
		}
		return
	}
	w.writes++
	if w.denied {
		if w.beyond++; w.beyond > inHand {
			w.broken = append(w.broken, "a write although the credentials were refused: "+line)
		}
	}
	// An outage spoils the connection test as well: a cycle that begins in one
	// must not come so far.
	if r.Kind != weather.Pass && r.Spell == w.began && w.spells[r.Spell].Sky == weather.Outage {
		w.broken = append(w.broken, "a write in a cycle that began when nothing was answered as it should be: "+line)
	}
	if r.Method != http.MethodPost {
		return
	}
	var body struct{ UserName, DisplayName string }
	if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
		w.broken = append(w.broken, "a creation that is no JSON: "+line)
		return
	}
	name := body.UserName
	if name == "" {
		name = body.DisplayName
	}
	if before, again := w.unsure[name]; again {
		w.broken = append(w.broken, "an object is created again that may be there, and nobody asked:\n    "+before+"\n    "+line)
	}
	if !knownUndone(r.Kind) {
		w.unsure[name] = line
	}
}
