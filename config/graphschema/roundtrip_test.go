package graphschema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/config/graphschema"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/scope"
)

// content is what a schema holds of an object mapping.
type content struct {
	Type       directory.ObjectType
	Actions    plan.Actions
	Filters    []scope.Filter
	Attributes []mapping.Attribute
}

func contents(job *config.Job) []content {
	var all []content
	for _, m := range job.Mappings() {
		all = append(all, content{m.Type, m.Actions, m.Filters, m.Attributes})
	}
	return all
}

// again exports a job and imports what comes out.
func again(t testing.TB, job *config.Job) (schema []byte, back *config.Job) {
	t.Helper()
	schema, err := graphschema.Export(job)
	if err != nil {
		t.Fatal(err)
	}
	data, err := graphschema.Import(bytes.NewReader(schema), job.Name)
	if err != nil {
		t.Fatalf("%v\n%s", err, schema)
	}
	return schema, load(t, data)
}

const head = `name: job
source: {kind: export, users: users.json, groups: groups.json}
target: {kind: scim, tenantURL: https://app.example.com/scim}
settings: {scope: all}
`

// TestJobsComeBack: exporting a job and importing the schema gives the same
// object mappings, and doing so again the same schema.
func TestJobsComeBack(t *testing.T) {
	t.Setenv("BLOGIN_URL", "https://app.example.com/scim")
	t.Setenv("BLOGIN_TOKEN", "t0ken")
	example, err := os.ReadFile("../../cmd/scimsync/example/jobs/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	blogin, err := os.ReadFile("../../cmd/scimsync/testdata/blogin/blogin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"example": strings.Replace(string(example), "${file:../sandbox.token}", "t0ken", 1),
		"blogin":  string(blogin),
		"default": head,
		"all": head + `mappings:
  users:
    actions: [create, delete]
    scopingFilters:
      - {title: 'a: b', clauses: [{attribute: department, operator: EQUALS, values: [x, '10', 'yes']}, {attribute: mail, operator: IS NOT NULL}]}
      - {clauses: [{attribute: employeeId, operator: GREATER_THAN, value: 10}]}
      - {title: none, clauses: []}
    attributes:
      - {source: userPrincipalName, target: userName, matchingPrecedence: 2}
      - {source: objectId, target: externalId, matchingPrecedence: 1, apply: onCreate}
      - {constant: 'yes', target: locale, default: x}
      - {target: userType, default: "a\u0007\tb"}
      - {source: jobTitle, target: title, default: '  ', flowNullValues: true, type: boolean}
      - {source: manager, target: 'urn:x:y:2.0:User:boss', type: reference}
      - {source: employeeHireDate, target: 'urn:x:y:2.0:User:since', type: dateTime}
      - {expression: 'SelectUniqueValue("a", [mail])', target: nickName, apply: onCreate}
      - target: displayName
        expression: |
          Switch([country],
            "it's",

            "DE", "a\"b\\c")
  groups:
    actions: [update]
    attributes: [{source: displayName, target: displayName, matchingPrecedence: 1}, {source: members, target: members}]
`,
	} {
		t.Run(name, func(t *testing.T) {
			job := load(t, []byte(file))
			first, back := again(t, job)
			if diff := cmp.Diff(contents(job), contents(back)); diff != "" {
				t.Errorf("(-job +imported):\n%s", diff)
			}
			second, err := graphschema.Export(back)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(first), string(second)); diff != "" {
				t.Errorf("(-exported +exported again):\n%s", diff)
			}
		})
	}
}

// expressions returns every expression of the language's own test data that
// parses.
func expressions(t testing.TB) []string {
	t.Helper()
	var found []string
	vectors, err := os.ReadFile("../../mapping/expr/testdata/expression-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ Expression string }
	if err := json.Unmarshal(vectors, &list); err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		found = append(found, v.Expression)
	}
	real, err := os.ReadFile("../../mapping/expr/testdata/expressions-realworld.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(real)) {
		e, _, _ := strings.Cut(line, "\t")
		found = append(found, e)
	}
	scripts, err := filepath.Glob("../../mapping/expr/testdata/functions/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		script, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(script)) {
			found = append(found, strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "eval")))
		}
	}
	var parsed []string
	seen := map[string]bool{}
	for _, e := range found {
		e = strings.TrimSpace(e)
		if _, err := expr.Parse(e); err == nil && !seen[e] {
			seen[e] = true
			parsed = append(parsed, e)
		}
	}
	return parsed
}

