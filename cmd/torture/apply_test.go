package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/lab"
)

// TestPlansKilled kills the program while it saves a plan, and while it applies
// one. A plan that was cut off is not there under its name, and has written
// nothing. An apply that was cut off can be given again: it goes on if nothing
// was done yet, and else refuses and says what has changed. In either case the
// next cycle makes everything agree.
func TestPlansKilled(t *testing.T) {
	kinds, ends := map[string]int{}, map[string]int{}
	lab.Lives(t, 80, func(t *testing.T, seed uint64, left int) int {
		m := newMurderer(t, seed)
		m.kills, m.kinds = min(killsOfALife, left), kinds
		for m.hits < m.kills && m.attempts < 20*m.kills {
			m.saves(t)
			ends[m.applies(t)]++
			if m.IntN(4) == 0 {
				m.Rewind()
			}
			m.Check()
			m.Change(2 + m.IntN(8))
		}
		return m.hits
	})
	t.Logf("hits: %v\napplied after a kill: %v", kinds, ends)
	for _, end := range []string{"goes on", "refused"} {
		if ends[end] == 0 && ends["goes on"]+ends["refused"] > 20 {
			t.Errorf("no apply that was cut off was ever %q", end)
		}
	}
}

const planFile = "plan.json"

// saves kills the program while it saves a plan, in the place of an older one or
// of none.
func (m *murderer) saves(t *testing.T) {
	t.Helper()
	path := filepath.Join(m.Dir, planFile)
	if m.IntN(2) == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	older, _ := os.ReadFile(path) // nil for none
	before, record := m.App.Writes(), m.StateFiles()["state.db"]
	m.kill(t, "plan", "lab", "--out", planFile)
	if n := m.App.Writes() - before; n > 0 {
		t.Fatalf("a plan has written %d times", n)
	}
	if now := m.StateFiles()["state.db"]; len(record) > 0 && !slices.Equal(now, record) {
		t.Fatal("a plan has changed the state")
	}
	newer, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err) && older == nil, err == nil && older != nil && slices.Equal(older, newer):
	case err != nil:
		t.Fatalf("the older plan is gone: %v", err)
	default: // then it is whole
		m.Must("apply", "--show", planFile)
	}
}

// applies makes a plan, kills the program while it applies it, applies it again,
// and says what came of that.
func (m *murderer) applies(t *testing.T) string {
	t.Helper()
	m.Must("plan", "lab", "--out", planFile)
	hits := m.hits
	m.kill(t, "apply", planFile)
	if m.hits == hits {
		return "was not cut off"
	}
	before := m.App.Writes()
	x := m.Run("apply", planFile)
	switch n := m.App.Writes() - before; {
	case x.Code == 0:
		return "goes on"
	case x.Code != 1 || n > 0 || !strings.Contains(x.Stderr, "out of date: ") || !strings.Contains(x.Stderr, "Make it again: scimsync plan lab"):
		t.Fatalf("an apply after one that was cut off has written %d times: %v", n, x)
	}
	return "refused"
}
