package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

func (a *app) planCommand() *cobra.Command {
	var initial, detailed bool
	cmd := &cobra.Command{
		Use:   "plan JOB",
		Short: "Show what the job's next cycle would do, and do nothing",
		Long: `Plan is a dry run of the job's next cycle. It reads the source and the target,
and writes to neither, nor to the state. It shows every object that would be
created, updated, disabled or deleted, or that fails, with the old and the new
value of each attribute and the reason; with -o json also the requests.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			changes, err := a.plan(cmd.Context(), args[0], engine.Options{Initial: initial})
			if err == nil && detailed && changes > 0 {
				return &exitError{code: exitChanges}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&initial, "initial", false, "plan an initial cycle, which evaluates every object again")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit with 2 if there is something to change")
	return cmd
}

// plan prints a dry run of a cycle and returns how many objects it would
// change, those that fail included.
func (a *app) plan(ctx context.Context, name string, opts engine.Options) (changes int64, err error) {
	s, err := a.open(ctx, name, readOnly)
	if err != nil {
		return 0, err
	}
	defer s.close(&err)
	preview := engine.NewPreview(s.engine.SpoolDir)
	defer preview.Close()
	bar := a.progress("planning")
	waiting, err := s.retries(ctx)
	if err != nil {
		return 0, err
	}
	opts.DryRun, opts.Progress = true, bar.update
	opts.Observe = func(r engine.Result) error {
		waiting.looked(r)
		return preview.Add(r)
	}
	x, err := s.engine.Cycle(ctx, s.job.Job, opts)
	bar.done()
	if err != nil {
		return 0, err
	}
	if err := a.printPlan(name, x, preview, waiting); err != nil {
		return 0, err
	}
	return x.Summary.Changes() + x.Summary.Fail, nil
}

func (a *app) printPlan(job string, x state.Execution, preview *engine.Preview, waiting retries) error {
	entries := preview.Entries()
	if a.json() {
		return writePlanJSON(a.stdout, job, x, len(waiting), entries)
	}
	a.printWarnings(x)
	title := fmt.Sprintf("Plan for job %s: an %s cycle over %d objects, %d of them to look at.",
		job, cycleKind(x), x.Imported, x.ImportedDeltas)
	renderer := plan.Renderer{W: a.stdout, Color: a.color(), Retrying: waiting.sentence(job, time.Now())}
	if err := renderer.Render(title, entries, x.Summary, preview.Skipped); err != nil || x.Guard == "" {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "\nThis cycle would be stopped before its first write: %s.\n", x.Guard)
	return err
}

func cycleKind(x state.Execution) string {
	if x.Initial {
		return "initial"
	}
	return "incremental"
}

// writePlanJSON writes the plan as it comes: a plan may be larger than memory.
func writePlanJSON(w io.Writer, job string, x state.Execution, retrying int, entries iter.Seq2[plan.Entry, error]) error {
	head, err := json.Marshal(struct {
		Job     string       `json:"job"`
		Cycle   string       `json:"cycle"`
		Summary plan.Summary `json:"summary"`
		Guard   string       `json:"guard,omitempty"`
		// Retrying is how many objects failed earlier that the cycle does not look at.
		Retrying int `json:"retrying,omitempty"`
		// Warnings are about the source.
		Warnings []string `json:"warnings,omitempty"`
	}{job, cycleKind(x), x.Summary, x.Guard, retrying, x.Warnings})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s,\n \"operations\": [", head[:len(head)-1]); err != nil {
		return err
	}
	separator := "\n  "
	for e, err := range entries {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(e); err != nil {
			return err
		}
		separator = "  ,"
	}
	_, err = io.WriteString(w, " ]}\n")
	return err
}
