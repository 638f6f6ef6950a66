package oauth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Issuer signs assertions, as Microsoft Entra does for a tenant. It is an
// Assertion.
type Issuer struct {
	Key      Key
	Issuer   string        // iss
	Subject  string        // sub
	Audience string        // aud
	Lifetime time.Duration // until exp; 0 means 1 hour

	// What Entra's assertions tell beside those; "" leaves one out.
	TenantID      string // tid
	ObjectID      string // oid
	ApplicationID string // appid
}

const (
	defaultLifetime = time.Hour
	// backdated is how far iat and nbf lie before the time of signing: clocks
	// differ. With an hour of life, exp is 3900 seconds after iat, as in
	// Microsoft's example.
	backdated = 5 * time.Minute
)

// Claims are those of an assertion, with the names and in the order of
// Microsoft's page. There is no jti: Microsoft's page shows none.
type Claims struct {
	Audience      string `json:"aud"`
	Issuer        string `json:"iss"`
	IssuedAt      int64  `json:"iat"` // seconds since 1970, like the next two
	NotBefore     int64  `json:"nbf"`
	Expires       int64  `json:"exp"`
	ApplicationID string `json:"appid,omitempty"`
	ObjectID      string `json:"oid,omitempty"`
	Subject       string `json:"sub"`
	TenantID      string `json:"tid,omitempty"`
	Version       string `json:"ver"`
}

// String names issuer and key.
func (i *Issuer) String() string { return "issuer " + i.Issuer + " with " + i.Key.String() }

// GoString is String.
func (i *Issuer) GoString() string { return i.String() }

// Claims returns the claims of an assertion that is signed now.
func (i *Issuer) Claims(now time.Time) Claims {
	lifetime := i.Lifetime
	if lifetime == 0 {
		lifetime = defaultLifetime
	}
	since := now.Add(-backdated).Unix()
	return Claims{
		Audience: i.Audience, Issuer: i.Issuer, IssuedAt: since, NotBefore: since, Expires: now.Add(lifetime).Unix(),
		ApplicationID: i.ApplicationID, ObjectID: i.ObjectID, Subject: i.Subject, TenantID: i.TenantID, Version: "2.0",
	}
}

// Assertion signs a JWT with RS256, whose header has alg, kid and typ.
func (i *Issuer) Assertion(now time.Time) (string, error) {
	if i.Key.IsZero() {
		return "", errors.New("there is no key to sign the assertion with")
	}
	key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: i.Key.private, KeyID: i.Key.id}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("signing the assertion: %w", err)
	}
	signed, err := jwt.Signed(signer).Claims(i.Claims(now)).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing the assertion: %w", err)
	}
	return signed, nil
}

// Discovery is the discovery document of an issuer (OpenID Connect Discovery
// 1.0 section 3), as far as an issuer that signs nothing but assertions has
// something to say in it.
type Discovery struct {
	Issuer                 string   `json:"issuer"`
	JWKSURI                string   `json:"jwks_uri"`
	ResponseTypesSupported []string `json:"response_types_supported"`
	SubjectTypesSupported  []string `json:"subject_types_supported"`
	SigningAlgorithms      []string `json:"id_token_signing_alg_values_supported"`
	ClaimsSupported        []string `json:"claims_supported"`
}

// Discovery returns the issuer's discovery document. It belongs at the issuer
// followed by /.well-known/openid-configuration, and the JWKS at jwksURI; ""
// means the issuer followed by /jwks.json.
func (i *Issuer) Discovery(jwksURI string) Discovery {
	if jwksURI == "" {
		jwksURI = strings.TrimRight(i.Issuer, "/") + "/jwks.json"
	}
	d := Discovery{
		Issuer: i.Issuer, JWKSURI: jwksURI,
		ResponseTypesSupported: []string{"id_token"}, SubjectTypesSupported: []string{"public"},
		SigningAlgorithms: []string{string(jose.RS256)},
		ClaimsSupported:   []string{"aud", "iss", "iat", "nbf", "exp", "sub", "ver"},
	}
	for _, c := range []struct{ name, value string }{{"appid", i.ApplicationID}, {"oid", i.ObjectID}, {"tid", i.TenantID}} {
		if c.value != "" {
			d.ClaimsSupported = append(d.ClaimsSupported, c.name)
		}
	}
	return d
}
