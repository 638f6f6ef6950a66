//go:build linux

package disk_test

import (
	"fmt"
	"maps"
	"net/http"
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

// nobody is the user that root runs the program as, for whom permissions count.
const nobody = 65534

// as runs a command as a user for whom permissions count.
func (l *life) as(args ...string) lab.Outcome {
	cmd := l.Command(args...)
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return l.Await(cmd, nil)
}

// theirs gives the folder of the state to the user of as.
func (l *life) theirs() {
	l.t.Helper()
	if os.Getuid() != 0 {
		return
	}
	if out, err := exec.Command("chown", "-R", fmt.Sprintf("%d:%d", nobody, nobody), filepath.Join(l.Dir, "state")).CombinedOutput(); err != nil {
		l.t.Fatalf("%s%v", out, err)
	}
}

// open is a folder that every user can enter.
func open(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "scimsync-read-only-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(filepath.Join(dir, "state"), 0o700) //nolint:gosec // a folder
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as said
		t.Fatal(err)
	}
	return dir
}

// TestReadOnly takes the right to write, or to read, from the state, and runs
// every command: those that read go on where they can, the others say in one
// sentence what is wrong and what to do; nothing is written to the application
// that cannot be recorded, and nothing to the state.
func TestReadOnly(t *testing.T) {
	const file, folder = "state/state.db", "state"
	missing := func(l *life) error { return os.Rename(filepath.Join(l.Dir, folder), filepath.Join(l.Dir, "elsewhere")) }
	modes := func(m map[string]os.FileMode) func(*life) error {
		return func(l *life) error {
			for _, name := range slices.Sorted(maps.Keys(m)) {
				path := filepath.Join(l.Dir, name)
				if _, err := os.Stat(path); os.IsNotExist(err) { // before the first cycle
					continue
				}
				if err := os.Chmod(path, m[name]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	tries := 0
	for _, tt := range []struct {
		name    string
		take    func(*life) error
		running bool // a cycle was killed, and has left its log
		fresh   bool // there was no cycle yet
		reads   bool // commands that read go on
		able    bool // the database and its log can be written: what does not need the folder works
	}{
		{"the folder", modes(map[string]os.FileMode{folder: 0o500}), false, false, true, false},
		{"the file", modes(map[string]os.FileMode{file: 0o400}), false, false, true, false},
		{"the folder and the file", modes(map[string]os.FileMode{file: 0o400, folder: 0o500}), false, false, true, false},
		{"the folder after a crash", modes(map[string]os.FileMode{folder: 0o500}), true, false, true, true},
		{"the folder and the files after a crash", modes(map[string]os.FileMode{
			file: 0o400, file + "-wal": 0o400, file + "-shm": 0o400, folder: 0o500}), true, false, true, false},
		{"the file, to read too", modes(map[string]os.FileMode{file: 0}), false, false, false, false},
		{"the folder, to enter too", modes(map[string]os.FileMode{folder: 0}), false, false, false, false},
		{"the folder before the first cycle", modes(map[string]os.FileMode{folder: 0o500}), false, true, true, false},
		{"the folder itself", missing, false, false, true, false},
		{"the folder itself before the first cycle", missing, false, true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLife(t, open(t), lab.Seed(t))
			if !tt.fresh {
				l.Must("sync", "lab")
				l.Hire()
				l.Export()
			}
			if tt.running {
				l.leaveLog()
			}
			l.theirs()
			if err := tt.take(l); err != nil {
				t.Fatal(err)
			}
			before, kept := l.App.Writes(), l.kept()
			for _, args := range [][]string{{"status"}, {"logs", "lab"}, {"plan", "lab"}, {"connections", "lab"}, {"explain", "lab", l.Staff[0].ID}} {
				e := l.as(args...)
				tries++
				switch {
				case !tt.reads:
					l.oneSentence(args, e)
				case e.Code != 0 || strings.Contains(e.Stderr, "Error"):
					t.Errorf("scimsync %s: %s", strings.Join(args, " "), e)
				}
			}
			for _, args := range [][]string{
				{"sync", "lab"}, {"sync", "lab", "--initial"}, {"provision", "lab", l.Staff[0].ID}, {"pause", "lab"}, {"start", "lab"},
				{"restart", "lab"}, {"allow-deletes", "lab"}, {"connections", "lab", "delete", l.Staff[0].ID}, {"run"},
			} {
				if tt.able && args[0] == "run" { // goes on, and says so after each cycle
					continue
				}
				tries++
				if e := l.as(args...); !tt.able || args[0] == "sync" || args[0] == "provision" {
					l.oneSentence(args, e)
				}
			}
			if n := l.App.Writes() - before; n > 0 {
				t.Errorf("%d writes to the application could not be recorded", n)
			}
			if after := l.kept(); !tt.able && !maps.Equal(kept, after) {
				t.Errorf("the folder of the state has changed: %v, before %v", slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(kept)))
			}
		})
	}
	t.Attr("tries", fmt.Sprint(tries))
}

// oneSentence checks that a command which cannot work says what is wrong with the
// state and what to do, on one line, and fails.
func (l *life) oneSentence(args []string, e lab.Outcome) {
	l.t.Helper()
	said := ""
	for line := range strings.Lines(e.Stderr) {
		if rest, is := strings.CutPrefix(line, "Error: "); is && said == "" {
			said = rest
		} else if is || !strings.Contains(line, "\t") && strings.TrimSpace(line) != "" && said != "" {
			l.t.Errorf("scimsync %s says more than one sentence: %s", strings.Join(args, " "), e)
			return
		}
	}
	helps := false
	for _, advice := range []string{"the right to", "must be able to", "check that", "make it", "name another"} {
		helps = helps || strings.Contains(said, advice)
	}
	if e.Code != 1 || !strings.Contains(said, "state") || !helps {
		l.t.Errorf("scimsync %s does not say what is wrong and what to do: %s", strings.Join(args, " "), e)
		return
	}
	l.t.Logf("scimsync %s: %s", strings.Join(args, " "), strings.TrimSpace(said))
}

// kept is the content of the files of the state, wherever they are.
func (l *life) kept() map[string]string {
	files := map[string]string{}
	for _, folder := range []string{"state", "elsewhere"} {
		entries, err := os.ReadDir(filepath.Join(l.Dir, folder))
		if os.IsNotExist(err) || os.IsPermission(err) { // nor can the program see what is in it
			continue
		}
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(l.Dir, folder, e.Name()))
			if os.IsPermission(err) {
				continue
			}
			if err != nil {
				l.t.Fatal(err)
			}
			if len(b) > 0 && !strings.HasSuffix(e.Name(), "-shm") { // an empty log says nothing
				files[e.Name()] = string(b)
			}
		}
	}
	return files
}

