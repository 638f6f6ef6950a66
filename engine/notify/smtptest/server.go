// Package smtptest starts a mail server that others wrote, for tests:
// smtp-server of npm (github.com/nodemailer/smtp-server).
package smtptest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/connectortest/npmserver"
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
	Port   int
	server *npmserver.Server
	mails  chan Mail
}

// waitLimit is how long a test waits for a mail.
const waitLimit = 30 * time.Second

// Start starts a server that ends with the test. The test is skipped where the
// server is not installed, and fails there if CI is set.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	options, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{mails: make(chan Mail, 100)}
	s.server = npmserver.Start(t, "smtp-server/smtp-server.mjs", func(line string) {
		var m Mail
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Errorf("smtp-server said %q", line)
		}
		s.mails <- m
	}, string(options))
	s.Port = s.server.Port
	return s
}

// Stop ends the server, so that nothing listens on its port any more, and
// returns the mails that it took and Next did not return.
func (s *Server) Stop() []Mail {
	s.server.Stop()
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
