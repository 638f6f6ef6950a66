package main_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/cmd/torture/firm"
	"github.com/scimsync/scimsync/cmd/torture/lab"
	"github.com/scimsync/scimsync/cmd/torture/weather"
	"github.com/scimsync/scimsync/connectors/connectortest/npmserver"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
)

// TestBadWeatherBeforeBetterAuth lets a job run against a SCIM server that
// others wrote, on real connections, in weather as bad as in TestBadWeather,
// and compares what becomes of it with a second such server in fair weather.
// The clock of the job is moved by hand; the client's own waits are real, and
// short.
func TestBadWeatherBeforeBetterAuth(t *testing.T) {
	seed := lab.Seed(t)
	foul, fair := betterAuth(t), betterAuth(t)
	hours, most := 20, 60
	if testing.Short() {
		hours, most = 4, 4
	}
	l := newServerLife(t, seed, most, foul, fair)
	forecast := l.spells[len(l.spells)-1].End
	// An outage may pass while the job waits in quarantine: where something has not
	// been seen by then, life goes on.
	for enough := l.now.Add(time.Duration(hours) * time.Hour); l.now.Before(enough) || l.now.Before(forecast) && l.unseen() != ""; {
		l.round(t, true)
	}
	l.clear = l.now
	l.compareWhenWell(t)
	total := 0
	for k, n := range l.proxy.Counts() {
		if k != weather.Pass {
			total += n
		}
	}
	if unseen := l.unseen(); unseen != "" && !testing.Short() {
		t.Errorf("this never happened: the fault %q", unseen)
	}
	t.Attr("tries", strconv.Itoa(total))
	t.Logf("seed %d: %d cycles, %d of them failed, %d faults of %d kinds, %d writes; an administrator had to help %d times",
		seed, l.cycles, l.failed, total, len(l.proxy.Counts())-1, l.witness.writes, l.helped)
}

// betterAuth starts a server and returns its tenant URL.
func betterAuth(t *testing.T) string {
	t.Helper()
	server := npmserver.Start(t, "better-auth/better-auth.mjs", nil, "0", strings.Repeat(weatherToken, 2))
	return "http://" + server.Address() + "/api/auth/scim/v2"
}

// serverLife is a life whose clock is moved by hand.
type serverLife struct {
	*firm.Firm
	dir         string
	now         time.Time
	kinds       []weather.Kind // that can occur
	spells      []weather.Spell
	proxy       *weather.Proxy
	witness     *witness
	storm, twin *site
	options     scim.Options // of the target in the storm
	helped      int
	cycles      int
	failed      int
	clear       time.Time // since when the weather is fair, which was forecast for longer
	fair        time.Time
}

func newServerLife(t *testing.T, seed uint64, hours int, foul, fair string) *serverLife {
	l := &serverLife{Firm: newFirm(seed, 5), dir: t.TempDir(), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return l.now }
	l.export(t)
	l.storm, l.twin = newSite(t, l.dir, clock, zap.NewNop()), newTwin(t, l.dir, clock)
	l.twin.reach(scim.Options{TenantURL: fair, SecretToken: strings.Repeat(weatherToken, 2), Transport: dated{scim.NewTransport(4), clock}})
	l.twin.dangling, l.storm.dangling = true, true
	l.twin.shown, l.storm.shown = shownBy(t, fair), shownBy(t, foul)

	// Waits are real here: what asks for many of them is left to fake time.
	for _, k := range weather.Kinds(true) {
		if name := string(k); !strings.HasPrefix(name, "503, Retry-After in") && !strings.HasPrefix(name, "503, Retry-After as") && name != "no answer in time" {
			l.kinds = append(l.kinds, k)
		}
	}
	l.spells = weather.Rotation(seed, l.now, interval, hours*3/2, l.kinds) // one for each cycle
	l.witness = newWitness(l.spells)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		l.witness.violated("another host was asked %s %s, with the token: %v", r.Method, r.URL, r.Header.Get("Authorization") != "")
	}))
	t.Cleanup(other.Close)
	target, err := url.Parse(strings.TrimSuffix(foul, "/api/auth/scim/v2"))
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorLog: log.New(io.Discard, "", 0),
	}
	sky := func() time.Time {
		if !l.clear.IsZero() {
			return l.spells[len(l.spells)-1].End
		}
		return l.now
	}
	l.proxy = weather.New(weather.Options{
		App: pass, Seed: seed, Spells: l.spells, Now: sky, TooLong: time.Second, Slow: 200 * time.Millisecond,
		Wish: time.Second, Elsewhere: []string{other.URL}, OnRequest: l.witness.request,
	})
	certificates, err := weather.NewCertificates("127.0.0.1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve(t, tls.NewListener(listener, l.proxy.TLSConfig(certificates)), l.proxy)
	transport := scim.NewTransport(4)
	transport.TLSClientConfig.RootCAs = certificates.Roots
	t.Cleanup(transport.CloseIdleConnections)
	l.options = scim.Options{
		TenantURL: "https://" + listener.Addr().String() + "/api/auth/scim/v2", SecretToken: strings.Repeat(weatherToken, 2), Transport: dated{transport, clock},
		Timeout: 700 * time.Millisecond, RetryWait: time.Millisecond, RetryWaitMax: 1200 * time.Millisecond,
	}
	return l
}

