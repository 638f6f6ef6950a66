package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine/notify/smtptest"
)

const smtpPassword = "the-smtp-password"

// told is a job that tells people, with its application, its mail server and
// the receiver of its webhook.
type told struct {
	dir   string
	mail  *smtptest.Server
	posts chan map[string]any
}

// newTold returns a job of six people, that have been provisioned, of whom all
// but two are gone since: more than its threshold.
func newTold(t *testing.T, o smtptest.Options) *told {
	t.Helper()
	c := smtptest.NewCertificate(t)
	o.Key, o.Cert, o.Users = c.Key, c.Cert, map[string]string{"scimsync": smtpPassword}
	w := &told{dir: t.TempDir(), mail: smtptest.Start(t, o), posts: make(chan map[string]any, 100)}
	application, stop, err := serve(sandbox.New(sandbox.Options{Token: "token"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	receiver, stopReceiver, err := serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		post := map[string]any{}
		if err == nil {
			err = json.Unmarshal(content, &post)
		}
		if err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("the webhook got %q, error %v", content, err)
		}
		w.posts <- post
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stopReceiver)
	write(t, w.dir, "ca.pem", c.Authority)
	t.Setenv("SMTP_PASSWORD", smtpPassword)
	t.Setenv("WEBHOOK_SECRET", "the-webhook-secret")
	write(t, w.dir, "scimsync.yaml", fmt.Sprintf(`jobs: [test.yaml]
state: sqlite:state.db
smtp: {host: 127.0.0.1, port: %d, from: scimsync@contoso.com, username: scimsync, password: "${env:SMTP_PASSWORD}", tls: starttls, caFile: ca.pem}
webhook: {url: "http://%s/hook", secret: "${env:WEBHOOK_SECRET}"}
`, w.mail.Port, receiver))
	write(t, w.dir, "test.yaml", strings.Replace(fmt.Sprintf(serverJob, "http://"+application+"/scim/v2", "token"), "recycleBin: 0s",
		"notificationEmail: it@contoso.com; ada@contoso.com\n  preventAccidentalDeletions: {threshold: 3}", 1))
	w.people(t, 6)
	scimsync(t, w.dir, 0, "sync", "test")
	w.people(t, 2)
	return w
}

func (w *told) people(t *testing.T, n int) {
	t.Helper()
	c := company{people: map[string]person{}, groups: map[string][]string{"Staff": {}}}
	for i := range n {
		name := fmt.Sprintf("p%02d", i)
		c.people[name] = person{name: name}
		c.groups["Staff"] = append(c.groups["Staff"], name)
	}
	c.export(t, w.dir)
}

// subjects returns the subjects of that many mails with their recipients, sorted.
func (w *told) subjects(t *testing.T, n int) string {
	t.Helper()
	var all []string
	for range n {
		m := w.mail.Next(t)
		if m.User != "scimsync" || !m.Secure {
			t.Errorf("user %q, encrypted %t", m.User, m.Secure)
		}
		subject := regexp.MustCompile(`(?s)\r\nSubject: (.*?)\r\n[^ ]`).FindStringSubmatch(m.Data)[1]
		all = append(all, strings.Join(m.To, ",")+" "+strings.ReplaceAll(subject, "\r\n ", " "))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func (w *told) post(t *testing.T) any {
	t.Helper()
	select {
	case p := <-w.posts:
		return p["kind"]
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was posted")
		return nil
	}
}

const heldBack = `ada@contoso.com scimsync: job test holds deletions back: a cycle would disable or delete too many objects
it@contoso.com scimsync: job test holds deletions back: a cycle would disable or delete too many objects`

const isOver = `ada@contoso.com scimsync: job test is out of quarantine
it@contoso.com scimsync: job test is out of quarantine`

// TestSyncTells once that deletions are held back, and once that all is well.
func TestSyncTells(t *testing.T) {
	w := newTold(t, smtptest.Options{})
	var everything strings.Builder
	sync := func(code int) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run([]string{"sync", "test", "--config", filepath.Join(w.dir, "scimsync.yaml"), "--log-level", "debug"}, &out, &errs); got != code {
			t.Fatalf("exit code %d, want %d\n%s%s", got, code, out.String(), errs.String())
		}
		everything.WriteString(out.String() + errs.String())
	}
	scimsync(t, w.dir, 0, "plan", "test")
	sync(exitGuarded)
	equalText(t, w.subjects(t, 2), heldBack)
	equalText(t, fmt.Sprint(w.post(t)), "deletionsStaged")
	sync(exitGuarded)
	scimsync(t, w.dir, 0, "allow-deletes", "test")
	sync(exitDone)
	equalText(t, w.subjects(t, 2), isOver)
	equalText(t, fmt.Sprint(w.post(t)), "recovered")
	sync(exitDone)
	if rest := w.mail.Stop(); len(rest)+len(w.posts) > 0 {
		t.Errorf("also told: %v, %d posts", rest, len(w.posts))
	}
	content := everything.String() + contentOfAll(t, w.dir, "state.db*")
	for _, secret := range []string{smtpPassword, "the-webhook-secret"} {
		if strings.Contains(content, secret) {
			t.Errorf("%s was written", secret)
		}
	}
}

// TestACycleDoesNotSufferFromAMailThatFails, who else is to be told is told, and
// who was not is told later.
func TestACycleDoesNotSufferFromAMailThatFails(t *testing.T) {
	w := newTold(t, smtptest.Options{Refuse: []string{"ada@contoso.com"}})
	var out, errs bytes.Buffer
	args := []string{"sync", "test", "--config", filepath.Join(w.dir, "scimsync.yaml"), "--log-format", "json"}
	if code := run(args, &out, &errs); code != exitGuarded {
		t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	if n := strings.Count(errs.String(), "refuses the recipient ada@contoso.com: 550 5.1.1 no such mailbox here"); n != 1 {
		t.Errorf("%d errors: %s", n, errs.String())
	}
	equalText(t, w.subjects(t, 1), strings.Split(heldBack, "\n")[1])
	equalText(t, fmt.Sprint(w.post(t)), "deletionsStaged")
	write(t, w.dir, "test.yaml", strings.Replace(read(t, filepath.Join(w.dir, "test.yaml")), "ada@contoso.com", "bo@contoso.com", 1))
	scimsync(t, w.dir, exitGuarded, "sync", "test")
	equalText(t, w.subjects(t, 1), strings.Replace(strings.Split(heldBack, "\n")[0], "ada", "bo", 1))
	if rest := w.mail.Stop(); len(rest)+len(w.posts) > 0 {
		t.Errorf("also told: %v, %d posts", rest, len(w.posts))
	}
}

// TestTheDaemonTells as sync does, and not again when it starts anew.
func TestTheDaemonTells(t *testing.T) {
	w := newTold(t, smtptest.Options{})
	daemon := func(until func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		var errs bytes.Buffer
		a := &app{stdout: io.Discard, stderr: &maskWriter{w: &errs}, flags: globalFlags{config: filepath.Join(w.dir, "scimsync.yaml")}}
		ended := make(chan error)
		go func() { ended <- a.run(ctx) }()
		until()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%v\n%s", err, errs.String())
		}
	}
	edit := func(old, text string) {
		t.Helper()
		write(t, w.dir, "test.yaml", strings.Replace(read(t, filepath.Join(w.dir, "test.yaml")), old, text, 1))
	}
	edit("settings:", "settings:\n  interval: 1s")
	daemon(func() {
		equalText(t, w.subjects(t, 2), heldBack)
		equalText(t, fmt.Sprint(w.post(t)), "deletionsStaged")
	})
	w.people(t, 6)
	scimsync(t, w.dir, exitDone, "restart", "test", "--reset", "quarantine") // its next cycle may be far away
	daemon(func() {
		equalText(t, w.subjects(t, 2), isOver)
		equalText(t, fmt.Sprint(w.post(t)), "recovered")
	})
	if rest := w.mail.Stop(); len(rest)+len(w.posts) > 0 {
		t.Errorf("also told: %v, %d posts", rest, len(w.posts))
	}
}

func TestTestNotification(t *testing.T) {
	w := newTold(t, smtptest.Options{Refuse: []string{"ada@contoso.com"}})
	want := fmt.Sprintf(`mail to it@contoso.com: sent
mail to ada@contoso.com: the mail server 127.0.0.1:%d refuses the recipient ada@contoso.com: 550 5.1.1 no such mailbox here: check settings.notificationEmail, and whether it wants smtp.username and smtp.password
webhook: sent
`, w.mail.Port)
	equalText(t, scimsync(t, w.dir, exitUsage, "test-notification", "test"), want)
	equalText(t, w.subjects(t, 1), "it@contoso.com scimsync: a test notice for job test")
	equalText(t, fmt.Sprint(w.post(t)), "test")

	t.Setenv("SMTP_PASSWORD", "guessed-it-wrong")
	var r notificationResult
	if err := json.Unmarshal([]byte(scimsync(t, w.dir, exitUsage, "test-notification", "test", "-o", "json")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Success || len(r.Notifiers) != 3 || r.Notifiers[0].Success || !r.Notifiers[2].Success ||
		!strings.Contains(r.Notifiers[0].Message, "refuses the user name or the password: 535 ") {
		t.Errorf("%+v", r)
	}
	w.post(t)

	write(t, w.dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	var out, errs bytes.Buffer
	code := run([]string{"test-notification", "test", "--config", filepath.Join(w.dir, "scimsync.yaml")}, &out, &errs)
	if code != exitUsage || !strings.Contains(errs.String(), "nobody is told of job test: give smtp in the daemon file") {
		t.Errorf("exit code %d: %s%s", code, out.String(), errs.String())
	}
}

// TestFilesOfTheNotificationsPage loads every daemon file that
// docs/notifications.md shows.
func TestFilesOfTheNotificationsPage(t *testing.T) {
	for _, name := range []string{"SMTP_PASSWORD", "WEBHOOK_SECRET", "WEBHOOK_TOKEN", "TOKEN"} {
		t.Setenv(name, "some-secret")
	}
	dir := t.TempDir()
	files := map[string]int{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n# ([a-z]+.yaml)\n(.*?)```").FindAllStringSubmatch(read(t, docs+"/notifications.md"), -1) {
		files[block[1]]++
		content := map[string]string{
			"scimsync.yaml": "jobs: [job.yaml]\n",
			"job.yaml":      "name: blogin\nsource: {kind: export, users: users.json}\ntarget: {kind: scim, tenantURL: 'https://a.example.com/scim', secretToken: '${env:TOKEN}'}\n",
		}
		content[block[1]] += block[2]
		content["job.yaml"] = strings.Replace(content["job.yaml"], "settings:\n", "settings:\n  scope: all\n", 1)
		if !strings.Contains(content["job.yaml"], "settings:") {
			content["job.yaml"] += "settings: {scope: all}\n"
		}
		write(t, dir, "users.json", "[]")
		for name, text := range content {
			write(t, dir, name, text)
		}
		problems, warnings := config.Validate(filepath.Join(dir, "scimsync.yaml"))
		for _, w := range warnings { // of a job alone, its mail has no server
			if block[1] != "job.yaml" || !strings.Contains(w.Error(), "names no mail server") {
				problems = append(problems, w)
			}
		}
		if len(problems) > 0 {
			t.Errorf("%v\n%s", problems, block[0])
		}
	}
	if files["scimsync.yaml"] < 2 || files["job.yaml"] < 1 {
		t.Errorf("files %v", files)
	}
}

func equalText(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
