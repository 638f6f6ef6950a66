//go:build linux

package disk_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/program"
)

const (
	// binaryPath names the program under test to a process of the tests that
	// another one has started.
	binaryPath = "SCIMSYNC_TEST_BINARY"
	// isolatedBy says that this process has mounts of its own.
	isolatedBy = "SCIMSYNC_TEST_ISOLATED"
)

// binary is the real program, built once for all tests.
var binary = os.Getenv(binaryPath)

func TestMain(m *testing.M) {
	if path := os.Getenv(recorderOf); path != "" {
		fmt.Fprintln(os.Stderr, recorder(path))
		os.Exit(1)
	}
	os.Exit(func() int {
		if binary == "" {
			dir, err := os.MkdirTemp("", "scimsync-disk-")
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			defer func() { _ = os.RemoveAll(dir) }()
			if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // another user runs it
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			if binary, err = program.Build(dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return m.Run()
	}())
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
	cmd.Env = append(os.Environ(), isolatedBy+"=1", binaryPath+"="+binary)
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

// number returns how often a test tries: TORTURE in the environment, or as often
// as it does in a normal run, less in a short one.
func number(t *testing.T, normal int) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("TORTURE")); err == nil && n > 0 {
		return n
	}
	if testing.Short() {
		return normal / 10
	}
	return normal
}

// seeded returns random numbers, the same ones in every run unless TORTURE_SEED
// says otherwise.
func seeded(t *testing.T, life int) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("TORTURE_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	return rand.New(rand.NewPCG(seed, uint64(life))) //nolint:gosec // tests are to be repeatable; no negative number
}
