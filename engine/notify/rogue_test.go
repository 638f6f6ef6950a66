package notify_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/notify"
	"github.com/scimsync/scimsync/engine/notify/smtptest"
)

// rogue is a mail server that does what no mail server should. It returns its
// port, and a function that waits for the end of the conversation and returns
// what was said to it in the clear.
func rogue(t *testing.T, converse func(c net.Conn, heard io.Writer)) (port int, inTheClear func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	said := make(chan string, 1)
	go func() {
		var heard strings.Builder
		if c, err := l.Accept(); err == nil {
			converse(c, &heard)
			_ = c.Close()
		}
		said <- heard.String()
	}()
	return l.Addr().(*net.TCPAddr).Port, func() string { return <-said }
}

// answering answers each line that it hears, until the answer is "".
func answering(c net.Conn, heard io.Writer, answer func(line string) string) {
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Fprint(heard, line)
		said := answer(strings.TrimSpace(line))
		fmt.Fprint(c, said)
		if said == "" || strings.HasPrefix(line, "STARTTLS") {
			return
		}
	}
}

// TestRogueMailServers: whatever answers, no password is sent in the clear, none
// is in an error in any form, nothing that was said before the encryption counts
// after it, and no answer is too long for the memory.
func TestRogueMailServers(t *testing.T) {
	const password = "pa/ss+word-S3cret"
	plain := base64.StdEncoding.EncodeToString([]byte("\x00scim\x00" + password))
	c := smtptest.NewCertificate(t)
	certificate, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key))
	if err != nil {
		t.Fatal(err)
	}
	clear := func(answer func(line string) string) func(net.Conn, io.Writer) {
		return func(c net.Conn, heard io.Writer) {
			fmt.Fprint(c, "220 rogue\r\n")
			answering(c, heard, answer)
		}
	}
	// What a stranger puts in before the handshake offers another way to sign in.
	const injected = "250-rogue\r\n250 AUTH LOGIN\r\n334 UGFzc3dvcmQ6\r\n"
	encrypted := func(injected string, answer func(line string) string) func(net.Conn, io.Writer) {
		return func(c net.Conn, heard io.Writer) {
			clear(func(line string) string {
				if strings.HasPrefix(line, "STARTTLS") {
					return "220 go on\r\n" + injected
				}
				return "250-rogue\r\n250 STARTTLS\r\n"
			})(c, heard)
			answering(tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), io.Discard, answer)
		}
	}
	after := func(auth, others string) func(string) string { // how AUTH is answered, and the rest
		return func(line string) string {
			switch {
			case strings.HasPrefix(line, "EHLO"):
				return "250-rogue\r\n250 AUTH PLAIN\r\n"
			case strings.HasPrefix(line, "AUTH"):
				return strings.ReplaceAll(auth, "LINE", line)
			case strings.HasPrefix(line, "MAIL"):
				return "250 well\r\n"
			default:
				return others
			}
		}
	}
	endless := func(greeting, text string) func(net.Conn, io.Writer) {
		return func(c net.Conn, _ io.Writer) {
			fmt.Fprint(c, greeting)
			for {
				if _, err := io.WriteString(c, text); err != nil {
					return
				}
			}
		}
	}
	lie := func(c net.Conn, heard io.Writer) {
		clear(func(line string) string {
			if strings.HasPrefix(line, "STARTTLS") {
				return "220 go on\r\n"
			}
			return "250-rogue\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
		})(c, heard)
		_, _ = c.Read(make([]byte, 1<<10)) // the client's hello
		fmt.Fprint(c, "500 what do you say?\r\n")
		_, _ = io.Copy(heard, c)
	}
	for name, tc := range map[string]struct {
		converse func(net.Conn, io.Writer)
		want     string
	}{
		"STARTTLS is taken out": {clear(func(string) string { return "250-rogue\r\n250 AUTH PLAIN LOGIN\r\n" }), "offers no STARTTLS"},
		"STARTTLS is refused": {clear(func(l string) string {
			return map[bool]string{true: "454 later\r\n", false: "250-rogue\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"}[l == "STARTTLS"]
		}), "later"},
		"STARTTLS is a lie":          {lie, "offers STARTTLS and does not speak TLS then"},
		"answers before encryption":  {encrypted(injected, after("535 no\r\n", "250 well\r\n")), ""},
		"repeats the line":           {encrypted("", after("535 bad LINE\r\n", "")), "535 bad AUTH PLAIN ********"},
		"repeats it in two lines":    {encrypted("", after("535-bad "+plain[:9]+"\r\n535 "+plain[9:]+"\r\n", "")), "535 bad ********"},
		"repeats it for a recipient": {encrypted("", after("235 well\r\n", "550 "+base64.StdEncoding.EncodeToString([]byte("a:"+password))+"\r\n")), "refuses the recipient it@contoso.com: 550 ********"},
		"a greeting without end":     {endless("", "220-rogue\r\n"), "says more than any mail server"},
		"a line without end":         {endless("220 ", strings.Repeat("x", 1<<16)), "says more than any mail server"},
		"an answer without end":      {endless("220 rogue\r\n", "250-rogue\r\n"), "says more than any mail server"},
	} {
		t.Run(name, func(t *testing.T) {
			port, inTheClear := rogue(t, tc.converse)
			err := notify.Mails(notify.SMTP{
				Host: "127.0.0.1", Port: port, From: "scimsync@contoso.com", Username: "scim", Password: password,
				TLS: notify.StartTLS, RootCAs: c.Pool, Timeout: time.Minute, Place: place, Now: clock,
			}, []string{"it@contoso.com"})[0].Notify(context.Background(), notice(engine.Quarantined))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
			for _, secret := range []string{"S3cret", plain[:12], plain[12:], base64.StdEncoding.EncodeToString([]byte(password))[:12]} {
				if strings.Contains(fmt.Sprint(err), secret) {
					t.Errorf("the password is in %v", err)
				}
			}
			if heard := inTheClear(); strings.Contains(heard, "AUTH") || strings.Contains(heard, "MAIL FROM") {
				t.Errorf("in the clear: %s", heard)
			}
		})
	}
}
