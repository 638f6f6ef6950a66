// Package lab is the laboratory of the tests that kill the program, starve it, or
// take its disk away: the real binary, a directory that changes by seed, and an
// application that counts. A package whose TestMain is Main has tests like
//
//	l := lab.New(t, t.TempDir(), seed, 12) // a job, a directory of 12 users, an application
//	x := l.Run("sync", "lab")              // runs the program; x.Code, x.Stdout, x.Stderr, x.Killed
//	l.Change(3)                            // three things happen in the directory
//	l.Check()                              // an undisturbed cycle, and everything agrees
//
// Command returns an *exec.Cmd that is not started yet, for a test that kills it
// or wants it to run as somebody else, and Await runs it.
package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/scimsync/scimsync/cmd/torture/firm"
)

// token is what the application asks for.
const token = "torture-token"

// Lab is a folder with a job, its directory, and the application.
type Lab struct {
	*firm.Firm
	App *Application
	Dir string // of the configuration and the export
	t   testing.TB
	url string // the tenant URL

	mu   sync.Mutex
	runs []run
}

// run is when a process of the program ran.
type run struct{ from, to time.Time }

func (r run) spans(at time.Time) bool { return !at.Before(r.from) && !at.After(r.to) }

// New returns a laboratory in a folder, with so many users and a third as many
// groups. The state is in the folder "state" of it, alone.
func New(t testing.TB, dir string, seed uint64, users int) *Lab {
	t.Helper()
	lookAt(t)
	l := &Lab{Dir: dir, t: t}
	l.Firm = firm.New(firm.Options{Seed: seed, People: users, Groups: users/3 + 1, Nested: true, Kinds: firm.Everything()})
	l.App, l.url = newApplication(t)
	if err := os.Mkdir(l.State(), 0o700); err != nil {
		t.Fatal(err)
	}
	l.Configure(time.Hour)
	l.Export()
	return l
}

// State returns the folder of the state.
func (l *Lab) State() string { return filepath.Join(l.Dir, "state") }

// Configure writes the daemon file and the job file, with this time between two
// cycles.
func (l *Lab) Configure(interval time.Duration) {
	l.t.Helper()
	l.write("scimsync.yaml", "jobs: [lab.yaml]\nstate: sqlite:state/state.db\n")
	l.write("lab.yaml", fmt.Sprintf(job, l.url, token, interval))
}

func (l *Lab) write(name, content string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.Dir, name), []byte(content), 0o644); err != nil { //nolint:gosec // another user reads it
		l.t.Fatal(err)
	}
}

// job provisions everybody. The guards of deletions are off: in a firm of twelve
// a week's leavers are a fifth of the staff.
const job = `name: lab
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

// Export writes the files of the directory.
func (l *Lab) Export() {
	l.t.Helper()
	if err := l.Firm.Export(l.Dir); err != nil {
		l.t.Fatal(err)
	}
}

// Change makes so many changes in the directory, and exports it.
func (l *Lab) Change(changes int) {
	l.t.Helper()
	l.Firm.Change(changes)
	l.Export()
}

// Rewind takes all changes since the last good cycle back, and exports the
// directory.
func (l *Lab) Rewind() {
	l.t.Helper()
	l.Firm.Rewind()
	l.Export()
}

// Command returns the program with the laboratory's configuration, not started.
func (l *Lab) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Getenv(BinaryPath), args...) //nolint:gosec // of Main
	cmd.Dir = l.Dir
	return cmd
}

// Outcome is how a run of the program ended.
type Outcome struct {
	Code           int  // the exit code; -1 if it was killed
	Killed         bool // by SIGKILL
	Stdout, Stderr string
}

func (x Outcome) String() string {
	return fmt.Sprintf("exit code %d, killed: %v\n%s%s", x.Code, x.Killed, x.Stdout, x.Stderr)
}

// Run runs the program to its end.
func (l *Lab) Run(args ...string) Outcome {
	l.t.Helper()
	return l.Await(l.Command(args...), nil)
}

// Must runs a command that has nothing to fail at.
func (l *Lab) Must(args ...string) {
	l.t.Helper()
	if x := l.Run(args...); x.Code != 0 {
		l.t.Fatalf("scimsync %s: %v", strings.Join(args, " "), x)
	}
}

// Await starts a command, calls started with its process (which may be nil), and
// returns how it ended, when nothing that it sent is under way any more. One that
// does not end in two minutes fails the test, as does one that panics.
func (l *Lab) Await(cmd *exec.Cmd, started func(*os.Process)) Outcome {
	l.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			_ = cmd.Process.Signal(syscall.SIGQUIT) // prints the stacks
		}
	})()
	if started != nil {
		started(cmd.Process)
	}
	err := cmd.Wait()
	stuck := errors.Is(ctx.Err(), context.DeadlineExceeded)
	l.App.await()
	l.ran(run{began, time.Now()})
	x := Outcome{Code: cmd.ProcessState.ExitCode(), Stdout: out.String(), Stderr: errs.String()}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatalf("%v: %v", cmd.Args, err)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok {
		x.Killed = status.Signaled() && status.Signal() == syscall.SIGKILL
	}
	switch {
	case stuck:
		l.t.Fatalf("%v does not end:\n%s", cmd.Args, x.Stderr)
	case strings.Contains(x.Stderr, "panic:") || strings.Contains(x.Stderr, "goroutine "):
		l.t.Fatalf("%v: the program panicked:\n%s", cmd.Args, x.Stderr)
	}
	return x
}

func (l *Lab) ran(r run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = append(l.runs, r)
}

// KillAt runs a command and kills it at the first request that fits, with its
// number counted from 1, when it took effect and is not answered yet, or before
// it takes effect.
func (l *Lab) KillAt(cmd *exec.Cmd, before bool, fits func(n int, method, path string) bool) Outcome {
	l.t.Helper()
	victim := make(chan *os.Process, 1)
	first := l.App.Seen()
	strike := func(n int, method, path string) {
		if !fits(n-first, method, path) {
			return
		}
		select {
		case p := <-victim: // known by the time that its first request comes
			_ = p.Kill()
		default: // dead already
		}
	}
	if before {
		l.App.Hook(strike, nil)
	} else {
		l.App.Hook(nil, strike)
	}
	defer l.App.Hook(nil, nil)
	return l.Await(cmd, func(p *os.Process) { victim <- p })
}
