// Package exprtest runs tests of mapping expressions that are written as data:
// a list of cases in JSON or YAML, each with an expression, the attributes of
// an object, and what the expression is to give.
package exprtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// Case is one test. A case without an id goes by its place in the file.
type Case struct {
	ID         string         `json:"id"`
	Expression string         `json:"expression"`
	Attributes map[string]any `json:"attributes"` // %Name% is a global parameter
	// Expected is the value as text: null, a string, or a list of strings.
	// "IgnoreAttributeFlow" and "IgnoreObjectFlow" expect those.
	Expected        any      `json:"expected"`
	ExpectedError   bool     `json:"expectedError"`
	ExpectedPattern string   `json:"expectedPattern"` // a .NET regular expression
	ResultType      string   `json:"resultType"`      // "drop": the attribute is dropped from the flow
	Now             string   `json:"now"`             // RFC 3339
	Taken           []string `json:"taken"`           // values that the target has already
}

// Load reads a test file: JSON if the text begins as JSON does, else YAML.
// Unknown keys are descriptions, unless they look like a known one that was
// misspelled: a test without "expected" would pass for the wrong reason.
func Load(name string, content []byte) ([]Case, error) {
	var raw []map[string]any
	var err error
	if trimmed := bytes.TrimSpace(content); json.Valid(trimmed) {
		d := json.NewDecoder(bytes.NewReader(trimmed))
		d.UseNumber()
		err = d.Decode(&raw)
	} else {
		err = yaml.Load(content, &raw, yaml.WithUniqueKeys())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: it should be a list of {id, expression, attributes, expected}: %w", name, err)
	}
	if len(raw) == 0 {
		return nil, fmt.Errorf("%s: holds no tests; it should be a list of {id, expression, attributes, expected}", name)
	}
	cases := make([]Case, len(raw))
	for i, fields := range raw {
		place := fmt.Sprintf("%s: test %d", name, i+1)
		if err := checkKeys(fields); err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		b, err := json.Marshal(number(fields))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if err := d.Decode(&cases[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", place, err)
		}
		if cases[i].ID == "" {
			cases[i].ID = fmt.Sprintf("#%d", i+1)
		}
		if strings.TrimSpace(cases[i].Expression) == "" {
			return nil, fmt.Errorf("%s has no expression", place)
		}
	}
	return cases, nil
}

var keys = []string{"id", "expression", "attributes", "expected", "expectedError", "expectedPattern", "resultType", "now", "taken"}

func checkKeys(fields map[string]any) error {
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if slices.Contains(keys, k) {
			continue
		}
		if near := directory.Nearest(k, keys); near != "" && k != "kind" && k != "note" {
			return fmt.Errorf("unknown key %q: did you mean %s?", k, near)
		}
	}
	return nil
}

// Failure says how a test differs from what it expects.
type Failure struct {
	Want string
	Got  string
}

// Error shows both, one above the other.
func (f *Failure) Error() string { return "want " + f.Want + "\ngot  " + f.Got }

// Run evaluates the case and returns nil if it gives what is expected, a
// *Failure if it does not, and another error if the case itself is wrong.
func (c Case) Run() error {
	env, err := c.env()
	if err != nil {
		return err
	}
	value, err := c.evaluate(env)
	want := c.want()
	switch {
	case want == ignoreObject || want == ignoreAttribute:
		// Both are compared below, as text.
	case c.ExpectedError:
		var fault *expr.Error
		if errors.As(err, &fault) {
			return nil
		}
	case err == nil && c.ExpectedPattern != "":
		ok, err := matches(c.ExpectedPattern, value.Text())
		if err != nil || ok {
			return err
		}
	}
	if got := describe(value, err); got != want {
		return &Failure{Want: want, Got: got}
	}
	return nil
}

const (
	ignoreAttribute = "IgnoreAttributeFlow: the attribute is dropped"
	ignoreObject    = "IgnoreObjectFlow: the object is left alone"
)

