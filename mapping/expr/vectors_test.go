package expr_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// attributes are source attributes of a test.
type attributes map[string]directory.Value

func (a attributes) Get(name string) directory.Value { return a[name] }

// vector is one entry of testdata/expression-vectors.json.
type vector struct {
	ID              string
	Expression      string
	Attributes      map[string]any
	Expected        any
	ExpectedError   bool
	ExpectedPattern string
	ResultType      string
	Now             string
	Taken           []string
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	b, err := os.ReadFile("testdata/expression-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// environment makes what an expression sees of a vector: attributes named
// %Name% are global parameters.
func (v vector) environment(t testing.TB) expr.Env {
	t.Helper()
	a := attributes{}
	env := expr.Env{Attributes: a, Globals: map[string]string{}}
	for name, x := range v.Attributes {
		value, err := directory.FromJSON(x)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, "%") {
			env.Globals[strings.Trim(name, "%")] = value.Text()
			continue
		}
		a[name] = value
	}
	if v.Now != "" {
		now, err := time.Parse(time.RFC3339, v.Now)
		if err != nil {
			t.Fatal(err)
		}
		env.Now = now
	}
	env.Unique = func(s string) (bool, error) { return !slices.Contains(v.Taken, s), nil }
	return env
}

func (v vector) evaluate(t testing.TB) (directory.Value, error) {
	t.Helper()
	p, err := expr.Compile(v.Expression)
	if err != nil {
		return directory.Value{}, err
	}
	return p.Eval(v.environment(t))
}

// plain returns a value as a vector writes it: null, a string, or a list of
// strings.
func plain(v directory.Value) any {
	switch v.Kind() {
	case directory.Null:
		return nil
	case directory.List:
		list := []any{}
		for _, e := range v.Elements() {
			list = append(list, e.Text())
		}
		return list
	default:
		return v.Text()
	}
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			got, err := v.evaluate(t)
			switch {
			case v.ResultType == "drop" || v.Expected == "IgnoreAttributeFlow":
				if !errors.Is(err, expr.ErrIgnoreAttribute) {
					t.Errorf("%s = %v, %v; want the attribute dropped", v.Expression, got, err)
				}
			case v.Expected == "IgnoreObjectFlow":
				if !errors.Is(err, expr.ErrIgnoreObject) {
					t.Errorf("%s = %v, %v; want the object ignored", v.Expression, got, err)
				}
			case v.ExpectedError:
				var fault *expr.Error
				if !errors.As(err, &fault) {
					t.Errorf("%s = %v, %v; want an error", v.Expression, got, err)
				}
			case err != nil:
				t.Errorf("%s: %v", v.Expression, err)
			case v.ExpectedPattern != "":
				// Go's regexp has no lookahead; regexp2's own syntax is .NET's.
				if !matches(t, v.ExpectedPattern, got.Text()) {
					t.Errorf("%s = %q; want a match of %s", v.Expression, got.Text(), v.ExpectedPattern)
				}
			default:
				if diff := cmp.Diff(v.Expected, plain(got)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", v.Expression, diff)
				}
			}
		})
	}
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
