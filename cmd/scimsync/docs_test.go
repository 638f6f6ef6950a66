package main

import (
	"bytes"
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

// TestFidelityNamesTestsThatExist looks up every test and every transcript that
// docs/fidelity.md names.
func TestFidelityNamesTestsThatExist(t *testing.T) {
	page := read(t, docs+"/fidelity.md")
	var tests bytes.Buffer
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			tests.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`(Test[A-Za-z]+)(…?)`").FindAllStringSubmatch(page, -1) {
		name := "func " + m[1]
		if m[2] == "" {
			name += "("
		}
		if !strings.Contains(tests.String(), name) {
			t.Errorf("there is no test %s%s", m[1], m[2])
		}
	}
	for _, m := range regexp.MustCompile("`([0-9]+\\.[0-9]+-[a-z-]*)(…?)`").FindAllStringSubmatch(page, -1) {
		pattern := m[1]
		if m[2] != "" {
			pattern += "*"
		}
		files, _ := filepath.Glob("../../connectors/scim/testdata/" + pattern + ".golden")
		if len(files) == 0 {
			t.Errorf("there is no transcript %s", pattern)
		}
	}
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
