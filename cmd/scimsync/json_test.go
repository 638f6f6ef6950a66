package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// jsonOutcome is one way in which a command ends.
type jsonOutcome struct {
	args   string // of the command, with a place for its folder
	code   int
	values int // that it prints, at least
}

// jsonOutcomes are the ways in which each command ends, with -o json. They come
// in this order: one life of a job.
var jsonOutcomes = []jsonOutcome{
	{"version", exitDone, 1},
	{"demo", exitUsage, 0}, // tells its story as text
	{"init DIR/new", exitDone, 1},
	{"init DIR", exitUsage, 0},
	{"config schema", exitDone, 1},
	{"config schema --daemon", exitDone, 1},
	{"config validate", exitDone, 1},
	{"config validate --config DIR/nosuch.yaml", exitUsage, 1},
	{"config export-schema example", exitDone, 1},
	{"config export-schema nosuch", exitUsage, 0},
	{"config import-schema DIR/schema.json", exitUsage, 0}, // a job file is YAML
	{"expr eval [a] --set a=1", exitDone, 1},
	{"expr eval IgnoreFlowIfNullOrEmpty([a])", exitDone, 1},
	{"expr eval Jion([a])", exitUsage, 0},
	{"expr test DIR/right.json", exitDone, 1},
	{"expr test DIR/wrong.json", exitUsage, 1},
	{"expr test DIR/none.json", exitUsage, 0},
	{"expr functions", exitDone, 1},
	{"expr functions Join", exitDone, 1},
	{"expr functions --markdown", exitDone, 1},
	{"expr functions Jion", exitUsage, 0},
	{"identity create --out DIR/identity.pem", exitDone, 1},
	{"identity create --out DIR/identity.pem", exitUsage, 0},
	{"identity jwks --key DIR/identity.pem", exitDone, 1},
	{"identity jwks example", exitUsage, 0},
	{"identity openid-configuration example", exitUsage, 0},
	{"identity token example", exitUsage, 0},
	{"sandbox --listen nowhere", exitUsage, 0},
	{"run --config DIR/nosuch.yaml", exitUsage, 0},
	{"status", exitDone, 1},
	{"status nosuch", exitUsage, 0},
	{"logs example", exitDone, 0},
	{"logs nosuch", exitUsage, 0},
	{"logs example --cycle last", exitUsage, 0},
	{"connections example", exitDone, 0},
	{"connections example export", exitUsage, 0}, // CSV
	{"test-connection example", exitDone, 1},
	{"test-connection wrong", exitUsage, 1},
	{"test-connection nosuch", exitUsage, 0},
	{"test-notification example", exitUsage, 0}, // nobody is to be told
	{"plan example", exitDone, 1},
	{"plan example --detailed-exitcode", exitChanges, 1},
	{"plan example --out DIR/plan.json", exitDone, 1},
	{"plan wrong", exitUsage, 0},
	{"plan example --out DIR/nosuch/plan.json", exitUsage, 0},
	{"explain example ada@contoso.com", exitDone, 1},
	{"explain example nobody", exitUsage, 0},
	{"provision example ada@contoso.com --dry-run", exitDone, 1},
	{"apply DIR/nosuch.json", exitUsage, 0},
	{"apply DIR/plan.json --show", exitDone, 1},
	{"apply DIR/nosuch.json --show", exitUsage, 0},
	{"apply DIR/plan.json", exitDone, 1},
	{"apply DIR/plan.json", exitUsage, 1}, // is out of date
	{"provision example bo@contoso.com", exitDone, 1},
	{"provision example nobody", exitUsage, 0},
	{"sync example", exitDone, 1},
	{"sync example --initial", exitDone, 1},
	{"sync example --dry-run", exitDone, 1},
	{"sync wrong", exitGuarded, 1}, // the credentials are refused
	{"sync nosuch", exitUsage, 0},
	{"status", exitDone, 1},
	{"logs example", exitDone, 9},
	{"connections example", exitDone, 9},
	{"connections example get nobody", exitUsage, 0},
	{"connections example get 'Ada Ito'", exitDone, 1},
	{"connections example delete 'Ada Ito'", exitUsage, 0}, // the job is not paused
	{"allow-deletes example", exitDone, 1},
	{"allow-deletes nosuch", exitUsage, 0},
	{"pause example", exitDone, 1},
	{"pause nosuch", exitUsage, 0},
	{"sync example", exitUsage, 1}, // is paused
	{"connections example delete 'Ada Ito'", exitDone, 1},
	{"start example", exitDone, 1},
	{"start example", exitDone, 1},
	{"start nosuch", exitUsage, 0},
	{"restart example", exitDone, 1},
	{"restart example --reset nosuch", exitUsage, 0},
	{"restart nosuch", exitUsage, 0},
}

