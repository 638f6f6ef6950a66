// Command torture tries what scimsync promises under failure, and writes down
// what came of it:
//
//	go run ./cmd/torture [-o docs/reliability.md] [-run REGEXP]
//
// The promises are in promises.go, each with the tests that try to break it.
// Torture runs them, counts how often each failure was tried, and writes the
// page. Exit code 1: a promise does not hold, or was not tried on this machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

// run tries the promises that the arguments select. What the tests say goes to
// log.
func run(ctx context.Context, args []string, log io.Writer) error {
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.SetOutput(log)
	file := flags.String("o", "", "the page to write; without it, the table is printed")
	only := flags.String("run", "", "only the promises whose text, or one of whose tests, matches this; no page can be written then")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen := promises()
	if *only != "" {
		matching, err := regexp.Compile(*only)
		switch {
		case err != nil:
			return fmt.Errorf("-run: %w", err)
		case *file != "":
			return errors.New("-o writes the page of all promises: leave out -run")
		}
		if chosen = selected(chosen, matching); len(chosen) == 0 {
			return fmt.Errorf("no promise and no test matches %q", *only)
		}
	}
	seen, err := runTests(ctx, chosen, log)
	if err != nil {
		return err
	}
	verdicts := judge(chosen, seen)
	if *file != "" {
		content, err := page(ctx, verdicts)
		if err != nil {
			return err
		}
		if err := os.WriteFile(*file, []byte(content), 0o644); err != nil { //nolint:gosec // a page of documentation
			return fmt.Errorf("writing the page: %w", err)
		}
	} else {
		fmt.Fprint(os.Stdout, tables(verdicts))
	}
	broken := 0
	for _, v := range verdicts {
		if !v.holds() {
			broken++
			fmt.Fprintf(log, "%s: %s (%s)\n", v.result(), v.Promise, v.names())
		}
	}
	if broken > 0 {
		return fmt.Errorf("%d of %d promises do not hold or were not tried", broken, len(verdicts))
	}
	return nil
}

func selected(all []promise, matching *regexp.Regexp) (chosen []promise) {
	for _, p := range all {
		if matching.MatchString(p.Promise) || matching.MatchString(p.names()) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}
