package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mask"
)

// failure is an error in words, with its cause for errors.Is and errors.As.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.cause }

// explain says which step of a mail failed, what the server answered, and
// which setting to look at.
func (m *Mail) explain(ctx context.Context, err error) error {
	what, advice := m.step(ctx, err)
	text := fmt.Sprintf("%s: the mail server %s %s", m.Name(), m.server.address(), what)
	if advice != "" {
		text += ": " + advice
	}
	return &failure{text: clean(m.server.mask(text)), cause: err}
}

func (m *Mail) step(ctx context.Context, err error) (what, advice string) {
	var dialing *net.OpError
	var certificate *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var send *gomail.SendError
	var answer *textproto.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return "was not waited for: scimsync was told to stop", ""
	case errors.As(err, &dialing) && dialing.Op == "dial" && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "cannot be reached: " + dialing.Err.Error(), "check smtp.host and smtp.port, and that it runs"
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("did not answer within %s", m.server.Timeout), "check smtp.host and smtp.port, and that it is well"
	case errors.As(err, &certificate):
		return "has a certificate that is not trusted: " + certificate.Err.Error(), "check smtp.host, which the certificate must name, or give who signed it as smtp.caFile"
	case errors.As(err, &notTLS) && m.server.TLS == StartTLS:
		return "offers STARTTLS and does not speak TLS then", "something between may be breaking the encryption off; nothing was sent"
	case errors.As(err, &notTLS) && m.server.TLS == Implicit:
		return "does not begin with TLS", "write smtp.tls: starttls, or check smtp.port"
	case strings.Contains(err.Error(), "does not support STARTTLS"): // the library has no error value for it
		return "offers no STARTTLS", "write smtp.tls: implicit if it encrypts from the start, as on port 465; smtp.tls: none sends unencrypted"
	case errors.Is(err, errNoSignIn):
		return errNoSignIn.Error() + ", which are PLAIN and LOGIN", "leave smtp.username and smtp.password out, or use another port"
	case errors.Is(err, smtp.ErrUnencrypted):
		return "would get the password unencrypted", "write smtp.tls: starttls or implicit"
	case errors.As(err, &send):
		return m.refused(send)
	case errors.As(err, &answer) && answer.Code/100 == 5 && m.server.Username != "" && answer.Code != 554:
		return "refuses the user name or the password: " + said(answer.Error()), "check smtp.username and smtp.password"
	case errors.Is(err, errTalkative):
		return errTalkative.Error(), "check smtp.host and smtp.port"
	case errors.Is(err, io.EOF):
		return "closed the connection", "check smtp.port and smtp.tls"
	default:
		return "was left: " + plan.Printable(err.Error()), ""
	}
}

// refused says which part of a mail a server does not want.
func (m *Mail) refused(err *gomail.SendError) (what, advice string) {
	reason := said(err.Error())
	switch err.Reason {
	case gomail.ErrSMTPMailFrom:
		return "refuses the sender " + m.server.From + ": " + reason, "check smtp.from, and whether it wants smtp.username and smtp.password"
	case gomail.ErrSMTPRcptTo:
		return "refuses the recipient " + m.to + ": " + reason, "check settings.notificationEmail, and whether it wants smtp.username and smtp.password"
	default:
		return "did not take the mail: " + reason, ""
	}
}

// answered is the answer of a server as the library's errors repeat it.
var answered = regexp.MustCompile(`\b([245][0-9]{2}) ("(?:[^"\\]|\\.)*")`)

// said returns the answer of the server that an error tells of, the error's
// text if it tells of none.
func said(text string) string {
	text, _, _ = strings.Cut(text, ", affected ") // recipients and message
	if m := answered.FindStringSubmatch(text); m != nil {
		if unquoted, err := strconv.Unquote(m[2]); err == nil {
			return m[1] + " " + unquoted
		}
	}
	return text
}

// mask takes the password out of a text, also in the forms in which it is sent:
// a server may repeat what it was sent.
func (s SMTP) mask(text string) string {
	if s.Password == "" {
		return text
	}
	encode := base64.StdEncoding.EncodeToString
	return mask.New(s.Password, encode([]byte("\x00"+s.Username+"\x00"+s.Password)), encode([]byte(s.Password))).Mask(text)
}
