package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mask"
)

// The times of a webhook.
const (
	webhookTimeout = 10 * time.Second // for one try
	webhookRetries = 3
	webhookWait    = time.Second // before the second try, doubled each time
	webhookMaxWait = 5 * time.Second
)

// maxAnswer is how much of an answer is looked at, in bytes: more of it than is
// shown, for a secret may begin at the end of that.
const maxAnswer = 64 << 10

// HTTP is a web address that notices are posted to.
type HTTP struct {
	Name          string // of the notifier
	URL           string // may itself be a secret: errors show its host alone
	Secret        string // signs the body; "" for no signature
	Authorization string // value of the header Authorization; "" for none
	AllowHTTP     bool   // also to other machines
	Transport     http.RoundTripper
	Wait          time.Duration // before the second try; 0 for one second
	Place         Place
	Now           func() time.Time
}

// Webhook posts notices as JSON.
type Webhook struct {
	options HTTP
	url     *url.URL
	client  *retryablehttp.Client
}

// NewWebhook returns a notifier that posts to the address. Its errors are those
// of CheckURL and CheckSecret.
func NewWebhook(o HTTP) (*Webhook, error) {
	if err := CheckURL(o.URL, o.AllowHTTP); err != nil {
		return nil, fmt.Errorf("the URL of %s %w", o.Name, err)
	}
	if err := CheckSecret(o.Secret); err != nil {
		return nil, fmt.Errorf("the secret of %s %w", o.Name, err)
	}
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, errors.New("it is no URL") // CheckURL has read it
	}
	if o.Wait == 0 {
		o.Wait = webhookWait
	}
	return &Webhook{options: o, url: u, client: &retryablehttp.Client{
		HTTPClient: &http.Client{
			Transport: o.Transport, Timeout: webhookTimeout,
			// What is secret goes to the address that was named, and nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		RetryMax: webhookRetries, RetryWaitMin: o.Wait, RetryWaitMax: max(o.Wait, webhookMaxWait),
		CheckRetry: retryablehttp.DefaultRetryPolicy, Backoff: backoff, ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}, nil
}

// backoff doubles the wait, and does not let Retry-After hold up the job.
func backoff(first, most time.Duration, attempt int, _ *http.Response) time.Duration {
	return min(first<<attempt, most)
}

// CheckURL returns an error, without the address, if notices must not be posted
// to it: it is no URL, names no host, has a password in it, or is plain http to
// another machine, which allowHTTP permits.
func CheckURL(address string, allowHTTP bool) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return errors.New("is no URL such as https://hooks.contoso.com/scimsync")
	case u.User != nil:
		return errors.New("has a user name in it: use authorization")
	case u.Scheme == "https", u.Scheme == "http" && (allowHTTP || loopback(u.Hostname())):
		return nil
	case u.Scheme == "http":
		return errors.New("is plain http to another machine: use https, or write allowHTTP: true")
	default:
		return fmt.Errorf("begins with %s: use https", u.Scheme)
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Name returns the name that it was given.
func (w *Webhook) Name() string { return w.options.Name }

// payload is the body of a request, as docs/notifications.md has it.
type payload struct {
	Kind        engine.NoticeKind `json:"kind"`
	Job         string            `json:"job"`
	JobID       string            `json:"jobId"`
	Reason      string            `json:"reason"`
	Message     string            `json:"message"`
	Began       *time.Time        `json:"began"`
	CycleID     string            `json:"cycleId"`
	Time        time.Time         `json:"time"`
	NextAttempt *time.Time        `json:"nextAttempt"`
	Imported    int64             `json:"imported"`
	Summary     plan.Summary      `json:"summary"`
	Host        string            `json:"host"`
	Subject     string            `json:"subject"`
	Text        string            `json:"text"`
}

func (w *Webhook) body(n engine.Notice) ([]byte, error) {
	subject, body, err := text(n, w.options.Place)
	if err != nil {
		return nil, err
	}
	return json.Marshal(payload{
		Kind: n.Kind, Job: n.Job, JobID: n.JobID, Reason: n.Reason, Message: n.Message, Began: known(n.Began),
		CycleID: n.CycleID, Time: n.Time, NextAttempt: known(n.NextAttempt), Imported: n.Imported, Summary: n.Summary,
		Host: w.options.Place.Host, Subject: subject, Text: body,
	})
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Notify posts the notice, and again where there was no answer, or one of 429
// and 5xx. It returns nil if the answer is one of 2xx. The headers are those of
// Standard Webhooks (standardwebhooks.com): webhook-id, the same for the same
// notice, webhook-timestamp, and webhook-signature if there is a secret.
func (w *Webhook) Notify(ctx context.Context, n engine.Notice) error {
	body, err := w.body(n)
	if err != nil {
		return fmt.Errorf("%s: %w", w.Name(), err)
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, w.options.URL, body)
	if err != nil {
		return fmt.Errorf("%s: %w", w.Name(), bareError(err))
	}
	sent := w.options.Now()
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "scimsync")
	request.Header.Set("webhook-id", n.ID)
	request.Header.Set("webhook-timestamp", strconv.FormatInt(sent.Unix(), 10))
	if w.options.Secret != "" {
		key, err := keyOf(w.options.Secret)
		if err != nil {
			return fmt.Errorf("%s: its secret %w", w.Name(), err)
		}
		request.Header.Set("webhook-signature", sign(key, n.ID, sent, body))
	}
	if w.options.Authorization != "" {
		request.Header.Set("Authorization", w.options.Authorization)
	}
	answer, err := w.client.Do(request)
	if answer != nil {
		defer func() { _ = answer.Body.Close() }() // of an answer that is read as far as needed
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("%s: %s was not waited for: %w", w.Name(), w.url.Host, ctx.Err())
	case err != nil:
		what, advice := fmt.Sprintf("did not answer, though asked %d times", webhookRetries+1), "check the address, and that it is well"
		if again, _ := retryablehttp.DefaultRetryPolicy(ctx, nil, err); !again {
			what = "did not answer"
		}
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &certificate) {
			what, advice = "has a certificate that is not trusted", "check the address, which the certificate must name, or give who signed it as webhook.caFile"
		}
		err = bareError(err)
		return &failure{cause: err, text: fmt.Sprintf("%s: %s %s: %s; %s",
			w.Name(), w.url.Host, what, clean(w.secrets().Cut(err.Error(), maxLine)), advice)}
	case answer.StatusCode/100 == 2:
		return nil
	default:
		return &failure{text: fmt.Sprintf("%s: %s answered HTTP %d%s", w.Name(), w.url.Host, answer.StatusCode, w.told(answer))}
	}
}

