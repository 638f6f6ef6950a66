//go:build linux

package disk_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/disk"
	"github.com/scimsync/scimsync/cmd/torture/lab"
)

// TestFullDisk has the disk of the state become full at a random size, of which
// the database, its log or a temporary file is the first to find out. The cycle
// says so, commands that read go on or say so too, and once there is room the next
// cycle brings everything into agreement.
func TestFullDisk(t *testing.T) {
	if !isolated(t) {
		return
	}
	lives(t, 100, 3, func(l *life) (full int) {
		l.on(func(d *disk.Disk) {
			before, used := l.App.Writes(), d.Used()
			none := used > 0 && l.IntN(4) == 0
			switch {
			case none:
				d.Limit(used)
			case used > 0:
				d.Limit(used + int64(l.IntN(90<<10)))
			default:
				d.Limit(1 + int64(l.IntN(400<<10)))
			}
			full = l.runsFull(func() {
				if n := l.App.Writes() - before; none && n > 0 {
					l.t.Fatalf("with no room at all, the application was written to %d times", n)
				}
				d.Limit(0)
			})
			l.files = d.Files()
		})
		return full
	})
}

// TestFullFileSystem is TestFullDisk on a file system of the kernel's.
func TestFullFileSystem(t *testing.T) {
	if !isolated(t) {
		return
	}
	lab.Lives(t, 30, func(t *testing.T, seed uint64, _ int) (full int) {
		l := newLife(t, t.TempDir(), seed)
		if err := syscall.Mount("tmpfs", l.State(), "tmpfs", 0, "size=2m,mode=700"); err != nil {
			lacks(t, "a small file system cannot be mounted: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(l.State(), syscall.MNT_DETACH) })
		for range 3 {
			filler := filepath.Join(l.State(), "filler")
			fill(t, l.Rand, l.State(), filler)
			full += l.runsFull(func() {
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
			})
			l.Change(1 + l.IntN(5))
		}
		return full
	})
}

// fill leaves less room than a cycle takes.
func fill(t *testing.T, rng *rand.Rand, folder, filler string) {
	t.Helper()
	var room syscall.Statfs_t
	if err := syscall.Statfs(folder, &room); err != nil {
		t.Fatal(err)
	}
	left := min(int64(rng.IntN(300<<10)), int64(room.Bavail)*room.Bsize)                                  //nolint:gosec // a small file system
	if err := os.WriteFile(filler, make([]byte, int64(room.Bavail)*room.Bsize-left), 0o600); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
}

// TestFileSizeLimit has the state grow beyond the size that files may have.
func TestFileSizeLimit(t *testing.T) {
	lives(t, 20, 2, func(l *life) (full int) {
		cmd := l.Command()
		limited := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" sync lab`, 20+l.IntN(400)), cmd.Path) //nolint:gosec // of this test
		limited.Dir = cmd.Dir
		if x := l.Await(limited, nil); x.Code != 0 {
			full++
			l.saysWhy(x)
		}
		l.Check()
		return full
	})
}

// runsFull runs a cycle on a disk that may become full, and what reads on it, and
// then one with room again. It returns how many of them found the disk full.
func (l *life) runsFull(makeRoom func()) (full int) {
	l.t.Helper()
	x := l.Run("sync", "lab")
	if x.Code != 0 {
		full++
		l.saysWhy(x)
	}
	before := l.App.Writes()
	for _, reads := range [][]string{{"status"}, {"logs", "lab"}, {"plan", "lab"}, {"connections", "lab"}} {
		l.Must(reads...)
	}
	if n := l.App.Writes() - before; n > 0 {
		l.t.Fatalf("what reads has written to the application %d times", n)
	}
	makeRoom()
	l.Check()
	return full
}

// saysWhy checks that a cycle that could not go on said what is wrong with which
// file or folder, and what to do, in one sentence.
func (l *life) saysWhy(x lab.Outcome) {
	l.t.Helper()
	said := ""
	for line := range strings.Lines(x.Stderr) {
		if strings.HasPrefix(line, "Error: ") {
			said = line
		}
	}
	says := func(any ...string) bool {
		return slices.ContainsFunc(any, func(part string) bool { return strings.Contains(said, part) })
	}
	what := says("full", "too large", "cannot be read or written", "cannot be written", "cannot be opened", "input/output error", "read-only file system")
	if x.Code != 1 || !what || !says("state/") || !says("free some space", "check the disk", "the right to", "must be able to") {
		l.t.Fatalf("this does not say what is wrong with what, and what to do: %s", x)
	}
	l.t.Logf("%s", strings.TrimSpace(said))
}
