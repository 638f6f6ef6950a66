package weather

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// app answers like an application that has found somebody, or made somebody.
type app struct{ reached atomic.Int64 }

const (
	found = `{"totalResults":1,"Resources":[{"id":"u1","userName":"ada"}]}`
	made  = `{"id":"u1","userName":"ada"}`
)

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.reached.Add(1)
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, made)
		return
	}
	_, _ = io.WriteString(w, found)
}

// meet sends one request through a proxy that knows one kind of fault.
func meet(t *testing.T, kind Kind) (status int, header http.Header, body string, reached int64, err error) {
	t.Helper()
	begin := time.Now()
	a, l := &app{}, NewListener()
	p := New(Options{
		App: a, Seed: 7, TooLong: time.Minute, Slow: 2 * time.Second, Wish: 30 * time.Second,
		Spells: []Spell{{Begin: begin, End: begin.Add(time.Hour), Chance: 1, Kinds: []Kind{kind}}},
	})
	certificates, err := NewCertificates("app.test", begin)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: p, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(tls.NewListener(l, p.TLSConfig(certificates))) }()
	defer server.Close()
	transport := &http.Transport{DialContext: l.DialContext, TLSClientConfig: &tls.Config{RootCAs: certificates.Roots}, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	method, path, fits := http.MethodGet, "/scim/v2/Users", table()[kind].fits
	if fits != nil && !fits(httptest.NewRequest(method, path, nil)) {
		method = http.MethodPost
	}
	if fits != nil && !fits(httptest.NewRequest(method, path, nil)) {
		method, path = http.MethodGet, path+"/u1"
	}
	req, err := http.NewRequest(method, "https://app.test"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err == nil {
		var b []byte
		b, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		status, header, body = resp.StatusCode, resp.Header, string(b)
	}
	if n := p.Counts()[kind]; n == 0 {
		t.Errorf("%s was not counted: %v", kind, p.Counts())
	}
	return status, header, body, a.reached.Load(), err
}

// TestEveryKindIsAFault: each is what its name says, and reaches the
// application if its name says that.
func TestEveryKindIsAFault(t *testing.T) {
	harmless := "a large answer, mixed case, wrong content type, a slow answer, a byte order mark, a success with 200"
	for _, kind := range Kinds(true) {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status, header, body, reached, err := meet(t, kind)
				name := string(kind)
				after := table()[kind].after != nil
				if after != (reached == 1) {
					t.Errorf("the application was reached %d times", reached)
				}
				if strings.Contains(name, "took effect") != after && strings.Contains(name, "effect") {
					t.Errorf("the name says something else than the fault does")
				}
				if err == nil && status < 300 && (body == found || body == made) && header.Get("Content-Encoding") == "" && !strings.Contains(harmless, name) {
					t.Errorf("it is no fault: %d %v %s", status, header, body)
				}
				if code := name[:3]; err == nil && code[0] >= '4' && code[0] <= '5' && !strings.HasPrefix(http.StatusText(status), http.StatusText(atoi(code))) {
					t.Errorf("status %d", status)
				}
				if strings.Contains(harmless, name) && (err != nil || !strings.Contains(strings.ToLower(body), "u1")) {
					t.Errorf("%d %q, error %v", status, body, err)
				}
				if strings.HasPrefix(name, "reset") && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("error %v", err)
				}
				var timeout net.Error
				if late := errors.As(err, &timeout) && timeout.Timeout(); strings.Contains(name, "in time") && !late {
					t.Errorf("error %v", err)
				}
				var certificate *tls.CertificateVerificationError
				if kind == Expired && !errors.As(err, &certificate) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = n*10 + int(c-'0')
	}
	return n
}

// TestForecast: the same seed has the same weather, without gaps, and lives with
// different firsts have outages of every kind that can last.
func TestForecast(t *testing.T) {
	begin, kinds := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Kinds(true)
	if !reflect.DeepEqual(Forecast(3, 0, begin, 30*time.Hour, kinds), Forecast(3, 0, begin, 30*time.Hour, kinds)) {
		t.Error("one seed has two forecasts")
	}
	outages, skies := map[Kind]bool{}, map[Sky]bool{}
	for seed := range 40 {
		at := begin
		for _, s := range Forecast(uint64(seed), seed, begin, 30*time.Hour, kinds) {
			if !s.Begin.Equal(at) || !s.End.After(s.Begin) {
				t.Fatalf("seed %d: a spell from %v to %v after %v", seed, s.Begin, s.End, at)
			}
			at, skies[s.Sky] = s.End, true
			if s.Sky == Outage {
				outages[s.Kinds[0]] = true
			}
			for _, k := range s.Kinds {
				if table()[k].onlyLasts && s.Sky != Outage {
					t.Errorf("%s in %s", k, s.Sky)
				}
			}
		}
		if !at.Equal(begin.Add(30 * time.Hour)) {
			t.Errorf("seed %d: the forecast ends at %v", seed, at)
		}
	}
	for _, k := range kinds {
		if table()[k].lasts && !outages[k] {
			t.Errorf("no outage is made of %q", k)
		}
	}
	if len(skies) != 5 {
		t.Errorf("skies: %v", skies)
	}
}
