//go:build linux

package disk_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/disk"
	"github.com/scimsync/scimsync/cmd/torture/lab"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// recorderOf names the state file to a process that only records.
const recorderOf = "SCIMSYNC_TEST_RECORDER"

// recorder records until it is killed, and says how many it has after each one.
func recorder(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		anchor := fmt.Sprint("object ", n)
		err := s.Record(ctx, "firm", []state.Outcome{{
			Type: directory.User, SourceAnchor: anchor,
			Connect: &state.Connection{Type: directory.User, SourceAnchor: anchor, TargetAnchor: anchor, Since: time.Unix(0, 0), Updated: time.Unix(0, 0)},
			Event:   &provlog.Event{ID: anchor, JobID: "firm", ActivityDateTime: time.Unix(int64(n), 0)},
		}})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestPowerLossKeepsWhatWasRecorded has the power fail while a process records:
// whatever it was told is recorded is there afterwards, connection and log entry,
// and one more at the most.
func TestPowerLossKeepsWhatWasRecorded(t *testing.T) {
	if !isolated(t) {
		return
	}
	tries, seed := lab.Tries(t, 100), lab.Seed(t)
	for try := range tries {
		rng := rand.New(rand.NewPCG(seed, uint64(try))) //nolint:gosec // tests are to be repeatable
		folder := t.TempDir()
		d := disk.New(nil)
		unmount, err := d.Mount(folder)
		if err != nil {
			lacks(t, "%v", err)
		}
		running := make(chan *os.Process, 1)
		d.Break(disk.Fault{At: 1 + rng.IntN(200), Error: syscall.EIO, Strike: func() { _ = (<-running).Kill() }})
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), recorderOf+"="+filepath.Join(folder, "state.db"))
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		running <- cmd.Process
		told := 0
		for lines := bufio.NewScanner(out); lines.Scan(); told++ {
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the recorder was not killed: %v", err)
		}
		image := d.Crash(rng)
		if err := unmount(); err != nil {
			t.Error(err)
		}
		if connections, entries := recorded(t, image); connections != entries || entries < told || entries > told+1 {
			t.Fatalf("try %d: %d connections and %d log entries are there, and %d were recorded", try, connections, entries, told)
		}
	}
	t.Attr("tries", fmt.Sprint(tries))
}

// recorded opens the state on what is on the disk, and counts what is in it.
func recorded(t *testing.T, image map[string][]byte) (connections, entries int) {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	for name, content := range image {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sqlite.Open(ctx, filepath.Join(dir, "state.db"), sqlite.WithQuickCheck())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.AllConnections(ctx, "firm", func(state.Connection) error { connections++; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.Events(ctx, provlog.Query{}, func(provlog.Event) error { entries++; return nil }); err != nil {
		t.Fatal(err)
	}
	return connections, entries
}
