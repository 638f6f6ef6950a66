package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/mapping/expr"
)

func (a *app) exprFunctionsCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:   "functions [NAME]",
		Short: "List the functions, or describe one",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, f := range expr.Functions() {
				if len(args) == 0 {
					names = append(names, f.Name+"\t"+firstSentence(f.Description))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			functions := expr.Functions()
			if len(args) > 0 {
				f, ok := expr.Lookup(args[0])
				if !ok {
					hint := "scimsync expr functions lists them"
					if near := expr.Suggest(args[0]); near != "" {
						hint = "did you mean " + near + "?"
					}
					return fmt.Errorf("there is no function %q: %s", args[0], hint)
				}
				functions = []expr.Function{f}
			}
			switch {
			case a.json():
				return printJSON(a.stdout, functions)
			case markdown:
				fmt.Fprint(a.stdout, functionsPage(functions))
			case len(args) > 0:
				a.describe(functions[0])
			default:
				for _, f := range functions {
					fmt.Fprintf(a.stdout, "%-28s %s\n", f.Name, firstSentence(f.Description))
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "print the reference page")
	return cmd
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i+1]
	}
	return s
}

func (a *app) describe(f expr.Function) {
	fmt.Fprintf(a.stdout, "%s → %s\n\n%s\n", f.Signature(), f.Result, f.Description)
	if len(f.Parameters) > 0 {
		fmt.Fprintln(a.stdout, "\nParameters:")
	}
	for _, p := range f.Parameters {
		fmt.Fprintf(a.stdout, "  %-26s %-12s %s\n", p.Name+traits(p), p.Type, p.Description)
	}
	fmt.Fprintf(a.stdout, "\nExample:\n  %s", f.Example)
	if f.ExampleResult != "" {
		fmt.Fprintf(a.stdout, "  →  %s", f.ExampleResult)
	}
	fmt.Fprintf(a.stdout, "\n\nMicrosoft's page: %s\n", f.Page)
}

func traits(p expr.Parameter) string {
	switch {
	case p.Repeating:
		return " (repeats)"
	case !p.Required:
		return " (optional)"
	default:
		return ""
	}
}

// functionsPage is docs/functions.md, which a test keeps up to date.
func functionsPage(functions []expr.Function) string {
	var b strings.Builder
	b.WriteString("# Functions of the expression language\n\n")
	b.WriteString("Printed by `scimsync expr functions --markdown`; `scimsync expr functions NAME` describes one.\n")
	for _, f := range functions {
		fmt.Fprintf(&b, "\n## %s\n\n`%s` → %s\n\n%s\n", f.Name, f.Signature(), f.Result, f.Description)
		if len(f.Parameters) > 0 {
			b.WriteString("\n| parameter | type | |\n|---|---|---|\n")
		}
		for _, p := range f.Parameters {
			fmt.Fprintf(&b, "| %s%s | %s | %s |\n", p.Name, traits(p), p.Type, strings.ReplaceAll(p.Description, "|", `\|`))
		}
		fmt.Fprintf(&b, "\nExample: `%s`", f.Example)
		if f.ExampleResult != "" {
			fmt.Fprintf(&b, " gives `%s`", f.ExampleResult)
		}
		fmt.Fprintf(&b, ".\n\nMicrosoft's page: %s.\n", f.Page)
	}
	return b.String()
}

// The part of JUnit's XML that CI servers read.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit writes the results as JUnit XML, a suite for each file.
func writeJUnit(path string, results []tested) error {
	var all junitSuites
	for _, r := range results {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.File {
			all.Suites = append(all.Suites, junitSuite{Name: r.File})
		}
		suite := &all.Suites[len(all.Suites)-1]
		c := junitCase{Name: r.ID, Class: r.File, Time: fmt.Sprintf("%.6f", r.Seconds)}
		if !r.Passed {
			c.Failure = &junitFailure{Message: "not the expected value", Text: r.Expression + "\n" + r.Message}
			suite.Failures++
			all.Failures++
		}
		suite.Tests++
		all.Tests++
		suite.Cases = append(suite.Cases, c)
	}
	b, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append([]byte(xml.Header), append(b, '\n')...), 0o644)
}
