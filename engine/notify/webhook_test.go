package notify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/notify"
)

const webhookSecret, webhookAuthorization = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "Bearer the-webhook-token"

// posted is a request that a receiver got.
type posted struct {
	header http.Header
	body   []byte
}

// receiver answers requests with these statuses, the last one again and again.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	answer   string
	got      []posted
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// posts returns what came so far.
func (r *receiver) posts() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// ServeHTTP notes the request. Status 0 breaks the connection off.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, _ := io.ReadAll(q.Body)
	r.got = append(r.got, posted{q.Header, body})
	status := r.statuses[min(len(r.got), len(r.statuses))-1]
	switch status {
	case 0:
		panic(http.ErrAbortHandler)
	case http.StatusFound:
		w.Header().Set("Location", r.URL+"/elsewhere")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "3600")
	}
	w.WriteHeader(status)
	fmt.Fprint(w, r.answer)
}

func webhook(t *testing.T, r *receiver) *notify.Webhook {
	t.Helper()
	w, err := notify.NewWebhook(notify.HTTP{
		Name: "webhook", URL: r.URL + "/hooks/s3cr3t-path?key=s3cr3t-key", Secret: webhookSecret, Authorization: webhookAuthorization,
		Wait: time.Millisecond, Place: place, Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWhatAWebhookGets compares the whole body of each kind, and checks the
// signature as Standard Webhooks describes it.
func TestWhatAWebhookGets(t *testing.T) {
	for _, kind := range []engine.NoticeKind{engine.Quarantined, engine.DeletionsStaged, engine.Recovered, engine.NoticeTest} {
		t.Run(string(kind), func(t *testing.T) {
			r := newReceiver(t, http.StatusNoContent)
			if err := webhook(t, r).Notify(context.Background(), notice(kind)); err != nil {
				t.Fatal(err)
			}
			got := r.posts()[0]
			var indented bytes.Buffer
			if err := json.Indent(&indented, got.body, "", "  "); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", string(kind)+".json")
			if *update {
				if err := os.WriteFile(path, indented.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), indented.String()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(webhookSecret, "whsec_"))
			if err != nil {
				t.Fatal(err)
			}
			mac := hmac.New(sha256.New, key)
			fmt.Fprintf(mac, "%s.%s.%s", got.header.Get("webhook-id"), got.header.Get("webhook-timestamp"), got.body)
			header := map[string]string{}
			for _, name := range []string{"Content-Type", "Authorization", "webhook-id", "webhook-timestamp", "webhook-signature"} {
				header[name] = got.header.Get(name)
			}
			if diff := cmp.Diff(map[string]string{
				"Content-Type": "application/json", "Authorization": webhookAuthorization, "webhook-id": "scim-1-x", "webhook-timestamp": "1795424400",
				"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
			}, header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAWebhookIsTriedAgain where that may help, with the same id.
func TestAWebhookIsTriedAgain(t *testing.T) {
	for _, tc := range []struct {
		statuses []int
		requests int
		want     string // part of the error; "" for none
	}{
		{[]int{200}, 1, ""},
		{[]int{0, 503, 429, 202}, 4, ""},
		{[]int{503}, 4, "webhook: HOST answered HTTP 503: of the application"},
		{[]int{0}, 4, "webhook: HOST did not answer, though asked 4 times: EOF; check the address, and that it is well"},
		{[]int{400}, 1, "webhook: HOST answered HTTP 400: of the application"},
		{[]int{401}, 1, "webhook: HOST answered HTTP 401: of the application; check the webhook's authorization and secret"},
		{[]int{404}, 1, "webhook: HOST answered HTTP 404: of the application; check the webhook's URL"},
		{[]int{302}, 1, "webhook: HOST answered HTTP 302: of the application; it leads elsewhere, and notices do not follow: write the URL that it leads to"},
	} {
		t.Run(fmt.Sprint(tc.statuses), func(t *testing.T) {
			r := newReceiver(t, tc.statuses...)
			r.answer = "of the\n application"
			err := webhook(t, r).Notify(context.Background(), notice(engine.Quarantined))
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), strings.TrimPrefix(r.URL, "http://"), "HOST")
			}
			if got != tc.want || len(r.posts()) != tc.requests {
				t.Errorf("%d requests, %s\nwant %d, %s", len(r.posts()), got, tc.requests, tc.want)
			}
			for _, p := range r.posts() {
				if id := p.header.Get("webhook-id"); id != "scim-1-x" {
					t.Errorf("id %s", id)
				}
			}
		})
	}
}

// TestAWebhookThatIsNotTrusted is asked once, and nothing else is said.
func TestAWebhookThatIsNotTrusted(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	w, err := notify.NewWebhook(notify.HTTP{Name: "webhook", URL: s.URL, Transport: http.DefaultTransport, Wait: time.Nanosecond, Place: place, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Notify(context.Background(), notice(engine.Quarantined))
	if err == nil || !strings.Contains(err.Error(), "has a certificate that is not trusted: tls: failed to verify certificate") || !strings.HasSuffix(err.Error(), "webhook.caFile") {
		t.Error(err)
	}
}

// TestAWebhooksErrorsHoldNoSecret, also where the other side repeats them, all or
// one by one, in its own spelling, and where the text is cut in the middle of one.
func TestAWebhooksErrorsHoldNoSecret(t *testing.T) {
	r := newReceiver(t)
	var all []error
	for _, said := range []string{
		webhookAuthorization + " " + webhookSecret + " /hooks/s3cr3t-path?key=s3cr3t-key",
		"Cannot POST /hooks/s3cr3t-path", "no such key: s3cr3t-key", "invalid token the-webhook-token", `"\/hooks\/s3cr3t-path"`,
		base64.StdEncoding.EncodeToString([]byte("user:the-webhook-token")), "the-webhook\r\n  -token",
		strings.Repeat("x", 390) + webhookSecret, strings.Repeat("x", 395) + "the-webhook-token", strings.Repeat("x", 390) + "/hooks/s3cr3t-path",
	} {
		r.statuses, r.answer = []int{http.StatusBadRequest}, said
		err := webhook(t, r).Notify(context.Background(), notice(engine.Quarantined))
		if err == nil || !strings.Contains(err.Error(), "****") {
			t.Errorf("%q: %v", said, err)
		}
		all = append(all, err)
	}
	down := webhook(t, r)
	r.Close()
	for _, err := range append(all, down.Notify(context.Background(), notice(engine.Quarantined))) {
		if err == nil {
			t.Fatal("no error")
		}
		for _, secret := range []string{"s3cr3t", "whsec", "the-web", "dGhlLXdlYmhv", "LXdlYmhvb2"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s in %v", secret, err)
			}
		}
	}
}

// TestAWebhookThatIsNone: what answers repeats the request as it came, as an echo
// service does, or leads elsewhere in words that are no address.
func TestAWebhookThatIsNone(t *testing.T) {
	elsewhere := newReceiver(t, http.StatusOK)
	for name, answer := range map[string]func(c net.Conn, request []byte){
		"an echo": func(c net.Conn, request []byte) { _, _ = c.Write(request) },
		"a redirect to nowhere": func(c net.Conn, _ []byte) {
			fmt.Fprint(c, "HTTP/1.1 302 Found\r\nLocation: http://%zz/hooks/s3cr3t-path?key=s3cr3t-key\r\nContent-Length: 0\r\n\r\n")
		},
		"a redirect that keeps method and body": func(c net.Conn, _ []byte) {
			fmt.Fprintf(c, "HTTP/1.1 308 Permanent Redirect\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", elsewhere.URL)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					request := make([]byte, 64<<10)
					n, _ := c.Read(request)
					answer(c, request[:n])
					_ = c.Close()
				}
			}()
			w := webhook(t, &receiver{Server: &httptest.Server{URL: "http://" + l.Addr().String()}})
			err = w.Notify(context.Background(), notice(engine.Quarantined))
			for _, secret := range []string{"s3cr3t", webhookSecret, "the-webhook-token"} {
				if err == nil || strings.Contains(err.Error(), secret) {
					t.Errorf("%s in %v", secret, err)
				}
			}
		})
	}
	if n := len(elsewhere.posts()); n > 0 {
		t.Errorf("%d notices went elsewhere", n)
	}
}

func TestAWebhookEndsWithItsContext(t *testing.T) {
	r := newReceiver(t, http.StatusServiceUnavailable)
	w, err := notify.NewWebhook(notify.HTTP{Name: "webhook", URL: r.URL, Wait: time.Hour, Place: place, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := w.Notify(ctx, notice(engine.Quarantined)); err == nil || !strings.Contains(err.Error(), "was not waited for") {
		t.Error(err)
	}
}

func TestCheckURL(t *testing.T) {
	for _, tc := range []struct {
		url   string
		allow bool
		want  string
	}{
		{"https://hooks.contoso.com/x", false, ""},
		{"http://127.0.0.1:8080/x", false, ""},
		{"http://[::1]/x", false, ""},
		{"http://localhost/x", false, ""},
		{"http://localhost.contoso.com/x", false, "is plain http to another machine: use https, or write allowHTTP: true"},
		{"http://hooks.contoso.com/x", false, "is plain http to another machine: use https, or write allowHTTP: true"},
		{"http://hooks.contoso.com/x", true, ""},
		{"https://ada:pass@hooks.contoso.com/x", false, "has a user name in it: use authorization"},
		{"ftp://hooks.contoso.com/x", false, "begins with ftp: use https"},
		{"hooks.contoso.com/x", false, "is no URL such as https://hooks.contoso.com/scimsync"},
		{"https://:443/x", false, "is no URL such as https://hooks.contoso.com/scimsync"},
		{"https://a b/%zz", false, "is no URL such as https://hooks.contoso.com/scimsync"},
	} {
		got := ""
		if err := notify.CheckURL(tc.url, tc.allow); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.url, got, tc.want)
		}
		if _, err := notify.NewWebhook(notify.HTTP{URL: tc.url, AllowHTTP: tc.allow}); (err == nil) != (tc.want == "") {
			t.Errorf("%s: NewWebhook says %v", tc.url, err)
		}
	}
}

func TestCheckSecret(t *testing.T) {
	for secret, right := range map[string]bool{"": true, "any text": true, webhookSecret: true, "whsec_": false, "whsec_not base64": false} {
		if err := notify.CheckSecret(secret); (err == nil) != right || err != nil && strings.Contains(err.Error(), "not base64") {
			t.Errorf("%q: %v", secret, err)
		}
		if _, err := notify.NewWebhook(notify.HTTP{URL: "https://contoso.com", Secret: secret}); (err == nil) != right {
			t.Errorf("%q: NewWebhook says %v", secret, err)
		}
	}
}
