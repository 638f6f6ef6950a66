package main

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/firm"
	"github.com/scimsync/scimsync/cmd/torture/lab"
)

func TestMain(m *testing.M) { os.Exit(lab.Main(m)) }

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
	kinds := map[string]int{}
	lab.Lives(t, 220, func(t *testing.T, seed uint64, left int) int {
		m := newMurderer(t, seed)
		m.kills, m.kinds = min(killsOfALife, left), kinds
		m.live(t)
		if m.hits < m.kills {
			t.Errorf("%d of %d kills hit a living process", m.hits, m.kills)
		}
		return m.hits
	})
	t.Logf("hits: %v", kinds)
}

// murderer kills the program in its laboratory.
type murderer struct {
	*lab.Lab
	kills, hits int
	attempts    int
	kinds       map[string]int // hits by what was killed
	took        time.Duration  // an undisturbed cycle that wrote
	asked       int            // its requests
}

func newMurderer(t *testing.T, seed uint64) *murderer {
	people := 8 + int(seed%8)
	m := &murderer{Lab: lab.New(t, t.TempDir(), seed, people)}
	// How long an initial cycle takes, and how many requests it sends.
	twin, began := lab.New(t, t.TempDir(), seed, people), time.Now()
	twin.Must("sync", "lab")
	m.took, m.asked = max(time.Since(began), 20*time.Millisecond), max(twin.App.Seen(), 4)
	return m
}

// live kills until enough kills have hit.
func (m *murderer) live(t *testing.T) {
	for m.hits < m.kills && m.attempts < 20*m.kills {
		if m.hits > 0 && m.IntN(5) == 0 {
			m.byHand(t)
			m.Check()
		}
		for range 1 + m.IntN(4) {
			m.cycle(t)
			switch m.IntN(4) {
			case 0:
				m.Rewind()
			case 1:
				m.Change(1 + m.IntN(3))
			}
		}
		m.Check()
		m.Change(1 + m.IntN(6))
	}
}

// cycle kills a cycle, or an on-demand call.
func (m *murderer) cycle(t *testing.T) {
	args := []string{"sync", "lab"}
	switch m.IntN(8) {
	case 0:
		args = append(args, "--initial")
	case 1:
		if w := m.Somebody((*firm.Worker).Entitled); w != nil {
			args = []string{"provision", "lab", w.ID}
		}
	case 2:
		args = []string{"provision", "lab", m.Present()[0].ID}
	}
	m.kill(t, args...)
}

// byHand kills the commands that an administrator gives. What they forget is
// found again as long as the directory does not change meanwhile.
func (m *murderer) byHand(t *testing.T) {
	m.Settle()
	switch m.IntN(4) {
	case 0:
		m.kill(t, "restart", "lab")
	case 1:
		m.kill(t, "allow-deletes", "lab")
	case 2:
		if m.Somebody(func(w *firm.Worker) bool { return w.Place != firm.Gone && !w.Entitled() }) == nil {
			m.kill(t, "restart", "lab", "--reset", "full")
		}
	default:
		w := m.Somebody((*firm.Worker).Entitled)
		if w == nil {
			return
		}
		m.Must("pause", "lab")
		m.kill(t, "connections", "lab", "delete", w.ID)
		m.Must("start", "lab")
	}
	m.kill(t, "sync", "lab")
}

// kill runs the program and kills it at a random moment. One that ends before
// is no hit.
func (m *murderer) kill(t *testing.T, args ...string) {
	t.Helper()
	if m.hits == m.kills { // as many as were asked for
		return
	}
	m.attempts++
	cmd, moment := m.Command(args...), ""
	talks := slices.Contains([]string{"sync", "provision", "plan", "apply"}, args[0])
	var x lab.Outcome
	if talks && m.IntN(2) == 0 {
		at, before := 1+m.IntN(m.asked), m.IntN(2) == 0
		if moment = "after a request"; before {
			moment = "before a request"
		}
		x = m.KillAt(cmd, before, func(n int, _, _ string) bool { return n == at })
	} else {
		moment = "at a time"
		span := m.took
		if args[0] != "sync" {
			span /= 2
		}
		after := time.Duration(m.Int64N(int64(span)))
		var timer *time.Timer
		x = m.Await(cmd, func(p *os.Process) { timer = time.AfterFunc(after, func() { _ = p.Kill() }) })
		timer.Stop()
	}
	if x.Killed {
		m.hits++
		m.kinds[args[0]+" "+moment]++
		m.Note("(%v was killed %s)", args, moment)
	} else if x.Code != 0 {
		t.Fatalf("%v: %v", args, x)
	}
}
