package expr_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/mapping/expr/exprtest"
)

// script is one file of testdata/functions; its README describes the format.
type script struct {
	function, page string
	cases          []scriptCase
}

// scriptCase is one case of a script: verb and argument say what is wanted.
type scriptCase struct {
	line           int
	env            expr.Env
	taken          []string
	expression     string
	verb, argument string
}

func readScript(path string) (script, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return script{}, err
	}
	var s script
	c := newCase()
	for i, line := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(line, " ") && c.expression != "" {
			c.expression += "\n" + line
			continue
		}
		verb, argument, _ := strings.Cut(strings.TrimRight(line, " "), " ")
		switch verb {
		case "", "#":
		case "function":
			s.function = argument
		case "page":
			s.page = argument
		case "set", "global", "now", "taken", "eval":
			if err := c.prepare(verb, argument, i+1); err != nil {
				return s, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
		case "want", "match", "drop", "ignore", "error", "refused":
			c.verb, c.argument = verb, argument
			s.cases = append(s.cases, c)
			c = newCase()
		default:
			return s, fmt.Errorf("%s:%d: unknown line %q", path, i+1, line)
		}
	}
	if c.expression != "" {
		return s, fmt.Errorf("%s: the last case says not what is wanted", path)
	}
	return s, nil
}

func newCase() scriptCase {
	return scriptCase{env: expr.Env{
		Attributes: attributes{}, Globals: map[string]string{},
		Now: time.Date(2025, 7, 30, 12, 0, 0, 0, time.UTC),
	}}
}

func (c *scriptCase) prepare(verb, argument string, line int) error {
	switch verb {
	case "set":
		name, text, _ := strings.Cut(argument, " ")
		var x any
		if err := json.Unmarshal([]byte(text), &x); err != nil {
			return err
		}
		v, err := directory.FromJSON(x)
		c.env.Attributes.(attributes)[name] = v
		return err
	case "global":
		name, text, _ := strings.Cut(argument, " ")
		c.env.Globals[name] = text
	case "now":
		now, err := time.Parse(time.RFC3339, argument)
		c.env.Now = now
		return err
	case "taken":
		c.taken = append(c.taken, argument)
	case "eval":
		c.expression, c.line = argument, line
	}
	return nil
}

func (c scriptCase) run(t *testing.T) {
	p, err := expr.Compile(c.expression)
	if c.verb == "refused" {
		if err == nil || !strings.Contains(err.Error(), c.argument) {
			t.Errorf("line %d: %s: Compile says %v; want %q", c.line, c.expression, err, c.argument)
		}
		return
	}
	if err != nil {
		t.Errorf("line %d: %v", c.line, err)
		return
	}
	c.env.Unique = func(s string) (bool, error) { return !slices.Contains(c.taken, s), nil }
	v, err := p.Eval(c.env)
	switch c.verb {
	case "drop":
		if !errors.Is(err, expr.ErrIgnoreAttribute) {
			t.Errorf("line %d: %s = %v, %v; want the attribute dropped", c.line, c.expression, v, err)
		}
	case "ignore":
		if !errors.Is(err, expr.ErrIgnoreObject) {
			t.Errorf("line %d: %s = %v, %v; want the object ignored", c.line, c.expression, v, err)
		}
	case "error":
		var fault *expr.Error
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.argument) {
			t.Errorf("line %d: %s = %v, %v; want an error with %q", c.line, c.expression, v, err, c.argument)
		}
	case "match":
		if err != nil || !matches(t, c.argument, v.Text()) {
			t.Errorf("line %d: %s = %q, %v; want a match of %s", c.line, c.expression, v.Text(), err, c.argument)
		}
	case "want":
		var want any
		if err := json.Unmarshal([]byte(c.argument), &want); err != nil {
			t.Fatalf("line %d: %v", c.line, err)
		}
		if err != nil {
			t.Errorf("line %d: %v", c.line, err)
		} else if diff := cmp.Diff(want, exprtest.Plain(v)); diff != "" {
			t.Errorf("line %d: %s (-want +got):\n%s", c.line, c.expression, diff)
		}
	}
}

func TestFunctionScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/functions/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	scripted := map[string]bool{}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, err := readScript(path)
			if err != nil {
				t.Fatal(err)
			}
			f, ok := expr.Lookup(s.function)
			if !ok || f.Name != s.function || filepath.Base(path) != strings.ToLower(f.Name)+".txt" {
				t.Fatalf("there is no function %q for this file", s.function)
			}
			if f.Page != s.page {
				t.Errorf("page %q; the table says %q", s.page, f.Page)
			}
			if len(s.cases) < 2 {
				t.Errorf("only %d cases", len(s.cases))
			}
			for _, c := range s.cases {
				c.run(t)
			}
			scripted[f.Name] = true
		})
	}
	for _, f := range expr.Functions() {
		if !scripted[f.Name] {
			t.Errorf("%s has no script", f.Name)
		}
	}
}
