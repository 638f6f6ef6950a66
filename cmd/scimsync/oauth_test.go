package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim/oauth"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// oauthApplication is a sandbox whose access tokens are revoked after so many
// SCIM requests, and which gives out new ones or not.
type oauthApplication struct {
	*sandbox.Server
	mu          sync.Mutex
	revokeAfter int
	closed      bool // no new token once the first was given out
	scim        int
	given       []string // access tokens
}

const oauthSecret, oauthReader = "the-client-secret", "token-of-the-test"

func newOAuthApplication(revokeAfter int, closed bool) *oauthApplication {
	a := &oauthApplication{revokeAfter: revokeAfter, closed: closed}
	a.Server = sandbox.New(sandbox.Options{Token: oauthReader, OAuth: &sandbox.OAuth{ClientID: "blogin", ClientSecret: oauthSecret}})
	return a
}

var accessToken = regexp.MustCompile(`"access_token":"([^"]+)"`)

// ServeHTTP notes the tokens that are given out.
func (a *oauthApplication) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == sandbox.TokenPath {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.closed && len(a.given) > 0 {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"this client was closed"}`)
			return
		}
		copied := &copying{ResponseWriter: w}
		a.Server.ServeHTTP(copied, r)
		if m := accessToken.FindSubmatch(copied.body.Bytes()); m != nil {
			a.given = append(a.given, string(m[1]))
		}
		return
	}
	a.mu.Lock()
	if a.scim++; a.scim == a.revokeAfter {
		a.RevokeTokens()
	}
	a.mu.Unlock()
	a.Server.ServeHTTP(w, r)
}

type copying struct {
	http.ResponseWriter
	body bytes.Buffer
}

func (c *copying) Write(p []byte) (int, error) {
	c.body.Write(p)
	return c.ResponseWriter.Write(p)
}

// oauthJob writes a job of 12 people for the application into a folder.
func oauthJob(t *testing.T, application http.Handler) (dir, url string) {
	t.Helper()
	address, stop, err := serve(application)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir, url = t.TempDir(), "http://"+address+"/scim/v2"
	job := strings.Replace(fmt.Sprintf(serverJob, url, ""), `secretToken: ""`,
		fmt.Sprintf("oauth: {tokenURL: %q, clientID: blogin, clientSecret: %q}", "http://"+address+sandbox.TokenPath, oauthSecret), 1)
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "test.yaml", job)
	c := company{people: map[string]person{}, groups: map[string][]string{}}
	for i := range 12 {
		name := fmt.Sprintf("p%02d", i)
		c.people[name] = person{name: name, title: "Clerk"}
		c.groups["Staff"] = append(c.groups["Staff"], name)
	}
	c.export(t, dir)
	return dir, url
}

// TestATokenThatIsRevokedInTheMiddleOfACycle is replaced, and nobody is left
// out. No token and no secret is in anything that the program writes.
func TestATokenThatIsRevokedInTheMiddleOfACycle(t *testing.T) {
	for _, after := range []int{1, 4, 15, 28} {
		t.Run(fmt.Sprint("at request ", after), func(t *testing.T) {
			a := newOAuthApplication(after, false)
			dir, url := oauthJob(t, a)
			trace := filepath.Join(dir, "trace.har")
			var out, errs bytes.Buffer
			args := []string{"sync", "test", "--config", filepath.Join(dir, "scimsync.yaml"), "--trace", trace, "--log-level", "debug", "-o", "json"}
			if code := run(args, &out, &errs); code != exitDone {
				t.Fatalf("exit code %d\n%s%s", code, out.String(), errs.String())
			}
			if len(a.given) != 2 {
				t.Errorf("%d tokens were given out, want 2", len(a.given))
			}
			if n := len(accounts(t, url, oauthReader)); n != 12 {
				t.Errorf("%d accounts, want 12", n)
			}
			if n := len(memberships(t, url, oauthReader)["Staff"]); n != 12 {
				t.Errorf("%d members, want 12", n)
			}
			everything := out.String() + errs.String() + read(t, trace) + scimsync(t, dir, 0, "logs", "test", "-o", "json") + contentOfAll(t, dir, "state.db*")
			for _, secret := range append(a.given, oauthSecret) {
				if strings.Contains(everything, secret) {
					t.Errorf("%.8s… was written", secret)
				}
			}
		})
	}
}

func contentOfAll(t *testing.T, dir, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	var all strings.Builder
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

// TestAClientThatIsClosedInTheMiddleOfACycle ends the cycle: nothing is written
// from then on, and the error says whose it is.
func TestAClientThatIsClosedInTheMiddleOfACycle(t *testing.T) {
	a := newOAuthApplication(10, true)
	dir, url := oauthJob(t, a)
	var out, errs bytes.Buffer
	if code := run([]string{"sync", "test", "--config", filepath.Join(dir, "scimsync.yaml")}, &out, &errs); code != exitGuarded {
		t.Errorf("exit code %d", code)
	}
	for _, text := range []string{"/oauth2/token: HTTP 401: invalid_client: this client was closed; check the client ID"} {
		if !strings.Contains(errs.String(), text) {
			t.Errorf("%q is not in %s", text, errs.String())
		}
	}
	if strings.Contains(errs.String(), classMeanings["credentials"]) {
		t.Errorf("it blames the application: %s", errs.String())
	}
	if n := len(accounts(t, url, oauthReader)); n >= 12 {
		t.Errorf("%d accounts: nothing was left to do when the client was closed", n)
	}
	// The next cycle, once the client is back, does the rest.
	a.mu.Lock()
	a.closed = false
	a.mu.Unlock()
	scimsync(t, dir, 0, "sync", "test")
	if n := len(accounts(t, url, oauthReader)); n != 12 {
		t.Errorf("%d accounts after the next cycle, want 12", n)
	}
}

// TestTargetsOfTheAuthenticationPage loads every target that
// docs/authentication.md shows.
func TestTargetsOfTheAuthenticationPage(t *testing.T) {
	dir := t.TempDir()
	key, err := oauth.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	pem, err := key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "identity.pem", string(pem))
	write(t, dir, "secret", "secret")
	t.Setenv("BLOGIN_TOKEN", "token")
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(read(t, docs+"/authentication.md"), -1)
	if len(blocks) != 4 {
		t.Errorf("%d targets, want 4", len(blocks))
	}
	for _, block := range blocks {
		target := strings.NewReplacer("/run/secrets/blogin", "secret", "../identity.pem", "identity.pem").Replace(block[1])
		if strings.HasPrefix(target, " ") { // in a list
			target = regexp.MustCompile(`(?m)^   `).ReplaceAllString(target, "")
		}
		write(t, dir, "job.yaml", "name: blogin\nsource: {kind: export, users: users.json}\nsettings: {scope: all}\n"+target)
		job, err := config.LoadJob(filepath.Join(dir, "job.yaml"))
		if err != nil {
			t.Errorf("%v\n%s", err, target)
			continue
		}
		if len(job.Warnings) > 0 {
			t.Errorf("%v\n%s", job.Warnings, target)
		}
	}
}
