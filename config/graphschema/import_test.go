package graphschema_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/config/graphschema"
)

var update = flag.Bool("update", false, "write what is found as what is expected")

// TestImport runs Import over the archives in testdata/import. An archive holds
// schema.json and either job.yaml, from its mappings on, with `warnings` that
// loading it gives, or `error`.
func TestImport(t *testing.T) {
	archives, err := filepath.Glob("testdata/import/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for _, f := range a.Files {
				want[f.Name] = string(f.Data)
			}
			got := imported(t, want["schema.json"])
			if *update {
				a.Files = a.Files[:1]
				for _, name := range []string{"job.yaml", "warnings", "error"} {
					if got[name] != "" {
						a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(got[name])})
					}
				}
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			delete(want, "schema.json")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// imported returns what an archive says of a schema.
func imported(t *testing.T, schema string) map[string]string {
	t.Helper()
	job, err := graphschema.Import(strings.NewReader(schema), "job")
	if err != nil {
		return map[string]string{"error": err.Error() + "\n"}
	}
	_, mappings, found := strings.Cut(string(job), "\nmappings:")
	if !found {
		t.Fatalf("no mappings:\n%s", job)
	}
	out := map[string]string{"job.yaml": "mappings:" + mappings}
	for _, w := range load(t, job).Warnings {
		if w.Line < strings.Count(strings.TrimSuffix(string(job), mappings), "\n") {
			continue // about the placeholders
		}
		out["warnings"] += w.Message + "\n"
	}
	return out
}

