// Package oauth gets access tokens for a SCIM target: by OAuth 2 client
// credentials (RFC 6749 section 4.4), and by workload identity federation, where
// a signed JWT stands in place of the client secret (RFC 7523 section 2.2) as
// the Microsoft Entra provisioning service sends it (AzureAD/SCIMReferenceCode,
// "Workload Identity Federation: A New Authentication Method for SCIM
// Provisioning"). It can be the issuer of that JWT, with a key, its JWKS and a
// discovery document for the developer of the endpoint.
//
// A Source keeps one token for all who ask, and gets the next one before the
// old one ends.
package oauth

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options say where access tokens come from.
type Options struct {
	TokenURL  string // of the authorization server's token endpoint (RFC 6749 section 3.2)
	AllowHTTP bool   // plain http to a host other than this machine
	ClientID  string
	Scope     string // asked for; scopes are separated by blanks, "" asks for none
	// Audience is the parameter audience that some authorization servers take;
	// "" sends none.
	Audience string

	// ClientSecret and Assertion are how the client proves who it is: one of the
	// two is needed.
	ClientSecret string
	Assertion    Assertion
	// BasicAuth sends client id and secret in the header Authorization instead of
	// the form (client_secret_basic of RFC 7591 section 2).
	BasicAuth bool

	Transport http.RoundTripper // sends the requests; needed
	Timeout   time.Duration     // of one try; 0 means 90 seconds
	Retries   int               // after no answer, 429 and 5xx; 0 means 3, negative none
	RetryWait time.Duration     // the first pause between tries, doubled for each next; 0 means 1 second
	Now       func() time.Time  // the clock that a token's end is compared with; nil means time.Now
}

// Assertion makes the JWT of a client_assertion: Issuer signs one, File reads
// one.
type Assertion interface {
	// Assertion returns a JWT that is valid at the time now. It is called for
	// every request and must be safe for concurrent use. Errors name no content.
	Assertion(now time.Time) (string, error)
}

// String returns the token URL and the client ID alone, so that no log or
// error that prints the options tells the secret.
func (o Options) String() string {
	return "OAuth client " + o.ClientID + " of " + withoutQuery(o.TokenURL)
}

// GoString is String.
func (o Options) GoString() string { return o.String() }

const (
	defaultTimeout   = 90 * time.Second
	defaultRetries   = 3
	defaultRetryWait = time.Second
)

// withDefaults returns o with its zero values replaced, or what is wrong with it.
func (o Options) withDefaults() (Options, error) {
	if err := CheckTokenURL(o.TokenURL, o.AllowHTTP); err != nil {
		return o, err
	}
	switch {
	case o.ClientID == "":
		return o, errors.New("the client ID is missing")
	case (o.ClientSecret == "") == (o.Assertion == nil):
		return o, errors.New("a client secret or an assertion is needed, and only one of them")
	case o.Assertion != nil && o.BasicAuth:
		return o, errors.New("an assertion goes into the form: it cannot be sent in the header Authorization")
	case o.Transport == nil:
		return o, errors.New("there is no transport for token requests")
	case o.Timeout < 0 || o.RetryWait < 0:
		return o, errors.New("timeout and retryWait must not be negative")
	}
	o.TokenURL = strings.TrimSpace(o.TokenURL)
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Retries == 0 {
		o.Retries = defaultRetries
	}
	if o.RetryWait == 0 {
		o.RetryWait = defaultRetryWait
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o, nil
}

// CheckTokenURL returns what is wrong with a token URL, nil if nothing is. It
// must be absolute, with https, or with http if the host is this machine or
// allowHTTP is set, without user name and fragment (RFC 6749 section 3.2). The
// error repeats no part of the URL that may hold a secret.
func CheckTokenURL(raw string, allowHTTP bool) error {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		var cause *url.Error // repeats the whole URL, and a password in it
		if errors.As(err, &cause) {
			err = cause.Err
		}
		if strings.Contains(raw, "@") { // a password with / ? or # in it is taken for a port, and repeated as one
			return errors.New("the token URL is no URL, and seems to hold a user name: client ID and secret have keys of their own")
		}
		return fmt.Errorf("the token URL is no URL: %w", err)
	}
	switch {
	case u.Scheme == "" || u.Opaque != "" || u.Hostname() == "":
		return errors.New("the token URL must be absolute, such as https://auth.example.com/oauth2/token")
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the token URL begins with %s: it must begin with https", u.Scheme)
	case u.User != nil:
		return errors.New("the token URL holds a user name: client ID and secret have keys of their own")
	case strings.Contains(raw, "#"):
		return errors.New("the token URL has a fragment, the part after #: leave it out")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return fmt.Errorf("the token URL http://%s would send the credentials unencrypted: use https "+
			"(plain http is for this machine alone, unless target.allowHTTP is set)", u.Host)
	}
	return nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func withoutQuery(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "?")
	s, _, _ = strings.Cut(s, "#")
	return s
}
