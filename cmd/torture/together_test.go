package main

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestStartedTogether starts two and three processes at once on one state: cycles,
// on-demand calls, plans and the daemon, also as the very first ones, which make the
// state. One of them does the work; another is told that it is being done, or does
// what is left.
func TestStartedTogether(t *testing.T) {
	wanted, seed := tries(t, 40), seedOf(t)
	count, refused := 0, 0
	for life := 0; count < wanted; life++ {
		l := newLab(t, seed+uint64(life), 10)
		for round := range 5 {
			l.export(t)
			group := l.together(round)
			for i, x := range l.runAll(t, group) {
				switch {
				case x.code == 0:
				case x.code == 1 && strings.Contains(x.stderr, "another cycle of this job is running"):
					refused++
				default:
					t.Fatalf("seed %d, round %d, %v beside %d others: %v", seed+uint64(life), round, group[i], len(group)-1, x)
				}
			}
			count++
			l.check(t)
			l.firm.change(5)
		}
	}
	t.Attr("tries", strconv.Itoa(count))
	t.Logf("%d times together, %d processes were told that another one is at work", count, refused)
	if refused == 0 {
		t.Error("no process ever met another one")
	}
}

// together returns the commands of a round. The first round is the first ever.
func (l *lab) together(round int) [][]string {
	sync := []string{"sync", "lab"}
	demand := sync
	if w := l.firm.somebody((*worker).entitled); w != nil {
		demand = []string{"provision", "lab", w.id}
	}
	switch round {
	case 0:
		return [][]string{sync, sync}
	case 1:
		return [][]string{sync, sync, sync}
	case 2:
		return [][]string{sync, demand}
	case 3:
		return [][]string{demand, sync, {"plan", "lab"}}
	default:
		return [][]string{{"sync", "lab", "--initial"}, sync, {"status"}}
	}
}

// runAll runs commands at the same time.
func (l *lab) runAll(t *testing.T, commands [][]string) []outcome {
	t.Helper()
	results := make([]outcome, len(commands))
	var wg sync.WaitGroup
	for i, args := range commands {
		wg.Go(func() {
			out, err := l.command(args...).Output()
			x := outcome{stdout: string(out)}
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				x.code, x.stderr = exit.ExitCode(), string(exit.Stderr)
			} else if err != nil {
				x.code, x.stderr = -1, err.Error()
			}
			results[i] = x
		})
	}
	wg.Wait()
	return results
}

// TestDaemonKilled kills the daemon at random moments, starts it again, and runs
// cycles beside it.
func TestDaemonKilled(t *testing.T) {
	wanted, seed := tries(t, 20), seedOf(t)
	l := newLab(t, seed, 12)
	l.interval = time.Second
	l.configure(t)
	killed := 0
	for attempt := 0; killed < wanted && attempt < 3*wanted; attempt++ {
		l.firm.change(2)
		if l.firm.IntN(3) == 0 {
			l.firm.rewind()
		}
		l.export(t)
		// A cycle takes about a tenth of a second, and the first begins at once.
		after := time.Duration(l.firm.Int64N(int64(200 * time.Millisecond)))
		var beside sync.WaitGroup
		x := l.await(t, l.command("run"), func(p *os.Process) {
			if l.firm.IntN(3) == 0 {
				beside.Go(func() { _, _ = l.command("sync", "lab").Output() })
			}
			time.AfterFunc(after, func() { _ = p.Kill() })
		})
		beside.Wait()
		if !x.killed {
			t.Fatalf("the daemon ended by itself: %v", x)
		}
		killed++
		if l.firm.IntN(3) == 0 {
			l.check(t)
		}
	}
	l.check(t)
	t.Attr("tries", strconv.Itoa(killed))
}

// TestDaemonStops tells the daemon by SIGTERM to stop at random moments: it ends
// in order, with nothing in doubt.
func TestDaemonStops(t *testing.T) {
	wanted, seed := tries(t, 20), seedOf(t)
	l := newLab(t, seed, 12)
	for range wanted {
		l.firm.change(4)
		l.export(t)
		at := l.app.seen() + 1 + l.firm.IntN(25)
		victim := make(chan *os.Process, 1)
		l.app.hook(func(n int, _ *http.Request) {
			if n == at {
				_ = (<-victim).Signal(syscall.SIGTERM)
			}
		}, nil)
		x := l.await(t, l.command("run"), func(p *os.Process) {
			victim <- p
			// A cycle with fewer requests is over by then, and the daemon waits.
			time.AfterFunc(300*time.Millisecond, func() { _ = p.Signal(syscall.SIGTERM) })
		})
		l.app.hook(nil, nil)
		if x.code != 0 || !strings.Contains(x.stderr, "scimsync ends") {
			t.Fatalf("the daemon was told to stop: %v", x)
		}
		if l.firm.IntN(2) == 0 {
			l.check(t)
		}
	}
	l.check(t)
	t.Attr("tries", strconv.Itoa(wanted))
}
