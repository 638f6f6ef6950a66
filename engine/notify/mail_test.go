package notify_test

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/notify"
	"github.com/scimsync/scimsync/engine/notify/smtptest"
	"github.com/scimsync/scimsync/engine/plan"
)

var update = flag.Bool("update", false, "write what is found as what is expected")

const password = "pass-word-of-the-test"

var (
	place = notify.Place{Host: "idm.contoso.com", Config: "/etc/scimsync/scimsync.yaml"}
	began = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
)

func clock() time.Time { return began.Add(time.Hour) }

// notice returns a notice of this kind as a cycle makes it.
func notice(kind engine.NoticeKind) engine.Notice {
	n := engine.Notice{
		ID: "scim-1-x", Kind: kind, Job: "blogin", JobID: "scim.e13f.8a1c", CycleID: "019ab", Began: began,
		Time: began.Add(30 * time.Minute), Imported: 1200, Summary: plan.Summary{Create: 3, Update: 14, Fail: 2},
	}
	switch kind {
	case engine.Quarantined:
		n.Reason, n.NextAttempt = "EncounteredQuarantineException", began.Add(90*time.Minute)
		n.Message = "testing the connection: GET https://app.contoso.com/scim/Users: HTTP 401: the token has expired"
		n.Imported, n.Summary = 0, plan.Summary{} // the cycle ended before it read the source
	case engine.DeletionsStaged:
		n.Reason, n.Summary = "TooManyDeletes", plan.Summary{} // the cycle ended before its first write
		n.Message = "the cycle would disable or delete 612 of 1000 active objects, and the job's threshold is 500. Nothing was written."
	case engine.Recovered:
		n.Reason = "EncounteredQuarantineException"
	}
	return n
}

