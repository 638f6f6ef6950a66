package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// seenTest is what was seen of one test.
type seenTest struct {
	outcome string // pass, fail, skip; "" if it never ended
	tries   int    // of its attribute; 0 if it has none
}

// seenTests are tests by package and name.
type seenTests map[string]map[string]seenTest

// testEvent is a line of go test -json (go doc test2json).
type testEvent struct {
	Action, Test, Output, Key, Value string
}

// runTests runs the tests of the promises, package by package, and returns what
// was seen of them. It is no error that tests fail.
func runTests(ctx context.Context, chosen []promise, log io.Writer) (seenTests, error) {
	names := map[string][]string{}
	var packages []string
	for _, p := range chosen {
		for _, t := range p.Tests {
			if names[t.Package] == nil {
				packages = append(packages, t.Package)
			}
			if !slices.Contains(names[t.Package], t.Name) {
				names[t.Package] = append(names[t.Package], t.Name)
			}
		}
	}
	seen := seenTests{}
	for _, pkg := range packages {
		fmt.Fprintf(log, "%s: %s\n", pkg, strings.Join(names[pkg], ", "))
		var err error
		if seen[pkg], err = runPackage(ctx, pkg, names[pkg], log); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// runPackage runs the named tests of a package.
func runPackage(ctx context.Context, pkg string, names []string, log io.Writer) (map[string]seenTest, error) {
	patterns := make([]string, len(names))
	for i, name := range names {
		patterns[i] = "^" + strings.ReplaceAll(name, "/", "$/^") + "$"
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=6h", "-run", strings.Join(patterns, "|"), "./"+pkg) //nolint:gosec // the names are of promises.go
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("running the tests: %w", err)
	}
	seen, readErr := readEvents(out, log)
	err = cmd.Wait()
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case readErr != nil:
		return nil, readErr
	case err != nil && !errors.As(err, &failed):
		return nil, fmt.Errorf("running the tests of %s: %w", pkg, err)
	}
	return seen, nil
}

// readEvents reads what go test -json says. What a test that failed printed goes
// to log.
func readEvents(r io.Reader, log io.Writer) (map[string]seenTest, error) {
	seen, said := map[string]seenTest{}, map[string]string{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading what the tests say: %w", err)
		}
		var e testEvent
		if err := json.Unmarshal(line, &e); err != nil {
			fmt.Fprintf(log, "%s", line) // of the compiler
			continue
		}
		t := seen[e.Test]
		switch e.Action {
		case "output":
			said[e.Test] += e.Output
			continue
		case "attr":
			if n, err := strconv.Atoi(e.Value); err == nil && e.Key == "tries" {
				t.tries += n
			}
		case "pass", "fail", "skip":
			t.outcome = e.Action
			if e.Action != "pass" {
				fmt.Fprint(log, said[e.Test])
			}
			delete(said, e.Test)
		case "build-fail":
			fmt.Fprintln(log, "the tests do not build")
		}
		if e.Test != "" {
			seen[e.Test] = t
		}
	}
}

// verdict is what came of a promise.
type verdict struct {
	promise
	tries           int
	failed, untried bool
}

// holds reports whether the promise was tried and kept.
func (v verdict) holds() bool { return !v.failed && !v.untried && v.tries > 0 }

func (v verdict) result() string {
	switch {
	case v.failed:
		return "**broken**"
	case !v.holds():
		return "not tried"
	default:
		return "holds"
	}
}

// judge counts for each promise how often its failure was tried, and says
// whether it holds: every test of it ran and passed.
func judge(chosen []promise, seen seenTests) []verdict {
	verdicts := make([]verdict, len(chosen))
	for i, p := range chosen {
		v := verdict{promise: p}
		for _, t := range p.Tests {
			tests := seen[t.Package]
			switch tests[t.Name].outcome {
			case "pass":
				v.tries += triesOf(tests, t.Name)
			case "skip":
				v.untried = true
			default: // failed, did not build, or is not there
				v.failed = true
			}
		}
		verdicts[i] = v
	}
	return verdicts
}

// triesOf is how often a test tried its failure: what it and the tests in it say
// themselves, or else how many of them have none in them.
func triesOf(tests map[string]seenTest, name string) (tries int) {
	leaves := 0
	for other, t := range tests {
		if other != name && !strings.HasPrefix(other, name+"/") {
			continue
		}
		tries += t.tries
		inner := false
		for x := range tests {
			inner = inner || strings.HasPrefix(x, other+"/")
		}
		if !inner && t.outcome == "pass" {
			leaves++
		}
	}
	if tries > 0 {
		return tries
	}
	return leaves
}

// moduleVersion returns the version of a module that this one requires.
func moduleVersion(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Version}}", module) //nolint:gosec // a constant
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("asking for the version of %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}
