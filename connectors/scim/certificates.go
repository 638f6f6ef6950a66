package scim

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// ErrTLS is in the chain of an error of a TLS handshake: a certificate that is
// not good, the application's or this side's, or no common version. The message
// says what to do.
var ErrTLS = errors.New("no TLS")

// tlsError tells a failed handshake in words.
type tlsError struct {
	text string
	err  error
}

func (e *tlsError) Error() string   { return e.text }
func (e *tlsError) Unwrap() []error { return []error{ErrTLS, e.err} }

// explainTLS returns what a failed handshake means: its class, and an error
// that names the certificate and says what to do. It is nil for any other error.
// To try again would only fail again.
//
// A certificate that cannot be trusted has class NotSCIM: what answers may not
// be the application. A client certificate that is not taken has class
// Credentials. Both end a cycle before its first write.
func (t *Target) explainTLS(err error) (connectors.Class, error) {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "proxyconnect" { // that of the proxy, as the error says itself
		return "", nil
	}
	class, text := connectors.NotSCIM, t.explainServer(err)
	if text == "" {
		text = explainProtocol(err)
	}
	if text == "" {
		class, text = t.explainAlert(err)
	}
	if text == "" {
		return "", nil
	}
	return class, &tlsError{text, err}
}

// explainProtocol says that there is no TLS 1.2 or newer; "" for any other error.
func explainProtocol(err error) string {
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &plain) && plain.Conn != nil, errors.Is(err, http.ErrSchemeMismatch): // of the first record alone
		return fmt.Sprintf("what answers there does not speak TLS (%v): check host and port of the tenant URL", err)
	case isTLS(err) && strings.Contains(err.Error(), "protocol version"): // Go has no type for it
		return fmt.Sprintf("the application speaks no TLS 1.2 or newer (%v): older versions are not safe, and not used", err)
	default:
		return ""
	}
}

// isTLS reports whether an error comes from crypto/tls, rather than from what
// answered, which may say anything.
func isTLS(err error) bool {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return strings.HasPrefix(err.Error(), "tls: ")
}

// explainServer says why the application's certificate is not trusted; "" for
// any other error.
func (t *Target) explainServer(err error) string {
	var (
		invalid   x509.CertificateInvalidError
		hostname  x509.HostnameError
		authority x509.UnknownAuthorityError
		failed    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		now := t.opts.Now()
		if now.Before(invalid.Cert.NotBefore) {
			return fmt.Sprintf("%s is not valid yet: it begins at %s, and the clock of this machine says %s. "+
				"Set the clock if it is wrong", theirs(invalid.Cert), moment(invalid.Cert.NotBefore), moment(now))
		}
		return fmt.Sprintf("%s has expired: it was valid until %s. It has to be renewed there; nothing is sent until then",
			theirs(invalid.Cert), moment(invalid.Cert.NotAfter))
	case errors.As(err, &hostname) && hostname.Certificate != nil:
		return fmt.Sprintf("%s is for another host: it is made out for %s, not for %s, valid until %s. "+
			"Check the tenant URL; if this is how the application is set up, give the name as target.tls.serverName",
			theirs(hostname.Certificate), namesIn(hostname.Certificate), hostname.Host, moment(hostname.Certificate.NotAfter))
	case errors.As(err, &authority):
		cert := authority.Cert
		if errors.As(err, &failed) && len(failed.UnverifiedCertificates) > 0 {
			cert = failed.UnverifiedCertificates[0]
		}
		if cert == nil {
			return ""
		}
		return fmt.Sprintf("%s is signed by an authority that is not known here: %s, valid until %s. "+
			"If it is a private authority, give its certificate as target.tls.caFile; if not, something between may be reading along",
			theirs(cert), issuerOf(cert), moment(cert.NotAfter))
	case errors.As(err, &failed) && len(failed.UnverifiedCertificates) > 0:
		cert := failed.UnverifiedCertificates[0]
		return fmt.Sprintf("%s cannot be trusted: %v. It was issued by %s and is valid until %s",
			theirs(cert), failed.Err, issuerOf(cert), moment(cert.NotAfter))
	default:
		return ""
	}
}

// explainAlert says what the application does not like about the client
// certificate (RFC 8446 section 6.2); "" for any other error. Go tells alerts
// by their text alone.
func (t *Target) explainAlert(err error) (connectors.Class, string) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return "", ""
	}
	alert := strings.TrimPrefix(op.Err.Error(), "tls: ")
	switch {
	case alert == "internal error", alert == "bad record MAC": // it may come at any time, and go
		return "", ""
	case !strings.Contains(alert, "certificate") && !strings.Contains(alert, "access denied"):
		// Servers with TLS 1.2 say no more, also where a certificate is missing.
		return connectors.NotSCIM, fmt.Sprintf("the application breaks the TLS handshake off (its alert: %s). "+
			"It may ask for a client certificate, which target.tls.certFile and keyFile give, or for another one", alert)
	case t.opts.TLS.CertFile == "":
		return connectors.Credentials, fmt.Sprintf("the application asks for a client certificate (its alert: %s): "+
			"give one as target.tls.certFile and keyFile", alert)
	default:
		return connectors.Credentials, t.explainOwn(alert)
	}
}

// explainOwn says which client certificate is not taken, and until when it is
// valid.
func (t *Target) explainOwn(alert string) string {
	which := "the client certificate of " + t.opts.TLS.CertFile
	pair, loadErr := t.opts.TLS.pair()
	if loadErr != nil || pair.Leaf == nil {
		return fmt.Sprintf("the application refuses %s (its alert: %s)", which, alert)
	}
	which += ", " + nameOf(pair.Leaf)
	if until := pair.Leaf.NotAfter; t.opts.Now().After(until) {
		return fmt.Sprintf("%s has expired: it was valid until %s. Renew it (the application's alert: %s)", which, moment(until), alert)
	}
	return fmt.Sprintf("the application refuses %s, issued by %s, valid until %s (its alert: %s): "+
		"have it registered there, or give the one that is", which, issuerOf(pair.Leaf), moment(pair.Leaf.NotAfter), alert)
}

func theirs(c *x509.Certificate) string { return "the application's certificate " + nameOf(c) }

// nameOf is how people know a certificate: its common name, or the first host
// that it is for.
func nameOf(c *x509.Certificate) string {
	switch {
	case c.Subject.CommonName != "":
		return "CN=" + printable(c.Subject.CommonName)
	case len(c.DNSNames)+len(c.IPAddresses) > 0:
		return "for " + namesIn(c)
	default:
		return "number " + c.SerialNumber.Text(16)
	}
}

func issuerOf(c *x509.Certificate) string {
	if name := c.Issuer.String(); name != "" {
		return printable(name)
	}
	return "an authority without a name"
}

// namesIn lists the hosts that a certificate is for, the first few of them.
func namesIn(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const most = 5
	switch {
	case len(names) == 0:
		return "no host at all"
	case len(names) > most:
		return printable(strings.Join(names[:most], ", ")) + fmt.Sprintf(" and %d more", len(names)-most)
	default:
		return printable(strings.Join(names, ", "))
	}
}

// printable keeps what a certificate of anybody's making says off a terminal's
// controls.
func printable(s string) string {
	return shorten(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s), 200)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