// unseen names a kind of fault that has not occurred yet, "" if all have.
func (l *serverLife) unseen() weather.Kind {
	counts := l.proxy.Counts()
	for _, k := range l.kinds {
		if counts[k] == 0 {
			return k
		}
	}
	return ""
}

// dated lets an application that others wrote have the clock of the test.
type dated struct {
	http.RoundTripper
	now func() time.Time
}

func (d dated) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := d.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Header.Set("Date", d.now().UTC().Format(http.TimeFormat))
	}
	return answer, err
}

// shownBy reads users and groups of a server, past the proxy.
func shownBy(t *testing.T, tenant string) func() (users, groups []map[string]any) {
	read := func(path string) (all []map[string]any) {
		for {
			req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/%s?startIndex=%d&count=100", tenant, path, len(all)+1), nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+strings.Repeat(weatherToken, 2))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			var list struct{ Resources []map[string]any }
			err = json.NewDecoder(resp.Body).Decode(&list)
			if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("%s: %d, %v", req.URL, resp.StatusCode, err)
			}
			if len(list.Resources) == 0 {
				return all
			}
			all = append(all, list.Resources...)
		}
	}
	return func() (users, groups []map[string]any) { return read("Users"), read("Groups") }
}

func (l *serverLife) export(t *testing.T) {
	t.Helper()
	if err := l.Export(l.dir); err != nil {
		t.Fatal(err)
	}
}

// fail ends the test with what is known of the life.
func (l *serverLife) fail(t *testing.T, format string, args ...any) {
	t.Helper()
	requests := filepath.Join(t.ArtifactDir(), "requests.txt")
	l.witness.save(requests)
	record := l.storm.record()
	t.Fatalf("%v: %s\nescrows:\n  %s\nquarantine: %+v\nlast cycle: %+v\nrequests: %s (kept with -artifacts)", l.now, fmt.Sprintf(format, args...),
		strings.Join(l.storm.escrows(), "\n  "), record.Quarantine, record.Last, requests)
}

func (l *serverLife) look(t *testing.T, s *site) picture {
	t.Helper()
	p, err := s.look()
	if err != nil {
		l.fail(t, "%v", err)
	}
	return p
}

// round changes the directory, runs a cycle on both sides, and moves the clock.
func (l *serverLife) round(t *testing.T, changes bool) {
	t.Helper()
	if changes {
		storm, twin := l.look(t, l.storm), l.look(t, l.twin)
		l.Sure = alike(storm, twin)
		l.Change(12)
		l.export(t)
	}
	l.twin.cycle(engine.Options{})
	// In bad weather somebody starts every cycle by hand: there is more of it then.
	if q := l.storm.record().Quarantine; changes || q == nil || !l.now.Before(q.NextAttempt) || l.storm.record().AllowDeletes {
		l.witness.cycle()
		l.storm.reach(l.options) // as a program that is started anew: it does not remember how long to wait
		l.cycles++
		if _, err := l.storm.engine.Cycle(context.Background(), l.storm.job, engine.Options{}); err != nil {
			l.failed++
		}
	}
	if broken := l.witness.violations(); len(broken) > 0 {
		l.fail(t, "%s", strings.Join(broken, "\n"))
	}
	l.look(t, l.storm)
	l.storm.help(&l.helped)
	l.now = l.now.Add(interval)
}

// compareWhenWell waits, in fair weather, until nothing is left to do, and
// compares the servers.
func (l *serverLife) compareWhenWell(t *testing.T) {
	t.Helper()
	l.options.Timeout = time.Minute // a machine may be slow; the weather is not
	for end := l.now.Add(patience); ; l.round(t, false) {
		record := l.storm.record()
		well := record.Quarantine == nil && len(l.storm.escrows()) == 0 && record.Last.ErrorCode == "" && record.Last.Summary.Fail == 0 &&
			record.Last.Began.After(l.clear)
		if well && l.fair.IsZero() {
			l.fair = record.Last.Began
		}
		if well && record.Last.Summary.Changes() == 0 && record.Last.Began.After(l.fair.Add(recycleBin+2*interval)) {
			break
		}
		if l.now.After(end) {
			l.fail(t, "after %v of fair weather something is still wrong:\n%s", patience, cmp.Diff(l.look(t, l.twin), l.look(t, l.storm)))
		}
	}
	if diff := cmp.Diff(l.look(t, l.twin), l.look(t, l.storm)); diff != "" {
		l.fail(t, "the server, compared with what fair weather made of it (-fair +foul):\n%s", diff)
	}
	for _, opts := range []engine.Options{{}, {Initial: true}} {
		if x := l.storm.cycle(opts); x.Exports > 0 {
			l.fail(t, "a further cycle (%+v) writes: %s", opts, x.Summary)
		}
	}
}
