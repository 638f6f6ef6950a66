package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/mapping/expr"
)

const docs = "../../docs"

// TestFunctionsPage keeps docs/functions.md what the function table says; run
// with -update to write it anew.
func TestFunctionsPage(t *testing.T) {
	golden(t, docs+"/functions.md", functionsPage(expr.Functions()))
}

// TestFidelityKeepsItsPromise looks after docs/fidelity.md: each clause of
// sections 1 to 9 has a row, and the tests, scenarios, transcripts and settings
// that the rows name exist.
func TestFidelityKeepsItsPromise(t *testing.T) {
	page := read(t, docs+"/fidelity.md")
	for _, m := range regexp.MustCompile(`(?m)^([1-9]\.[0-9]+) `).FindAllStringSubmatch(read(t, docs+"/scim-client-wire.md"), -1) {
		if rows := strings.Count(page, "\n| "+m[1]+" | "); rows != 1 {
			t.Errorf("clause %s has %d rows", m[1], rows)
		}
	}
	tests := goTests(t)
	settings := schemaText(t)
	for _, row := range regexp.MustCompile(`(?m)^\| [1-9]\.[0-9]+ \|.*$`).FindAllString(page, -1) {
		cells := strings.Split(row, "|")
		for _, name := range quoted(cells[3]) {
			if parts := strings.Split(name, "."); !strings.Contains(settings, `"`+parts[len(parts)-1]+`"`) {
				t.Errorf("%s\nthere is no setting %s", row, name)
			}
		}
		for _, name := range quoted(cells[4]) {
			switch {
			case strings.HasPrefix(name, "Test"):
				if !strings.Contains(tests, "func "+name+"(") {
					t.Errorf("%s\nthere is no test %s", row, name)
				}
			case strings.HasSuffix(name, ".golden"):
				exists(t, "../../connectors/scim/testdata/"+name)
			case strings.HasSuffix(name, ".txtar"):
				exists(t, "testdata/script/"+name)
			default:
				exists(t, "testdata/scenarios/"+name+"/scenario.txtar")
			}
		}
	}
}

// quoted returns what stands between backquotes.
func quoted(cell string) (names []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
		names = append(names, m[1])
	}
	return names
}

func exists(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// goTests returns the text of all tests.
func goTests(t *testing.T) string {
	t.Helper()
	var tests strings.Builder
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			tests.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests.String()
}

// schemaText returns the JSON Schema of job files.
func schemaText(t *testing.T) string {
	t.Helper()
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	return string(schema)
}

// TestLinksLead looks up every link between the documents.
func TestLinksLead(t *testing.T) {
	pages, err := filepath.Glob(docs + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// TestJobOfTheDocs loads the job file that docs/jobs.md shows.
func TestJobOfTheDocs(t *testing.T) {
	_, rest, _ := strings.Cut(read(t, docs+"/jobs.md"), "```yaml\n")
	yaml, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/jobs.md shows no job file")
	}
	dir := t.TempDir()
	write(t, dir, "job.yaml", yaml)
	t.Setenv("BLOGIN_TOKEN", "token")
	job, err := config.LoadJob(filepath.Join(dir, "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Warnings) > 0 {
		t.Error(job.Warnings)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
