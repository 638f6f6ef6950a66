package scim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// authority is a certificate authority of a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issued is a certificate with its key.
type issued struct {
	cert []byte // PEM
	key  []byte // PEM
	pair tls.Certificate
}

var serial atomic.Int64

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{t, cert, key}
}

func (a *authority) pem() []byte { return block("CERTIFICATE", a.cert.Raw) }

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue makes a certificate for 127.0.0.1, as the changes have it.
func (a *authority) issue(changes ...func(*x509.Certificate)) issued {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)), Subject: pkix.Name{CommonName: "app"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, change := range changes {
		change(template)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	i := issued{cert: block("CERTIFICATE", der), key: block("PRIVATE KEY", private)}
	if i.pair, err = tls.X509KeyPair(i.cert, i.key); err != nil {
		a.t.Fatal(err)
	}
	return i
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// tlsApp is an application that speaks TLS with the certificate of the moment.
type tlsApp struct {
	*httptest.Server
	requests atomic.Int64
	mu       sync.Mutex
	cert     tls.Certificate
	shown    []string // the serial number of the client certificate of each request
}

func newTLSApp(t *testing.T, cert issued, change func(*tls.Config)) *tlsApp {
	t.Helper()
	app := &tlsApp{cert: cert.pair}
	app.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app.requests.Add(1)
		app.mu.Lock()
		defer app.mu.Unlock()
		for _, c := range r.TLS.PeerCertificates {
			app.shown = append(app.shown, c.SerialNumber.String())
		}
		fmt.Fprint(w, oneID)
	}))
	app.Config.ErrorLog = log.New(io.Discard, "", 0)
	app.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		app.mu.Lock()
		defer app.mu.Unlock()
		return &app.cert, nil
	}}
	if change != nil {
		change(app.TLS)
	}
	app.StartTLS()
	app.TLS.Certificates = nil // httptest's own
	t.Cleanup(app.Close)
	return app
}

func (app *tlsApp) present(cert issued) {
	app.mu.Lock()
	defer app.mu.Unlock()
	app.cert = cert.pair
}

