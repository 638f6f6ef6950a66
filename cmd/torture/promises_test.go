package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReliabilityNamesThePromises keeps docs/reliability.md what the table of
// promises says: a row for each of them and no other, each with a result.
// "make reliability" writes the page.
func TestReliabilityNamesThePromises(t *testing.T) {
	page := read(t, "../../docs/reliability.md")
	rows := regexp.MustCompile(`(?m)^\| [^-].*\|$`).FindAllString(page, -1)
	rows = slices.DeleteFunc(rows, func(row string) bool { return strings.HasPrefix(row, "| promise |") })
	all := promises()
	if len(rows) != len(all) {
		t.Errorf("the page has %d promises, the table %d", len(rows), len(all))
	}
	for i, p := range all[:min(len(rows), len(all))] {
		if !strings.HasPrefix(rows[i], p.row()) {
			t.Errorf("row %d is\n%s\nand the promise\n%s", i+1, rows[i], p.row())
		}
		if !regexp.MustCompile(`\| [1-9][0-9]* \| holds \|$`).MatchString(rows[i]) {
			t.Errorf("the promise is not kept: %s", rows[i])
		}
	}
	before, after, _ := strings.Cut(introduction, "<!-- tables -->\n")
	if !strings.HasPrefix(page, before) || !strings.HasSuffix(page, after) {
		t.Error("what stands around the tables is not that of reliability.md.txt")
	}
}

// TestPromisesAreTried looks up each test that the table of promises names.
func TestPromisesAreTried(t *testing.T) {
	known := groups()
	for _, p := range promises() {
		if !slices.Contains(known, p.Group) || p.Promise == "" || p.Failure == "" || len(p.Tests) == 0 {
			t.Errorf("%+v is no promise", p)
		}
		for _, test := range p.Tests {
			name, script, inner := strings.Cut(test.Name, "/")
			if !strings.Contains(testsOf(t, test.Package), "func "+name+"(t *testing.T)") {
				t.Errorf("%s has no %s", test.Package, name)
			}
			if inner {
				read(t, filepath.Join("../..", test.Package, "testdata/script", script+".txtar"))
			}
		}
	}
}

// testsOf returns the text of a package's tests.
func testsOf(t *testing.T, pkg string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, file := range files {
		text.WriteString(read(t, file))
	}
	return text.String()
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
