package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

var update = flag.Bool("update", false, "write what is found as what is expected")

// TestValidate runs Validate over the archives in testdata/validate. An
// archive holds the files of a configuration (without a scimsync.yaml, one that
// lists job.yaml is added), `env` with a variable a line, `want` with all that
// Validate says, and `schema` with what the JSON Schemas say of each file.
func TestValidate(t *testing.T) {
	archives, err := filepath.Glob("testdata/validate/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	schemas := compileSchemas(t)
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a := readArchive(t, path)
			full, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			c := unpack(t, a)
			got := map[string]string{"want": c.validate(), "schema": schemas.verdicts(t, a)}
			if *update {
				a.set("want", got["want"])
				a.set("schema", got["schema"])
				a.write(t, full)
				return
			}
			for name, found := range got {
				if diff := cmp.Diff(a.file(name), found); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

type configuration struct{ env map[string]string }

// unpack writes the files of an archive into a folder and makes it the
// working directory.
func unpack(t *testing.T, a *archive) configuration {
	t.Helper()
	t.Chdir(t.TempDir())
	c := configuration{env: map[string]string{"TOKEN": "s3cr3t-t0ken"}}
	files := append([]archived{{"scimsync.yaml", "jobs: [job.yaml]\n"}}, a.files...)
	for _, f := range files {
		switch f.name {
		case "want", "schema":
			continue
		case "env":
			for line := range strings.Lines(f.data) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				c.env[name] = value
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o600)
		if strings.Contains(f.name, "public") {
			mode = 0o644
		}
		if err := os.WriteFile(f.name, []byte(f.data), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(f.name, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	return c
}

func (c configuration) lookup(name string) (string, bool) {
	v, ok := c.env[name]
	return v, ok
}

func (c configuration) validate() string {
	problems, warnings := Validate("scimsync.yaml", WithEnv(c.lookup))
	var b strings.Builder
	for _, e := range problems {
		fmt.Fprintln(&b, e)
	}
	for _, e := range warnings {
		fmt.Fprintln(&b, "warning:", e)
	}
	return b.String()
}

type schemas struct{ job, daemon *jsonschema.Schema }

func compileSchemas(t *testing.T) schemas {
	t.Helper()
	compile := func(name string, make func() ([]byte, error)) *jsonschema.Schema {
		data, err := make()
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(name, doc); err != nil {
			t.Fatal(err)
		}
		s, err := c.Compile(name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	return schemas{job: compile("job.json", Schema), daemon: compile("daemon.json", DaemonSchema)}
}

// verdicts says of each YAML file in an archive whether its schema takes it.
func (s schemas) verdicts(t *testing.T, a *archive) string {
	t.Helper()
	var lines []string
	for _, f := range a.files {
		if filepath.Ext(f.name) != ".yaml" {
			continue
		}
		schema := s.job
		if filepath.Base(f.name) == "scimsync.yaml" {
			schema = s.daemon
		}
		lines = append(lines, f.name+": "+verdict(t, schema, []byte(f.data))+"\n")
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

func verdict(t *testing.T, schema *jsonschema.Schema, data []byte) string {
	t.Helper()
	var content any
	if err := yaml.Load(data, &content); err != nil {
		return "no single YAML document"
	}
	encoded, err := json.Marshal(content)
	if err != nil {
		return "nothing that JSON can hold"
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		return "refused"
	}
	return "accepted"
}
