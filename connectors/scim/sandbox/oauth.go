package sandbox

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// TokenPath is where the token endpoint is, as in Microsoft's example.
const TokenPath = "/oauth2/token"

// assertionType says that the client assertion is a JWT (RFC 7523 section 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// OAuth makes the sandbox give out access tokens at TokenPath, to one client:
// by the grant client_credentials, with a secret (RFC 6749 section 4.4) or with
// an assertion (RFC 7523 section 2.2).
type OAuth struct {
	ClientID     string
	ClientSecret string // "" lets no secret in

	// Keys are the JWKS of the issuer of assertions, by their kid; none lets no
	// assertion in.
	Keys jose.JSONWebKeySet
	// Issuer, Subject and Audience are what an assertion has to say. The issuer is
	// needed; "" of the others takes any.
	Issuer, Subject, Audience string

	Lifetime time.Duration // of access tokens; 0 means 1 hour
}

// issued are the access tokens that were given out, by their hash.
type issued struct {
	mu   sync.Mutex
	ends map[[sha256.Size]byte]time.Time
}

// RevokeTokens forgets every access token that was given out: requests with one
// are refused from now on. The fixed token stays.
func (s *Server) RevokeTokens() {
	s.issued.mu.Lock()
	defer s.issued.mu.Unlock()
	clear(s.issued.ends)
}

// issue makes an access token, and forgets those that ended.
func (s *Server) issue(lifetime time.Duration) string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand.Read)
	token := base64.RawURLEncoding.EncodeToString(b[:])
	now := s.options.Now()
	s.issued.mu.Lock()
	defer s.issued.mu.Unlock()
	for hash, end := range s.issued.ends {
		if !now.Before(end) {
			delete(s.issued.ends, hash)
		}
	}
	if s.issued.ends == nil {
		s.issued.ends = map[[sha256.Size]byte]time.Time{}
	}
	s.issued.ends[sha256.Sum256([]byte(token))] = now.Add(lifetime)
	return token
}

// isIssued reports whether a token was given out and has not ended.
func (s *Server) isIssued(hash [sha256.Size]byte) bool {
	s.issued.mu.Lock()
	defer s.issued.mu.Unlock()
	end, ok := s.issued.ends[hash]
	return ok && s.options.Now().Before(end)
}

// tokenRefusal is an error answer of RFC 6749 section 5.2.
type tokenRefusal struct {
	status            int
	code, description string
}

func (e *tokenRefusal) Error() string { return e.description }

func refuseToken(status int, code, format string, args ...any) error {
	return &tokenRefusal{status, code, fmt.Sprintf(format, args...)}
}

// serveToken answers a request to the token endpoint.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	m := newMask(s.options.Token, r)
	var form url.Values
	if err == nil {
		form, err = tokenForm(r, body)
	}
	var token string
	lifetime := cmp.Or(s.options.OAuth.Lifetime, time.Hour)
	if err == nil {
		err = s.options.OAuth.allow(r, form, s.options.Now())
	}
	var a answer
	if err != nil {
		a = tokenError(err)
	} else {
		token = s.issue(lifetime)
		a = jsonAnswer(http.StatusOK, struct {
			Token string `json:"access_token"`
			Type  string `json:"token_type"`
			Life  int64  `json:"expires_in"`
			Scope string `json:"scope,omitempty"`
		}{token, "Bearer", int64(lifetime / time.Second), form.Get("scope")})
		m.secrets = append(m.secrets, token)
	}
	a.header.Set("Content-Type", "application/json;charset=UTF-8")
	a.header.Set("Cache-Control", "no-store") // RFC 6749 section 5.1
	s.recorder.add(s, r, m.form(form, body), a, m)
	s.write(w, a)
}

// form hides the credentials of a token request.
func (m mask) form(form url.Values, body []byte) []byte {
	if form == nil {
		return m.bytes(body)
	}
	shown := url.Values{}
	for name, values := range form {
		shown[name] = values
		if name == "client_secret" || strings.HasSuffix(name, "assertion") {
			shown[name] = []string{masked}
		}
	}
	return []byte(strings.ReplaceAll(shown.Encode(), url.QueryEscape(masked), masked))
}

// tokenForm reads the form of a token request.
func tokenForm(r *http.Request, body []byte) (url.Values, error) {
	if r.Method != http.MethodPost {
		return nil, refuseToken(http.StatusMethodNotAllowed, "invalid_request", "the token endpoint takes POST")
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return nil, refuseToken(http.StatusBadRequest, "invalid_request", "the Content-Type is %q, not application/x-www-form-urlencoded", media)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuseToken(http.StatusBadRequest, "invalid_request", "the body is no form")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, refuseToken(http.StatusBadRequest, "invalid_request", "the parameter %s is there more than once", name)
		}
	}
	return form, nil
}

