package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// victimPath names the state file to a child process of the tests.
const victimPath = "SCIMSYNC_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimPath); path != "" {
		if err := victim(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const victimBatch = 100

// victim locks the job and records batches until it is killed, and writes
// the number of each one that was stored to standard output.
func victim(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	if _, err := s.Lock(ctx, job); err != nil {
		return err
	}
	counts, err := s.Counts(ctx, job)
	if err != nil {
		return err
	}
	fmt.Println("ready", s.TenantID())
	for batch := int(counts.Connections[directory.User]) / victimBatch; ; batch++ {
		var outcomes []state.Outcome
		for i := range victimBatch {
			outcomes = append(outcomes, outcome(batch*victimBatch+i))
		}
		if err := s.Record(ctx, job, outcomes); err != nil {
			return err
		}
		fmt.Println("stored", batch)
	}
}

func startVictim(t *testing.T, path string) (child *exec.Cmd, lines *bufio.Scanner) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(os.Environ(), victimPath+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	return child, bufio.NewScanner(out)
}

// TestKill kills a process that records, over and over, at another moment of
// its work each time: the state holds whole batches, every one that Record
// has returned for, and the job's lock is free.
func TestKill(t *testing.T) {
	const kills = 15
	path := filepath.Join(t.TempDir(), "scimsync.db")
	var stored int // batches that the children have told of
	for kill := range kills {
		child, lines := startVictim(t, path)
		// The first is killed when it has just opened the file, which it made.
		for range kill%4 + 1 {
			if !lines.Scan() {
				t.Fatalf("the child has ended: %v", lines.Err())
			}
			if word, number, _ := strings.Cut(lines.Text(), " "); word == "stored" {
				batch, err := strconv.Atoi(number)
				if err != nil {
					t.Fatal(err)
				}
				stored = batch + 1
			}
		}
		// It is now somewhere in its next batch; a little further each time.
		<-time.After(time.Duration(kill) * 700 * time.Microsecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it managed to say before it died
			if word, number, _ := strings.Cut(lines.Text(), " "); word == "stored" {
				if batch, err := strconv.Atoi(number); err == nil {
					stored = batch + 1
				}
			}
		}
		_ = child.Wait()
		stored = survey(t, path, stored)
	}
	t.Logf("%d kills, %d batches", kills, stored)
}

// TestKillWhileOpening kills a process that makes the file, at another moment
// each time: the next one finds nothing, or finishes what it has begun.
func TestKillWhileOpening(t *testing.T) {
	const kills = 16
	unfinished := 0
	for kill := range kills {
		path := filepath.Join(t.TempDir(), "scimsync.db")
		child, lines := startVictim(t, path)
		<-time.After(time.Duration(kill) * 2 * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		stored := 0
		if !lines.Scan() {
			unfinished++
		}
		for lines.Scan() {
			stored++
		}
		_ = child.Wait()
		survey(t, path, stored)
	}
	t.Logf("%d of %d were killed before the file was ready", unfinished, kills)
}

// survey opens the file, checks what is in it, and returns how many batches.
func survey(t *testing.T, path string, acknowledged int) int {
	t.Helper()
	ctx := context.Background()
	s := open(t, path, sqlite.WithQuickCheck())
	unlock, err := s.Lock(ctx, job)
	if err != nil {
		t.Fatalf("the lock has outlived its process: %v", err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
	events := 0
	if err := s.Events(ctx, provlog.Query{}, func(e provlog.Event) error {
		if want := outcome(events).Event.ID; e.ID != want {
			return fmt.Errorf("entry %d is %s, want %s", events, e.ID, want)
		}
		events++
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	batches := events / victimBatch
	if events%victimBatch != 0 || batches < acknowledged || batches > acknowledged+1 {
		t.Fatalf("%d log entries in batches of %d, and %d batches were acknowledged", events, victimBatch, acknowledged)
	}
	connections := len(anchors(t, s))
	links, err := s.Connections(ctx, job, []string{guid(events - 1), guid(events)})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := s.Snapshot(ctx, job, 1, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if connections != events || seen.Len() != events || events > 0 && len(links) != 1 {
		t.Fatalf("%d log entries, %d connections, %d objects seen", events, connections, seen.Len())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return batches
}

// TestLockOfOtherProcess: a job that a living process runs is locked.
func TestLockOfOtherProcess(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "scimsync.db")
	child, lines := startVictim(t, path)
	if !lines.Scan() {
		t.Fatalf("the child has ended: %v", lines.Err())
	}
	s := open(t, path)
	if want := "ready " + s.TenantID(); lines.Text() != want {
		t.Errorf("the other process says %q, want %q", lines.Text(), want)
	}
	if _, err := s.Lock(ctx, job); !errors.Is(err, state.ErrLocked) {
		t.Errorf("got error %v, want state.ErrLocked", err)
	}
	// Two processes write at once.
	for n := range 20 {
		if err := s.Record(ctx, "other-job", []state.Outcome{{Type: directory.User, SourceAnchor: guid(n), Forget: true}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	unlock, err := s.Lock(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
