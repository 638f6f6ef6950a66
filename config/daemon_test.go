package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/pflag"
)

func TestDaemonOfTheExample(t *testing.T) {
	d, err := LoadDaemon("testdata/blogin/scimsync.yaml", environment("SMTP_PASSWORD", "pass-word", "SCIMSYNC_API_TOKEN", "api-token"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Daemon{
		File:     "testdata/blogin/scimsync.yaml",
		Jobs:     []string{"testdata/blogin/jobs/*.yaml"},
		State:    State{Kind: "sqlite", Path: "testdata/blogin/scimsync.db"},
		Listen:   "127.0.0.1:8650",
		APIToken: NewSecret("api-token"),
		Log:      Log{Level: "info", Format: "console"},
		SMTP: &SMTP{
			Host: "mail.contoso.com", Port: 587, From: "scimsync@contoso.com", Username: "...", Password: NewSecret("pass-word"), TLS: "starttls",
		},
	}
	if diff := cmp.Diff(want, d, cmpopts.IgnoreUnexported(Daemon{}), cmpopts.IgnoreFields(Daemon{}, "Warnings", "Referenced")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if m := NewMasker(d.Secrets()...); m.Mask("api-token pass-word") != "******** ********" {
		t.Error("Secrets leaves some out")
	}
}

func TestDaemonSkipsSecrets(t *testing.T) {
	d, err := LoadDaemon("testdata/blogin/scimsync.yaml", environment(), SkipSecrets())
	if err != nil {
		t.Fatal(err)
	}
	if !d.APIToken.IsZero() || !d.SMTP.Password.IsZero() {
		t.Error("secrets were read")
	}
	if want := []string{"/run/secrets/scimsync-api"}; !slices.Equal(d.Referenced, want) {
		t.Errorf("files that are referenced: %q, not %q", d.Referenced, want)
	}
	jobs, err := LoadJobs(d)
	if err != nil || len(jobs) != 1 || !jobs[0].Target.SecretToken.IsZero() {
		t.Errorf("jobs %v, %v", jobs, err)
	}
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The command line goes before the environment, and that before the file.
func TestPrecedence(t *testing.T) {
	path := writeFile(t, filepath.Join(t.TempDir(), "scimsync.yaml"), "jobs: [a.yaml]\nlog: {level: warn, format: json}\nstate: sqlite:file.db\n")
	flags := pflag.NewFlagSet("scimsync", pflag.ContinueOnError)
	flags.String("log-level", "", "")
	flags.String("log-format", "", "")
	flags.String("config", "scimsync.yaml", "")
	flags.Bool("help", false, "")
	for _, tc := range []struct {
		name   string
		env    []string
		args   []string
		level  string
		format string
		state  string
	}{
		{"file", nil, nil, "warn", "json", "file.db"},
		{"environment", []string{"SCIMSYNC_LOG_LEVEL", "error", "SCIMSYNC_STATE", "sqlite:env.db"}, nil, "error", "json", "env.db"},
		{"empty variable", []string{"SCIMSYNC_LOG_LEVEL", ""}, nil, "warn", "json", "file.db"},
		{"flag", []string{"SCIMSYNC_LOG_LEVEL", "error"}, []string{"--log-level", "debug"}, "debug", "json", "file.db"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := flags.Parse(tc.args); err != nil {
				t.Fatal(err)
			}
			d, err := LoadDaemon(path, environment(tc.env...), WithFlags(flags))
			if err != nil {
				t.Fatal(err)
			}
			if got := (Log{tc.level, tc.format}); d.Log != got || filepath.Base(d.State.Path) != tc.state {
				t.Errorf("log %+v, state %+v", d.Log, d.State)
			}
		})
	}
	if err := flags.Parse([]string{"--log-level", "loud"}); err != nil {
		t.Fatal(err)
	}
	_, err := LoadDaemon(path, environment(), WithFlags(flags))
	if want := `--log-level: log.level: unknown "loud": it is one of debug, info, warn, error`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Every key of the daemon file can be set from the environment.
func TestEnvironmentNames(t *testing.T) {
	var names []string
	var walk func(s *shape, path string)
	walk = func(s *shape, path string) {
		for i := range s.keys {
			name := join(path, s.keys[i].name)
			if s.keys[i].kind == object {
				walk(&s.keys[i].shape, name)
				continue
			}
			names = append(names, envName(name))
		}
	}
	walk(daemonShape(), "")
	want := strings.Fields(`SCIMSYNC_JOBS SCIMSYNC_STATE SCIMSYNC_LISTEN SCIMSYNC_API_TOKEN SCIMSYNC_LOG_LEVEL SCIMSYNC_LOG_FORMAT
		SCIMSYNC_SMTP_HOST SCIMSYNC_SMTP_PORT SCIMSYNC_SMTP_FROM SCIMSYNC_SMTP_USERNAME SCIMSYNC_SMTP_PASSWORD SCIMSYNC_SMTP_TLS SCIMSYNC_SMTP_CA_FILE
		SCIMSYNC_WEBHOOK_URL SCIMSYNC_WEBHOOK_SECRET SCIMSYNC_WEBHOOK_AUTHORIZATION SCIMSYNC_WEBHOOK_ALLOW_HTTP SCIMSYNC_WEBHOOK_CA_FILE`)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "scimsync.yaml"), "log: {}\n")
	d, err := LoadDaemon(path, environment("SCIMSYNC_JOBS", "a.yaml,b/*.yaml", "SCIMSYNC_STATE", "sqlite:/s.db", "SCIMSYNC_LISTEN", "[::1]:1",
		"SCIMSYNC_API_TOKEN", "t", "SCIMSYNC_LOG_LEVEL", "error", "SCIMSYNC_LOG_FORMAT", "json", "SCIMSYNC_SMTP_HOST", "h",
		"SCIMSYNC_SMTP_PORT", "25", "SCIMSYNC_SMTP_FROM", "a@b", "SCIMSYNC_SMTP_USERNAME", "u", "SCIMSYNC_SMTP_PASSWORD", "p",
		"SCIMSYNC_SMTP_TLS", "implicit", "SCIMSYNC_WEBHOOK_URL", "http://h/u", "SCIMSYNC_WEBHOOK_SECRET", "s",
		"SCIMSYNC_WEBHOOK_AUTHORIZATION", "a", "SCIMSYNC_WEBHOOK_ALLOW_HTTP", "true"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	wanted := &Daemon{
		File: path, Jobs: []string{filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b/*.yaml")}, State: State{"sqlite", "/s.db"},
		Listen: "[::1]:1", APIToken: NewSecret("t"), Log: Log{"error", "json"}, SMTP: &SMTP{"h", 25, "a@b", "u", NewSecret("p"), "implicit", ""},
		Webhook: &Webhook{NewSecret("http://h/u"), NewSecret("s"), NewSecret("a"), true, ""},
	}
	if diff := cmp.Diff(wanted, d, cmpopts.IgnoreUnexported(Daemon{}), cmpopts.IgnoreFields(Daemon{}, "Warnings")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMissingDaemonFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := LoadDaemon("scimsync.yaml")
	if want := "scimsync.yaml: there is no such file: `scimsync init` makes one, or --config names another"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("the cause is lost")
	}
	writeFile(t, "production.yaml", "jobs: []\n")
	_, err = LoadDaemon("prodution.yaml")
	if want := "prodution.yaml: there is no such file: did you mean production.yaml?"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
