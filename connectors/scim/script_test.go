package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// reply is one scripted answer of an application.
type reply struct {
	status int
	header map[string]string
	body   string
	err    error               // the connection fails instead
	read   func() (int, error) // the body fails instead
}

// script is an application whose answers are written down beforehand, and a
// record of what it was asked.
type script struct {
	mu       sync.Mutex
	replies  []reply
	requests []*http.Request
	bodies   []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests, s.bodies = append(s.requests, r), append(s.bodies, body)
	if len(s.replies) == 0 {
		return nil, errors.New("the script has no more answers")
	}
	next := s.replies[0]
	if len(s.replies) > 1 {
		s.replies = s.replies[1:]
	}
	if next.err != nil {
		return nil, next.err
	}
	resp := &http.Response{
		StatusCode: next.status, Status: http.StatusText(next.status), Request: r, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader(next.body)),
	}
	if next.read != nil {
		resp.Body = io.NopCloser(readerFunc(next.read))
	}
	resp.Header.Set("Content-Type", "application/scim+json")
	for k, v := range next.header {
		resp.Header.Set(k, v)
	}
	return resp, nil
}

type readerFunc func() (int, error)

func (f readerFunc) Read([]byte) (int, error) { return f() }

// transcript prints what was asked as a person reads it.
func (s *script) transcript() string {
	var b strings.Builder
	for i, r := range s.requests {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s %s\n", r.Method, r.URL)
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			value := r.Header[name][0]
			switch {
			case name == "Authorization" && value == "Bearer token-0123":
				continue // on every request; TestHeaders has it
			case name == "User-Agent" && value == "":
				continue // not sent; TestHeaders has it
			}
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
		if s.bodies[i] != "" {
			b.WriteString("\n")
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, []byte(s.bodies[i]), "", "  "); err != nil {
				pretty.WriteString("NOT JSON: " + s.bodies[i])
			}
			b.WriteString(pretty.String() + "\n")
		}
	}
	return b.String()
}

func newScripted(t testing.TB, opts Options, replies ...reply) (*Target, *script) {
	t.Helper()
	s := &script{replies: replies}
	opts.Transport = s
	if opts.TenantURL == "" {
		opts.TenantURL = "https://app.example.com/scim/v2"
	}
	if opts.SecretToken == "" {
		opts.SecretToken = "token-0123"
	}
	target, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return target, s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); run with -update if the new one is right\n%s", file, diff)
	}
}
