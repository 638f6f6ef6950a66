package expr_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/mapping/expr/exprtest"
)

// attributes are source attributes of a test.
type attributes map[string]directory.Value

func (a attributes) Get(name string) directory.Value { return a[name] }

// readVectors returns the cases of testdata/expression-vectors.json, which
// package exprtest runs.
func readVectors(t testing.TB) []exprtest.Case {
	t.Helper()
	b, err := os.ReadFile("testdata/expression-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	all, err := exprtest.Load("expression-vectors.json", b)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// notOurs are the expressions that Compile refuses, with the reason.
var notOurs = map[string]string{
	// Docker's page leaves the default out and so gives Switch an odd number of
	// arguments, against "The function always expects an even number of
	// parameters" in Microsoft's reference.
	`Switch(SingleAppRoleAssignment([appRoleAssignments]), "My Corp Admins", "owner", "My Corp Editors", "editor", "My Corp Users", "member")`: "even number of arguments",
}

func TestRealWorldExpressionsCompile(t *testing.T) {
	b, err := os.ReadFile("testdata/expressions-realworld.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	for _, line := range lines {
		src, _, _ := strings.Cut(line, "\t")
		p, err := expr.Compile(src)
		if reason, refused := notOurs[src]; refused {
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("%s\n%v; want an error with %q", src, err, reason)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", src, err)
			continue
		}
		if again, err := expr.Compile(p.String()); err != nil || !expr.Equal(again.Tree(), mustParse(t, p.String())) {
			t.Errorf("%s\nprinted as %s\n%v", src, p.String(), err)
		}
	}
	if len(lines) < 100 {
		t.Errorf("only %d expressions", len(lines))
	}
}

func mustParse(t testing.TB, src string) expr.Node {
	t.Helper()
	n, err := expr.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// matches applies a pattern with lookaheads by way of the language itself.
func matches(t testing.TB, pattern, s string) bool {
	t.Helper()
	if re, err := regexp.Compile(pattern); err == nil {
		return re.MatchString(s)
	}
	p, err := expr.Compile(`Replace([s], , [pattern], , "matched", , )`)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Eval(expr.Env{Attributes: attributes{"s": directory.Str(s), "pattern": directory.Str(pattern)}})
	if err != nil {
		t.Fatal(err)
	}
	return v.Text() == "matched"
}
