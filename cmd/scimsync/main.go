// Command scimsync provisions users and groups from a directory to
// applications by SCIM, as the Microsoft Entra provisioning service does. This
// package parses flags, wires the parts together and sets exit codes; it is
// the only place that names concrete kinds of sources, targets and stores.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone    = 0
	exitUsage   = 1 // wrong use, bad configuration, or a cycle that could not run
	exitChanges = 2 // plan --detailed-exitcode found changes
	exitFailed  = 3 // the cycle ran but some objects failed
	exitGuarded = 4 // the job is in quarantine
)

// memoryLimit is what the program's memory is kept below where it can be: the
// garbage collector works harder when it comes near. GOMEMLIMIT sets another.
const memoryLimit = 400 << 20

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. The first SIGINT or
// SIGTERM ends it in order, a second one at once.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	log.SetOutput(io.Discard) // net/http writes there what an application sends unasked, secrets and all
	shown, told := &visibleWriter{w: stdout}, &visibleWriter{w: stderr}
	masked := &maskWriter{w: told}
	root := newRoot(shown, masked)
	root.SetArgs(args)
	return contain(masked, func() int { return execute(ctx, root, masked, shown) })
}

// execute runs the command and returns the exit code.
func execute(ctx context.Context, root *cobra.Command, masked *maskWriter, shown *visibleWriter) int {
	err := root.ExecuteContext(ctx)
	err = errors.Join(err, shown.Flush())
	var exit *exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		if exit.err != nil {
			printError(masked, exit.err)
		}
		return exit.code
	default:
		printError(masked, err)
		return exitUsage
	}
}

// printError says what went wrong, and what that means where it is known. The
// lines are broken after secrets are masked: a secret may have a space in it.
func printError(masked *maskWriter, err error) {
	width := lineWidth(masked)
	fmt.Fprintln(masked, wrapped(colorless(masked.mask(fmt.Sprintf("Error: %v", err))), width, ""))
	if meaning := meaningOf(err); meaning != "" {
		fmt.Fprintln(masked, wrapped(meaning, width, ""))
	}
}

// exitError ends the program with an exit code of its own.
type exitError struct {
	code int
	err  error // nil where everything was said already
}

// Error returns the text of the cause.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause.
func (e *exitError) Unwrap() error { return e.err }
