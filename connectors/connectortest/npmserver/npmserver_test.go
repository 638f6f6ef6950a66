package npmserver_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/connectortest/npmserver"
)

// parrot listens, says something, and keeps every connection open.
const parrot = `
const net = require("node:net");
const server = net.createServer();
server.listen(0, "127.0.0.1", () => {
  console.log(server.address().port);
  for (const word of process.argv.slice(2)) console.log(word);
  console.error("it is on its perch");
});`

// install makes the script the only server that there is.
func install(t *testing.T, script string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		npmserver.Installed(t, "node") // says so, or fails
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "parrot"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "parrot", "parrot.cjs"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SCIMSYNC_TEST_SERVERS", folder)
}

func TestStart(t *testing.T) {
	install(t, parrot)
	said := make(chan string, 2)
	s := npmserver.Start(t, "parrot/parrot.cjs", func(line string) { said <- line }, "pieces", "of eight")
	if diff := cmp.Diff([]string{"pieces", "of eight"}, []string{<-said, <-said}); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.Stop()
	if again, err := net.Dial("tcp", s.Address()); err == nil {
		again.Close()
		t.Error("it listens after it was stopped")
	}
}

// observed is a test that is watched by another.
type observed struct {
	testing.TB
	cleanup []func()
	failed  bool
	said    []string
}

func (o *observed) Helper()          {}
func (o *observed) Failed() bool     { return o.failed }
func (o *observed) Cleanup(f func()) { o.cleanup = append(o.cleanup, f) }
func (o *observed) Logf(format string, args ...any) {
	o.said = append(o.said, fmt.Sprintf(format, args...))
}
func (o *observed) Skipf(format string, args ...any) {
	o.Logf("skip: "+format, args...)
	runtime.Goexit()
}
func (o *observed) Fatalf(format string, args ...any) {
	o.failed = true
	o.Logf("fail: "+format, args...)
	runtime.Goexit()
}

// run runs f as a test that is watched, and returns what it said.
func run(t *testing.T, f func(testing.TB)) string {
	o := &observed{TB: t}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f(o)
	}()
	<-ended
	for _, f := range o.cleanup {
		f()
	}
	return strings.Join(o.said, "\n")
}

func TestWhatAServerSaidIsShownIfTheTestFails(t *testing.T) {
	install(t, `console.error("the reason"); console.log("good day")`)
	got := run(t, func(t testing.TB) { npmserver.Start(t, "parrot/parrot.cjs", nil) })
	for _, want := range []string{`fail: parrot/parrot.cjs did not start`, `"good day"`, "make test-servers", "parrot/parrot.cjs said:\n", "the reason\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	install(t, parrot)
	if got := run(t, func(t testing.TB) { npmserver.Start(t, "parrot/parrot.cjs", nil) }); got != "" {
		t.Errorf("a test that went well says\n%s", got)
	}
}

func TestAServerThatIsNotInstalledIsSkippedButNotInCI(t *testing.T) {
	install(t, parrot)
	for ci, want := range map[string]string{"": "skip: SKIPPED: CANARY IS NOT INSTALLED (", "true": "fail: canary is not installed: "} {
		t.Setenv("CI", ci)
		got := run(t, func(t testing.TB) { npmserver.Start(t, "canary/canary.mjs", nil) })
		if !strings.HasPrefix(got, want) || !strings.Contains(got, "make test-servers installs it") {
			t.Errorf("CI=%s: %s", ci, got)
		}
	}
}

// TestAServerEndsWithTheTestBinary kills a test binary that has started one.
func TestAServerEndsWithTheTestBinary(t *testing.T) {
	if os.Getenv("PARROT_OWNER") != "" {
		s := npmserver.Start(t, "parrot/parrot.cjs", nil)
		fmt.Printf("port %d\n", s.Port)
		select {}
	}
	install(t, parrot)
	owner := exec.Command(os.Args[0], "-test.run=^TestAServerEndsWithTheTestBinary$")
	owner.Env = append(os.Environ(), "PARROT_OWNER=1")
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = owner.Wait() }()
	defer func() { _ = owner.Process.Kill() }()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	port, named := strings.CutPrefix(strings.TrimSpace(line), "port ")
	if n, _ := strconv.Atoi(port); err != nil || !named || n == 0 {
		t.Fatalf("it said %q, %v", line, err)
	}
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, conn) // ends when the server does
}
