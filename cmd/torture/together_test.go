package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/firm"
	"github.com/scimsync/scimsync/cmd/torture/lab"
)

// TestStartedTogether starts two and three processes at once on one state: cycles,
// on-demand calls, plans and the daemon, also as the very first ones, which make the
// state. One of them does the work; another is told that it is being done, or does
// what is left.
func TestStartedTogether(t *testing.T) {
	refused := 0
	lab.Lives(t, 40, func(t *testing.T, seed uint64, left int) int {
		l, rounds := lab.New(t, t.TempDir(), seed, 10), min(5, left)
		for round := range rounds {
			group := together(l, round)
			for i, x := range runAll(l, group, round == 1) {
				switch {
				case x.Code == 0:
				case x.Code == 1 && strings.Contains(x.Stderr, "another cycle of this job is running"):
					refused++
				default:
					t.Fatalf("round %d, %v beside %d others: %v", round, group[i], len(group)-1, x)
				}
			}
			l.Check()
			l.Change(5)
		}
		return rounds
	})
	t.Logf("%d processes were told that another one is at work", refused)
	if refused == 0 {
		t.Error("no process ever met another one")
	}
}

// together returns the commands of a round. The first round is the first ever.
func together(l *lab.Lab, round int) [][]string {
	sync := []string{"sync", "lab"}
	demand := sync
	if w := l.Somebody((*firm.Worker).Entitled); w != nil {
		demand = []string{"provision", "lab", w.ID}
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

// runAll runs commands at the same time. A lock is waited for a while, in which a
// short cycle ends: where they are to meet, the first request is held until one of
// them has ended.
func runAll(l *lab.Lab, commands [][]string, meet bool) []lab.Outcome {
	results, ended := make([]lab.Outcome, len(commands)), make(chan struct{}, len(commands))
	if meet {
		first := l.App.Seen() + 1
		l.App.Hook(func(n int, _, _ string) {
			if n == first {
				<-ended
			}
		}, nil)
		defer l.App.Hook(nil, nil)
	}
	var wg sync.WaitGroup
	for i, args := range commands {
		wg.Go(func() {
			out, err := l.Command(args...).Output()
			x := lab.Outcome{Stdout: string(out)}
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				x.Code, x.Stderr = exit.ExitCode(), string(exit.Stderr)
			} else if err != nil {
				x.Code, x.Stderr = -1, err.Error()
			}
			results[i] = x
			ended <- struct{}{}
		})
	}
	wg.Wait()
	return results
}

// TestDaemonKilled kills the daemon at random moments, starts it again, and runs
// cycles beside it.
func TestDaemonKilled(t *testing.T) {
	wanted, seed := lab.Tries(t, 20), lab.Seed(t)
	l := lab.New(t, t.TempDir(), seed, 12)
	l.Configure(time.Second)
	killed := 0
	for attempt := 0; killed < wanted && attempt < 3*wanted; attempt++ {
		l.Change(2)
		if l.IntN(3) == 0 {
			l.Rewind()
		}
		// A cycle takes about a tenth of a second, and the first begins at once.
		after := time.Duration(l.Int64N(int64(200 * time.Millisecond)))
		var beside sync.WaitGroup
		x := l.Await(l.Command("run"), func(p *os.Process) {
			if l.IntN(3) == 0 {
				beside.Go(func() { _, _ = l.Command("sync", "lab").Output() })
			}
			time.AfterFunc(after, func() { _ = p.Kill() })
		})
		beside.Wait()
		if !x.Killed {
			t.Fatalf("the daemon ended by itself: %v", x)
		}
		killed++
		if l.IntN(3) == 0 {
			l.Check()
		}
	}
	l.Check()
	t.Attr("tries", strconv.Itoa(killed))
}

// TestDaemonStops tells the daemon by SIGTERM to stop at random moments: it ends
// in order, with nothing in doubt.
func TestDaemonStops(t *testing.T) {
	wanted, seed := lab.Tries(t, 20), lab.Seed(t)
	l := lab.New(t, t.TempDir(), seed, 12)
	for range wanted {
		l.Change(4)
		at := l.App.Seen() + 1 + l.IntN(25)
		victim := make(chan *os.Process, 1)
		l.App.Hook(func(n int, _, _ string) {
			if n == at {
				_ = (<-victim).Signal(syscall.SIGTERM)
			}
		}, nil)
		x := l.Await(l.Command("run"), func(p *os.Process) {
			victim <- p
			// A cycle with fewer requests is over by then, and the daemon waits.
			time.AfterFunc(300*time.Millisecond, func() { _ = p.Signal(syscall.SIGTERM) })
		})
		l.App.Hook(nil, nil)
		if x.Code != 0 || !strings.Contains(x.Stderr, "scimsync ends") {
			t.Fatalf("the daemon was told to stop: %v", x)
		}
		if l.IntN(2) == 0 {
			l.Check()
		}
	}
	l.Check()
	t.Attr("tries", strconv.Itoa(wanted))
}
