package scim

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"sync"
)

// TLS names the files of a private certificate authority and of a client
// certificate, all in PEM. They are read at start and again when they changed,
// for certificates are renewed on disk. The zero value trusts the system's
// authorities and shows no certificate.
type TLS struct {
	// CAFile has certificates of authorities to trust beside the system's.
	CAFile string
	// CertFile and KeyFile have the client certificate, with the certificates
	// between it and its authority, and its private key. They may be one file.
	CertFile, KeyFile string
	// ServerName is the name to look for in the application's certificate, where
	// that is not the host of the tenant URL.
	ServerName string
}

// A TLSFileError says what is wrong with a file of TLS.
type TLSFileError struct {
	Key string // caFile, certFile or keyFile
	Err error
}

// Error says which file it is, and what is wrong with it.
func (e *TLSFileError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TLSFileError) Unwrap() error { return e.Err }

// Check reads the files and returns what is wrong with one of them, as a
// *TLSFileError.
func (t TLS) Check() error {
	if _, err := t.pool(); err != nil {
		return err
	}
	_, err := t.pair()
	return err
}

// pool returns the system's authorities and those of CAFile, nil if there is
// none.
func (t TLS) pool() (*x509.CertPool, error) {
	if t.CAFile == "" {
		return nil, nil
	}
	fail := func(err error) (*x509.CertPool, error) { return nil, &TLSFileError{"caFile", err} }
	data, err := os.ReadFile(t.CAFile)
	if err != nil {
		return fail(unreadable(t.CAFile, err))
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return fail(fmt.Errorf("the system's certificate authorities cannot be read: %w", err))
	}
	if !pool.AppendCertsFromPEM(data) {
		return fail(fmt.Errorf("the file %s holds no certificate in PEM: it has to have lines -----BEGIN CERTIFICATE-----", t.CAFile))
	}
	return pool, nil
}

// pair returns the client certificate with its key, nil if there is none.
func (t TLS) pair() (*tls.Certificate, error) {
	switch {
	case t.CertFile == "" && t.KeyFile == "":
		return nil, nil
	case t.KeyFile == "":
		return nil, &TLSFileError{"certFile", errors.New("a client certificate needs its private key: give keyFile, which may be the same file")}
	case t.CertFile == "":
		return nil, &TLSFileError{"keyFile", errors.New("a private key needs its client certificate: give certFile, which may be the same file")}
	}
	certificate, err := os.ReadFile(t.CertFile)
	if err != nil {
		return nil, &TLSFileError{"certFile", unreadable(t.CertFile, err)}
	}
	key, err := os.ReadFile(t.KeyFile)
	if err != nil {
		return nil, &TLSFileError{"keyFile", unreadable(t.KeyFile, err)}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, &TLSFileError{"certFile", fmt.Errorf("the certificate of %s and the key of %s cannot be used: %w", t.CertFile, t.KeyFile, err)}
	}
	return &pair, nil
}

func unreadable(path string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("the file %s cannot be read: %w", path, err)
}

// NewTransport returns a transport as the function of this name does, with the
// certificates of o.TLS. The error is a *TLSFileError.
func (o Options) NewTransport() (Transport, error) {
	concurrency := o.Concurrency
	setDefault(&concurrency, defaultConcurrency)
	plain := NewTransport(concurrency)
	if o.TLS == (TLS{}) {
		return plain, nil
	}
	if err := o.TLS.Check(); err != nil {
		return nil, err
	}
	plain.TLSClientConfig.ServerName = o.TLS.ServerName
	if o.TLS.CertFile != "" {
		pair := &keyPair{files: o.TLS}
		plain.TLSClientConfig.GetClientCertificate = pair.get
	}
	r := &renewing{files: o.TLS, current: plain}
	_, err := r.transport()
	return r, err
}

// renewing is a transport that trusts what is in the file of authorities now.
type renewing struct {
	files TLS

	mu      sync.Mutex
	seen    fs.FileInfo // of CAFile
	current *http.Transport
}

// RoundTrip sends one request.
func (r *renewing) RoundTrip(req *http.Request) (*http.Response, error) {
	t, err := r.transport()
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(req)
}

// CloseIdleConnections closes the connections that no request is using.
func (r *renewing) CloseIdleConnections() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current.CloseIdleConnections()
}

// transport returns the transport for the next request. If the file of
// authorities has changed it is a new one. The error is that of a file that
// never could be read: one that is being written just now leaves things as they
// are.
func (r *renewing) transport() (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !changed(r.files.CAFile, &r.seen) {
		return r.current, nil
	}
	pool, err := r.files.pool()
	if err != nil && r.current.TLSClientConfig.RootCAs != nil {
		return r.current, nil
	} else if err != nil {
		return nil, err
	}
	next := r.current.Clone()
	next.TLSClientConfig.RootCAs = pool
	r.current.CloseIdleConnections() // they were trusted because of the old file
	r.current = next
	return next, nil
}

// keyPair is the client certificate that is in the files now.
type keyPair struct {
	files TLS

	mu                sync.Mutex
	certSeen, keySeen fs.FileInfo
	pair              *tls.Certificate
}

// get returns the certificate for a handshake, whatever authorities the other
// side names: it is for that side to say that it does not take it.
func (k *keyPair) get(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	cert, key := changed(k.files.CertFile, &k.certSeen), changed(k.files.KeyFile, &k.keySeen)
	if cert || key {
		switch pair, err := k.files.pair(); {
		case err == nil:
			k.pair = pair
		case k.pair == nil:
			return nil, err
		}
		// Else the files are being renewed: the old pair is good until they match.
	}
	return k.pair, nil
}

// changed reports whether a file is another one than was seen last, and notes
// it. A file that is not there has not changed.
func changed(path string, seen *fs.FileInfo) bool {
	if path == "" {
		return false
	}
	info, err := os.Stat(path)
	if err != nil {
		return *seen == nil // the first time, for reading it to tell the error
	}
	last := *seen
	*seen = info
	return last == nil || !os.SameFile(last, info) || !last.ModTime().Equal(info.ModTime()) || last.Size() != info.Size()
}