// leaveLog runs a cycle that is killed after its first write.
func (l *life) leaveLog() {
	l.t.Helper()
	l.Hire()
	l.Export()
	killed := l.KillAt(l.Command("sync", "lab"), false, func(_ int, method, _ string) bool { return method != http.MethodGet })
	if !killed.Killed {
		l.t.Fatalf("the program was not killed: %s", killed)
	}
	if _, err := os.Stat(filepath.Join(l.Dir, "state", "state.db-wal")); err != nil {
		l.t.Fatalf("a killed program has left no log: %v", err)
	}
}

// TestDiskTurnsReadOnly has the disk turn read-only, or fail altogether, at a
// random moment of a cycle, as Linux does after an error of the device. The cycle
// says so, and the next one, on a sound disk, brings everything into agreement.
func TestDiskTurnsReadOnly(t *testing.T) {
	if !isolated(t) {
		return
	}
	lives(t, 100, 3, func(l *life) (failed int) {
		l.on(func(d *disk.Disk) {
			d.Break(disk.Fault{
				At: 1 + l.IntN(80), Once: l.IntN(4) == 0,
				Error: []syscall.Errno{syscall.EROFS, syscall.EIO}[l.IntN(2)],
			})
			x := l.Run("sync", "lab")
			if d.Struck() {
				failed++
			}
			d.Break(disk.Fault{})
			if x.Code != 0 {
				l.saysWhy(x)
			} else { // it went well all the same
				l.CheckState()
			}
			l.Check()
			l.files = d.Files()
		})
		return failed
	})
}