// TestJSONAlone runs every command with -o json, in each way in which it can
// end: standard output holds JSON, and nothing else.
func TestJSONAlone(t *testing.T) {
	const token = "the-right-token"
	server := httptest.NewServer(sandbox.New(sandbox.Options{Token: token}))
	defer server.Close()
	dir := t.TempDir()
	if _, err := writeExample(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, tokenFile, token)
	write(t, dir, "wrong.token", "another")
	job := filepath.Join(dir, "jobs", "example.yaml")
	if err := edit(job, "http://127.0.0.1:8880", server.URL); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "jobs/wrong.yaml", strings.NewReplacer("name: example", "name: wrong", tokenFile, "wrong.token").Replace(read(t, job)))
	write(t, dir, "right.json", `[{"id":"a","expression":"[a]","attributes":{"a":"1"},"expected":"1"}]`)
	write(t, dir, "wrong.json", `[{"id":"a","expression":"[a]","attributes":{"a":"1"},"expected":"2"}]`)
	write(t, dir, "none.json", `[]`)
	write(t, dir, "schema.json", scimsync(t, dir, exitDone, "config", "export-schema", "example"))

	tried := map[string]bool{}
	for _, o := range jsonOutcomes {
		args := append(words(strings.ReplaceAll(o.args, "DIR", dir)), "-o", "json")
		command, _, err := newRoot(io.Discard, io.Discard).Find(args)
		if err != nil {
			t.Fatal(err)
		}
		tried[command.CommandPath()] = true
		if !strings.Contains(o.args, "--config") {
			args = append(args, "--config", filepath.Join(dir, "scimsync.yaml"))
		}
		var out, errs strings.Builder
		if code := run(args, &out, &errs); code != o.code {
			t.Errorf("scimsync %s: exit code %d, want %d\n%s%s", o.args, code, o.code, out.String(), errs.String())
		}
		values := 0
		for d := json.NewDecoder(strings.NewReader(out.String())); ; values++ {
			var v any
			if err := d.Decode(&v); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("scimsync %s: %v in\n%s", o.args, err, out.String())
			}
			if v == nil {
				t.Errorf("scimsync %s prints null", o.args)
			}
		}
		if values < o.values || o.values == 0 && values > 0 {
			t.Errorf("scimsync %s: %d JSON values\n%s%s", o.args, values, out.String(), errs.String())
		}
		if o.code == exitUsage && values == 0 && errs.Len() == 0 {
			t.Errorf("scimsync %s says nothing", o.args)
		}
	}
	for _, path := range runnable(newRoot(io.Discard, io.Discard)) {
		if !tried[path] {
			t.Errorf("nobody knows what %s -o json prints", path)
		}
	}
}

// runnable returns the paths of the commands that do something.
func runnable(cmd *cobra.Command) (paths []string) {
	if cmd.Runnable() {
		paths = append(paths, cmd.CommandPath())
	}
	for _, c := range cmd.Commands() {
		paths = append(paths, runnable(c)...)
	}
	return paths
}

// words splits a command line at blanks that are not between quotes.
func words(line string) []string {
	quoted := false
	all := strings.FieldsFunc(line, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for i := range all {
		all[i] = strings.Trim(all[i], "'")
	}
	return all
}
