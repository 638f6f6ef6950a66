// The laboratory: the real binary, a directory that changes by seed, and an
// application that counts. A test of the room begins with
//
//	l := newLab(t, seed, 12)        // a folder, a job, a directory of 12 users, an application
//	l.export(t)                     // writes the directory's files
//	x := l.run(t, "sync", "lab")    // runs the program; x.code, x.stdout, x.stderr, x.killed
//	l.firm.change(3)                // three things happen in the directory
//	l.export(t)
//	l.check(t)                      // an undisturbed cycle, and everything agrees
//
// l.command(args...) is an *exec.Cmd that is not started yet, for a test that
// kills it; l.app.before and l.app.after are called around each request, for one
// that wants to do so at a certain moment. l.env is added to the environment of
// every command, l.state is the state file: set them before the first command,
// and call l.configure after changing l.state or l.interval. What check looks at
// stands in lab_check_test.go, what the directory does in lab_firm_test.go.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/program"
)

// binary is the program under test, which TestMain builds once.
var binary string

func TestMain(m *testing.M) { os.Exit(withBinary(m)) }

func withBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "scimsync-torture-")
	if err == nil {
		defer os.RemoveAll(dir)
		binary, err = program.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// token is what the application asks for.
const token = "torture-token"

// lab is a folder with a job, its directory, and the application.
type lab struct {
	app      *application
	firm     *firm
	dir      string // of the configuration and the export
	state    string // the state file
	url      string // the tenant URL
	interval time.Duration
	env      []string // for every command, as os.Environ has it
}

// newLab returns a laboratory with so many users and a third as many groups.
func newLab(t testing.TB, seed uint64, users int) *lab {
	t.Helper()
	program.LookAt(t)
	l := &lab{app: newApplication(), firm: newFirm(seed, users, users/3+1), dir: t.TempDir(), interval: time.Hour}
	server := httptest.NewServer(l.app)
	t.Cleanup(server.Close)
	l.url = server.URL + "/scim/v2"
	l.state = filepath.Join(l.dir, "state.db")
	l.configure(t)
	return l
}

// configure writes the daemon file and the job file.
func (l *lab) configure(t testing.TB) {
	t.Helper()
	l.write(t, "scimsync.yaml", fmt.Sprintf("jobs: [lab.yaml]\nstate: %q\n", "sqlite:"+l.state))
	l.write(t, "lab.yaml", fmt.Sprintf(labJob, l.url, token, l.interval))
}

func (l *lab) write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// labJob provisions everybody. The guards of deletions are off: in a firm of
// twelve a week's leavers are a fifth of the staff.
const labJob = `name: lab
source: {kind: export, users: users.json, groups: groups.json, deletedUsers: deletedUsers.json}
target: {kind: scim, tenantURL: %q, secretToken: %q, timeout: 30s}
settings:
  scope: all
  interval: %s
  concurrency: 4
  preventAccidentalDeletions: {enabled: false}
  sourceCheck: {enabled: false}
mappings:
  users:
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}
      - {expression: 'Switch([IsSoftDeleted], , "False", "True", "True", "False")', target: active}
      - {source: displayName, target: displayName}
      - {source: jobTitle, target: title}
      - {source: department, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'}
      - {source: objectId, target: externalId}
      - {source: manager, target: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
  groups:
    attributes:
      - {source: displayName, target: displayName, matchingPrecedence: 1}
      - {source: objectId, target: externalId}
      - {source: members, target: members}
`

// command returns the program with the laboratory's configuration, not started.
func (l *lab) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, append(args, "--config", filepath.Join(l.dir, "scimsync.yaml"))...)
	cmd.Dir = l.dir
	cmd.Env = append(os.Environ(), l.env...)
	return cmd
}

// outcome is how a run of the program ended.
type outcome struct {
	code           int  // the exit code; -1 if it was killed
	killed         bool // by SIGKILL
	stdout, stderr string
}

func (x outcome) String() string {
	return fmt.Sprintf("exit code %d, killed: %v\n%s%s", x.code, x.killed, x.stdout, x.stderr)
}

// run runs the program to its end.
func (l *lab) run(t testing.TB, args ...string) outcome {
	t.Helper()
	return l.await(t, l.command(args...), nil)
}

// await starts a command, calls started with its process (which may be nil),
// and returns how it ended. One that does not end in two minutes fails the test.
func (l *lab) await(t testing.TB, cmd *exec.Cmd, started func(*os.Process)) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	stuck := false
	defer context.AfterFunc(ctx, func() {
		stuck = ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded)
		if stuck {
			_ = cmd.Process.Signal(syscall.SIGQUIT) // prints the stacks
		}
	})()
	if started != nil {
		started(cmd.Process)
	}
	err := cmd.Wait()
	x := outcome{stdout: out.String(), stderr: errs.String()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	x.code = cmd.ProcessState.ExitCode()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		x.killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	switch {
	case stuck:
		t.Fatalf("%v does not end:\n%s", cmd.Args, x.stderr)
	case strings.Contains(x.stderr, "panic:") || strings.Contains(x.stderr, "goroutine 1 ["):
		t.Fatalf("%v: the program panicked:\n%s", cmd.Args, x.stderr)
	}
	return x
}

// number returns what the environment says, or a number if it says nothing.
func number(t testing.TB, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; it takes a number above 0", name, text)
	}
	return n
}

// tries returns how often a test tries its failure: as often as TORTURE says,
// else as often as usual, or a tenth of it with -short.
func tries(t testing.TB, usual int) int {
	t.Helper()
	if testing.Short() {
		usual = max(usual/10, 1)
	}
	return number(t, "TORTURE", usual)
}

// seedOf returns the seed of the run, TORTURE_SEED or one that is always the
// same, and says it if the test fails.
func seedOf(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(number(t, "TORTURE_SEED", 1))
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("to repeat it: TORTURE_SEED=%d", seed)
		}
	})
	return seed
}
