package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

// killsOfALife is how many kills a firm lives through before the next one is
// founded: later ones would meet a larger directory, and take longer.
const killsOfALife = 25

// TestKilledAtAnyMoment kills the program with SIGKILL while it runs: initial
// and incremental cycles, on-demand calls, and the commands that change the
// state, after a random time or at a random request, before that takes effect or
// after it did and before it is answered, several times in a row, while the
// directory goes on to change. Then an undisturbed cycle makes everything agree.
// TORTURE sets how many kills have to hit.
func TestKilledAtAnyMoment(t *testing.T) {
	wanted, seed := tries(t, 220), seedOf(t)
	hits, kinds := 0, map[string]int{}
	for life := uint64(0); hits < wanted; life++ {
		// A life has the seed of its own, so that it can be repeated alone.
		t.Run(fmt.Sprint("seed ", seed+life), func(t *testing.T) {
			m := newMurderer(t, seed+life)
			m.kills = min(killsOfALife, wanted-hits)
			m.live(t)
			hits += m.hits
			for kind, n := range m.kinds {
				kinds[kind] += n
			}
			if m.hits < m.kills {
				t.Fatalf("%d of %d kills hit a living process", m.hits, m.kills)
			}
		})
		if t.Failed() {
			break
		}
	}
	t.Attr("tries", strconv.Itoa(hits))
	t.Logf("hits: %v", kinds)
	if hits < wanted && !t.Failed() {
		t.Errorf("%d kills hit, and %d were asked for", hits, wanted)
	}
}

// murderer kills the program in its laboratory.
type murderer struct {
	*lab
	kills, hits int
	attempts    int
	kinds       map[string]int // hits by what was killed
	took        time.Duration  // an undisturbed cycle that wrote
	asked       int            // its requests
}

func newMurderer(t *testing.T, seed uint64) *murderer {
	l := newLab(t, seed, 8+int(seed%8))
	l.export(t)
	m := &murderer{lab: l, kinds: map[string]int{}}
	// How long an initial cycle takes, and how many requests it sends.
	twin := newLab(t, seed, 8+int(seed%8))
	twin.export(t)
	m.measure(t, twin)
	return m
}

// measure runs an undisturbed cycle in a laboratory and notes what it took.
func (m *murderer) measure(t *testing.T, l *lab) {
	began, asked := time.Now(), l.app.seen()
	if x := l.run(t, "sync", "lab"); x.code != 0 {
		t.Fatal(x)
	}
	m.took, m.asked = max(time.Since(began), 20*time.Millisecond), max(l.app.seen()-asked, 4)
}

// live kills until enough kills have hit.
func (m *murderer) live(t *testing.T) {
	for m.hits < m.kills && m.attempts < 20*m.kills {
		if m.hits > 0 && m.firm.IntN(5) == 0 {
			m.byHand(t)
			m.check(t)
		}
		for range 1 + m.firm.IntN(4) {
			m.cycle(t)
			switch m.firm.IntN(4) {
			case 0:
				m.firm.rewind()
			case 1:
				m.firm.change(1 + m.firm.IntN(3))
			}
			m.export(t)
		}
		m.check(t)
		m.firm.change(1 + m.firm.IntN(6))
		m.export(t)
	}
}

// cycle kills a cycle, or an on-demand call.
func (m *murderer) cycle(t *testing.T) {
	args := []string{"sync", "lab"}
	switch m.firm.IntN(8) {
	case 0:
		args = append(args, "--initial")
	case 1:
		if w := m.firm.somebody((*worker).entitled); w != nil {
			args = []string{"provision", "lab", w.id}
		}
	case 2:
		args = []string{"provision", "lab", m.firm.present()[0].id}
	}
	m.kill(t, args...)
}

// byHand kills the commands that an administrator gives. What they forget is
// found again as long as the directory does not change meanwhile.
func (m *murderer) byHand(t *testing.T) {
	m.firm.settleOnly(t, m.lab)
	switch m.firm.IntN(4) {
	case 0:
		m.kill(t, "restart", "lab")
	case 1:
		m.kill(t, "allow-deletes", "lab")
	case 2:
		if m.firm.somebody(func(w *worker) bool { return w.place != purged && !w.entitled() }) == nil {
			m.kill(t, "restart", "lab", "--reset", "full")
		}
	default:
		w := m.firm.somebody((*worker).entitled)
		if w == nil {
			return
		}
		m.must(t, "pause", "lab")
		m.kill(t, "connections", "lab", "delete", w.id)
		m.must(t, "start", "lab")
	}
	m.kill(t, "sync", "lab")
}

func (m *murderer) must(t *testing.T, args ...string) {
	t.Helper()
	if x := m.run(t, args...); x.code != 0 {
		t.Fatalf("%v: %v", args, x)
	}
}

// settleOnly runs a cycle without looking at what it did.
func (f *firm) settleOnly(t *testing.T, l *lab) {
	t.Helper()
	if x := l.run(t, "sync", "lab"); x.code != 0 {
		t.Fatal(x)
	}
	f.settle()
}

// kill runs the program and kills it at a random moment. One that ends before
// is no hit.
func (m *murderer) kill(t *testing.T, args ...string) {
	t.Helper()
	if m.hits == m.kills { // as many as were asked for
		return
	}
	m.attempts++
	cmd, moment := m.command(args...), ""
	talks := args[0] == "sync" || args[0] == "provision"
	var x outcome
	if talks && m.firm.IntN(2) == 0 {
		// At a request. The process is known by the time that its first one comes.
		first := m.app.seen() + 1
		at, when := first+m.firm.IntN(m.asked), m.firm.IntN(2)
		victim := make(chan struct{})
		var process *os.Process
		strike := func(n int, _ *http.Request) {
			if n == at {
				<-victim
				_ = process.Kill()
			}
		}
		moment = [...]string{"before a request", "after a request"}[when]
		if when == 0 {
			m.app.hook(strike, nil)
		} else {
			m.app.hook(nil, strike)
		}
		x = m.await(t, cmd, func(p *os.Process) {
			process = p
			close(victim)
		})
		m.app.hook(nil, nil)
	} else {
		moment = "at a time"
		span := m.took
		if !talks {
			span /= 2
		}
		after := time.Duration(m.firm.Int64N(int64(span)))
		var timer *time.Timer
		x = m.await(t, cmd, func(p *os.Process) { timer = time.AfterFunc(after, func() { _ = p.Kill() }) })
		timer.Stop()
	}
	if x.killed {
		m.hits++
		m.kinds[args[0]+" "+moment]++
		m.firm.note("(%v was killed %s)", args, moment)
	} else if x.code != 0 {
		t.Fatalf("%v: %v", args, x)
	}
}
