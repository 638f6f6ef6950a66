package main

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

//go:embed reliability.md.txt
var introduction string

// page returns docs/reliability.md.
func page(ctx context.Context, verdicts []verdict) (string, error) {
	sqlite, err := moduleVersion(ctx, "modernc.org/sqlite")
	if err != nil {
		return "", err
	}
	made := fmt.Sprintf("Made by `make reliability` (`go run ./cmd/torture -o docs/reliability.md`) with %s on %s/%s and modernc.org/sqlite %s.",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, sqlite)
	before, after, _ := strings.Cut(introduction, "<!-- tables -->\n")
	return before + made + "\n" + tables(verdicts) + "\n" + after, nil
}

// tables returns a table of each group of promises.
func tables(verdicts []verdict) string {
	var b strings.Builder
	for _, g := range groups() {
		if !slices.ContainsFunc(verdicts, func(v verdict) bool { return v.Group == g }) {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| promise | failure tried | tries | result |\n|---|---|---:|---|\n", g)
		for _, v := range verdicts {
			if v.Group == g {
				fmt.Fprintf(&b, "%s %d | %s |\n", v.row(), v.tries, v.result())
			}
		}
	}
	return b.String()
}

// row is the part of a promise's row that does not depend on any run.
func (p promise) row() string {
	return fmt.Sprintf("| %s | %s<br>`%s` |", p.Promise, p.Failure, strings.ReplaceAll(p.names(), ", ", "`, `"))
}

// names are the names of the promise's tests.
func (p promise) names() string {
	names := make([]string, len(p.Tests))
	for i, t := range p.Tests {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}
