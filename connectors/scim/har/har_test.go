package har

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const token = "s3cr3t/t0ken+=="

func hideToken(s string) string { return strings.ReplaceAll(s, token, "***") }

// traced returns a client whose requests are recorded, and where.
func traced(t *testing.T, mask func(string) string) (*http.Client, *Recorder, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.har")
	r, err := New(path, mask)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	next := &http.Transport{DisableCompression: true}
	t.Cleanup(next.CloseIdleConnections)
	return &http.Client{Transport: r.Transport(next)}, r, path
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// entriesOf returns the entries of a file, which has to be valid JSON.
func entriesOf(t *testing.T, path string) []harObject {
	t.Helper()
	var a archive
	if err := json.Unmarshal(contentAt(t, path), &a); err != nil {
		t.Fatalf("%v in\n%s", err, contentAt(t, path))
	}
	return a.Log.Entries
}

func contentAt(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func do(t *testing.T, c *http.Client, method, url, body string, header ...string) string {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestEntry(t *testing.T) {
	const created = `{"id":"1","userName":"ada@contoso.com"}`
	c, _, path := traced(t, nil)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		w.Header().Set("Location", "/scim/Users/1")
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, created)
	})
	const body = `{"userName":"ada@contoso.com","name":{"formatted":"Ada <Ito>"}}`
	do(t, c, http.MethodPost, url+"/scim/Users?filter=userName+eq+%22ada%22&x", body,
		"Content-Type", "application/scim+json; charset=utf-8", "Authorization", "Bearer "+token, "User-Agent", "")
	e := entriesOf(t, path)[0]

	if e.Request.Method != http.MethodPost || e.Request.URL != url+"/scim/Users?filter=userName+eq+%22ada%22&x" {
		t.Errorf("got %s %s", e.Request.Method, e.Request.URL)
	}
	if want := []pair{{"filter", `userName eq "ada"`}, {"x", ""}}; !slices.Equal(e.Request.QueryString, want) {
		t.Errorf("got %v, want %v", e.Request.QueryString, want)
	}
	// What was sent, rather than what was asked for.
	for _, want := range []pair{{"Host", strings.TrimPrefix(url, "http://")}, {"Content-Length", fmt.Sprint(len(body))}, {"Authorization", "Bearer " + masked}} {
		if !slices.Contains(e.Request.Headers, want) {
			t.Errorf("%v is not in %v", want, e.Request.Headers)
		}
	}
	if e.Request.PostData.Text != body || e.Request.PostData.MimeType != "application/scim+json; charset=utf-8" || e.Request.BodySize != int64(len(body)) {
		t.Errorf("got %+v", e.Request.PostData)
	}
	if !strings.Contains(string(contentAt(t, path)), "<Ito>") {
		t.Error("HTML is escaped, which a person has to read")
	}
	if r := e.Response; r.Status != 201 || r.StatusText != "Created" || r.HTTPVersion != "HTTP/1.1" || r.RedirectURL != "/scim/Users/1" ||
		r.Content.Text != created || r.Content.Size != int64(len(created)) || r.Content.MimeType != "application/scim+json" || r.Error != "" {
		t.Errorf("got %+v", r)
	}
	if e.ServerIPAddress != "127.0.0.1" || e.Connection == "" {
		t.Errorf("connection %q to %q", e.Connection, e.ServerIPAddress)
	}
	if started, err := time.Parse(time.RFC3339Nano, e.StartedDateTime); err != nil || time.Since(started) > time.Minute {
		t.Errorf("started at %s: %v", e.StartedDateTime, err)
	}
}

