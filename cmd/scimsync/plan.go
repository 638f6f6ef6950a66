package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

func (a *app) planCommand() *cobra.Command {
	var initial, detailed bool
	var out string
	cmd := &cobra.Command{
		Use:   "plan JOB",
		Short: "Show what the job's next cycle would do, and do nothing",
		Long: `Plan is a dry run of the job's next cycle. It reads the source and the target,
and writes to neither, nor to the state. It shows every object that would be
created, updated, disabled or deleted, or that fails, with the old and the new
value of each attribute and the reason; with -o json also the requests.

With --out FILE the plan is saved, and "scimsync apply FILE" carries out just
that; "scimsync apply FILE --show" prints it. The file holds values of the
directory: it is readable by its owner alone.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			changes, err := a.plan(cmd.Context(), args[0], engine.Options{Initial: initial}, out)
			if err == nil && detailed && changes > 0 {
				return &exitError{code: exitChanges}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&initial, "initial", false, "plan an initial cycle, which evaluates every object again")
	cmd.Flags().StringVar(&out, "out", "", "save the plan in this file, for scimsync apply")
	_ = cmd.MarkFlagFilename("out")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there is something to change")
	return cmd
}

// plan prints a dry run of a cycle, saves it if out is not empty, and returns
// how many objects it would change, those that fail included.
func (a *app) plan(ctx context.Context, name string, opts engine.Options, out string) (changes int64, err error) {
	s, err := a.open(ctx, name, readOnly)
	if err != nil {
		return 0, err
	}
	defer s.close(&err)
	preview := engine.NewPreview(s.engine.SpoolDir)
	defer preview.Close()
	bar := a.progress("planning")
	defer bar.done()
	waiting, err := s.retries(ctx)
	if err != nil {
		return 0, err
	}
	opts.DryRun, opts.Progress = true, bar.update
	var basis plan.Basis
	if out != "" {
		opts.Basis = func(b plan.Basis) error {
			basis = b
			return nil
		}
	}
	opts.Observe = func(r engine.Result) error {
		waiting.looked(r)
		return preview.Add(r)
	}
	x, err := s.engine.Cycle(ctx, s.job.Job, opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	if out != "" {
		if err := savePlan(out, headOf(name, x, len(waiting), &basis), preview); err != nil {
			return 0, err
		}
	}
	if err := a.printPlan(name, x, preview, waiting); err != nil {
		return 0, err
	}
	if out != "" && !a.json() {
		fmt.Fprintf(a.stdout, "\n%s\n", wrapped(savedText(plan.Printable(out), x.Guard), lineWidth(a.stdout), ""))
	}
	return x.Summary.Changes() + x.Summary.Fail, nil
}

// savedText says what can be done with a plan that was saved.
func savedText(file, guard string) string {
	if guard != "" {
		return fmt.Sprintf("Saved to %s, to be looked at; it cannot be applied while the guard holds. Once that allows it, make the plan again.", file)
	}
	return "Saved. To do just this: scimsync apply " + file
}

func (a *app) printPlan(job string, x state.Execution, preview *engine.Preview, waiting retries) error {
	entries := preview.Entries()
	if a.json() {
		return plan.WriteJSON(a.stdout, headOf(job, x, len(waiting), nil), entries)
	}
	a.printWarnings(x)
	title := fmt.Sprintf("Plan for job %s: an %s cycle over %d objects, %d of them to look at.",
		job, cycleKind(x), x.Imported, x.ImportedDeltas)
	renderer := plan.Renderer{W: a.stdout, Color: a.color(), Retrying: waiting.sentence(job, time.Now())}
	if err := renderer.Render(title, entries, x.Summary, preview.Skipped); err != nil {
		return err
	}
	a.printGuard(x.Guard)
	return nil
}

func cycleKind(x state.Execution) string {
	if x.Initial {
		return "initial"
	}
	return "incremental"
}

// headOf returns what stands before the operations of a plan.
func headOf(job string, x state.Execution, retrying int, basis *plan.Basis) plan.Head {
	head := plan.Head{
		Job: job, Cycle: cycleKind(x), Summary: x.Summary, Guard: x.Guard, Retrying: retrying, Warnings: x.Warnings,
	}
	if basis != nil {
		head.Saved = &plan.Saved{Format: plan.SavedFormat, Basis: *basis}
	}
	return head
}

// savePlan writes a plan to a file that its owner alone can read, whole or not
// at all.
func savePlan(path string, head plan.Head, preview *engine.Preview) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".scimsync-plan-*")
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("saving the plan: %w", err)
		}
	}()
	w := bufio.NewWriter(f)
	if err := plan.WriteJSON(w, head, preview.Entries()); err != nil {
		return err
	}
	if err := errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