func write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func newTLSTarget(t *testing.T, url string, files TLS) *Target {
	t.Helper()
	target, err := New(Options{TenantURL: url, SecretToken: testToken, TLS: files, RetryWait: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.CloseIdleConnections)
	return target
}

func TestCertificatesOfTheApplication(t *testing.T) {
	dir := t.TempDir()
	ours, other := newAuthority(t, "Contoso Root"), newAuthority(t, "Mallory Root")
	caFile := filepath.Join(dir, "ca.pem")
	write(t, caFile, ours.pem())
	day := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
	past, future := time.Now().Add(-30*time.Minute), time.Now().Add(30*time.Minute)
	for _, tt := range []struct {
		name  string
		cert  issued
		files TLS
		says  []string // nothing if the certificate is good
	}{
		{"a private authority", ours.issue(), TLS{CAFile: caFile}, nil},
		{"another name", ours.issue(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"scim.internal"} }),
			TLS{CAFile: caFile, ServerName: "scim.internal"}, nil},
		{"unknown authority", other.issue(), TLS{CAFile: caFile}, []string{"certificate CN=app is signed by an authority that is not known here: CN=Mallory Root, valid until ", "target.tls.caFile"}},
		{"the system's authorities alone", ours.issue(), TLS{}, []string{"CN=Contoso Root", "target.tls.caFile"}},
		{"expired", ours.issue(func(c *x509.Certificate) { c.NotAfter = past }), TLS{CAFile: caFile},
			[]string{"certificate CN=app has expired: it was valid until " + day(past), "renewed"}},
		{"not yet valid", ours.issue(func(c *x509.Certificate) { c.NotBefore = future }), TLS{CAFile: caFile},
			[]string{"not valid yet: it begins at " + day(future), "clock"}},
		{"wrong host", ours.issue(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"a.example.com", "b.example.com"} }), TLS{CAFile: caFile},
			[]string{"made out for a.example.com, b.example.com, not for 127.0.0.1, valid until ", "target.tls.serverName"}},
		{"no host", ours.issue(func(c *x509.Certificate) { c.IPAddresses, c.Subject = nil, pkix.Name{} }), TLS{CAFile: caFile}, []string{"for another host", "no host at all", "number "}},
		{"the name that was not asked for", ours.issue(), TLS{CAFile: caFile, ServerName: "scim.internal"}, []string{"not for scim.internal"}},
		{"for clients", ours.issue(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }), TLS{CAFile: caFile},
			[]string{"cannot be trusted: ", "key usage", "issued by CN=Contoso Root"}},
		{"a terminal's controls", other.issue(func(c *x509.Certificate) { c.Subject.CommonName = "\x1b[2Japp" }), TLS{CAFile: caFile}, []string{"CN=\uFFFD[2Japp"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := newTLSApp(t, tt.cert, nil)
			for doing, do := range doings {
				if tt.says == nil && doing != "get" && doing != "patch" {
					continue // the answer is that of one object
				}
				before := app.requests.Load()
				target := newTLSTarget(t, app.URL, tt.files)
				err := do(target)
				if tt.says == nil {
					if err != nil {
						t.Errorf("%s: %v", doing, err)
					}
					continue
				}
				if connectors.ClassOf(err) != connectors.NotSCIM || !errors.Is(err, ErrTLS) || app.requests.Load() != before {
					t.Errorf("%s: class %s, %d requests: %v", doing, connectors.ClassOf(err), app.requests.Load()-before, err)
				}
				for _, says := range tt.says {
					if err == nil || !strings.Contains(err.Error(), says) {
						t.Errorf("%s: %v does not say %q", doing, err, says)
					}
				}
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	ours, other := newAuthority(t, "Contoso Root"), newAuthority(t, "Mallory Root")
	caFile := filepath.Join(dir, "ca.pem")
	write(t, caFile, ours.pem())
	client := func(name string, i issued) TLS {
		files := TLS{CAFile: caFile, CertFile: filepath.Join(dir, name+".pem"), KeyFile: filepath.Join(dir, name+".key")}
		write(t, files.CertFile, i.cert)
		write(t, files.KeyFile, i.key)
		return files
	}
	past := time.Now().Add(-30 * time.Minute)
	for _, tt := range []struct {
		name  string
		files TLS
		class connectors.Class // "" if it is taken
		says  string
	}{
		{"none", TLS{CAFile: caFile}, connectors.NotSCIM, "breaks the TLS handshake off (its alert: handshake failure). It may ask for a client certificate, which target.tls.certFile and keyFile give"},
		{"good", client("good", ours.issue()), "", ""},
		{"of another authority", client("other", other.issue()), connectors.Credentials, "other.pem, CN=app, issued by CN=Mallory Root, valid until "},
		{"expired", client("expired", ours.issue(func(c *x509.Certificate) { c.NotAfter = past })), connectors.Credentials, "expired.pem, CN=app has expired: it was valid until " + past.UTC().Format("2006-01-02 15:04")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// With TLS 1.3 the alert comes after the handshake, and at times is lost.
			app := newTLSApp(t, ours.issue(), func(c *tls.Config) {
				c.ClientAuth, c.ClientCAs, c.MaxVersion = tls.RequireAndVerifyClientCert, ours.pool(), tls.VersionTLS12
			})
			err := doings["get"](newTLSTarget(t, app.URL, tt.files))
			if tt.class == "" {
				if err != nil || len(app.shown) != 1 {
					t.Errorf("error %v, shown %v", err, app.shown)
				}
				return
			}
			if connectors.ClassOf(err) != tt.class || !errors.Is(err, ErrTLS) || !strings.Contains(err.Error(), tt.says) || app.requests.Load() > 0 {
				t.Errorf("class %s, %d requests, want %q: %v", connectors.ClassOf(err), app.requests.Load(), tt.says, err)
			}
		})
	}
}

// TestAlertOfTLS13: a server that says so asks for a certificate.
func TestAlertOfTLS13(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	for _, doing := range []string{"get", "post", "test"} {
		target, s := newScripted(t, Options{}, reply{err: alert})
		err := doings[doing](target)
		if connectors.ClassOf(err) != connectors.Credentials || len(s.requests) != 1 || !errors.Is(err, alert) ||
			!strings.Contains(err.Error(), "asks for a client certificate (its alert: certificate required): give one as target.tls.certFile and keyFile") {
			t.Errorf("%d requests: %v", len(s.requests), err)
		}
	}
}

// TestTLSThatBreaksOff after it was there is a connection that broke off: it is
// tried again where that is safe, and is no reason to look at certificates.
func TestTLSThatBreaksOff(t *testing.T) {
	ca := newAuthority(t, "Contoso Root")
	cert := ca.issue()
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	write(t, caFile, ca.pem())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	var requests atomic.Int64
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			encrypted := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert.pair}, MinVersion: tls.VersionTLS12})
			if _, err := encrypted.Read(make([]byte, 4<<10)); err == nil {
				requests.Add(1)
				_, _ = io.WriteString(conn, "HTTP/1.1 502 Bad Gateway\r\n\r\n") // in the clear, as a balancer that is broken
			}
			_ = conn.Close()
		}
	}()
	for name, target := range map[string]func() (*Target, func() int64){
		"plain text": func() (*Target, func() int64) {
			before := requests.Load()
			return newTLSTarget(t, "https://"+l.Addr().String(), TLS{CAFile: caFile}), func() int64 { return requests.Load() - before }
		},
		"an alert": func() (*Target, func() int64) {
			target, s := newScripted(t, Options{RetryWait: time.Nanosecond}, reply{err: &net.OpError{Op: "remote error", Err: errors.New("tls: internal error")}})
			return target, func() int64 { return int64(len(s.requests)) }
		},
	} {
		for doing, want := range map[string]int64{"get": 4, "patch": 4, "post": 1} {
			target, sent := target()
			err := doings[doing](target)
			var e *connectors.Error
			if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful != (doing != "get") || sent() != want {
				t.Errorf("%s, %s: %d requests, doubtful %v: %v", name, doing, sent(), e != nil && e.Doubtful, err)
			}
		}
	}
}

