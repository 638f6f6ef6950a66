package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

func TestRecordedRequests(t *testing.T) {
	var all []sandbox.Recorded
	a := newApp(t, sandbox.Options{OnRequest: func(r sandbox.Recorded) { all = append(all, r) }})
	a.do("GET", "/Users?filter=userName+eq+%22x%22", "")
	a.do("POST", "/Users", userStart+`"userName":"x"}`)
	a.do("GET", "/Users/u1", "", "Authorization", "Bearer another-secret")
	if len(all) != 3 {
		t.Fatalf("%d requests", len(all))
	}
	r := all[0]
	if r.Number != 1 || r.Method != http.MethodGet || r.Path != "/scim/v2/Users" || r.RawQuery != "filter=userName+eq+%22x%22" || r.Status != 200 || len(r.Body) != 0 {
		t.Errorf("got %+v", r)
	}
	r = all[1]
	if r.Number != 2 || string(r.Body) != userStart+`"userName":"x"}` || r.Status != 201 || !strings.Contains(string(r.Answer), `"id":"u1"`) ||
		r.Header.Get("Content-Type") != "application/scim+json; charset=utf-8" || r.Header.Get("Authorization") != "Bearer ***" {
		t.Errorf("got %+v", r)
	}
	if r := all[2]; r.Status != 401 || r.Header.Get("Authorization") != "Bearer ***" {
		t.Errorf("got %+v", r)
	}
}

func TestNoSecretIsRecorded(t *testing.T) {
	var text strings.Builder
	a := newApp(t, sandbox.Options{OnRequest: func(r sandbox.Recorded) {
		fmt.Fprintf(&text, "%s %s %s %v %s %s\n", r.Method, r.Path, r.RawQuery, r.Header, r.Body, r.Answer)
	}, PageForAll: true})
	id := a.user("ada")
	for _, c := range [][]string{
		{"GET", "/Users?access_token=" + token, "", "X-Token", token},
		{"GET", "/" + token, "", "Authorization", token},
		{"GET", "/Users", "", "Authorization", "Bearer wr0ng-t0ken", "Cookie", "session=wr0ng-t0ken"},
		{"GET", "/Users?t=wr0ng-t0ken", "", "Authorization", "Bearer wr0ng-t0ken", "Proxy-Authorization", "wr0ng-t0ken"},
		{"POST", "/Users", userStart + `"userName":"p","password":"pa55"}`},
		{"POST", "/Users", userStart + `"userName":"` + token + `","PassWord":"pa55"`},
		{"POST", "/Users", `{"password":"pa55"}}`},
		{"PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"password","value":"pa55"}`)},
		{"PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:Password","value":"pa55"}`)},
		{"PATCH", "/Users/" + id, patchBody(`{"op":"replace","value":{"password":"pa55"}}`)},
	} {
		a.do(c[0], c[1], c[2], c[3:]...)
	}
	text.WriteString(a.page(t).body)
	for _, secret := range []string{token, "wr0ng-t0ken", "pa55"} {
		if i := strings.Index(text.String(), secret); i >= 0 {
			t.Errorf("%q in: …%s", secret, text.String()[max(0, i-200):i+len(secret)])
		}
	}
	if !strings.Contains(text.String(), `"password":"***"`) {
		t.Errorf("the password's place is not marked: %s", text.String())
	}
}

// page asks for the page as a browser on this machine does.
func (a *app) page(t *testing.T) reply {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/", nil)
	r.RemoteAddr = "127.0.0.1:5555"
	a.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

func TestPage(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	if r := a.page(t); r.status != 200 || !strings.Contains(r.body, "No users yet.") {
		t.Errorf("%d %s", r.status, r.body)
	}
	a.user("<script>alert(1)</script>", `,"displayName":"Ada & Co","active":false,"title":"\"T'"`)
	g := a.group("Ops <b>", "u1")
	for i := range 30 {
		id := a.user(fmt.Sprintf("n%d", i))
		a.must("PATCH", "/Groups/"+g, patchBody(`{"op":"Add","path":"members","value":[{"value":"`+id+`"}]}`))
	}
	a.do("GET", "/Users?filter=%22%3E%3Cscript%3E", "")
	r := a.page(t)
	for _, want := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt;", "Ada &amp; Co", `class="disabled"`, "Ops &lt;b&gt;", "and 11 more", "Users <small>31</small>",
		"http://localhost:8080/scim/v2", "Requests <small>63, the latest first</small>", `<b class="bad">400</b>`, `http-equiv="refresh"`,
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(r.body, "<script") || strings.Contains(r.body, "<b>\"") {
		t.Error("the page is not escaped")
	}
	csp := r.header.Get("Content-Security-Policy")
	nonce := strings.TrimSuffix(strings.TrimPrefix(csp, "default-src 'none'; style-src 'nonce-"), "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	if len(nonce) != 32 || !strings.Contains(r.body, `<style nonce="`+nonce+`">`) {
		t.Errorf("policy %s", csp)
	}
	if n := strings.Count(r.body, "<details>"); n != 50 {
		t.Errorf("%d requests are shown", n)
	}
}

func TestPageIsForThisMachine(t *testing.T) {
	for _, c := range []struct {
		remote, host, method string
		all                  bool
		want                 int
	}{
		{"127.0.0.1:1", "localhost:80", "GET", false, 200},
		{"[::1]:1", "[::1]:80", "GET", false, 200},
		{"127.0.0.1:1", "127.0.0.1", "HEAD", false, 200},
		{"192.0.2.1:1", "localhost", "GET", false, 403},
		{"127.0.0.1:1", "evil.example:80", "GET", false, 403},
		{"192.0.2.1:1", "app.example", "GET", true, 200},
		{"127.0.0.1:1", "localhost", "POST", false, 405},
	} {
		a := newApp(t, sandbox.Options{PageForAll: c.all})
		a.user("ada")
		w := httptest.NewRecorder()
		r := httptest.NewRequest(c.method, "/", nil)
		r.RemoteAddr, r.Host = c.remote, c.host
		a.ServeHTTP(w, r)
		if w.Code != c.want || (w.Code != 200) == strings.Contains(w.Body.String(), "ada") {
			t.Errorf("%+v: %d %s", c, w.Code, w.Body.String())
		}
	}
}

// TestOverHTTP holds the transport in memory against a real connection.
func TestOverHTTP(t *testing.T) {
	a := newApp(t, sandbox.Options{})
	s := httptest.NewServer(a.Server)
	defer s.Close()
	direct := a.do("POST", "/Users", entraUser)
	a.Reset()
	b := &app{Server: a.Server, t: t, Client: http.Client{Transport: toServer{s.Listener.Addr().String()}}}
	wire := b.do("POST", "/Users", entraUser)
	if want := strings.ReplaceAll(direct.body, `"u1"`, `"u2"`); wire.status != 201 || strings.ReplaceAll(want, "/u1", "/u2") != wire.body {
		t.Errorf("got %d %s\nwant %s", wire.status, wire.body, direct.body)
	}
	if r := b.do("DELETE", "/Users/u2", ""); r.status != 204 || r.body != "" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// toServer sends every request to one address and keeps its host.
type toServer struct{ address string }

func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Host = r.URL.Host, s.address
	return http.DefaultTransport.RoundTrip(r)
}