// allow returns why the client gets no token, nil if it gets one.
func (o *OAuth) allow(r *http.Request, form url.Values, now time.Time) error {
	switch grant := form.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return refuseToken(http.StatusBadRequest, "invalid_request", "the parameter grant_type is missing")
	default:
		return refuseToken(http.StatusBadRequest, "unsupported_grant_type", "the grant is %q: this endpoint knows client_credentials", grant)
	}
	id, secret, basic := r.BasicAuth()
	if basic { // both are encoded as in a form (RFC 6749 section 2.3.1)
		id, secret = unescape(id), unescape(secret)
	} else {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	assertion := form.Get("client_assertion")
	switch {
	case secret != "" && assertion != "":
		return refuseToken(http.StatusBadRequest, "invalid_request", "a client secret and a client assertion: one of them is enough")
	case id != o.ClientID && (id != "" || assertion == ""): // an assertion may stand alone (RFC 7521 section 4.2)
		return refuseToken(http.StatusUnauthorized, "invalid_client", "there is no client %q", id)
	case assertion != "":
		return o.verify(form.Get("client_assertion_type"), assertion, now)
	case o.ClientSecret == "" || !same(secret, o.ClientSecret):
		return refuseToken(http.StatusUnauthorized, "invalid_client", "the client secret is not the one of client %q", id)
	}
	return nil
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// same compares hashes, so that the time tells neither content nor length.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// verify checks an assertion (RFC 7523 section 3).
func (o *OAuth) verify(kind, assertion string, now time.Time) error {
	refuse := func(format string, args ...any) error {
		return refuseToken(http.StatusUnauthorized, "invalid_client", "the assertion is refused: "+format, args...)
	}
	switch {
	case kind != assertionType:
		return refuseToken(http.StatusBadRequest, "invalid_request", "client_assertion_type is %q, not %s", kind, assertionType)
	case o.Issuer == "" || len(o.Keys.Keys) == 0:
		return refuse("this sandbox knows no issuer and no keys")
	}
	token, err := jwt.ParseSigned(assertion, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256})
	if err != nil {
		return refuse("it is no JWT that is signed with RS256, PS256 or ES256")
	}
	kid := token.Headers[0].KeyID
	keys := o.Keys.Key(kid)
	if kid == "" || len(keys) == 0 {
		return refuse("the JWKS has no key with the kid %q", kid)
	}
	var claims jwt.Claims
	if err := token.Claims(keys[0].Key, &claims); err != nil {
		return refuse("its signature does not belong to the key %s of the JWKS", kid)
	}
	expected := jwt.Expected{Issuer: o.Issuer, Subject: o.Subject, Time: now}
	if o.Audience != "" {
		expected.AnyAudience = jwt.Audience{o.Audience}
	}
	err = claims.Validate(expected) // with a minute of leeway
	switch {
	case claims.Expiry == nil:
		return refuse("it has no exp")
	case claims.Subject == "" || len(claims.Audience) == 0:
		return refuse("it needs sub and aud")
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return refuse("iss is %q, not %q", claims.Issuer, o.Issuer)
	case errors.Is(err, jwt.ErrInvalidSubject):
		return refuse("sub is %q, not %q", claims.Subject, o.Subject)
	case errors.Is(err, jwt.ErrInvalidAudience):
		return refuse("aud is %q, not %q", strings.Join(claims.Audience, " "), o.Audience)
	case errors.Is(err, jwt.ErrExpired):
		return refuse("it ended at %s, and it is %s", claims.Expiry.Time().UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		return refuse("nbf or iat lies in the future; it is %s", now.UTC().Format(time.RFC3339))
	case err != nil:
		return refuse("%v", err)
	}
	return nil
}

// tokenError is the answer to a request that gets no token.
func tokenError(err error) answer {
	refused := &tokenRefusal{status: http.StatusBadRequest, code: "invalid_request", description: err.Error()}
	var f *fault
	if !errors.As(err, &refused) && errors.As(err, &f) {
		refused.status = f.status
	}
	a := jsonAnswer(refused.status, map[string]string{"error": refused.code, "error_description": refused.description})
	if refused.status == http.StatusUnauthorized {
		a.header.Set("WWW-Authenticate", `Basic realm="scimsync sandbox"`)
	}
	return a
}
