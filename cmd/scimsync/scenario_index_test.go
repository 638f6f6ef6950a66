package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	clauseLine   = regexp.MustCompile(`(?m)^Clauses: ([0-9., ]+)\. Evidence: (.+)\.$`)
	clauseNumber = regexp.MustCompile(`(?m)^(\d+\.\d+) `)
	withoutOne   = regexp.MustCompile(`(?m)^\| (\d+\.\d+) \| .+ \|$`)
)

const indexBegin, indexEnd = "<!-- index -->\n", "<!-- end of index -->\n"

// TestScenarioIndex checks that every clause of sections 1 to 9 has a scenario,
// or a reason in README.md why it has none, and keeps the index there. Run with
// -update to write it anew.
func TestScenarioIndex(t *testing.T) {
	specification, err := os.ReadFile("../../docs/scim-client-wire.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := scenarioFolders()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{} // scenarios by clause
	for _, folder := range folders {
		readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		m := clauseLine.FindSubmatch(readme)
		if m == nil || !bytes.HasPrefix(readme, []byte("# ")) {
			t.Errorf("%s/README.md begins with a title, then a line as this one: Clauses: 3.9, 4.7. Evidence: D, C.", folder)
			continue
		}
		for clause := range strings.SplitSeq(string(m[1]), ", ") {
			shown[clause] = append(shown[clause], filepath.Base(folder))
		}
	}
	file := filepath.Join(scenarioRoot, "README.md")
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := bytes.Index(readme, []byte(indexBegin)), bytes.Index(readme, []byte(indexEnd))
	if begin < 0 || end < begin {
		t.Fatalf("%s has no place for the index: %s%s", file, indexBegin, indexEnd)
	}
	excused := map[string]bool{}
	for _, m := range withoutOne.FindAllSubmatch(readme[end:], -1) {
		excused[string(m[1])] = true
	}
	var known []string
	for _, m := range clauseNumber.FindAllSubmatch(specification, -1) {
		known = append(known, string(m[1]))
	}
	for clause, scenarios := range shown {
		if !slices.Contains(known, clause) {
			t.Errorf("%s: there is no clause %s", strings.Join(scenarios, ", "), clause)
		}
	}
	for _, clause := range known {
		if clause >= "10." && clause < "12." {
			continue // the conformance suites are tested in connectors/scim
		}
		switch has := len(shown[clause]) > 0; {
		case has && excused[clause]:
			t.Errorf("clause %s has a scenario, and a reason why it has none", clause)
		case !has && !excused[clause]:
			t.Errorf("clause %s has neither a scenario nor a reason in %s why it has none", clause, file)
		}
	}
	golden(t, file, string(readme[:begin])+indexBegin+index(shown)+string(readme[end:]))
}

// index lists the scenarios by clause.
func index(shown map[string][]string) string {
	clauses := make([]string, 0, len(shown))
	for clause := range shown {
		clauses = append(clauses, clause)
	}
	slices.SortFunc(clauses, func(a, b string) int {
		return cmp.Or(cmp.Compare(section(a), section(b)), cmp.Compare(number(a), number(b)))
	})
	var b strings.Builder
	b.WriteString("| clause | scenarios |\n|---|---|\n")
	for _, clause := range clauses {
		links := make([]string, len(shown[clause]))
		for i, s := range shown[clause] {
			links[i] = fmt.Sprintf("[%s](%[1]s)", s)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", clause, strings.Join(links, ", "))
	}
	return b.String()
}

func section(clause string) int {
	n, _ := strconv.Atoi(clause[:strings.IndexByte(clause, '.')])
	return n
}

func number(clause string) int {
	n, _ := strconv.Atoi(clause[strings.IndexByte(clause, '.')+1:])
	return n
}