// TestNoTLS: plain HTTP behind https is told as what it is.
func TestNoTLS(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	err := doings["get"](newTLSTarget(t, strings.Replace(s.URL, "http:", "https:", 1), TLS{}))
	if connectors.ClassOf(err) != connectors.NotSCIM || !strings.Contains(err.Error(), "check host and port of the tenant URL") {
		t.Error(err)
	}
}

// TestRenewedCertificates replaces the files while a target is in use.
func TestRenewedCertificates(t *testing.T) {
	dir := t.TempDir()
	before, after := newAuthority(t, "Root 2025"), newAuthority(t, "Root 2026")
	files := TLS{CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "client.pem"), KeyFile: filepath.Join(dir, "client.key")}
	first, second := before.issue(), after.issue()
	write(t, files.CAFile, before.pem())
	write(t, files.CertFile, first.cert)
	write(t, files.KeyFile, first.key)
	app := newTLSApp(t, before.issue(), func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert })
	target := newTLSTarget(t, app.URL, files)
	get := func(what string, works bool) {
		t.Helper()
		app.CloseClientConnections() // so that there is a handshake
		target.CloseIdleConnections()
		if err := doings["get"](target); (err == nil) != works {
			t.Errorf("%s: %v", what, err)
		}
	}
	get("at first", true)
	write(t, files.CertFile, second.cert)
	get("a certificate whose key is not there yet", true)
	write(t, files.KeyFile, second.key)
	get("a renewed certificate", true)
	if err := os.Remove(files.CertFile); err != nil {
		t.Fatal(err)
	}
	get("a certificate that is gone for a moment", true)

	app.present(after.issue())
	get("an authority that is not known yet", false)
	write(t, files.CAFile, []byte("-----BEGIN"))
	get("a file that is being written", false)
	write(t, files.CAFile, append(before.pem(), after.pem()...))
	get("a renewed authority", true)

	shown := strings.Join(app.shown, " ")
	if want := strings.Join([]string{number(first), number(first), number(second), number(second), number(second)}, " "); shown != want {
		t.Errorf("the application saw the certificates %s, want %s", shown, want)
	}
}

func number(i issued) string { return i.pair.Leaf.SerialNumber.String() }

func TestTLSFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	at := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		write(t, path, content)
		return path
	}
	a := newAuthority(t, "Root")
	one, two := a.issue(), a.issue()
	cert, key, otherKey := at("cert.pem", one.cert), at("key.pem", one.key), at("other.pem", two.key)
	both, text := at("both.pem", append(one.key, one.cert...)), at("text.pem", []byte("hello"))
	for _, tt := range []struct {
		files     TLS
		key, says string
	}{
		{TLS{CAFile: cert, CertFile: both, KeyFile: both}, "", ""},
		{TLS{CAFile: filepath.Join(dir, "nowhere")}, "caFile", "nowhere cannot be read: no such file"},
		{TLS{CAFile: dir}, "caFile", "cannot be read"},
		{TLS{CAFile: text}, "caFile", "text.pem holds no certificate in PEM"},
		{TLS{CAFile: key}, "caFile", "no certificate in PEM"},
		{TLS{CertFile: cert}, "certFile", "give keyFile"},
		{TLS{KeyFile: key}, "keyFile", "give certFile"},
		{TLS{CertFile: filepath.Join(dir, "nowhere"), KeyFile: key}, "certFile", "cannot be read"},
		{TLS{CertFile: cert, KeyFile: filepath.Join(dir, "nowhere")}, "keyFile", "cannot be read"},
		{TLS{CertFile: cert, KeyFile: otherKey}, "certFile", "private key does not match"},
		{TLS{CertFile: text, KeyFile: key}, "certFile", "cannot be used"},
	} {
		_, err := New(Options{TenantURL: "https://x.example", TLS: tt.files})
		var e *TLSFileError
		if tt.says == "" && err != nil || tt.says != "" && (!errors.As(err, &e) || e.Key != tt.key || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%+v: %v, want %s: %s", tt.files, err, tt.key, tt.says)
		}
	}
}