// told returns the beginning of an answer, and what to do about its status.
func (w *Webhook) told(answer *http.Response) string {
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // as far as it came
	said := ""
	if line := strings.Join(strings.Fields(w.secrets().Cut(string(text), maxLine)), " "); line != "" {
		said = ": " + clean(line)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return said + "; check the webhook's authorization and secret"
	case http.StatusNotFound, http.StatusGone:
		return said + "; check the webhook's URL"
	}
	if answer.StatusCode/100 == 3 {
		return said + "; it leads elsewhere, and notices do not follow: write the URL that it leads to"
	}
	return said
}

// secrets returns what hides the webhook's secrets in what the other side made,
// which may repeat what it was sent.
func (w *Webhook) secrets() *mask.Masker {
	return mask.New(append(mask.ProxyPasswords(), w.options.Secret, w.options.Authorization, w.options.URL, w.url.EscapedPath())...)
}

// bareError returns the cause of an error without the URL that net/http puts before it.
func bareError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// keyOf returns the key that a secret stands for: a secret that begins with
// whsec_ is base64 after that, any other is taken as it stands.
func keyOf(secret string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(key) == 0 {
		return nil, errors.New("begins with whsec_, and no base64 follows")
	}
	return key, nil
}

// CheckSecret returns an error, without the secret, if it cannot sign.
func CheckSecret(secret string) error {
	_, err := keyOf(secret)
	return err
}

// sign returns a signature as Standard Webhooks has it: HMAC with SHA-256 over
// id, time and body, base64.
func sign(key []byte, id string, sent time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write(bytes.Join([][]byte{[]byte(id), []byte(strconv.FormatInt(sent.Unix(), 10)), body}, []byte(".")))
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
