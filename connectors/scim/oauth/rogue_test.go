package oauth

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// TestCredentialsGoToTheTokenURL alone: no redirect of whatever code, address or
// way of authentication is followed, and what a server repeats is not told.
func TestCredentialsGoToTheTokenURL(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		fmt.Fprint(w, `{"access_token":"token-of-a-stranger","token_type":"Bearer"}`)
	}))
	defer other.Close()
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308} {
		for _, location := range []string{
			other.URL, "//" + strings.TrimPrefix(other.URL, "http://"), strings.Replace(other.URL, "127.0.0.1", "LOCALHOST", 1), strings.Replace(other.URL, "//", "//SECRET@", 1),
			"/SECRET", "/oauth2/token", "?SECRET", "http://%zz/SECRET", "",
		} {
			for _, basic := range []bool{false, true} {
				var asked atomic.Int64
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					if location != "" {
						w.Header().Set("Location", strings.ReplaceAll(location, "SECRET", url.PathEscape(clientSecret)))
					}
					w.WriteHeader(status)
				}))
				s, err := New(Options{
					TokenURL: server.URL + "/oauth2/token", ClientID: "blogin", ClientSecret: clientSecret, BasicAuth: basic,
					Transport: http.DefaultTransport, Retries: 2, RetryWait: time.Nanosecond,
				})
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Token(t.Context())
				server.Close()
				if connectors.ClassOf(err) != connectors.NotSCIM || asked.Load() != 1 || !strings.Contains(fmt.Sprint(err), "the token endpoint redirects") {
					t.Errorf("%d to %q: %d requests: %v", status, location, asked.Load(), err)
				}
				untold(t, err)
			}
		}
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// TestATokenURLThatIsNone: what answers repeats the request as it came, in place
// of an answer or as the body of one.
func TestATokenURLThatIsNone(t *testing.T) {
	for _, head := range []string{
		"", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n", "HTTP/1.1 500 Oh\r\n\r\n",
		"HTTP/1.1 401 No\r\nContent-Type: application/json\r\n\r\n",
	} {
		for _, basic := range []bool{false, true} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var request strings.Builder
				_ = r.Write(&request)
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(conn, head+request.String())
				_ = conn.Close()
			})}
			go func() { _ = server.Serve(l) }()
			s, err := New(Options{
				TokenURL: "http://" + l.Addr().String() + "/token?key=" + url.QueryEscape(clientSecret) + "&code=key-of-the-URL", ClientID: "blogin", ClientSecret: clientSecret, BasicAuth: basic,
				Transport: http.DefaultTransport, Retries: -1,
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Token(t.Context())
			_ = server.Close()
			if err == nil {
				t.Errorf("%q: a token", head)
			}
			untold(t, err)
		}
	}
}

// TestAProxyRepeatsItsPassword where it answers in place of the token endpoint.
func TestAProxyRepeatsItsPassword(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy-user:s3cret-proxy@proxy.test:3128")
	s, _ := newSource(t, nil, answer(403, "text/plain", "not with cHJveHktdXNlcjpzM2NyZXQtcHJveHk= or s3cret-proxy"))
	_, err := s.Token(t.Context())
	if err == nil || !strings.Contains(err.Error(), "not with ******** or ********") {
		t.Error(err)
	}
}

// untold checks that no secret is in an error or in what it wraps.
func untold(t *testing.T, err error) {
	t.Helper()
	secrets := []string{clientSecret, url.QueryEscape(clientSecret), url.PathEscape(clientSecret), "s3cret", "key-of-the-URL", basic(Options{BasicAuth: true, ClientID: "blogin", ClientSecret: clientSecret})}
	for _, secret := range secrets {
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Errorf("%s is in %v", secret, err)
		}
	}
}
