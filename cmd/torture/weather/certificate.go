package weather

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Certificates are those of an application that forgets to renew one.
type Certificates struct {
	Roots         *x509.CertPool // the authority that signed both
	Good, Expired tls.Certificate
}

// NewCertificates makes an authority and two certificates for a host, a name or
// an address: one that is valid for years around now, and one that expired an
// hour ago.
func NewCertificates(host string, now time.Time) (*Certificates, error) {
	long := 20 * 365 * 24 * time.Hour
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"},
		NotBefore: now.Add(-long), NotAfter: now.Add(long),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate: %w", err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	c := &Certificates{Roots: x509.NewCertPool()}
	c.Roots.AddCert(root)
	for number, one := range map[int64]struct {
		to    *tls.Certificate
		until time.Time
	}{2: {&c.Good, now.Add(long)}, 3: {&c.Expired, now.Add(-time.Hour)}} {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: host},
			NotBefore: now.Add(-long), NotAfter: one.until,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{host}
		}
		der, err := x509.CreateCertificate(rand.Reader, template, root, &key.PublicKey, key)
		if err != nil {
			return nil, fmt.Errorf("the certificate of %s: %w", host, err)
		}
		*one.to = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	return c, nil
}

// TLSConfig returns what a server before the proxy shows: the good certificate,
// and in an outage of that kind the expired one.
func (p *Proxy) TLSConfig(c *Certificates) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			if p.expired() {
				p.count(Expired)
				return &c.Expired, nil
			}
			return &c.Good, nil
		},
	}
}

// expired reports whether the certificate of the moment has expired.
func (p *Proxy) expired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn()
	return p.spell >= 0 && len(p.opts.Spells[p.spell].Kinds) == 1 && p.opts.Spells[p.spell].Kinds[0] == Expired
}
