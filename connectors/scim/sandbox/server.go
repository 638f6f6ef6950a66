package sandbox

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"
)

// maxBody is the size of the largest body of a request, in bytes.
const maxBody = 1 << 20

// Server is a SCIM application in memory. It may be used by many goroutines at
// once. New makes one.
type Server struct {
	options Options
	base    string // BasePath with a slash in front and none at the end
	token   [sha256.Size]byte
	omit    map[string][]place // by the name of the resource type
	issued  issued

	mu   sync.RWMutex
	data data

	recorder recorder
}

// New returns an empty sandbox.
func New(o Options) *Server {
	s := &Server{options: o.withDefaults(), data: newData(), omit: map[string][]place{}}
	switch base := strings.Trim(o.BasePath, "/"); {
	case base != "":
		s.base = "/" + base
	case o.BasePath == "":
		s.base = "/scim/v2"
	}
	s.token = sha256.Sum256([]byte(o.Token))
	for _, rt := range []*resourceType{&userType, &groupType} {
		for _, name := range o.OmitAttributes {
			// A name of the other resource type is none of this one.
			if places, err := rt.places(name); err == nil {
				s.omit[rt.name] = append(s.omit[rt.name], places...)
			}
		}
	}
	return s
}

// BasePath returns the path of the SCIM endpoints without a slash at its end:
// a tenant URL is the server's address followed by it.
func (s *Server) BasePath() string { return s.base }

// ServeHTTP answers SCIM requests below the base path, and GET / with a page
// for people. With Options.OAuth, it gives out access tokens at TokenPath.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.options.OAuth != nil && r.URL.Path == TokenPath {
		s.serveToken(w, r)
		return
	}
	path, below := strings.CutPrefix(r.URL.Path, s.base)
	if r.URL.Path == "/" && (s.base != "" || r.Method == http.MethodGet) {
		s.page(w, r)
		return
	}
	body, bodyErr := readBody(r)
	var a answer
	var err error
	switch {
	case !below || path != "" && path[0] != '/':
		err = refuse(http.StatusNotFound, "", "there is nothing at %s: the SCIM endpoints are below %s", r.URL.Path, s.base)
	case bodyErr != nil:
		err = bodyErr
	default:
		a, err = s.answer(r, path, body)
	}
	if err != nil {
		a = errorAnswer(err)
	}
	m := newMask(s.options.Token, r)
	s.recorder.add(s, r, m.body(body), a, m)
	s.write(w, a)
}

func (s *Server) write(w http.ResponseWriter, a answer) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has gone is no fault of the sandbox
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return body, bad(invalidSyntax, "the body could not be read to its end: %v", err)
	case len(body) > maxBody:
		return body[:maxBody], refuse(http.StatusRequestEntityTooLarge, "", "the body has more than %d bytes", maxBody)
	}
	return body, nil
}

// answer carries out a request; path is what follows the base path.
func (s *Server) answer(r *http.Request, path string, body []byte) (answer, error) {
	if err := s.authorize(r); err != nil {
		return answer{}, err
	}
	if err := acceptable(r); err != nil {
		return answer{}, err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, bad(invalidSyntax, "the query of the URL cannot be read: %v", err)
	}
	endpoint, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	id = strings.TrimSuffix(id, "/")
	c := call{Server: s, request: r, query: query, body: body, id: id, origin: origin(r) + s.base}
	switch endpoint {
	case "Users":
		return c.resources(&userType)
	case "Groups":
		return c.resources(&groupType)
	case "ServiceProviderConfig", "ResourceTypes", "Schemas":
		return c.discovery(endpoint)
	case "Me", "Bulk", ".search":
		return answer{}, refuse(http.StatusNotImplemented, "", "%s/%s is not supported by this application", s.base, endpoint)
	}
	return answer{}, refuse(http.StatusNotFound, "", "there is no endpoint %s/%s%s", s.base, endpoint,
		didYouMean(endpoint, []string{"Users", "Groups", "ServiceProviderConfig", "ResourceTypes", "Schemas"}))
}

func origin(r *http.Request) string {
	if r.Host == "" {
		return ""
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// authorize checks the bearer token (RFC 6750). Hashes are compared, so that
// neither content nor length of the token shows in the time that it takes.
func (s *Server) authorize(r *http.Request) error {
	if s.options.Token == "" && s.options.OAuth == nil && s.options.AllowAnonymous {
		return nil
	}
	challenge := `Bearer realm="scimsync sandbox"`
	var detail string
	token, ok := bearer(r)
	sum := sha256.Sum256([]byte(token))
	switch {
	case s.options.Token == "" && s.options.OAuth == nil:
		detail = "this sandbox has no token and does not allow anonymous requests: nobody gets in"
	case r.Header.Get("Authorization") == "":
		detail = "the header Authorization is missing: send Authorization: Bearer <token>"
	case !ok:
		detail = "the header Authorization has another scheme than Bearer: send Authorization: Bearer <token>"
	case (s.options.Token == "" || subtle.ConstantTimeCompare(sum[:], s.token[:]) != 1) && !s.isIssued(sum):
		challenge += `, error="invalid_token"`
		detail = "the bearer token is not the one of this application"
		if s.options.OAuth != nil {
			detail = "the bearer token was not given out here, or it has ended"
		}
	default:
		return nil
	}
	return &fault{status: http.StatusUnauthorized, detail: detail, header: http.Header{"Www-Authenticate": {challenge}}}
}

func bearer(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// acceptable refuses a request that wants something else than JSON. Entra
// sends no Accept with some of its requests.
func acceptable(r *http.Request) error {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	if strings.TrimSpace(accept) == "" {
		return nil
	}
	for media := range strings.SplitSeq(accept, ",") {
		media, _, _ = strings.Cut(media, ";")
		switch strings.TrimSpace(media) {
		case mediaType, "application/json", "application/*", "*/*":
			return nil
		}
	}
	return refuse(http.StatusNotAcceptable, "", "the answer would be %s, and the header Accept (%s) does not allow that", mediaType, accept)
}

// object reads the body of a POST, PUT or PATCH.
func (c call) object() (map[string]any, error) {
	if err := contentType(c.request.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	switch {
	case len(bytes.TrimSpace(c.body)) == 0:
		return nil, bad(invalidSyntax, "the body is empty")
	case !utf8.Valid(c.body):
		return nil, bad(invalidSyntax, "the body is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		offset := d.InputOffset()
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = max(syntax.Offset-1, 0)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, bad(invalidSyntax, "the body is no JSON: it ends in the middle of a value, after %d bytes", len(c.body))
		}
		before := c.body[:min(int(offset), len(c.body))]
		line := 1 + bytes.Count(before, []byte("\n"))
		column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		return nil, bad(invalidSyntax, "the body is no JSON: line %d, character %d: %v", line, column, err)
	}
	end := d.InputOffset()
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad(invalidSyntax, "something follows the JSON value of the body, which ends after %d bytes", end)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, bad(invalidSyntax, "the body is a JSON object, not %s", kind(v))
	}
	return m, nil
}

func contentType(header string) error {
	media, parameters, _ := strings.Cut(strings.ToLower(header), ";")
	media = strings.TrimSpace(media)
	if media != mediaType && media != "application/json" {
		if media == "" {
			media = "none"
		}
		return refuse(http.StatusUnsupportedMediaType, "", "the Content-Type of the body is %s, not %s", media, mediaType)
	}
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if name == "charset" && strings.Trim(value, `"`) != "utf-8" {
			return refuse(http.StatusUnsupportedMediaType, "", "the charset of the body is %s: JSON is utf-8", value)
		}
	}
	return nil
}