// TestValidAfterEachEntry reads the file while the recorder is at work: that is
// what a program that is killed leaves.
func TestValidAfterEachEntry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.har")
	if err := os.WriteFile(path, bytes.Repeat([]byte("what was there before\n"), 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := New(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(entriesOf(t, path)); n != 0 {
		t.Errorf("%d entries before the first request", n)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	c := &http.Client{Transport: r.Transport(http.DefaultTransport)}
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	for i := range 5 {
		do(t, c, http.MethodPut, url, strings.Repeat("x", 10*(5-i)))
		if n := len(entriesOf(t, path)); n != i+1 {
			t.Errorf("%d entries after %d requests", n, i+1)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if n := len(entriesOf(t, path)); n != 5 {
		t.Errorf("%d entries", n)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(contentAt(t, path)), []byte("\n"))[1:6] {
		if !json.Valid(bytes.TrimSuffix(line, []byte(","))) {
			t.Errorf("entry %d is not one line", i)
		}
	}
	// A write that was cut short is repaired as the package says.
	torn := contentAt(t, path)
	torn = torn[:len(torn)-40]
	repaired := bytes.TrimSuffix(torn[:bytes.LastIndexByte(torn, '\n')], []byte(","))
	var a archive
	if err := json.Unmarshal(append(repaired, "]}}"...), &a); err != nil || len(a.Log.Entries) != 4 {
		t.Errorf("%d entries, %v", len(a.Log.Entries), err)
	}
}

func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := New(dir, nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
	if _, err := New(filepath.Join(dir, "no", "trace.har"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// brokenFile writes half of the third write, as a full disk does.
type brokenFile struct {
	content []byte
	writes  int
}

func (f *brokenFile) WriteAt(p []byte, at int64) (int, error) {
	f.writes++
	full := f.writes == 3
	if full {
		p = p[:len(p)/2]
	}
	f.content = append(f.content[:at], p...)
	if full {
		return len(p), errors.New("no space left on device")
	}
	return len(p), nil
}

func (f *brokenFile) Truncate(n int64) error { f.content = f.content[:n]; return nil }
func (f *brokenFile) Close() error           { return nil }

// TestFullDisk: requests go on, the file keeps what it had, and Close tells.
func TestFullDisk(t *testing.T) {
	f := &brokenFile{}
	r, err := start(f, "trace.har", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: r.Transport(http.DefaultTransport)}
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "answer") })
	for range 4 {
		if got := do(t, c, http.MethodGet, url, ""); got != "answer" {
			t.Errorf("got %q", got)
		}
	}
	if err := r.Close(); err == nil || err.Error() != "the trace trace.har is incomplete: no space left on device" {
		t.Error(err)
	}
	var a archive
	if err := json.Unmarshal(f.content, &a); err != nil || len(a.Log.Entries) != 1 {
		t.Errorf("%d entries, %v:\n%s", len(a.Log.Entries), err, f.content)
	}
}

// TestOrder lets requests end in the reverse of the order they began in.
func TestOrder(t *testing.T) {
	const n = 8
	c, r, path := traced(t, nil)
	arrived, leave := make(chan string), make([]chan bool, n)
	for i := range leave {
		leave[i] = make(chan bool)
	}
	url := serve(t, func(w http.ResponseWriter, req *http.Request) {
		arrived <- req.URL.Path
		var i int
		fmt.Sscanf(req.URL.Path, "/%d", &i)
		<-leave[i]
	})
	ended := make(chan int)
	for i := range n {
		go func() {
			resp, err := c.Get(fmt.Sprintf("%s/%d", url, i))
			if err == nil {
				resp.Body.Close()
			}
			ended <- i
		}()
		<-arrived
	}
	for i := range n {
		if got := len(entriesOf(t, path)); got != 0 {
			t.Errorf("%d entries while the first is under way", got)
		}
		close(leave[n-1-i])
		<-ended
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	for i, e := range entriesOf(t, path) {
		if want := fmt.Sprintf("%s/%d", url, i); e.Request.URL != want {
			t.Errorf("entry %d is %s", i, e.Request.URL)
		}
	}
}

// TestSlowRequest: what is held back for one that does not end is limited.
func TestSlowRequest(t *testing.T) {
	c, r, path := traced(t, nil)
	arrived, leave := make(chan bool), make(chan bool)
	end := sync.OnceFunc(func() { close(leave) })
	defer end()
	url := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/slow" {
			close(arrived)
			<-leave
			return
		}
		io.WriteString(w, strings.Repeat("x", MaxBody))
	})
	ended := make(chan error, 1)
	go func() {
		resp, err := c.Get(url + "/slow")
		if err == nil {
			err = resp.Body.Close()
		}
		ended <- err
	}()
	<-arrived
	for i := 0; len(entriesOf(t, path)) == 0; i++ {
		if r.waiting > MaxWaiting || i > 2*MaxWaiting/MaxBody {
			t.Fatalf("%d bytes wait", r.waiting)
		}
		do(t, c, http.MethodGet, url+"/quick", "")
	}
	before := len(entriesOf(t, path))
	end()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	all := entriesOf(t, path)
	if len(all) != before+1 || !strings.HasSuffix(all[before].Request.URL, "/slow") {
		t.Errorf("%d entries, the last is %s", len(all), all[len(all)-1].Request.URL)
	}
}

func TestConcurrentUse(t *testing.T) {
	c, r, path := traced(t, hideToken)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				body := fmt.Sprintf(`{"n":"%d-%d"}`, w, i)
				if got := do(t, c, http.MethodPost, url, body, "Authorization", fmt.Sprintf("Bearer token-%d-%d", w, i)); got != body {
					t.Errorf("got %s, want %s", got, body)
				}
			}
		})
	}
	wg.Wait()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	all := entriesOf(t, path)
	if len(all) != 200 {
		t.Fatalf("%d entries", len(all))
	}
	for i, e := range all {
		if e.Request.PostData.Text != e.Response.Content.Text {
			t.Errorf("%s was answered by %s", e.Request.PostData.Text, e.Response.Content.Text)
		}
		if i > 0 && e.StartedDateTime < all[i-1].StartedDateTime {
			t.Errorf("entry %d began before the one in front of it", i)
		}
	}
}

func TestClose(t *testing.T) {
	c, r, path := traced(t, nil)
	arrived := make(chan bool)
	url := serve(t, func(_ http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/waits" {
			close(arrived)
			<-req.Context().Done()
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		defer close(ended)
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+"/waits", nil)
		if resp, err := c.Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	<-arrived
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	do(t, c, http.MethodGet, url+"/later", "") // is sent, and not recorded
	cancel()
	<-ended
	all := entriesOf(t, path)
	if len(all) != 1 || all[0].Response.Status != 0 || all[0].Response.Error != errRunning.Error() {
		t.Errorf("got %+v", all)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
