package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v4"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "hunter2-hunter2"
	s := NewSecret(text)
	hidden := struct{ inner Secret }{s}
	shown := struct{ Inner Secret }{s}
	var all []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		for _, v := range []any{s, &s, hidden, shown, []Secret{s}, map[string]Secret{"a": s}, Target{SecretToken: s}, &Daemon{APIToken: s}} {
			all = append(all, fmt.Sprintf(verb, v))
		}
	}
	for _, v := range []any{s, shown, []Secret{s}, map[string]*Secret{"a": &s}} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		y, err := yaml.Dump(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(j), string(y))
	}
	var log bytes.Buffer
	for _, enc := range []zapcore.Encoder{
		zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()),
	} {
		logger := zap.New(zapcore.NewCore(enc, zapcore.AddSync(&log), zap.DebugLevel))
		logger.Info("m", zap.Any("any", s), zap.Stringer("stringer", s), zap.Reflect("reflect", shown))
	}
	all = append(all, log.String())
	for _, printed := range all {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, fmt.Sprintf("%x", text)) {
			t.Errorf("shown: %s", printed)
		}
	}
	if got := s.String(); got != "********" {
		t.Errorf("String() is %q", got)
	}
	if s.Reveal() != text || !s.Equal(NewSecret(text)) || s.Equal(NewSecret("x")) || !NewSecret("").IsZero() || NewSecret("").String() != "" {
		t.Error("Reveal, Equal or IsZero")
	}
}

func TestMasker(t *testing.T) {
	m := NewMasker(NewSecret("abcd"), NewSecret("abcd/ef \"g\""), NewSecret("xyz"), Secret{})
	for text, want := range map[string]string{
		"abcd":                  masked,
		`abcd/ef "g"`:           masked,
		`{"a":"abcd/ef \"g\""}`: `{"a":"` + masked + `"}`,
		"?t=abcd%2Fef+%22g%22":  "?t=" + masked,
		"xyz is too short":      "xyz is too short",
		"":                      "",
	} {
		if got := m.Mask(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	var none *Masker
	if none.Mask("a") != "a" {
		t.Error("a nil Masker changes text")
	}
}

// TestAddressesAreSecrets: who knows the address of a webhook can write to it, so
// that it is masked also where the file has it in plain text.
func TestAddressesAreSecrets(t *testing.T) {
	const hook, own = "https://hooks.contoso.com/services/T0/B0/s3cret-of-the-daemon", "https://hooks.contoso.com/services/T0/B0/s3cret-of-the-job"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"scimsync.yaml": "jobs: [job.yaml]\nwebhook: {url: " + hook + "}\n",
		"job.yaml": "name: blogin\nsource: {kind: export, users: users.json}\ntarget: {kind: scim, tenantURL: https://app.contoso.com/scim}\n" +
			"settings: {scope: all, notificationWebhook: " + own + "}\n",
		"users.json": "[]",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := LoadDaemon(filepath.Join(dir, "scimsync.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := LoadJobs(d)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMasker(append(d.Secrets(), jobs[0].Secrets()...)...)
	for _, address := range []string{hook, own} {
		for _, said := range []string{address, strings.TrimPrefix(address, "https://hooks.contoso.com"), strings.ReplaceAll(address, "/", `\/`)} {
			if got := m.Mask("Cannot POST " + said + "!"); got != "Cannot POST "+masked+"!" {
				t.Errorf("%s is shown: %s", said, got)
			}
		}
	}
}
