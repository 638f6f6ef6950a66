package scim

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
)

// TestHeaders reads the requests from the socket: what is not sent matters as
// much as what is.
func TestHeaders(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	heads := make(chan []string, 10)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReader(conn)
		for {
			head, length := []string{}, 0
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					close(heads)
					return
				}
				line = strings.TrimRight(line, "\r\n")
				if line == "" {
					break
				}
				head = append(head, line)
				_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
			}
			if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
				return
			}
			heads <- head
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/scim+json\r\nContent-Length: %d\r\n\r\n%s", len(oneID), oneID)
		}
	}()
	host := listener.Addr().String()
	target, err := New(Options{TenantURL: "http://" + host + "/scim/", SecretToken: "token-0123"})
	if err != nil {
		t.Fatal(err)
	}
	defer target.CloseIdleConnections()
	for _, doing := range []string{"get", "post", "patch", "delete"} {
		if err := doings[doing](target); err != nil {
			t.Fatal(err)
		}
		got := <-heads
		slices.Sort(got[1:])
		want := []string{map[string]string{
			"get": "GET /scim/Users/u1 HTTP/1.1", "post": "POST /scim/Users HTTP/1.1",
			"patch": "PATCH /scim/Users/u1 HTTP/1.1", "delete": "DELETE /scim/Users/u1 HTTP/1.1",
		}[doing], "ADSCIMVersion: 5.0", "Authorization: Bearer token-0123"}
		if doing == "post" || doing == "patch" {
			for _, line := range got {
				if strings.HasPrefix(line, "Content-Length: ") {
					want = append(want, line)
				}
			}
			want = append(want, "Content-Type: application/scim+json; charset=utf-8")
		}
		want = append(want, "Host: "+host)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", doing, diff)
		}
	}
}

// TestQueryOnTheWire checks that the query is sent as it was built.
func TestQueryOnTheWire(t *testing.T) {
	uri := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		uri = r.RequestURI
		fmt.Fprint(w, emptyList)
	}))
	defer s.Close()
	target, err := New(Options{TenantURL: s.URL + "/a%2Fb/?x=1&aadOptscim062020"})
	if err != nil {
		t.Fatal(err)
	}
	defer target.CloseIdleConnections()
	_, err = target.Find(context.Background(), connectors.Query{Type: "User", Attribute: `emails[type eq "work"].value`, Value: set("", "ä b@ex.com").New})
	if want := "/a%2Fb/Users?x=1&filter=emails%5btype+eq+%22work%22%5d.value+eq+%22%c3%a4+b%40ex.com%22"; err != nil || uri != want {
		t.Errorf("sent %s, want %s; error %v", uri, want, err)
	}
}

func TestConnectionsAreKept(t *testing.T) {
	var mu sync.Mutex
	connections := map[string]bool{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		connections[r.RemoteAddr] = true
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"detail":"an error's body has to be read, too"}`)
	}))
	defer s.Close()
	target := newLive(t, s.URL, testToken)
	for range 20 {
		if err := target.Test(context.Background()); connectors.ClassOf(err) != connectors.NotSCIM {
			t.Fatal(err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(connections) != 1 {
		t.Errorf("20 requests one after the other took %d connections", len(connections))
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	target, err := New(Options{TenantURL: s.URL, Timeout: 20 * time.Millisecond, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer target.CloseIdleConnections()
	var e *connectors.Error
	if err := doings["post"](target); !errors.As(err, &e) || e.Class != connectors.Retryable || e.Code != codeTimeout {
		t.Errorf("%v", err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, oneID) }))
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	transport := NewTransport(1)
	transport.TLSClientConfig.InsecureSkipVerify = true
	target, err := New(Options{TenantURL: s.URL, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	if err := doings["get"](target); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("a server of TLS 1.1: %v", err)
	}
}
