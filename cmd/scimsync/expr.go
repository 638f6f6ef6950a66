package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/mapping/expr/exprtest"
)

func (a *app) exprCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "expr", Short: "Try, test and look up mapping expressions"}
	cmd.AddCommand(a.exprEvalCommand(), a.exprTestCommand(), a.exprFunctionsCommand())
	return cmd
}

func (a *app) exprEvalCommand() *cobra.Command {
	var file, now string
	var set []string
	cmd := &cobra.Command{
		Use:   "eval 'EXPRESSION'",
		Short: "Evaluate an expression",
		Example: `  scimsync expr eval 'Join(" ", [givenName], [surname])' --set givenName=Ada --set surname=Ito
  scimsync expr eval 'Switch([IsSoftDeleted], , "False", "True", "True", "False")' --attributes user.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.exprEval(args[0], file, set, now) },
	}
	cmd.Flags().StringVar(&file, "attributes", "", "a JSON file with the attributes of an object")
	cmd.Flags().StringArrayVar(&set, "set", nil, "an attribute: name=value; %Name%=value for a global parameter")
	cmd.Flags().StringVar(&now, "now", "", "the current time: 2026-11-23T10:00:00Z")
	return cmd
}

// evaluated is what expr eval -o json prints.
type evaluated struct {
	Result any    `json:"result"` // null, a string, or a list of strings
	Flow   string `json:"flow"`   // value | ignoreAttribute | ignoreObject
}

func (a *app) exprEval(source, file string, set []string, now string) error {
	attributes := map[string]any{}
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(content, &attributes); err != nil {
			return fmt.Errorf("%s: it should be a JSON object of attributes: %w", file, err)
		}
	}
	for _, s := range set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("--set is %q; it should be name=value", s)
		}
		attributes[name] = value
	}
	env, err := exprtest.Env(attributes)
	if err != nil {
		return err
	}
	if now != "" {
		if env.Now, err = time.Parse(time.RFC3339, now); err != nil {
			return fmt.Errorf("--now is %q; it should be a time such as 2026-11-23T10:00:00Z", now)
		}
	}
	program, err := expr.Compile(source)
	if err != nil {
		return err
	}
	value, err := program.Eval(env)
	r := evaluated{Flow: "value"}
	switch {
	case errors.Is(err, expr.ErrIgnoreAttribute):
		r.Flow = "ignoreAttribute"
	case errors.Is(err, expr.ErrIgnoreObject):
		r.Flow = "ignoreObject"
	case err != nil:
		return err
	default:
		r.Result = exprtest.Plain(value)
	}
	if a.json() {
		return printJSON(a.stdout, r)
	}
	a.printEvaluated(r)
	return nil
}

func (a *app) printEvaluated(r evaluated) {
	switch {
	case r.Flow == "ignoreAttribute":
		fmt.Fprintln(a.stderr, "(the attribute is dropped from the flow)")
	case r.Flow == "ignoreObject":
		fmt.Fprintln(a.stderr, "(the object is left alone)")
	case r.Result == nil:
		fmt.Fprintln(a.stderr, "(no value)")
	default:
		if list, several := r.Result.([]any); several {
			for _, e := range list {
				fmt.Fprintln(a.stdout, e)
			}
			return
		}
		fmt.Fprintln(a.stdout, r.Result)
	}
}

func (a *app) exprTestCommand() *cobra.Command {
	var junit string
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Run tests of mapping expressions",
		Long: `Test runs the tests in JSON or YAML files: lists of {id, expression, attributes,
expected, expectedError, expectedPattern, now, taken}. It shows how each failing
one differs, and ends with "N passed, N failed". Exit code 1: a test failed.`,
		Example: `  scimsync expr test mappings.yaml --junit report.xml

  # mappings.yaml
  - id: full name
    expression: Join(" ", [givenName], [surname])
    attributes: {givenName: Ada, surname: Ito}
    expected: Ada Ito`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.exprTest(args, junit) },
	}
	cmd.Flags().StringVar(&junit, "junit", "", "also write the results as JUnit XML")
	return cmd
}

// tested is one test that was run.
type tested struct {
	File       string  `json:"file"`
	ID         string  `json:"id"`
	Expression string  `json:"expression"`
	Passed     bool    `json:"passed"`
	Message    string  `json:"message,omitempty"`
	Seconds    float64 `json:"seconds"`
}

func (a *app) exprTest(files []string, junit string) error {
	var results []tested
	failed := 0
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		cases, err := exprtest.Load(file, content)
		if err != nil {
			return err
		}
		for _, c := range cases {
			began := time.Now()
			err := c.Run()
			r := tested{File: file, ID: c.ID, Expression: c.Expression, Passed: err == nil, Seconds: time.Since(began).Seconds()}
			if err != nil {
				failed++
				r.Message = err.Error()
			}
			results = append(results, r)
		}
	}
	if junit != "" {
		if err := writeJUnit(junit, results); err != nil {
			return err
		}
	}
	if a.json() {
		if err := printJSON(a.stdout, results); err != nil {
			return err
		}
	} else {
		a.printTested(results)
		fmt.Fprintf(a.stdout, "%d passed, %d failed\n", len(results)-failed, failed)
	}
	if failed > 0 {
		return &exitError{code: exitUsage}
	}
	return nil
}

func (a *app) printTested(results []tested) {
	for _, r := range results {
		if r.Passed {
			continue
		}
		heading := "FAIL " + r.ID + "  (" + r.File + ")"
		if a.color() {
			heading = text.FgHiRed.EscapeSeq() + heading + text.Reset.EscapeSeq()
		}
		fmt.Fprintf(a.stdout, "%s\n%s\n%s\n\n", heading, indent(r.Expression), indent(r.Message))
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(s, "\n", "\n  ")
}
