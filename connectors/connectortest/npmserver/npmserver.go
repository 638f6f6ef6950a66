// Package npmserver starts servers that others wrote, and published on npm, for
// tests. servers/install, which "make test-servers" calls, puts them into a
// folder with the scripts that start them.
package npmserver

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// startLimit is how long a server may take to listen, on the slowest machine.
const startLimit = 2 * time.Minute

// orphaned makes a server end when the test binary does, in whatever way: its
// standard input ends then.
const orphaned = "data:text/javascript,process.stdin.resume().on('end',()=>process.exit())"

// Installed returns where the file or folder is that servers/install has put at
// this path. The test is skipped if it is not there, or node is not, and fails
// if CI is "true".
func Installed(t testing.TB, at string) string {
	t.Helper()
	folder := os.Getenv("SCIMSYNC_TEST_SERVERS")
	if folder == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(cache, "scimsync", "servers")
		}
	}
	file := filepath.Join(folder, filepath.FromSlash(at))
	_, err := os.Stat(file)
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil {
		name := strings.TrimSuffix(path.Base(at), path.Ext(at))
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: %v; make test-servers installs it", name, err)
		}
		t.Skipf("SKIPPED: %s IS NOT INSTALLED (%v); make test-servers installs it", strings.ToUpper(name), err)
	}
	return file
}

// Server is a server on a port of the loopback interface.
type Server struct {
	Port int

	cmd   *exec.Cmd
	ended chan struct{}
}

// Start runs the script, which Installed finds, with these arguments, and
// returns once it has said on its first line which port it listens on. line is
// called with each further line that it prints, in their order, and may be nil.
// The server ends with the test at the latest; if the test has failed by then,
// what the server said is in the test's log.
func Start(t testing.TB, script string, line func(string), args ...string) *Server {
	t.Helper()
	file := Installed(t, script)
	var said output
	s := &Server{ended: make(chan struct{})}
	s.cmd = exec.Command("node", append([]string{"--import", orphaned, file}, args...)...)
	s.cmd.Dir, s.cmd.Stderr = t.TempDir(), &said
	if _, err := s.cmd.StdinPipe(); err != nil { // Wait closes it
		t.Fatal(err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	port := make(chan string, 1)
	go func() {
		defer close(s.ended)
		defer func() { _ = s.cmd.Wait() }() // it is killed, which is an error
		defer close(port)
		lines := bufio.NewReader(stdout)
		for first := true; ; first = false {
			text, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = said.Write([]byte(text))
			switch text = strings.TrimSuffix(text, "\n"); {
			case first:
				port <- text
			case line != nil:
				line(text)
			}
		}
	}()
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", script, said.b.Bytes())
		}
	})
	select {
	case text := <-port:
		if s.Port, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s did not start: its first line is to be its port, and is %q; if it is another version, make test-servers installs the right one", script, text)
		}
	case <-time.After(startLimit):
		t.Fatalf("%s did not say its port within %v", script, startLimit)
	}
	return s
}

// Address returns host and port of the server.
func (s *Server) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// Stop ends the server, so that nothing listens on its port any more, and
// returns once it has and its last line was delivered.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// output gathers what a server says.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write is an io.Writer's.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}
