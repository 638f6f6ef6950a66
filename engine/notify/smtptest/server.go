// Package smtptest starts a mail server that others wrote, for tests:
// smtp-server of npm (github.com/nodemailer/smtp-server).
package smtptest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// Options say how the server behaves; smtp-server.mjs describes them.
type Options struct {
	Secure   bool              `json:"secure,omitempty"`
	Key      string            `json:"key,omitempty"`
	Cert     string            `json:"cert,omitempty"`
	Users    map[string]string `json:"users,omitempty"`
	Methods  []string          `json:"methods,omitempty"`
	Insecure bool              `json:"insecure,omitempty"`
	Refuse   []string          `json:"refuse,omitempty"`
	Hang     string            `json:"hang,omitempty"`
	Echo     bool              `json:"echo,omitempty"`
	Slam     bool              `json:"slam,omitempty"`
}

// Mail is a mail that the server took.
type Mail struct {
	From   string
	To     []string
	User   string // who signed in; "" for nobody
	Secure bool   // whether it came encrypted
	Data   string // header and body as they came, one byte a character
}

// Server is a mail server on a port of the loopback interface.
type Server struct {
	Port  int
	mails chan Mail
	stop  func()
}

// waitLimit is how long a test waits for the server.
const waitLimit = 30 * time.Second

// Start starts a server that ends with the test. The test is skipped where the
// server is not installed, and fails there if CI is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	folder := os.Getenv("SCIMSYNC_TEST_SERVERS")
	if folder == "" {
		if cache, err := os.UserCacheDir(); err == nil {
			folder = filepath.Join(cache, "scimsync", "servers")
		}
	}
	script := filepath.Join(folder, "smtp-server", "smtp-server.mjs")
	if _, err := os.Stat(script); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("smtp-server is not installed: %v; make test-servers installs it", err)
		}
		t.Skipf("SKIPPED: SMTP-SERVER IS NOT INSTALLED (%v); make test-servers installs it", err)
	}
	options, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, string(options))
	cmd.Dir, cmd.Stderr = t.TempDir(), os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &Server{mails: make(chan Mail, 100)}
	ended := make(chan struct{})
	s.stop = func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	if lines.Scan() {
		s.Port, err = strconv.Atoi(lines.Text())
	}
	go func() { // before the test ends: Cleanup waits for it
		defer close(ended)
		for lines.Scan() {
			var m Mail
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				t.Errorf("smtp-server said %q", lines.Text())
			}
			s.mails <- m
		}
		_ = cmd.Wait() // it is killed, which is an error
	}()
	t.Cleanup(s.stop)
	if err != nil || s.Port == 0 {
		t.Fatalf("smtp-server did not start: %v", err)
	}
	return s
}

// Stop ends the server, so that nothing listens on its port any more, and
// returns the mails that it took and Next did not return.
func (s *Server) Stop() []Mail {
	s.stop()
	var rest []Mail
	for len(s.mails) > 0 {
		rest = append(rest, <-s.mails)
	}
	return rest
}

// Next waits for the next mail.
func (s *Server) Next(t testing.TB) Mail {
	t.Helper()
	select {
	case m := <-s.mails:
		return m
	case <-time.After(waitLimit):
		t.Fatal("no mail came")
		return Mail{}
	}
}