// jobOf returns a job that maps every expression which a mapping allows.
func jobOf(t testing.TB, expressions []string) *config.Job {
	t.Helper()
	var b strings.Builder
	b.WriteString(head + "mappings:\n  users:\n    attributes:\n      - {source: mail, target: userName, matchingPrecedence: 1}\n")
	for i, e := range expressions {
		text, err := json.Marshal(e) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		a := mapping.Attribute{Expression: e, Target: fmt.Sprintf("urn:x:y:2.0:User:a%d", i), Apply: mapping.OnCreate}
		_, err = mapping.Compile(directory.User, []mapping.Attribute{{Source: "mail", Target: "userName", MatchingPrecedence: 1}, a})
		if err == nil {
			fmt.Fprintf(&b, "      - {expression: %s, target: '%s', apply: onCreate}\n", text, a.Target)
		}
	}
	return load(t, []byte(b.String()))
}

func TestExpressionsComeBack(t *testing.T) {
	all := expressions(t)
	job := jobOf(t, all)
	if len(all) < 400 || len(job.Users.Attributes) < 300 {
		t.Fatalf("only %d expressions, %d in the job", len(all), len(job.Users.Attributes))
	}
	_, back := again(t, job)
	want := job.Users.Attributes
	for i := range want {
		a := &want[i]
		tree, _ := expr.Parse(a.Expression)
		switch n := tree.(type) { // these come back as what they are
		case *expr.Attribute:
			a.Source, a.Expression = n.Name, ""
		case *expr.String:
			a.Constant, a.Expression = &n.Value, ""
		}
		if a.Expression != "" {
			a.Expression = renamed(a.Expression, back.Users.Attributes[i].Expression)
		}
	}
	if diff := cmp.Diff(want, back.Users.Attributes); diff != "" {
		t.Errorf("(-job +imported):\n%s", diff)
	}
	if schema, third := again(t, back); !cmp.Equal(contents(back), contents(third)) {
		t.Errorf("the third time differs:\n%s", schema)
	}
}

// renamed returns the expression that came back if it differs from the one that
// went by Graph's names of attributes alone, and else the one that went.
func renamed(went, came string) string {
	names := strings.NewReplacer("[id]", "[objectId]", "[mobilePhone]", "[mobile]", "[officeLocation]", "[physicalDeliveryOfficeName]",
		"[faxNumber]", "[facsimileTelephoneNumber]")
	tree, err := expr.Parse(names.Replace(went))
	if err == nil && names.Replace(went) != went && expr.Print(tree) == came {
		return came
	}
	return went
}

