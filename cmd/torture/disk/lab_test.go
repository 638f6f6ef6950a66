//go:build linux

package disk_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/program"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

const labToken = "disk-token-0123456789"

// lab is a firm, an application that counts, and the program between them.
type lab struct {
	t    testing.TB
	dir  string
	firm *firm
	app  *sandbox.Server

	mu      sync.Mutex
	idle    *sync.Cond
	open    int            // connections
	creates map[string]int // accounts made, by userName
	writes  int
	killAt  int // the write that the program is killed at; 0 for none
	victim  *os.Process
}

// newLab returns a lab whose state is in the folder "state".
func newLab(t testing.TB, dir string, f *firm) *lab {
	t.Helper()
	program.LookAt(t)
	l := &lab{t: t, dir: dir, firm: f, creates: map[string]int{}}
	l.idle = sync.NewCond(&l.mu)
	l.app = sandbox.New(sandbox.Options{Token: labToken, OnRequest: l.see})
	server := httptest.NewUnstartedServer(l.app)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		l.mu.Lock()
		defer l.mu.Unlock()
		switch s {
		case http.StateNew:
			l.open++
		case http.StateClosed, http.StateHijacked:
			l.open--
		}
		l.idle.Broadcast()
	}
	server.Start()
	t.Cleanup(server.Close)
	for name, content := range map[string]string{
		"scimsync.yaml": "jobs: [job.yaml]\nstate: sqlite:state/state.db\n",
		"job.yaml":      fmt.Sprintf(jobFile, server.URL+"/scim/v2", labToken),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil { //nolint:gosec // another user reads it
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.export(t, dir)
	return l
}

func (l *lab) see(r sandbox.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Method == http.MethodGet || r.Status >= 300 {
		return
	}
	l.writes++
	if l.writes == l.killAt {
		_ = l.victim.Kill()
	}
	if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/Users") {
		for _, e := range l.firm.staff {
			if bytes.Contains(r.Body, []byte(`"`+e.upn()+`"`)) {
				l.creates[e.upn()]++
			}
		}
	}
}

// written returns how many writes took effect.
func (l *lab) written() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

// ended is how a run of the program has ended.
type ended struct {
	code           int // -1 if it was killed
	stdout, stderr string
}

func (e ended) String() string { return fmt.Sprintf("exit code %d\n%s%s", e.code, e.stdout, e.stderr) }

// command returns the program, to be run in the lab's folder.
func (l *lab) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Dir = l.dir
	return cmd
}

// run runs a command to its end. begun is called once it runs; may be nil.
func (l *lab) run(cmd *exec.Cmd, begun func(*os.Process)) ended {
	l.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	if begun != nil {
		begun(cmd.Process)
	}
	_ = cmd.Wait()
	// What it sent before it died may still take effect.
	l.mu.Lock()
	for l.open > 0 {
		l.idle.Wait()
	}
	l.mu.Unlock()
	e := ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if strings.Contains(e.stderr, "panic:") || strings.Contains(e.stderr, "goroutine ") {
		l.t.Fatalf("the program has panicked: %s", e)
	}
	return e
}

// killAtWrite runs a cycle that is killed when its n-th write has taken effect.
func (l *lab) killAtWrite(n int) ended {
	l.t.Helper()
	l.mu.Lock() // until it is known whom to kill
	l.killAt = l.writes + n
	return l.run(l.command("sync", "firm"), func(p *os.Process) {
		l.victim = p
		l.mu.Unlock()
	})
}

// cycle runs a cycle that has nothing to fail at.
func (l *lab) cycle() {
	l.t.Helper()
	if e := l.run(l.command("sync", "firm"), nil); e.code != 0 {
		l.t.Fatalf("a cycle on a sound disk: %s", e)
	}
}

// settled checks, after a cycle that ran to its end, that the application is as
// the directory wants it, that no account was made twice, that nothing is left
// to do, and what files is: the state, whose connections and log tell of each
// account.
func (l *lab) settled(files func() map[string][]byte) {
	l.t.Helper()
	if got, want := l.shown(), l.wanted(); got != want {
		l.t.Fatalf("the application shows\n%s\nand is to show\n%s", got, want)
	}
	for name, n := range l.creates {
		if n > 1 {
			l.t.Fatalf("%s was created %d times", name, n)
		}
	}
	before := l.written()
	l.cycle()
	if n := l.written() - before; n > 0 {
		l.t.Fatalf("one more cycle has written %d times", n)
	}
	l.agrees(files())
}

// shown is what the application shows, a line for each object, without those who
// have gone and are disabled.
func (l *lab) shown() string {
	names, lines := map[string]string{}, []string{}
	users := l.app.Users()
	for _, u := range users {
		names[u["id"].(string)] = u["userName"].(string)
	}
	for _, u := range users {
		if fmt.Sprint(u["active"]) == "false" && l.hasGone(u["userName"].(string)) {
			continue
		}
		extension, _ := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
		manager, _ := extension["manager"].(map[string]any)
		boss, _ := manager["value"].(string)
		lines = append(lines, fmt.Sprintf("%s %v %v, boss %s", u["userName"], u["active"], u["title"], names[boss]))
	}
	for _, g := range l.app.Groups() {
		var members []string
		list, _ := g["members"].([]any)
		for _, m := range list {
			members = append(members, names[m.(map[string]any)["value"].(string)])
		}
		slices.Sort(members)
		lines = append(lines, fmt.Sprintf("%s: %v", g["displayName"], members))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (l *lab) hasGone(upn string) bool {
	return slices.ContainsFunc(l.firm.staff, func(e *employee) bool { return e.gone && e.upn() == upn })
}

// wanted is what the application is to show.
func (l *lab) wanted() string {
	lines := []string{}
	for _, e := range l.firm.staff {
		if e.gone {
			continue
		}
		boss := ""
		if e.boss != nil {
			boss = e.boss.upn()
		}
		lines = append(lines, fmt.Sprintf("%s true %s, boss %s", e.upn(), e.title, boss))
	}
	for _, g := range l.firm.teams {
		if g.gone {
			continue
		}
		var members []string
		for _, e := range g.staff {
			members = append(members, e.upn())
		}
		slices.Sort(members)
		lines = append(lines, fmt.Sprintf("%s: %v", g.name, members))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// agrees checks that the state is sound, that each object of the application has
// one connection and the other way round, and an entry in the log.
func (l *lab) agrees(files map[string][]byte) {
	l.t.Helper()
	ctx, dir := context.Background(), l.t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			l.t.Fatal(err)
		}
		if strings.HasPrefix(name, "scimsync-cycle-") {
			l.t.Fatalf("a temporary file was left behind: %s", name)
		}
	}
	store, err := sqlite.OpenReadOnly(ctx, filepath.Join(dir, "state.db"), sqlite.WithQuickCheck())
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	connected, told := map[string]bool{}, map[string]bool{}
	if err := store.AllConnections(ctx, "firm", func(c state.Connection) error {
		connected[c.TargetAnchor] = true
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	if err := store.Events(ctx, provlog.Query{}, func(e provlog.Event) error {
		told[e.TargetIdentity.ID] = true
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	there := map[string]bool{}
	for _, o := range append(l.app.Users(), l.app.Groups()...) {
		id := o["id"].(string)
		there[id] = true
		if !told[id] {
			l.t.Fatalf("the log has no entry of %v, %v", o["userName"], o["displayName"])
		}
	}
	if !maps.Equal(there, connected) {
		l.t.Fatalf("the application has %v, and connected are %v", slices.Sorted(maps.Keys(there)), slices.Sorted(maps.Keys(connected)))
	}
}
