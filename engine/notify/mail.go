package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/scimsync/scimsync/engine"
)

// TLS says how the connection to a mail server is encrypted.
type TLS string

// The ways of encryption. Each verifies the server's certificate.
const (
	StartTLS TLS = "starttls" // RFC 3207; a server that does not offer it gets no mail
	Implicit TLS = "implicit" // from the first byte on (RFC 8314), usually on port 465
	NoTLS    TLS = "none"     // not at all: for a server on this machine
)

// mailTimeout is how long a mail server may take for one mail.
const mailTimeout = 40 * time.Second

// SMTP is a mail server and how to send by it.
type SMTP struct {
	Host     string
	Port     int
	From     string // the sender's address
	Username string // "" to send without signing in
	Password string
	TLS      TLS
	RootCAs  *x509.CertPool // who may sign the server's certificate; nil for the machine's own
	Timeout  time.Duration  // for one mail; 0 for 40 seconds
	Place    Place
	Now      func() time.Time
}

// Mail sends notices to one recipient: who gets a mail of his own does not
// suffer from the address of another one being wrong.
type Mail struct {
	server SMTP
	to     string
}

// Mails returns a notifier for each recipient.
func Mails(server SMTP, recipients []string) []engine.Notifier {
	if server.Timeout == 0 {
		server.Timeout = mailTimeout
	}
	all := make([]engine.Notifier, len(recipients))
	for i, to := range recipients {
		all[i] = &Mail{server: server, to: to}
	}
	return all
}

// Name returns "mail to " and the address.
func (m *Mail) Name() string { return "mail to " + m.to }

// Notify sends one mail. It returns nil once the server has taken it, whatever
// the server does after that: a second mail would be worse. Its errors say
// which step failed, what the server answered, and which setting to look at.
func (m *Mail) Notify(ctx context.Context, n engine.Notice) error {
	msg, err := m.message(n)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name(), err)
	}
	ctx, cancel := context.WithTimeout(ctx, m.server.Timeout)
	defer cancel()
	if err := m.send(ctx, msg); err != nil {
		return m.explain(ctx, err)
	}
	return nil
}

func (m *Mail) send(ctx context.Context, msg *gomail.Msg) error {
	line := &line{server: m.server}
	defer line.close()
	// The library looks at the context while it dials, and no more after that.
	defer context.AfterFunc(ctx, line.close)()
	options := []gomail.Option{
		gomail.WithPort(m.server.Port), gomail.WithTimeout(m.server.Timeout), gomail.WithDialContextFunc(line.dial),
		gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithTLSConfig(m.server.tlsConfig()), gomail.WithoutNoop(),
	}
	if m.server.TLS == StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.server.Username != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&signIn{server: m.server}))
	}
	client, err := gomail.NewClient(m.server.Host, options...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	err = client.SendWithSMTPClient(session, msg)
	if err != nil && !msg.IsDelivered() {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // a farewell: the mail is on its way
	return nil
}

// line is the connection, which ends with the context.
type line struct {
	server SMTP
	conn   atomic.Pointer[net.Conn]
}

func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn = &bounded{Conn: conn}
	l.conn.Store(&conn)
	if ctx.Err() != nil {
		l.close()
	}
	if l.server.TLS != Implicit {
		return conn, nil
	}
	encrypted := tls.Client(conn, l.server.tlsConfig())
	if err := encrypted.HandshakeContext(ctx); err != nil {
		l.close()
		return nil, err
	}
	return encrypted, nil
}

func (l *line) close() {
	if conn := l.conn.Load(); conn != nil {
		_ = (*conn).Close() // an error of a connection that nobody needs any more
	}
}

// maxConversation is how much a mail server may say for one mail, in bytes, with
// its certificates.
const maxConversation = 1 << 20

var errTalkative = errors.New("says more than any mail server has to say")

// bounded is a connection of which no more than maxConversation bytes are read:
// a line without end would fill the memory.
type bounded struct {
	net.Conn
	read int // one goroutine reads at a time
}

// Read reads from the connection.
func (b *bounded) Read(p []byte) (int, error) {
	if b.read >= maxConversation {
		return 0, errTalkative
	}
	n, err := b.Conn.Read(p[:min(len(p), maxConversation-b.read)])
	b.read += n
	return n, err
}

func (s SMTP) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12}
}

// CertPool returns the system's authorities and those of a PEM file. The error
// names the file.
func CertPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file %s cannot be read: %w", path, errors.Unwrap(err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without authorities
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the file %s holds no certificate: it is to hold PEM", path)
	}
	return pool, nil
}

func (s SMTP) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// message returns the mail: plain text, UTF-8, and a header that tells other
// programs not to answer it (RFC 3834, 5).
func (m *Mail) message(n engine.Notice) (*gomail.Msg, error) {
	subject, body, err := text(n, m.server.Place)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(m.server.From); err != nil {
		return nil, fmt.Errorf("smtp.from: %w", err)
	}
	if err := msg.To(m.to); err != nil {
		return nil, fmt.Errorf("settings.notificationEmail: %w", err)
	}
	msg.SetDateWithValue(m.server.Now())
	msg.SetMessageID()
	msg.Subject(subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, body)
	return msg, nil
}

// errNoSignIn says that a server offers neither of the ways to sign in.
var errNoSignIn = errors.New("offers no way to sign in that scimsync knows")

// signIn is PLAIN or LOGIN, whichever the server offers.
type signIn struct {
	server SMTP
	smtp.Auth
}

// Start picks the way. Both refuse to send a password that is not
// encrypted, unless to this machine.
func (s *signIn) Start(offered *smtp.ServerInfo) (mechanism string, first []byte, err error) {
	for _, way := range []struct {
		name string
		auth smtp.Auth
	}{
		{"PLAIN", smtp.PlainAuth("", s.server.Username, s.server.Password, s.server.Host, false)},
		{"LOGIN", smtp.LoginAuth(s.server.Username, s.server.Password, s.server.Host, false)},
	} {
		if slices.Contains(offered.Auth, way.name) {
			s.Auth = way.auth
			return s.Auth.Start(offered)
		}
	}
	return "", nil, errNoSignIn
}
