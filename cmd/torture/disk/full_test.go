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
)

// TestFullDisk has the disk of the state become full at a random size, of which
// the database, its log or a temporary file is the first to find out. The cycle
// says so, commands that read go on or say so too, and once there is room the next
// cycle brings everything into agreement.
func TestFullDisk(t *testing.T) {
	if !isolated(t) {
		return
	}
	wanted, full := number(t, 100), 0
	for life := 0; full < wanted && life < 2*wanted; life++ {
		rng := seeded(t, life)
		l := newLab(t, t.TempDir(), newFirm(rng))
		files := map[string][]byte{}
		for range 3 {
			l.on(files, func(d *disk.Disk) {
				before, used := l.written(), d.Used()
				none := used > 0 && rng.IntN(4) == 0
				switch {
				case none:
					d.Limit(used)
				case used > 0:
					d.Limit(used + int64(rng.IntN(90<<10)))
				default:
					d.Limit(1 + int64(rng.IntN(400<<10)))
				}
				full += l.runsFull(func() {
					if n := l.written() - before; none && n > 0 {
						t.Fatalf("with no room at all, the application was written to %d times", n)
					}
					d.Limit(0)
				})
				files = d.Files()
			})
			l.firm.change(true)
			l.firm.export(t, l.dir)
		}
	}
	t.Attr("tries", fmt.Sprint(full))
	if full < wanted {
		t.Errorf("the disk was full %d times alone", full)
	}
}

// TestFullFileSystem is TestFullDisk on a file system of the kernel's.
func TestFullFileSystem(t *testing.T) {
	if !isolated(t) {
		return
	}
	wanted, full := number(t, 30), 0
	for life := 0; full < wanted && life < 3*wanted; life++ {
		rng := seeded(t, life)
		l := newLab(t, t.TempDir(), newFirm(rng))
		state := filepath.Join(l.dir, "state")
		if err := syscall.Mount("tmpfs", state, "tmpfs", 0, "size=2m,mode=700"); err != nil {
			lacks(t, "a small file system cannot be mounted: %v", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(state, syscall.MNT_DETACH) })
		for range 3 {
			filler := filepath.Join(state, "filler")
			fill(t, rng, state, filler)
			full += l.runsFull(func() {
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
			})
			l.firm.change(true)
			l.firm.export(t, l.dir)
		}
	}
	t.Attr("tries", fmt.Sprint(full))
	if full < wanted {
		t.Errorf("the file system was full %d times alone", full)
	}
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
	wanted, full := number(t, 20), 0
	for life := 0; full < wanted && life < 3*wanted; life++ {
		rng := seeded(t, life)
		l := newLab(t, t.TempDir(), newFirm(rng))
		for range 2 {
			cmd := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" sync firm`, 20+rng.IntN(400)), binary)
			cmd.Dir = l.dir
			if e := l.run(cmd, nil); e.code != 0 {
				full++
				l.saysWhy(e)
			}
			l.cycle()
			l.settled(l.stateFiles)
			l.firm.change(true)
			l.firm.export(t, l.dir)
		}
	}
	t.Attr("tries", fmt.Sprint(full))
	if full < wanted {
		t.Errorf("the limit was reached %d times alone", full)
	}
}

// runsFull runs a cycle on a disk that may become full, and what reads on it, and
// then one with room again. It returns how many of them found the disk full.
func (l *lab) runsFull(makeRoom func()) (full int) {
	l.t.Helper()
	e := l.run(l.command("sync", "firm"), nil)
	if e.code != 0 {
		full++
		l.saysWhy(e)
	}
	before := l.written()
	for _, reads := range [][]string{{"status"}, {"logs", "firm"}, {"plan", "firm"}, {"connections", "firm"}} {
		if e := l.run(l.command(reads...), nil); e.code != 0 {
			l.t.Fatalf("scimsync %s on a full disk: %s", strings.Join(reads, " "), e)
		}
	}
	if n := l.written() - before; n > 0 {
		l.t.Fatalf("what reads has written to the application %d times", n)
	}
	makeRoom()
	l.cycle()
	l.settled(l.stateFiles)
	return full
}

// saysWhy checks that a cycle that could not go on said what is wrong with which
// file or folder, and what to do, in one sentence.
func (l *lab) saysWhy(e ended) {
	l.t.Helper()
	said := ""
	for line := range strings.Lines(e.stderr) {
		if strings.HasPrefix(line, "Error: ") {
			said = line
		}
	}
	says := func(any ...string) bool {
		return slices.ContainsFunc(any, func(part string) bool { return strings.Contains(said, part) })
	}
	what := says("full", "too large", "cannot be read or written", "cannot be written", "cannot be opened", "input/output error", "read-only file system")
	if e.code != 1 || !what || !says("state/") || !says("free some space", "check the disk", "the right to", "must be able to") {
		l.t.Fatalf("this does not say what is wrong with what, and what to do: %s", e)
	}
	l.t.Logf("%s", strings.TrimSpace(said))
}

// stateFiles are the files of the folder of the state.
func (l *lab) stateFiles() map[string][]byte {
	l.t.Helper()
	folder, files := filepath.Join(l.dir, "state"), map[string][]byte{}
	entries, err := os.ReadDir(folder)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			l.t.Fatal(err)
		}
		files[e.Name()] = content
	}
	return files
}
