//go:build linux

package disk_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/lab"
)

// isolatedBy says that this process has mounts of its own.
const isolatedBy = "SCIMSYNC_TEST_ISOLATED"

func TestMain(m *testing.M) {
	if path := os.Getenv(recorderOf); path != "" {
		fmt.Fprintln(os.Stderr, recorder(path))
		os.Exit(1)
	}
	os.Exit(lab.Main(m))
}

// lacks ends a test that this machine has no means for: loudly, and in CI as a
// failure.
func lacks(t *testing.T, format string, args ...any) {
	t.Helper()
	reason := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal("NOT TESTED: " + reason)
	}
	t.Skip("NOT TESTED: " + reason)
}

// isolated runs the test again in a process that has mounts of its own, which
// end with it, and reports whether this is that process. Root may have them, and
// everybody else in a user namespace, where the system lets them.
func isolated(t *testing.T) bool {
	t.Helper()
	if os.Getenv(isolatedBy) != "" {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			lacks(t, "mounts cannot be kept from others: %v", err)
		}
		return true
	}
	args := []string{"-test.run=^" + t.Name() + "$", "-test.v", "-test.timeout=20m"}
	if testing.Short() {
		args = append(args, "-test.short")
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), isolatedBy+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		lacks(t, "a process with mounts of its own cannot be started: %v", err)
	}
	ran := false
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		line := lines.Text()
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "=== ATTR") && len(fields) == 5:
			t.Attr(fields[3], fields[4])
		case strings.HasPrefix(line, "=== "), strings.HasPrefix(line, "PASS"), strings.HasPrefix(line, "FAIL"):
		case strings.HasPrefix(line, "--- SKIP"):
			t.Skip("NOT TESTED, see above")
		case strings.HasPrefix(line, "--- "):
			ran = true
		default:
			t.Log(line)
		}
	}
	if err != nil || !ran {
		t.Errorf("in a process of its own: %v", err)
	}
	return false
}

// life is a laboratory whose state is on a disk that fails.
type life struct {
	*lab.Lab
	t     *testing.T
	files map[string][]byte // on the disk, for those that are not mounted all the time
}

func newLife(t *testing.T, dir string, seed uint64) *life {
	t.Helper()
	return &life{Lab: lab.New(t, dir, seed, 8+int(seed%5)), t: t}
}

// lives tries a failure on one firm after the other, so many rounds on each, with
// changes in between. try returns how often the failure has come about.
func lives(t *testing.T, usual, rounds int, try func(l *life) (times int)) {
	t.Helper()
	lab.Lives(t, usual, func(t *testing.T, seed uint64, _ int) (times int) {
		l := newLife(t, t.TempDir(), seed)
		for range rounds {
			times += try(l)
			l.Change(1 + l.IntN(5))
		}
		return times
	})
}
