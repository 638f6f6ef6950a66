package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
)

func (a *app) applyCommand() *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Carry out a saved plan, and nothing else",
		Long: `Apply runs the cycle that "scimsync plan JOB --out FILE" has planned, and writes
to the application what the plan has and nothing else. It refuses a plan that is
out of date, before anything is written: if the source, the job file or what is
remembered of the job has changed since, it says what.

If the application itself has changed, an object that would now need another
write fails, and all the others are done; the next cycle looks at it again.
Times in expressions are those of the plan. A random value, such as that of
RandomString, is made anew.

A plan can be applied while its job is paused: "scimsync pause JOB" keeps the
daemon from running a cycle between the plan and its application.

With --show it prints the plan and does nothing. That needs the file alone:
somebody else may look at it, also on another machine.

The exit codes are those of sync; 1 is also that of a plan that is refused.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if show {
				return a.show(savedPlan(args[0]))
			}
			return a.apply(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVar(&show, "show", false, "print the saved plan, and do nothing")
	return cmd
}

func (a *app) apply(ctx context.Context, path string) error {
	approved, err := readPlan(path)
	if err != nil {
		return fmt.Errorf("%s cannot be applied: %w", path, err)
	}
	if guard := approved.Head.Guard; guard != "" {
		return fmt.Errorf("%s cannot be applied, for a guard held when it was made: %s. Once that is allowed or corrected, make the plan again", path, guard)
	}
	return a.sync(ctx, approved.Head.Job, engine.Options{Initial: approved.Initial(), Approved: approved})
}

func readPlan(path string) (*engine.Approved, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return engine.ReadApproved(bufio.NewReader(f))
}

// carried is how much of a saved plan was carried out.
type carried struct {
	Made   time.Time `json:"made"`
	Writes int       `json:"writes"` // that the plan has; each membership is one
	Done   int       `json:"done"`   // that the cycle came to
}

// carriedOf returns nil if no saved plan was carried out.
func carriedOf(approved *engine.Approved) *carried {
	if approved == nil {
		return nil
	}
	done, all := approved.Carried()
	return &carried{Made: approved.Made(), Writes: all, Done: done}
}

func (a *app) printCarried(c *carried) {
	switch {
	case c == nil:
	case c.Done == c.Writes:
		fmt.Fprintf(a.stdout, "The plan of %s was carried out whole.\n", localTime(c.Made))
	default:
		a.printLine("", "Of the plan of %s, %d of %d writes were carried out; the others were not needed any more, or what they build on failed.",
			localTime(c.Made), c.Done, c.Writes)
	}
}
