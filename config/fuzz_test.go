package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzJob reads any bytes as a job file: it never panics, says something
// wherever the job is not whole, gives every error a message, and shows no
// secret.
func FuzzJob(f *testing.F) {
	archives, err := filepath.Glob("testdata/validate/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(archives, "testdata/blogin/jobs/blogin.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		_, text, found := strings.Cut(string(data), "job.yaml --\n")
		if !found {
			text = string(data)
		}
		text, _, _ = strings.Cut(text, "\n-- ")
		f.Add([]byte(text))
	}
	const secret = "s3cr3t-v4lue"
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), secret) {
			return
		}
		env := WithEnv(func(string) (string, bool) { return secret, true })
		d := newDocument("job.yaml", "testdata", newInputs([]Option{env}))
		j, problems := d.job(data)
		if j == nil && len(problems) == 0 {
			t.Fatal("neither a job nor an error")
		}
		for _, e := range problems {
			if e.Message == "" || strings.HasSuffix(e.Message, ": ") {
				t.Errorf("no message: %q", e.Error())
			}
			if strings.Contains(e.Error(), secret) {
				t.Errorf("shows what a reference stands for: %s", e)
			}
		}
		if j == nil || len(problems) > 0 {
			return
		}
		for _, m := range j.Mappings() {
			if m.Mapping == nil || m.Scope == nil {
				t.Error("the job is whole and its mappings are not")
			}
		}
		if first, second := j.Fingerprint(), j.Fingerprint(); first != second || len(j.Fingerprint()) != 64 {
			t.Error("the fingerprint is not stable")
		}
	})
}

// FuzzCron holds checkCron against a parser that is known to panic.
func FuzzCron(f *testing.F) {
	for _, s := range []string{"CRON_TZ=UTC", "TZ= 0 * * * *", "@every 40m", "*/5 1-2,3 * JAN MON", "@every -1h", "0 0 30 2 *"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, s string) { _ = checkCron(s) })
}
