package statetest

import (
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

func failed(e state.Escrow) state.Outcome {
	return state.Outcome{Type: e.Type, SourceAnchor: e.SourceAnchor, Escrow: &e}
}

func testEscrows(t *testing.T, open Open) {
	s := open(t)
	late, early, middle := escrow("a", time.Hour), escrow("c", -time.Hour), escrow("b", 0)
	teams := escrow("a", time.Minute)
	teams.Type, teams.Reference = directory.Group, false
	record(t, s, failed(late), failed(early), failed(middle), failed(teams))
	check(t, allEscrows(t, s, job), []state.Escrow{early, middle, teams, late})

	// It fails again: the escrow is as it is now.
	again := early
	again.Attempts, again.Next, again.Code, again.Message = 4, noon().Add(2*time.Hour), "Other", "503"
	// It leaves: by Release, for its own type alone.
	released := user("a")
	released.Release = true
	record(t, s, failed(again), released, state.Outcome{Type: directory.User, SourceAnchor: "never", Release: true})
	check(t, allEscrows(t, s, job), []state.Escrow{middle, teams, again})

	// Release goes before Escrow in one outcome.
	both := failed(middle)
	both.Release = true
	record(t, s, both)
	check(t, allEscrows(t, s, job), []state.Escrow{middle, teams, again})
}

// testEscrowsPages has more escrows than fit on a page, many of them due at
// the same time, as after a target was down.
func testEscrowsPages(t *testing.T, open Open) {
	s := open(t)
	const n = 2500
	var outcomes []state.Outcome
	for i := range n {
		outcomes = append(outcomes, failed(escrow(guid(i), time.Duration(i%2)*time.Hour)))
	}
	record(t, s, outcomes...)
	list := allEscrows(t, s, job)
	if len(list) != n {
		t.Fatalf("%d escrows, want %d", len(list), n)
	}
	met := map[string]bool{}
	for i, e := range list {
		if met[e.SourceAnchor] {
			t.Fatalf("%s comes twice", e.SourceAnchor)
		}
		met[e.SourceAnchor] = true
		if i > 0 && e.Next.Before(list[i-1].Next) {
			t.Fatalf("escrow %d is due before the one that comes before it", i)
		}
	}
}