func (c Case) want() string {
	switch {
	case c.ResultType == "drop" || c.Expected == "IgnoreAttributeFlow":
		return ignoreAttribute
	case c.Expected == "IgnoreObjectFlow":
		return ignoreObject
	case c.ExpectedError:
		return "an error"
	case c.ExpectedPattern != "":
		return "a match of " + c.ExpectedPattern
	default:
		return quote(c.Expected)
	}
}

func describe(v directory.Value, err error) string {
	switch {
	case errors.Is(err, expr.ErrIgnoreAttribute):
		return ignoreAttribute
	case errors.Is(err, expr.ErrIgnoreObject):
		return ignoreObject
	case err != nil:
		return "an error: " + err.Error()
	default:
		return quote(Plain(v))
	}
}

// Plain returns a value as tests write it: nil, a string, or a list of strings.
func Plain(v directory.Value) any {
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

// quote returns what a test expects, or got, as JSON. Numbers and booleans,
// which YAML tells apart, are compared as Entra prints them.
func quote(x any) string {
	switch x := x.(type) {
	case nil, string:
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = e
			if s, err := directory.FromJSON(number(e)); err == nil && e != nil {
				list[i] = s.Text()
			}
		}
		return marshal(list)
	default:
		if v, err := directory.FromJSON(number(x)); err == nil {
			return marshal(v.Text())
		}
	}
	return marshal(x)
}

// number turns the integers of a YAML decoder into those of a JSON decoder.
func number(x any) any {
	switch x := x.(type) {
	case int:
		return json.Number(fmt.Sprint(x))
	case int64:
		return json.Number(fmt.Sprint(x))
	case uint64:
		return json.Number(fmt.Sprint(x))
	case time.Time:
		return x.Format(time.RFC3339)
	case []any:
		list := make([]any, len(x))
		for i, e := range x {
			list[i] = number(e)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(x))
		for k, e := range x {
			object[k] = number(e)
		}
		return object
	default:
		return x
	}
}

func marshal(x any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return fmt.Sprint(x)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (c Case) evaluate(env expr.Env) (directory.Value, error) {
	program, err := expr.Compile(c.Expression)
	if err != nil {
		return directory.Value{}, err
	}
	return program.Eval(env)
}

func (c Case) env() (expr.Env, error) {
	env, err := Env(c.Attributes)
	if err != nil {
		return env, err
	}
	if c.Now != "" {
		if env.Now, err = time.Parse(time.RFC3339, c.Now); err != nil {
			return env, fmt.Errorf("now is %q; it is a time such as 2026-11-23T10:00:00Z", c.Now)
		}
	}
	env.Unique = func(candidate string) (bool, error) { return !slices.Contains(c.Taken, candidate), nil }
	return env, nil
}

// Env returns an environment with these attributes, as JSON or YAML decodes
// them. %Name% is a global parameter. Attributes are found under any of the
// source schema's names, in any case.
func Env(given map[string]any) (expr.Env, error) {
	a := attributes{}
	env := expr.Env{Attributes: a, Globals: map[string]string{}, Now: time.Now()}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		v, err := directory.FromJSON(number(given[name]))
		if err != nil {
			return env, fmt.Errorf("attribute %s: %w", name, err)
		}
		if global, ok := strings.CutPrefix(name, "%"); ok {
			env.Globals[strings.TrimSuffix(global, "%")] = v.Text()
			continue
		}
		a[name] = v
		if canonical := directory.Canonical(directory.User, name); canonical != name {
			a[canonical] = v
		}
	}
	return env, nil
}

type attributes map[string]directory.Value

// Get returns the attribute of this name, null if there is none.
func (a attributes) Get(name string) directory.Value {
	if v, ok := a[name]; ok {
		return v
	}
	return a[directory.Canonical(directory.User, name)]
}

// matches applies a .NET regular expression by way of the language itself.
func matches(pattern, s string) (bool, error) {
	program, err := expr.Compile(`Replace([s], , [pattern], , "matched", , )`)
	if err != nil {
		return false, err
	}
	v, err := program.Eval(expr.Env{Attributes: attributes{"s": directory.Str(s), "pattern": directory.Str(pattern)}})
	return v.Text() == "matched", err
}
