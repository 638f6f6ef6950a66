package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// secrets are all kinds of secrets that a configuration may hold, by the
// variable that the test has them in.
var secrets = map[string]string{
	"MY_TOKEN":    "tok/en+S3cret=bearer",
	"MY_QUERY":    "query-S3cret-key",
	"MY_PASSWORD": `smtp-S3cret"pass`,
	"MY_HOOK":     "hook-S3cret-path",
	"MY_SIGNING":  "signing-S3cret-key",
	"MY_AUTH":     "authorization-S3cret",
	"MY_API":      "api-S3cret-token",
}

// unexposed checks that no secret is in a text, in any way that it may be written.
func unexposed(t *testing.T, where, text string) {
	t.Helper()
	for name, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret)), strings.Trim(fmt.Sprintf("%q", secret), `"`)} {
			if strings.Contains(text, form) {
				at := strings.Index(text, form)
				t.Errorf("%s shows %s: …%q…", where, name, text[max(0, at-120):min(len(text), at+120)])
				return
			}
		}
	}
}

// parrot is an application that repeats what it is sent in its errors, as some
// do: headers and the URL, secrets and all.
func parrot(t *testing.T, asked *atomic.Int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/Users") {
			next.ServeHTTP(w, r)
			return
		}
		if !strings.Contains(r.URL.RawQuery, secrets["MY_QUERY"]) || r.Header.Get("Authorization") != "Bearer "+secrets["MY_TOKEN"] {
			t.Errorf("the application got %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		asked.Add(1)
		w.Header().Set("Content-Type", "application/scim+json")
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"status":"400","scimType":"invalidValue","detail":%q,"debug":{"authorization":%q,"url":%q}}`,
			"refused "+r.Header.Get("Authorization")+" at "+r.URL.String(), r.Header.Get("Authorization"), r.URL.String())
	})
}

// TestSecretsStaySecret runs every command of a job that has all kinds of secrets
// with an application that repeats them, at the level of most words and with a
// trace, and looks for them in all that is printed and in all that is written.
func TestSecretsStaySecret(t *testing.T) {
	for name, value := range secrets {
		t.Setenv(name, value)
	}
	var asked, notified atomic.Int64
	address, stop, err := serve(parrot(t, &asked, sandbox.New(sandbox.Options{Token: secrets["MY_TOKEN"]})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	hooks, stopHooks, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+secrets["MY_HOOK"] {
			t.Errorf("the webhook got %s", r.URL)
		}
		notified.Add(1)
		w.WriteHeader(http.StatusBadRequest) // which is not tried again
		fmt.Fprintf(w, "refused %s %s", r.URL, r.Header.Get("Authorization"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stopHooks)
	dir := t.TempDir()
	write(t, dir, "scimsync.yaml", fmt.Sprintf(`jobs: [test.yaml]
state: sqlite:state.db
log: {level: debug, format: json}
apiToken: ${env:MY_API}
smtp: {host: 127.0.0.1, port: 1, from: a@contoso.com, username: scimsync, password: "${env:MY_PASSWORD}", tls: starttls}
webhook: {url: "http://%s/${env:MY_HOOK}", secret: "${env:MY_SIGNING}", authorization: "Bearer ${env:MY_AUTH}"}
`, hooks))
	job := fmt.Sprintf(serverJob, "http://"+address+"/scim/v2?key=${env:MY_QUERY}", "${env:MY_TOKEN}")
	job = strings.Replace(job, "recycleBin: 0s", "notificationEmail: it@contoso.com\n  notificationWebhook: http://"+hooks+"/${env:MY_HOOK}\n  preventAccidentalDeletions: {threshold: 1}", 1)
	write(t, dir, "test.yaml", job)
	c := company{people: map[string]person{"ada": {name: "ada"}, "bo": {name: "bo"}}, groups: map[string][]string{"Staff": {"ada", "bo"}}}
	c.export(t, dir)
	tries := 0
	for _, args := range [][]string{
		{"config", "validate"}, {"test-connection", "test"}, {"plan", "test"}, {"plan", "test", "--out", filepath.Join(dir, "plan.json")},
		{"sync", "test"}, {"status"}, {"logs", "test"}, {"explain", "test", "ada@contoso.com"}, {"provision", "test", "ada@contoso.com"},
		{"connections", "test"}, {"connections", "test", "export"}, {"test-notification", "test"}, {"config", "export-schema", "test"},
		{"pause", "test"}, {"start", "test"}, {"restart", "test", "--reset", "full"}, {"sync", "nobody"}, {"config", "schema"},
	} {
		for _, more := range [][]string{nil, {"-o", "json"}} {
			traced := []string{"plan", "sync", "provision", "explain", "test-connection"}
			all := append(append(append([]string{}, args...), more...), "--config", filepath.Join(dir, "scimsync.yaml"), "--log-level", "debug")
			for _, command := range traced {
				if command == args[0] {
					all = append(all, "--trace", filepath.Join(dir, fmt.Sprintf("trace-%d.har", tries)))
				}
			}
			var out, errs bytes.Buffer
			run(all, &out, &errs)
			unexposed(t, strings.Join(args, " "), out.String())
			unexposed(t, strings.Join(args, " ")+", standard error", errs.String())
			tries++
		}
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		unexposed(t, d.Name(), read(t, path))
		return nil
	})
	if err != nil || files < 10 || asked.Load() == 0 || notified.Load() == 0 {
		t.Errorf("%d files were looked at, the application refused %d times, the webhook %d times; error %v", files, asked.Load(), notified.Load(), err)
	}
	t.Attr("tries", fmt.Sprint(tries))
}

// TestSecretsInWrongPlaces has mistakes of people who put a secret where it does
// not belong: the message names the place, and not the secret.
func TestSecretsInWrongPlaces(t *testing.T) {
	const daemon = "jobs: [test.yaml]\nstate: sqlite:state.db\n"
	for name, value := range secrets {
		t.Setenv(name, value)
	}
	good := fmt.Sprintf(serverJob, "https://127.0.0.1:1/scim/v2", "${env:MY_TOKEN}")
	token := secrets["MY_TOKEN"]
	for name, tt := range map[string]struct{ old, new, daemon string }{
		"a token that is a list":       {`secretToken: "${env:MY_TOKEN}"`, "secretToken: [" + token + "]", ""},
		"a token that is a map":        {`secretToken: "${env:MY_TOKEN}"`, "secretToken: {value: " + token + "}", ""},
		"a token with a line end":      {`secretToken: "${env:MY_TOKEN}"`, `secretToken: "` + token + `\n"`, ""},
		"a token like an alias":        {`"${env:MY_TOKEN}"`, "*" + token, ""},
		"a token like a tag":           {`"${env:MY_TOKEN}"`, "!" + token, ""},
		"a token like a tag with text": {`"${env:MY_TOKEN}"`, "!" + token + " x", ""},
		"a password like an alias":     {"", "", daemon + "smtp: {host: a, from: a@b.c, password: *" + token + " }\n"},
		"a password like a tag":        {"", "", daemon + "smtp: {host: a, from: a@b.c, password: !" + token + " }\n"},
		"a token of two variables":     {`secretToken: "${env:MY_TOKEN}"`, `secretToken: "${env:MY_TOKEN} ${env:NO_SUCH}"`, ""},
		"a token as a variable":        {`"${env:MY_TOKEN}"`, "${env:" + token + "}", ""},
		"a token in the interval":      {"recycleBin: 0s", "recycleBin: ${env:MY_TOKEN}", ""},
		"a token in the URL":           {"https://127.0.0.1:1/", "https://user:${env:MY_TOKEN}@127.0.0.1:1/", ""},
		"a token as the URL":           {"https://127.0.0.1:1/scim/v2", "${env:MY_TOKEN}", ""},
		"a token as the URL's scheme":  {"https://127.0.0.1:1/scim/v2", "${env:MY_QUERY}://127.0.0.1", ""},
		"a key beside the token":       {`secretToken: "${env:MY_TOKEN}"`, "secretToken: \"${env:MY_TOKEN}\"\n  secret_token: " + token, ""},
		"a token in the webhook":       {"recycleBin: 0s", "notificationWebhook: ftp://${env:MY_HOOK}", ""},
		"a password in the port":       {"", "", daemon + "smtp: {host: a, from: a@b.c, port: \"${env:MY_PASSWORD}\"}\n"},
		"a webhook that is no address": {"", "", daemon + "webhook: {url: \"${env:MY_HOOK}\"}\n"},
		"a webhook to another machine": {"", "", daemon + "webhook: {url: \"http://hooks.contoso.com/${env:MY_HOOK}\"}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.daemon == "" {
				tt.daemon = daemon
			}
			write(t, dir, "scimsync.yaml", tt.daemon)
			job := strings.Replace(good, tt.old, tt.new, 1)
			if tt.old != "" && job == good {
				t.Fatal("nothing was changed")
			}
			write(t, dir, "test.yaml", job)
			write(t, dir, "users.json", "[]")
			write(t, dir, "groups.json", "[]")
			for _, args := range [][]string{{"config", "validate"}, {"config", "validate", "-o", "json"}, {"plan", "test"}, {"status"}} {
				var out, errs bytes.Buffer
				run(append(args, "--config", filepath.Join(dir, "scimsync.yaml")), &out, &errs)
				unexposed(t, args[0], out.String())
				unexposed(t, args[0], errs.String())
			}
		})
	}
}

// TestAPanicShowsNoSecret: a mistake in the program ends it with a message that
// is masked, and with an exit code that says nothing else.
func TestAPanicShowsNoSecret(t *testing.T) {
	var out bytes.Buffer
	masked := &maskWriter{w: &visibleWriter{w: &out}}
	masked.add([]config.Secret{config.NewSecret(secrets["MY_TOKEN"])})
	code := contain(masked, func() int {
		panic(fmt.Errorf("GET https://app.test/%s: refused \x1b[2J", secrets["MY_TOKEN"]))
	})
	if code != exitUsage || !strings.Contains(out.String(), "mistake in it") || !strings.Contains(out.String(), "TestAPanicShowsNoSecret") {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
	unexposed(t, "a panic", out.String())
	harmless(t, "a panic", out.String(), true)
}

// TestFilesAreForTheirOwner runs the program where a new file would be readable
// and writable by everybody, and looks at each file while a cycle runs and after.
func TestFilesAreForTheirOwner(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // a folder that is shared
		t.Fatal(err)
	}
	given := map[string]bool{"scimsync.yaml": true, "test.yaml": true, "users.json": true, "groups.json": true}
	looked := map[string]bool{}
	look := func() {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || given[e.Name()] {
				continue // it is gone again, or it was there before
			}
			looked[filepath.Ext(e.Name())] = true
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("others can read %s (mode %04o)", e.Name(), info.Mode().Perm())
			}
		}
	}
	first := true
	application := sandbox.New(sandbox.Options{Token: "token", OnRequest: func(r sandbox.Recorded) {
		if r.Method == http.MethodPost && first {
			first = false
			look()
		}
	}})
	address, stop, err := serve(application)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "test.yaml", fmt.Sprintf(serverJob, "http://"+address+"/scim/v2", "token"))
	c := company{people: map[string]person{"ada": {name: "ada"}}, groups: map[string][]string{"Staff": {"ada"}}}
	c.export(t, dir)
	for _, args := range []string{"plan test --out plan.json", "sync test --trace trace.har", "identity create --out key.pem"} {
		shell(t, dir, "umask 0; exec scimsync "+args)
		look()
	}
	for _, ext := range []string{".db", ".db-wal", ".db-shm", ".json", ".har", ".pem"} {
		if !looked[ext] {
			t.Errorf("no file %s was looked at, only %v", ext, looked)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "state.db"), 0o644); err != nil { //nolint:gosec // as a backup may restore it
		t.Fatal(err)
	}
	if said := shell(t, dir, "exec scimsync sync test"); !strings.Contains(said, "others on this machine can read or write") || !strings.Contains(said, "chmod 600") {
		t.Errorf("of a state that everybody can read it says:\n%s", said)
	}
	if err := os.Chmod(filepath.Join(dir, "state.db"), 0o600); err != nil {
		t.Fatal(err)
	}
	for mode, warned := range map[fs.FileMode]bool{0o777: true, 0o777 | fs.ModeSticky: false, 0o775: false, 0o700: false} {
		if err := os.Chmod(dir, mode); err != nil { //nolint:gosec // as above
			t.Fatal(err)
		}
		if said := shell(t, dir, "exec scimsync sync test"); strings.Contains(said, "everybody on this machine can write to the folder") != warned {
			t.Errorf("of a state in a folder of mode %v it says:\n%s", mode, said)
		}
	}
}