// load returns the job in a job file, which must have nothing wrong with it.
func load(t testing.TB, data []byte) *config.Job {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := config.LoadJob(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return job
}

// TestImportWhole shows the whole job file, placeholders included.
func TestImportWhole(t *testing.T) {
	schema, err := os.ReadFile("testdata/customappsso.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := graphschema.Import(bytes.NewReader(schema), "blogin")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/customappsso.yaml"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	job := load(t, got)
	if job.Name != "blogin" || job.Users == nil || job.Groups == nil {
		t.Errorf("job %q with users %v and groups %v", job.Name, job.Users != nil, job.Groups != nil)
	}
}

func TestName(t *testing.T) {
	for file, want := range map[string]string{
		"blogin.json": "blogin", "dir/Blog In (prod).json": "Blog-In-prod", `C:\x\app.schema.json`: "app", "-": "job", "": "job",
		"äöü.json": "job", "customappsso-schema.JSON": "customappsso-schema", strings.Repeat("a", 70): strings.Repeat("a", 64),
	} {
		if got := graphschema.Name(file); got != want {
			t.Errorf("Name(%q) = %q, want %q", file, got, want)
		}
	}
}

func TestImportErrors(t *testing.T) {
	deep := strings.Repeat(`{"type":"Function","name":"Trim","parameters":[{"key":"value","value":`, 600) + `{"type":"Attribute","name":"a"}` + strings.Repeat(`}]}`, 600)
	mapping := func(attributes string) string {
		return `{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[` + attributes + `]}]}]}`
	}
	for _, test := range []struct{ name, schema, want string }{
		{"empty", "", "the file is empty"},
		{"blank", " \n", "the file is empty"},
		{"text", "name: x\n", "this is no JSON: line 1: invalid character 'a' in literal null (expecting 'u')"},
		{"place", "{\n\"a\": 1,\n}", "this is no JSON: line 3: invalid character '}' looking for beginning of object key string"},
		{"cut", `{"synchronizationRules": [`, "this is no JSON: it ends in the middle"},
		{"two", "{\"synchronizationRules\": []}\n{}", "this is no JSON: line 2: there is more after the end"},
		{"utf16", "\xff\xfe{\x00}\x00", "the file is UTF-16, and JSON is UTF-8: save it as UTF-8 (in PowerShell, Out-File -Encoding utf8)"},
		{"list", "[]", "expected an object, found a list"},
		{"other", `{"value": []}`, "synchronizationRules: is missing: this is no synchronizationSchema. Graph has it at /servicePrincipals/{id}/synchronization/jobs/{id}/schema, and the portal at Edit attribute list, Review your schema here"},
		{"no rules", `{"synchronizationRules": []}`, "synchronizationRules: is empty: the schema provisions nothing"},
		{"no mappings", `{"synchronizationRules": [{"name": "R"}]}`, "synchronizationRules: has no object mappings: the schema provisions nothing"},
		{"types", `{"synchronizationRules": [{"priority": "1", "objectMappings": [{"enabled": "yes", "attributeMappings": [1, {"targetAttributeName": {}, "matchingPriority": 1.5}]}]}], "directories": {}}`,
			`synchronizationRules[0].priority: expected a whole number that fits in 32 bits, found the text "1"
synchronizationRules[0].objectMappings[0].enabled: expected true or false, found the text "yes"
synchronizationRules[0].objectMappings[0].attributeMappings[0]: expected an object, found the number 1
synchronizationRules[0].objectMappings[0].attributeMappings[1].matchingPriority: expected a whole number that fits in 32 bits, found the number 1.5
synchronizationRules[0].objectMappings[0].attributeMappings[1].targetAttributeName: expected text, found an object
directories: expected a list, found an object`},
		{"parameter", mapping(`{"source": {"parameters": [{"key": "source", "value": {"name": 1}}]}}`),
			`synchronizationRules[0].objectMappings[0].attributeMappings[0].source.parameters[0].value.name: expected text, found the number 1`},
		{"values", `{"synchronizationRules": [{"objectMappings": [{"scope": {"groups": [{"clauses": [{"targetOperand": {"values": [null, true]}}]}]}}]}]}`,
			`synchronizationRules[0].objectMappings[0].scope.groups[0].clauses[0].targetOperand.values[0]: expected text, found null
synchronizationRules[0].objectMappings[0].scope.groups[0].clauses[0].targetOperand.values[1]: expected text, found true`},
		{"many", mapping(strings.Repeat("1,", 12) + "1"), strings.Repeat("x", 10)},
		{"deep", mapping(`{"source": ` + deep + `}`), "deep"},
		{"AD", `{"synchronizationRules": [{"name": "AD2AADProvisioning", "sourceDirectoryName": "Active Directory", "targetDirectoryName": "Microsoft Entra ID", "objectMappings": [{"sourceObjectName": "user"}]}]}`,
			`synchronizationRules: nothing here provisions users or groups from Entra ID to an application:
  The rule "AD2AADProvisioning" is not taken over: it goes from "Active Directory" to "Microsoft Entra ID", and a job goes from Entra ID to an application.`},
	} {
		t.Run(test.name, func(t *testing.T) {
			job, err := graphschema.Import(strings.NewReader(test.schema), "job")
			if err == nil {
				t.Fatalf("no error, but\n%s", job)
			}
			got := err.Error()
			switch test.name {
			case "many":
				lines := strings.Split(got, "\n")
				if len(lines) != 11 || lines[10] != "and 3 more of this kind" {
					t.Errorf("%d lines:\n%s", len(lines), got)
				}
			case "deep":
				if !strings.HasPrefix(got, "synchronizationRules[0].objectMappings[0].attributeMappings[0].source.parameters[0].value") ||
					!strings.HasSuffix(got, ".value: functions are nested more than 500 deep") {
					t.Error(got)
				}
			default:
				if got != test.want {
					t.Errorf("got\n%s\nwant\n%s", got, test.want)
				}
			}
		})
	}
	for name, want := range map[string]string{
		"":    `"" is not a job name: up to 64 letters, digits and dashes, beginning with a letter or digit`,
		"a b": `"a b" is not a job name: up to 64 letters, digits and dashes, beginning with a letter or digit`,
	} {
		if _, err := graphschema.Import(strings.NewReader("{}"), name); err == nil || err.Error() != want {
			t.Errorf("%q: %v", name, err)
		}
	}
	long := `{"synchronizationRules": [` + strings.Repeat("{},", 10_000) + "{}]}"
	if _, err := graphschema.Import(strings.NewReader(long), "job"); err == nil || err.Error() != "synchronizationRules: has 10001 entries, and 10000 are allowed" {
		t.Error(err)
	}
	rules := `{"synchronizationRules": [` + strings.Repeat(`{"sourceDirectoryName": "x"},`, 120) + `{"objectMappings": [{"sourceObjectName": "User"}]}]}`
	if job, err := graphschema.Import(strings.NewReader(rules), "job"); err != nil || strings.Count(string(job), "is not taken over") != 100 ||
		!strings.Contains(string(job), "\n  # 20 more rules or object mappings are not taken over.\n") {
		t.Errorf("%v\n%s", err, job)
	}
	wide := mapping(strings.Repeat(`{"targetAttributeName": "`+strings.Repeat("x", 600)+`"},`, 9_000) + "{}")
	if _, err := graphschema.Import(strings.NewReader(wide), "job"); err == nil ||
		err.Error() != "synchronizationRules: the job file would be larger than 4 MB, which is more than a job file may have" {
		t.Error(err)
	}
	large := bytes.Repeat([]byte(" "), 9<<20)
	if _, err := graphschema.Import(bytes.NewReader(large), "job"); err == nil || err.Error() != "the schema is larger than 8 MB, which none is" {
		t.Error(err)
	}
}
