package scim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
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

// TestASOCKSProxyThatRefuses: nothing reached the application, here too.
func TestASOCKSProxyThatRefuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			said := make([]byte, 300)
			for _, answer := range []string{"\x05\x02", "\x01\x01"} { // the password, and that it is wrong (RFC 1929)
				_, _ = conn.Read(said)
				_, _ = conn.Write([]byte(answer))
			}
			_ = conn.Close()
		}
	}()
	for doing, do := range doings {
		err := do(throughProxy(t, "socks5://"+l.Addr().String()))
		var e *connectors.Error
		if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful || !strings.Contains(err.Error(), "socks connect") || strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%s: doubtful %v: %v", doing, e != nil && e.Doubtful, err)
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

// TestThisMachineNeedsNoProxy, however it is called: what is sent in the clear
// because it stays here would go through the network.
func TestThisMachineNeedsNoProxy(t *testing.T) {
	if os.Getenv("SCIMSYNC_TEST_PROXY") == "" { // the environment is read once in a process
		child := exec.Command(os.Args[0], "-test.run=^TestThisMachineNeedsNoProxy$", "-test.count=1") //nolint:gosec // this test
		child.Env = append(os.Environ(), "SCIMSYNC_TEST_PROXY=1", "HTTP_PROXY=http://proxy.test:3128", "http_proxy=http://proxy.test:3128", "NO_PROXY=", "no_proxy=")
		if out, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	for address, proxied := range map[string]bool{
		"http://localhost:1/": false, "http://LocalHost:1/": false, "http://127.0.0.1/": false, "http://127.9.9.9/": false, "http://[::1]/": false,
		"http://[::ffff:127.0.0.1]/": false, "http://app.test/": true,
	} {
		if _, err := ParseTenantURL(address, false); (err != nil) != proxied {
			t.Errorf("%s: %v", address, err)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if proxy, err := NewTransport(1).Proxy(r); err != nil || (proxy != nil) != proxied {
			t.Errorf("%s: by %v, error %v", address, proxy, err)
		}
	}
}

// TestAProxyThatAnswersItself: what is sent unencrypted goes to a proxy with its
// password, and the proxy repeats it in place of the application.
func TestAProxyThatAnswersItself(t *testing.T) {
	for _, status := range []int{200, 400, 403, 407, 502} {
		proxy := newRude(t, func(w http.ResponseWriter, r *http.Request) {
			body(status, "text/plain", "refused: "+r.Header.Get("Proxy-Authorization")+" which is proxy-S3cret")(w, r)
		})
		t.Setenv("http_proxy", strings.Replace(proxy.URL, "http://", "proxy-user:proxy-S3cret@", 1))
		transport := NewTransport(1)
		transport.Proxy = func(*http.Request) (*url.URL, error) {
			return url.Parse("http://" + os.Getenv("http_proxy")) // as the library reads it, once in a process
		}
		target, err := New(Options{TenantURL: "http://app.test/scim", AllowHTTP: true, SecretToken: testToken, Transport: transport, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(target.CloseIdleConnections)
		for doing, do := range doings {
			var e *connectors.Error
			if err := do(target); err != nil && errors.As(err, &e) && (strings.Contains(e.Error()+e.Body, "S3cret") || strings.Contains(e.Error()+e.Body, "cHJveHkt")) {
				t.Errorf("%d, %s: the password is in %v, %s", status, doing, e, e.Body)
			}
		}
	}
}

// TestTheCertificateOfAProxy is not called the application's.
func TestTheCertificateOfAProxy(t *testing.T) {
	proxy := newTLSApp(t, newAuthority(t, "Mallory Root").issue(), nil)
	for doing, do := range doings {
		err := do(throughProxy(t, proxy.URL))
		var e *connectors.Error
		if !errors.As(err, &e) || e.Class != connectors.Retryable || e.Doubtful || !strings.Contains(err.Error(), "proxyconnect") || strings.Contains(err.Error(), "the application's certificate") {
			t.Errorf("%s: %v", doing, err)
		}
	}
}