// withoutTexts takes the expression texts out of a schema, so that only nested
// parameters are left.
func withoutTexts(t testing.TB, schema []byte) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] != "Constant" { // keywords are told from text by it
				delete(v, "expression")
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(root)
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNestedParametersAlone: an expression that Graph shows as nested parameters
// without text comes back with the same meaning.
func TestNestedParametersAlone(t *testing.T) {
	job := jobOf(t, expressions(t))
	schema, err := graphschema.Export(job)
	if err != nil {
		t.Fatal(err)
	}
	data, err := graphschema.Import(bytes.NewReader(withoutTexts(t, schema)), "job")
	if err != nil {
		t.Fatal(err)
	}
	back := load(t, data).Users.Attributes
	if len(back) != len(job.Users.Attributes) {
		t.Fatalf("%d attribute mappings of %d came back:\n%s", len(back), len(job.Users.Attributes), data)
	}
	for i, a := range job.Users.Attributes {
		if a.Expression == "" || back[i].Expression == "" {
			continue
		}
		want, err := expr.Parse(a.Expression)
		if err != nil {
			t.Fatal(err)
		}
		got, err := expr.Parse(back[i].Expression)
		if err != nil {
			t.Fatal(err)
		}
		if w, g := expr.Print(meaning(want)), expr.Print(meaning(got)); w != g {
			t.Errorf("%s\ncomes back as\n%s", a.Expression, back[i].Expression)
		}
	}
}

// meaning writes a tree in the one form that the nested parameters have: numbers
// in quotes, functions as the reference spells them, no older signatures, nothing
// omitted at the end and "" for what is omitted among repeated arguments, attributes by the names of the provisioning schema.
func meaning(n expr.Node) expr.Node {
	switch n := n.(type) {
	case *expr.Number:
		return &expr.String{Value: fmt.Sprint(n.Value)}
	case *expr.Attribute:
		if c := directory.Canonical(directory.User, n.Name); !strings.EqualFold(c, n.Name) {
			return &expr.Attribute{Name: c}
		}
		return n
	case *expr.Comparison:
		return &expr.Comparison{Operator: n.Operator, Left: meaning(n.Left), Right: meaning(n.Right)}
	case *expr.Call:
		f, _ := expr.Lookup(n.Name)
		c := &expr.Call{Name: f.Name}
		for i, a := range n.Arguments {
			if f.Name == "FormatDateTime" && len(n.Arguments) == 3 && i == 1 {
				c.Arguments = append(c.Arguments, &expr.Omitted{})
			}
			if repeats := len(f.Parameters) > 0 && f.Parameters[len(f.Parameters)-1].Repeating; repeats && i >= len(f.Parameters) && expr.Equal(a, &expr.Omitted{}) {
				a = &expr.String{}
			}
			c.Arguments = append(c.Arguments, meaning(a))
		}
		for len(c.Arguments) > 0 && expr.Equal(c.Arguments[len(c.Arguments)-1], &expr.Omitted{}) {
			c.Arguments = c.Arguments[:len(c.Arguments)-1]
		}
		return c
	default:
		return n
	}
}

// TestGeneratedJobsComeBack draws jobs with any texts in them.
func TestGeneratedJobsComeBack(t *testing.T) {
	texts := rapid.OneOf(rapid.StringMatching(`[ -~]{1,12}`), rapid.StringN(1, 8, -1), rapid.SampledFrom([]string{"yes", "~", "null", "1", "0x1", "- a", "#", "a: b", "\u2028", "\ufeff", "\x00", "'", "\"", "a\nb"}))
	sources := []string{"mail", "jobTitle", "extension_0123_x", "urn:a:b:c", `emails[type eq "work"].value`, "a b"}
	targets := []string{"locale", "timezone", "title", `emails[type eq "work"].value`, "urn:x:y:2.0:User:z", "name.givenName", "externalId"}
	rapid.Check(t, func(r *rapid.T) {
		attributes := []mapping.Attribute{{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: rapid.IntRange(1, 100).Draw(r, "precedence"), Apply: mapping.Always}}
		for _, target := range rapid.SliceOfDistinct(rapid.SampledFrom(targets), func(s string) string { return s }).Draw(r, "targets") {
			a := mapping.Attribute{Target: target, Apply: mapping.Always, FlowNullValues: rapid.Bool().Draw(r, "flowNull")}
			text := func() *string { s := texts.Draw(r, "text"); return &s }
			switch rapid.IntRange(0, 3).Draw(r, "kind") {
			case 0:
				a.Source = rapid.SampledFrom(sources).Draw(r, "source")
			case 1:
				a.Constant = text()
			case 2:
				a.Expression = expr.Print(&expr.Call{Name: "Join", Arguments: []expr.Node{
					&expr.String{Value: *text()}, &expr.Attribute{Name: rapid.SampledFrom(sources).Draw(r, "read")}, &expr.String{Value: *text()},
				}})
			case 3:
				a.Default = text()
			}
			if a.Default == nil && rapid.Bool().Draw(r, "default") {
				a.Default = text()
			}
			if rapid.Bool().Draw(r, "onCreate") {
				a.Apply = mapping.OnCreate
			}
			attributes = append(attributes, a)
		}
		var filters []scope.Filter
		for range rapid.IntRange(0, 2).Draw(r, "filters") {
			filters = append(filters, scope.Filter{Title: strings.TrimSpace(texts.Draw(r, "title")), Clauses: []scope.Clause{
				{Attribute: rapid.SampledFrom(sources).Draw(r, "attribute"), Operator: "EQUALS", Values: rapid.SliceOfN(texts, 1, 3).Draw(r, "values")},
			}})
		}
		compiled, err := mapping.Compile(directory.User, attributes)
		if err != nil {
			var e *mapping.Error
			if errors.As(err, &e) {
				r.Skip(err)
			}
			r.Fatal(err)
		}
		within, err := scope.Compile(directory.User, scope.Settings{}, filters)
		if err != nil {
			r.Fatal(err)
		}
		job := &config.Job{Name: "job", Users: &config.ObjectMapping{
			Type: directory.User, Actions: plan.Actions{Create: true}, Filters: filters, Attributes: attributes, Scope: within, Mapping: compiled,
		}}
		_, back := again(t, job)
		for i := range back.Users.Attributes {
			if a := &back.Users.Attributes[i]; a.Apply == "" {
				a.Apply = mapping.Always
			}
		}
		if diff := cmp.Diff(contents(job), contents(back)); diff != "" {
			r.Fatalf("(-job +imported):\n%s", diff)
		}
	})
}

func TestExportErrors(t *testing.T) {
	job := load(t, []byte(head+"mappings:\n  users: {enabled: false}\n"))
	_, err := graphschema.Export(job)
	if err == nil || err.Error() != "job job: provisions neither users nor groups: there is nothing to export" {
		t.Error(err)
	}
	job = load(t, []byte(head))
	job.Users.Attributes[1].Expression = "Join("
	_, err = graphschema.Export(job)
	const want = "job job: users: attribute mapping 2 (active): line 1, column 5: this opening parenthesis has no closing one\n  Join(\n      ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
