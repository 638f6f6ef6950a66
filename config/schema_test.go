package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every place of the schemas has a description, for an editor to show.
func TestSchemaDescribesEveryKey(t *testing.T) {
	for name, make := range map[string]func() ([]byte, error){"job": Schema, "daemon": DaemonSchema} {
		data, err := make()
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(data, &root); err != nil {
			t.Fatal(err)
		}
		if root["$schema"] != draft {
			t.Errorf("%s: dialect %v", name, root["$schema"])
		}
		var walk func(path string, s map[string]any)
		walk = func(path string, s map[string]any) {
			if about, _ := s["description"].(string); !strings.HasSuffix(about, ".") {
				t.Errorf("%s: description %q", path, about)
			}
			properties, _ := s["properties"].(map[string]any)
			for key, p := range properties {
				walk(path+"."+key, p.(map[string]any))
			}
			if items, ok := s["items"].(map[string]any); ok && items["type"] == "object" {
				walk(path+"[]", items)
			}
		}
		walk(name, root)
	}
}

// The schemas take the samples.
func TestSchemaTakesSamples(t *testing.T) {
	s := compileSchemas(t)
	jobs, err := filepath.Glob("testdata/blogin/jobs/*.yaml")
	if err != nil || len(jobs) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, path := range append(jobs, "testdata/blogin/scimsync.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		schema := s.job
		if filepath.Base(path) == "scimsync.yaml" {
			schema = s.daemon
		}
		if got := verdict(t, schema, data); got != "accepted" {
			t.Errorf("%s is %s", path, got)
		}
	}
}
