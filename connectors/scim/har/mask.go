package har

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/scimsync/scimsync/mask"
)

// masked stands where a secret was.
const masked = mask.Text

// maxLearned is how many credentials are looked for: a job has one, or a new
// one each hour.
const maxLearned = 32

// secrets replaces secrets in text.
type secrets struct {
	mask func(string) string // what the caller knows of; may be nil

	mu      sync.RWMutex
	learned []string // credentials that requests showed
	masker  *mask.Masker
}

// learn looks for the credentials of an Authorization header from now on:
// applications repeat them in errors, and a token that was fetched is not in
// any configuration.
func (s *secrets) learn(h http.Header) {
	for _, v := range append(h.Values("Authorization"), h.Values("Proxy-Authorization")...) {
		credentials := v
		if _, after, ok := strings.Cut(v, " "); ok {
			credentials = strings.TrimSpace(after)
		}
		if credentials != "" {
			s.add(credentials)
		}
	}
}

// learnForm looks for the credentials in the form of a token request (RFC 6749
// section 2.3.1, RFC 7521 section 4.2) from now on: servers repeat them in
// errors.
func (s *secrets) learnForm(h http.Header, body *capture) {
	if body == nil || !strings.HasPrefix(h.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return
	}
	form, err := url.ParseQuery(string(body.kept))
	if err != nil {
		return // what is secret by its name is masked all the same
	}
	for _, name := range []string{"client_secret", "client_assertion", "assertion"} {
		if secret := form.Get(name); secret != "" {
			s.add(secret)
		}
	}
}

// learnPasswords looks for the passwords in the body of a request from now on:
// applications repeat what they refuse.
func (s *secrets) learnPasswords(body *capture) {
	if body == nil {
		return
	}
	for _, pattern := range []*regexp.Regexp{inJSON, inPatch} {
		for _, m := range pattern.FindAllSubmatch(body.kept, -1) {
			if !bytes.Contains(bytes.ToLower(m[1]), []byte("password")) {
				continue
			}
			var password string
			quoted := append([]byte{'"'}, m[0][len(m[1]):]...)
			if err := json.Unmarshal(append(quoted, '"'), &password); err == nil {
				s.add(password)
			}
		}
	}
}

func (s *secrets) add(secret string) {
	s.mu.RLock()
	known := slices.Contains(s.learned, secret)
	s.mu.RUnlock()
	if known {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.learned, secret) {
		return
	}
	s.learned = append(s.learned, secret)
	if more := len(s.learned) - maxLearned; more > 0 {
		s.learned = slices.Delete(s.learned, 0, more)
	}
	s.masker = mask.New(s.learned...)
}

// What is secret by its name, in the JSON and in the forms and URLs of OAuth 2
// (RFC 6749, RFC 7521) and of SCIM (password: RFC 7643 section 4.1.1). A code
// is OAuth's, and the key of an Azure function. The closing quotation mark is
// not asked for: the body may be cut before it.
var (
	inJSON = regexp.MustCompile(`(?i)("(?:[^"\\]*:)?(?:access_?token|refresh_?token|id_?token|client_?secret|client_?assertion|assertion|` +
		`password|secret_?token|api_?key|token)"\s*:\s*")(?:[^"\\]|\\.)*`)
	// A PATCH of the password, in both dialects.
	inPatch = regexp.MustCompile(`(?i)("path"\s*:\s*"(?:[^"\\]*:)?password"\s*,\s*"value"\s*:\s*(?:\[\s*\{[^{}\[\]]*?"value"\s*:\s*)?")(?:[^"\\]|\\.)*`)
	inForm  = regexp.MustCompile(`(?i)((?:^|[?&])(?:access_token|refresh_token|id_token|client_secret|client_assertion|assertion|` +
		`password|secret_?token|secret|api[_-]?key|token|code|sig|signature)=)[^&#\s"'<>]+`)
)

// text returns s without secrets.
func (s *secrets) text(t string) string {
	if s.mask != nil {
		t = s.mask(t)
	}
	s.mu.RLock()
	learned := s.masker
	s.mu.RUnlock()
	t = learned.Mask(t)
	t = inJSON.ReplaceAllString(t, "${1}"+masked)
	t = inPatch.ReplaceAllString(t, "${1}"+masked)
	return inForm.ReplaceAllString(t, "${1}"+masked)
}

// headerValue returns the value of a header without secrets.
func (s *secrets) headerValue(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Proxy-Authorization":
		if scheme, _, ok := strings.Cut(value, " "); ok {
			return scheme + " " + masked
		}
		return masked
	case "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token", "Api-Key":
		return masked
	default:
		return s.text(value)
	}
}

// headers returns a header as HAR has it, sorted by name.
func (s *secrets) headers(h http.Header) []pair {
	list := []pair{}
	for name, values := range h {
		for _, v := range values {
			list = append(list, pair{s.text(name), s.headerValue(name, v)})
		}
	}
	slices.SortStableFunc(list, func(a, b pair) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// url returns the URL of a request, without what is not sent with it: the user
// and the fragment.
func (s *secrets) url(u *url.URL) string {
	sent := *u
	sent.User, sent.Fragment, sent.RawFragment = nil, "", ""
	return s.text(sent.String())
}

// query returns the parameters of a URL, decoded, in their order.
func (s *secrets) query(u *url.URL) []pair {
	list := []pair{}
	for part := range strings.SplitSeq(strings.TrimPrefix(s.text("?"+u.RawQuery), "?"), "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, pair{s.text(unescape(name)), s.text(unescape(value))})
	}
	return list
}

func unescape(t string) string {
	if plain, err := url.QueryUnescape(t); err == nil {
		return plain
	}
	return t
}

// cookies returns the names of cookies: the values are secrets.
func (s *secrets) cookies(list []*http.Cookie) []pair {
	named := []pair{}
	for _, c := range list {
		named = append(named, pair{s.text(c.Name), masked})
	}
	return named
}
