package engine

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

func TestEscrowSchedule(t *testing.T) {
	first := time.Date(2026, 11, 1, 7, 17, 0, 0, time.UTC)
	e := failed(state.Escrow{}, state.Escrow{}, first, EscrowLife, 1)
	if e.Attempts != 1 || !e.Next.Equal(first) {
		t.Fatalf("the first failure is tried again in the next cycle: %+v", e)
	}
	var after []time.Duration
	for e != nil {
		now := e.Next.Add(5 * time.Minute)
		if e = failed(*e, state.Escrow{}, now, EscrowLife, 1); e != nil {
			after = append(after, e.Next.Sub(first))
		}
	}
	const hour = time.Hour
	want := []time.Duration{6 * hour, 12 * hour, 24 * hour}
	for day := 2; day <= 28; day++ {
		want = append(want, time.Duration(day)*24*hour)
	}
	if !slices.Equal(after, want) {
		t.Errorf("%v, want %v", after, want)
	}
}

// TestOrderedKeepsTheOrder runs work of random length in fake time.
func TestOrderedKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i, got := 0, []int{}
		var under, most atomic.Int64
		err := ordered(t.Context(), 5, func(context.Context) (int, error) {
			if i++; i > 200 {
				return 0, io.EOF
			}
			return i, nil
		}, func(n int) int {
			if now := under.Add(1); now > most.Load() {
				most.Store(now)
			}
			time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
			under.Add(-1)
			return n
		}, func(n int, _ bool) error {
			got = append(got, n)
			return nil
		})
		if err != nil || len(got) != 200 || !slices.IsSorted(got) {
			t.Errorf("%d results, error %v", len(got), err)
		}
		if m := most.Load(); m != 5 {
			t.Errorf("%d at a time at the most", m)
		}
	})
}

func TestOrderedEmitsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began, emitted := 0, 0
		err := ordered(ctx, 3, func(context.Context) (int, error) {
			if began++; began == 10 {
				cancel()
			}
			return began, nil
		}, func(n int) int {
			time.Sleep(time.Second)
			return n
		}, func(int, bool) error {
			emitted++
			return nil
		})
		if !errors.Is(err, context.Canceled) || emitted != began {
			t.Errorf("%d begun, %d emitted, error %v", began, emitted, err)
		}
	})
}

func TestOrderedStopsOnAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		began := 0
		err := ordered(t.Context(), 2, func(context.Context) (int, error) {
			began++
			return began, nil
		}, func(n int) int {
			time.Sleep(time.Millisecond)
			return n
		}, func(n int, _ bool) error {
			if n == 5 {
				return boom
			}
			return nil
		})
		if !errors.Is(err, boom) || began > 20 {
			t.Errorf("%d begun, error %v", began, err)
		}
	})
}

// TestTempo: a clock that runs 3,600 times faster has the times of an escrow
// and of a quarantine in seconds, in the same proportions.
func TestTempo(t *testing.T) {
	const tempo = 3600
	first := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	e := failed(state.Escrow{}, state.Escrow{}, first, EscrowLife/tempo, tempo)
	var after []time.Duration
	for e != nil {
		after = append(after, e.Next.Sub(first))
		e = failed(*e, state.Escrow{}, e.Next.Add(time.Second), EscrowLife/tempo, tempo) // in the next cycle
	}
	if want := []time.Duration{0, 6 * time.Second, 12 * time.Second, 24 * time.Second, 48 * time.Second}; !slices.Equal(after[:5], want) || len(after) != 31 {
		t.Errorf("%d tries, after %v", len(after), after)
	}
	q := inQuarantine(nil, "reason", "", "", first, tempo)
	if q.NextAttempt.Sub(first) != 500*time.Millisecond {
		t.Errorf("%+v", q)
	}
	for q.NextAttempt.Before(q.Expires) {
		q = inQuarantine(q, "reason", "", "", q.NextAttempt, tempo)
	}
	if !disabled(q, first.Add(28*24*time.Second+1)) || disabled(q, first.Add(28*24*time.Second)) {
		t.Errorf("%+v", q)
	}
}