// to returns a mail server's settings for that server.
func to(s *smtptest.Server, change ...func(*notify.SMTP)) notify.SMTP {
	o := notify.SMTP{
		Host: "127.0.0.1", Port: s.Port, From: "scimsync@contoso.com", TLS: notify.NoTLS,
		Timeout: 20 * time.Second, Place: place, Now: clock,
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func send(o notify.SMTP, recipient string, n engine.Notice) error {
	return notify.Mails(o, []string{recipient})[0].Notify(context.Background(), n)
}

// read returns a mail as its reader sees it.
func read(t *testing.T, m smtptest.Mail) (header mail.Header, body string) {
	t.Helper()
	raw := make([]byte, 0, len(m.Data))
	for _, r := range m.Data {
		raw = append(raw, byte(r))
	}
	parsed, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(quotedprintable.NewReader(parsed.Body))
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header, strings.ReplaceAll(string(content), "\r\n", "\n")
}

// TestWhatMailsLookLike sends one of each kind to a real server, and compares
// what arrives.
func TestWhatMailsLookLike(t *testing.T) {
	server := smtptest.Start(t, smtptest.Options{})
	hidden := regexp.MustCompile(`(?m)^Message-ID: .*$`)
	for _, tc := range []struct {
		name   string
		notice engine.Notice
	}{
		{"quarantined", notice(engine.Quarantined)},
		{"deletions", notice(engine.DeletionsStaged)},
		{"recovered", notice(engine.Recovered)},
		{"test", notice(engine.NoticeTest)},
		{"shrunk", func() engine.Notice {
			n := notice(engine.Quarantined)
			n.Reason = "IngestionInterrupted"
			n.Message = "the source has shrunk from 120 to 60 users, by more than 20 %. Nothing was written. Look at \"scimsync plan blogin\". " +
				"If it is right, \"scimsync allow-deletes blogin\" lets the next cycle do it; else correct the directory or the job"
			return n
		}()},
		{"foreign", func() engine.Notice {
			n := notice(engine.Quarantined)
			n.Reason, n.NextAttempt = "SomethingNew", time.Time{}
			n.Message = "Zoë Ångström 株式会社\r\nBcc: all@contoso.com\r\n\r\n\x1b[31mred\u202e\n.\n" + strings.Repeat("<p>long</p>", 60) + strings.Repeat("\nmore", 20)
			n.Job = "blo\r\nBcc: all@contoso.com\r\n\r\ngin"
			return n
		}()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := send(to(server), "it@contoso.com", tc.notice); err != nil {
				t.Fatal(err)
			}
			m := server.Next(t)
			header, body := read(t, m)
			var b strings.Builder
			for _, name := range []string{"Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Cc", "Bcc", "Auto-Submitted", "User-Agent", "X-Mailer", "Content-Type", "Content-Transfer-Encoding"} {
				for _, value := range header[name] {
					decoded, err := new(mime.WordDecoder).DecodeHeader(value)
					if err != nil {
						t.Fatal(err)
					}
					b.WriteString(name + ": " + decoded + "\n")
				}
				delete(header, name)
			}
			if len(header) > 0 {
				t.Errorf("also in the header: %v", header)
			}
			got := regexp.MustCompile(`(?m)^Message-Id: .*$`).ReplaceAllString(hidden.ReplaceAllString(b.String(), ""), "Message-Id: (hidden)") + "\n" + body
			path := filepath.Join("testdata", tc.name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff([]string{"it@contoso.com"}, m.To); diff != "" || m.From != "scimsync@contoso.com" {
				t.Errorf("from %s, to %s", m.From, diff)
			}
			for line := range strings.Lines(m.Data) {
				if len(line) > 998 || !strings.HasSuffix(line, "\r\n") {
					t.Errorf("a line that RFC 5322 forbids: %q", line)
				}
			}
		})
	}
}

// TestTheConnectionIsEncryptedAndTheSenderSignsIn by what the server offers.
func TestTheConnectionIsEncryptedAndTheSenderSignsIn(t *testing.T) {
	c := smtptest.NewCertificate(t)
	for _, tc := range []struct {
		name    string
		options smtptest.Options
		change  func(*notify.SMTP)
		user    string
		secure  bool
	}{
		{"STARTTLS", smtptest.Options{Key: c.Key, Cert: c.Cert}, func(o *notify.SMTP) { o.TLS = notify.StartTLS }, "", true},
		{"STARTTLS, PLAIN", smtptest.Options{Key: c.Key, Cert: c.Cert, Methods: []string{"PLAIN"}, Users: map[string]string{"ada": password}},
			func(o *notify.SMTP) { o.TLS, o.Username, o.Password = notify.StartTLS, "ada", password }, "ada", true},
		{"STARTTLS, LOGIN", smtptest.Options{Key: c.Key, Cert: c.Cert, Methods: []string{"LOGIN"}, Users: map[string]string{"ada": password}},
			func(o *notify.SMTP) { o.TLS, o.Username, o.Password = notify.StartTLS, "ada", password }, "ada", true},
		{"implicit, PLAIN", smtptest.Options{Secure: true, Key: c.Key, Cert: c.Cert, Users: map[string]string{"ada": password}},
			func(o *notify.SMTP) { o.TLS, o.Username, o.Password = notify.Implicit, "ada", password }, "ada", true},
		{"implicit, LOGIN", smtptest.Options{Secure: true, Key: c.Key, Cert: c.Cert, Methods: []string{"LOGIN"}, Users: map[string]string{"ada": password}},
			func(o *notify.SMTP) { o.TLS, o.Username, o.Password = notify.Implicit, "ada", password }, "ada", true},
		{"none, on this machine", smtptest.Options{Insecure: true, Users: map[string]string{"ada": password}},
			func(o *notify.SMTP) { o.Username, o.Password = "ada", password }, "ada", false},
		{"none, STARTTLS offered", smtptest.Options{Key: c.Key, Cert: c.Cert}, func(*notify.SMTP) {}, "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := smtptest.Start(t, tc.options)
			if err := send(to(server, func(o *notify.SMTP) { o.RootCAs = c.Pool }, tc.change), "it@contoso.com", notice(engine.NoticeTest)); err != nil {
				t.Fatal(err)
			}
			if m := server.Next(t); m.User != tc.user || m.Secure != tc.secure {
				t.Errorf("user %q, encrypted %t", m.User, m.Secure)
			}
		})
	}
}

// TestWhatAMailThatFailsSays checks the whole text of each error, and that it
// holds no password.
func TestWhatAMailThatFailsSays(t *testing.T) {
	c := smtptest.NewCertificate(t)
	users := map[string]string{"ada": password}
	starttls := func(o *notify.SMTP) { o.TLS, o.RootCAs = notify.StartTLS, c.Pool }
	for _, tc := range []struct {
		name    string
		options smtptest.Options
		change  func(*notify.SMTP)
		want    string // after "mail to it@contoso.com: the mail server 127.0.0.1:PORT "
	}{
		{"wrong password", smtptest.Options{Key: c.Key, Cert: c.Cert, Users: users},
			func(o *notify.SMTP) { starttls(o); o.Username, o.Password = "ada", "guessed-it-wrong" },
			`refuses the user name or the password: 535 5.7.8 authentication credentials invalid: check smtp.username and smtp.password`},
		{"wrong password, LOGIN", smtptest.Options{Key: c.Key, Cert: c.Cert, Users: users, Methods: []string{"LOGIN"}},
			func(o *notify.SMTP) { starttls(o); o.Username, o.Password = "ada", "guessed-it-wrong" },
			`refuses the user name or the password: 535 5.7.8 authentication credentials invalid: check smtp.username and smtp.password`},
		{"wrong password, repeated by the server", smtptest.Options{Key: c.Key, Cert: c.Cert, Users: users, Echo: true},
			func(o *notify.SMTP) { starttls(o); o.Username, o.Password = "ada", "guessed-it-wrong" },
			`refuses the user name or the password: 535 5.7.8 authentication credentials invalid ******** ********: check smtp.username and smtp.password`},
		{"recipient refused", smtptest.Options{Refuse: []string{"it@contoso.com"}}, func(*notify.SMTP) {},
			`refuses the recipient it@contoso.com: 550 5.1.1 no such mailbox here: check settings.notificationEmail, and whether it wants smtp.username and smtp.password`},
		{"sign-in wanted", smtptest.Options{Insecure: true, Users: users}, func(*notify.SMTP) {},
			`refuses the sender scimsync@contoso.com: 530 Error: authentication Required: check smtp.from, and whether it wants smtp.username and smtp.password`},
		{"no sign-in offered", smtptest.Options{Key: c.Key, Cert: c.Cert}, func(o *notify.SMTP) { starttls(o); o.Username, o.Password = "ada", password },
			`offers no way to sign in that scimsync knows, which are PLAIN and LOGIN: leave smtp.username and smtp.password out, or use another port`},
		{"no STARTTLS", smtptest.Options{}, starttls,
			`offers no STARTTLS: write smtp.tls: implicit if it encrypts from the start, as on port 465; smtp.tls: none sends unencrypted`},
		{"a stranger's certificate, STARTTLS", smtptest.Options{Key: c.Key, Cert: c.Cert}, func(o *notify.SMTP) { o.TLS, o.RootCAs = notify.StartTLS, x509.NewCertPool() },
			`has a certificate that is not trusted: x509: certificate signed by unknown authority: check smtp.host, which the certificate must name, or give who signed it as smtp.caFile`},
		{"a stranger's certificate, implicit", smtptest.Options{Secure: true, Key: c.Key, Cert: c.Cert}, func(o *notify.SMTP) { o.TLS, o.RootCAs = notify.Implicit, x509.NewCertPool() },
			`has a certificate that is not trusted: x509: certificate signed by unknown authority: check smtp.host, which the certificate must name, or give who signed it as smtp.caFile`},
		{"another machine's certificate", smtptest.Options{Key: c.Key, Cert: c.Cert}, func(o *notify.SMTP) { starttls(o); o.Host = "localhost" },
			`has a certificate that is not trusted: x509: certificate is not valid for any names, but wanted to match localhost: check smtp.host, which the certificate must name, or give who signed it as smtp.caFile`},
		{"implicit to a server that speaks first", smtptest.Options{}, func(o *notify.SMTP) { o.TLS = notify.Implicit },
			`does not begin with TLS: write smtp.tls: starttls, or check smtp.port`},
		{"hangs before it greets", smtptest.Options{Hang: "connect"}, func(o *notify.SMTP) { o.Timeout = time.Second },
			`did not answer within 1s: check smtp.host and smtp.port, and that it is well`},
		{"hangs at the recipient", smtptest.Options{Hang: "recipient"}, func(o *notify.SMTP) { o.Timeout = time.Second },
			`did not answer within 1s: check smtp.host and smtp.port, and that it is well`},
		{"hangs after the text", smtptest.Options{Hang: "data"}, func(o *notify.SMTP) { o.Timeout = time.Second },
			`did not answer within 1s: check smtp.host and smtp.port, and that it is well`},
		{"from is no address", smtptest.Options{}, func(o *notify.SMTP) { o.From = "scimsync\r\nBcc: all@contoso.com" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := smtptest.Start(t, tc.options)
			err := send(to(server, tc.change), "it@contoso.com", notice(engine.NoticeTest))
			if err == nil {
				t.Fatal("it was sent")
			}
			got := strings.NewReplacer("localhost:"+port(server), "127.0.0.1:PORT", "127.0.0.1:"+port(server), "127.0.0.1:PORT").Replace(err.Error())
			if tc.want != "" {
				if diff := cmp.Diff("mail to it@contoso.com: the mail server 127.0.0.1:PORT "+tc.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
			for _, secret := range []string{password, "guessed-it-wrong"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("a password in %v", err)
				}
			}
			if rest := server.Stop(); len(rest) > 0 {
				t.Errorf("a mail came: %v", rest)
			}
		})
	}
}

func TestAServerThatIsDown(t *testing.T) {
	server := smtptest.Start(t, smtptest.Options{})
	server.Stop()
	err := send(to(server), "it@contoso.com", notice(engine.NoticeTest))
	want := "mail to it@contoso.com: the mail server 127.0.0.1:" + port(server) + " cannot be reached: connect: connection refused: check smtp.host and smtp.port, and that it runs"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestAMailThatWasTakenIsSent, whatever the server does then: an error would
// have it sent again.
func TestAMailThatWasTakenIsSent(t *testing.T) {
	server := smtptest.Start(t, smtptest.Options{Slam: true})
	if err := send(to(server), "it@contoso.com", notice(engine.NoticeTest)); err != nil {
		t.Error(err)
	}
	server.Next(t)
}

// TestAMailThatIsUnderWayEndsWithItsContext at once.
func TestAMailThatIsUnderWayEndsWithItsContext(t *testing.T) {
	for _, hang := range []string{"connect", "recipient", "data"} {
		t.Run(hang, func(t *testing.T) {
			server := smtptest.Start(t, smtptest.Options{Hang: hang})
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			start := time.Now()
			err := notify.Mails(to(server, func(o *notify.SMTP) { o.Timeout = time.Minute }), []string{"it@contoso.com"})[0].Notify(ctx, notice(engine.NoticeTest))
			if err == nil || time.Since(start) > 20*time.Second {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		})
	}
	server := smtptest.Start(t, smtptest.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := notify.Mails(to(server), []string{"it@contoso.com"})[0].Notify(ctx, notice(engine.NoticeTest))
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "scimsync was told to stop") {
		t.Error(err)
	}
}

func TestRecipients(t *testing.T) {
	for list, want := range map[string]string{
		"it@contoso.com": "it@contoso.com",
		" it@contoso.com ; ada@contoso.com, IT@contoso.com,": "it@contoso.com ada@contoso.com",
		"zoë@contoso.com":                        "zoë@contoso.com",
		"it@contoso.com, nobody":                 `"nobody" is not a mail address such as it@contoso.com`,
		"it@contoso.com,a b@c":                   `"a b@c" is not a mail address such as it@contoso.com`,
		"IT <it@contoso.com>":                    `"IT <it@contoso.com>" is not a mail address such as it@contoso.com`,
		"it@contoso.com\r\nBcc: all@contoso.com": `"it@contoso.com\r\nBcc: all@contoso.com" is not a mail address such as it@contoso.com`,
	} {
		all, err := notify.Recipients(list)
		got := strings.Join(all, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", list, got, want)
		}
	}
}

func port(s *smtptest.Server) string { return strconv.Itoa(s.Port) }
