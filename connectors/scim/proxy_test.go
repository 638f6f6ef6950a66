package scim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// throughProxy returns a target that reaches its application by a proxy with a
// password.
func throughProxy(t *testing.T, proxy string) *Target {
	t.Helper()
	u, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("proxy-user", "proxy-S3cret")
	transport := NewTransport(1)
	transport.Proxy = http.ProxyURL(u)
	target, err := New(Options{TenantURL: "https://app.test/scim", SecretToken: testToken, Transport: transport, Retries: 2, RetryWait: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.CloseIdleConnections)
	return target
}

// TestAProxyThatRefuses: it is told that it was the proxy, and not what the proxy
// says, which may be the password. Nothing reached the application: there is no
// doubt about any write, and the token went nowhere.
func TestAProxyThatRefuses(t *testing.T) {
	for status, want := range map[int]string{
		302: "check HTTPS_PROXY", 403: "check HTTPS_PROXY", 407: "check user name and password of HTTPS_PROXY", 502: "check HTTPS_PROXY", 201: "check HTTPS_PROXY",
	} {
		proxy := newRude(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			said := r.Header.Get("Proxy-Authorization")
			raw(fmt.Sprintf("HTTP/1.1 %d %s\r\nX-Said: %s\r\nContent-Length: 0\r\n\r\n", status, said, said), false)(w, r)
		})
		for doing, do := range doings {
			err := do(throughProxy(t, proxy.URL))
			var e *connectors.Error
			if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), fmt.Sprintf("HTTP %d", status)) {
				t.Errorf("%d, %s: %v", status, doing, err)
			}
			for _, secret := range []string{"S3cret", base64.StdEncoding.EncodeToString([]byte("proxy-user:proxy-S3cret")), "cHJveHkt"} {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("%d, %s: the password is in %v", status, doing, err)
				}
			}
		}
		if _, _, tokens := proxy.counted(); tokens > 0 {
			t.Errorf("%d requests brought the token to the proxy", tokens)
		}
	}
}

// TestAProxyThatIsDown leaves no doubt either.
func TestAProxyThatIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	for doing, do := range doings {
		err := do(throughProxy(t, "http://"+l.Addr().String()))
		var e *connectors.Error
		if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful || !strings.Contains(err.Error(), "proxyconnect") || strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%s: %v", doing, err)
		}
	}
}
