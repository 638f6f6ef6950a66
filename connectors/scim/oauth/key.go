package oauth

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// smallestKey is the size in bits of the smallest RSA key that RS256 may be
// used with (RFC 7518 section 3.3).
const smallestKey = 2048

// Key is the RSA key that assertions are signed with. The zero Key is none.
type Key struct {
	private *rsa.PrivateKey
	id      string
}

// NewKey makes a key of 2048 bits.
func NewKey() (Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, smallestKey)
	if err != nil {
		return Key{}, fmt.Errorf("making an RSA key: %w", err)
	}
	return newKey(private)
}

// ParseKey reads an RSA private key in PEM, PKCS #8 or PKCS #1. Errors say what
// was found instead and repeat nothing of it.
func ParseKey(text []byte) (Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return Key{}, errors.New("there is no PEM block: an RSA private key is needed, as scimsync identity create makes one")
	}
	switch block.Type {
	case "PRIVATE KEY":
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return Key{}, errors.New("the PEM block holds no readable private key (PKCS #8)")
		}
		private, ok := any.(*rsa.PrivateKey)
		if !ok {
			return Key{}, errors.New("the key is no RSA key: assertions are signed with RS256, which needs one")
		}
		return newKey(private)
	case "RSA PRIVATE KEY":
		if block.Headers["DEK-Info"] != "" {
			return Key{}, errEncrypted
		}
		private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			return Key{}, errors.New("the PEM block holds no readable private key (PKCS #1)")
		}
		return newKey(private)
	case "ENCRYPTED PRIVATE KEY":
		return Key{}, errEncrypted
	default:
		return Key{}, fmt.Errorf("the PEM block is a %.40q: an RSA private key is needed", block.Type)
	}
}

var errEncrypted = errors.New("the private key is encrypted: decrypt it with openssl pkey, and keep the file to yourself")

func newKey(private *rsa.PrivateKey) (Key, error) {
	if bits := private.N.BitLen(); bits < smallestKey {
		return Key{}, fmt.Errorf("the RSA key has %d bits: RS256 needs at least %d", bits, smallestKey)
	}
	thumbprint, err := (&jose.JSONWebKey{Key: &private.PublicKey}).Thumbprint(crypto.SHA256)
	if err != nil {
		return Key{}, fmt.Errorf("the thumbprint of the key: %w", err)
	}
	return Key{private: private, id: base64.RawURLEncoding.EncodeToString(thumbprint)}, nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.private == nil }

// ID returns the key's id, the kid of assertions and of the JWKS: the
// thumbprint of RFC 7638, which stays the same as long as the key does.
func (k Key) ID() string { return k.id }

// String returns the id.
func (k Key) String() string { return "RSA key " + k.id }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// PEM returns the private key in PKCS #8. It is a secret.
func (k Key) PEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return nil, fmt.Errorf("writing the key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// JWKS returns the public parts of keys as a JSON Web Key Set (RFC 7517), with
// the members that Entra's has too: kty, use, kid, n, e, and no alg.
func JWKS(keys ...Key) jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.private.PublicKey, KeyID: k.id, Use: "sig"})
	}
	return set
}
