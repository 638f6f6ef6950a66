package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

func (a *app) syncCommand() *cobra.Command {
	var initial, dryRun bool
	cmd := &cobra.Command{
		Use:   "sync JOB",
		Short: "Run one cycle of the job now",
		Long: `Sync runs one cycle in the foreground: an initial cycle if there was none since
mappings, scope or settings changed, else an incremental one.

Exit code 0: done. 1: the cycle could not run. 3: it ran, but some objects
failed; "scimsync logs JOB --status failure" says which, and why. 4: the job is in
quarantine: a guard has stopped the cycle before its first write, the application
refuses the credentials or does not answer as SCIM, or too many objects fail;
"scimsync status JOB" says which, and what to do.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts := engine.Options{Initial: initial}
			if dryRun {
				_, err := a.plan(cmd.Context(), args[0], opts, "")
				return err
			}
			return a.sync(cmd.Context(), args[0], opts)
		},
	}
	cmd.Flags().BoolVar(&initial, "initial", false, "run an initial cycle, which evaluates every object again")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "the same as plan")
	return cmd
}

// syncResult is what sync -o json prints.
type syncResult struct {
	Job        string                       `json:"job"`
	Cycle      string                       `json:"cycle"`
	CycleID    string                       `json:"cycleId"`
	StartedAt  time.Time                    `json:"startedAt"`
	EndedAt    *time.Time                   `json:"endedAt"` // null if it did not begin
	Summary    plan.Summary                 `json:"summary"`
	Retrying   int                          `json:"retrying,omitempty"` // that failed earlier and were not looked at
	Quarantine *string                      `json:"quarantine"`
	Error      *engine.SynchronizationError `json:"error"`
	Warnings   []string                     `json:"warnings,omitempty"`
	Plan       *carried                     `json:"plan,omitempty"` // of apply
}

func (a *app) sync(ctx context.Context, name string, opts engine.Options) (err error) {
	s, err := a.open(ctx, name, readWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	bar := a.progress(name)
	defer bar.done()
	opts.Progress = bar.update
	var failures []plan.Entry
	skipped := map[string]int64{}
	waiting, err := s.retries(ctx)
	if err != nil {
		return err
	}
	opts.Observe = func(r engine.Result) error {
		waiting.looked(r)
		if r.Skipped != "" {
			skipped[r.Skipped]++
		}
		if r.Entry.Action == plan.Fail && len(failures) < maxFailures {
			failures = append(failures, r.Entry)
		}
		return nil
	}
	x, err := s.engine.Cycle(ctx, s.job.Job, opts)
	bar.done()
	if a.json() {
		result := jsonOf(name, x, len(waiting), err)
		result.Plan = carriedOf(opts.Approved)
		if printErr := printJSON(a.stdout, result); printErr != nil {
			return printErr
		}
	} else {
		a.printWarnings(x)
	}
	if err == nil && !a.json() {
		s.nameAll(ctx, failures)
		a.printSync(name, x, failures, skipped, waiting)
		a.printCarried(carriedOf(opts.Approved))
	}
	if x.Quarantine != "" {
		if err == nil {
			err = fmt.Errorf("job %s is in quarantine: %s", name, x.Quarantine)
		}
		return &exitError{code: exitGuarded, err: err}
	}
	if err != nil {
		return err
	}
	if x.Summary.Fail > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

// nameAll puts names in the place of ids into what failures say. Where the
// names cannot be looked up the ids stay: the cycle went as it went.
func (s *session) nameAll(ctx context.Context, failures []plan.Entry) {
	record, err := s.store.Job(ctx, s.job.Job.Name)
	if err != nil {
		return
	}
	called := newNames(s, record.ID)
	for i, e := range failures {
		if message, err := called.named(ctx, e.Error.Message); err == nil {
			failures[i].Error = &plan.EntryError{Code: e.Error.Code, Message: message}
		}
	}
}

// maxFailures is how many failures sync shows itself; the log has all.
const maxFailures = 10

func jsonOf(name string, x state.Execution, retrying int, err error) syncResult {
	r := syncResult{Job: name, Cycle: cycleKind(x), CycleID: x.CycleID, StartedAt: x.Began, Summary: x.Summary,
		Retrying: retrying, Warnings: x.Warnings}
	if !x.Ended.IsZero() {
		r.EndedAt = &x.Ended
	}
	if x.Quarantine != "" {
		r.Quarantine = &x.Quarantine
	}
	if err != nil {
		r.Error = &engine.SynchronizationError{Code: x.ErrorCode, Message: err.Error(), TenantActionable: true}
	}
	return r
}

// printWarnings prints what is likely a mistake in the source.
func (a *app) printWarnings(x state.Execution) {
	for _, w := range x.Warnings {
		a.printLine("  ", "warning: %s", plan.Printable(w))
	}
}

// printLine prints a line, broken between words where the terminal is narrow.
func (a *app) printLine(indent, format string, args ...any) {
	fmt.Fprintln(a.stdout, wrapped(fmt.Sprintf(format, args...), lineWidth(a.stdout), indent))
}

func (a *app) printSync(name string, x state.Execution, failures []plan.Entry, skipped map[string]int64, waiting retries) {
	a.printLine("", "Job %s: %s cycle ended after %s, %d objects in the source, %d of them looked at.",
		name, cycleKind(x), x.Ended.Sub(x.Began).Round(time.Millisecond), x.Imported, x.ImportedDeltas)
	a.printLine("", "%s.", x.Summary.Done())
	for _, why := range slices.Sorted(maps.Keys(skipped)) {
		a.printLine("    ", "  skipped: %d %s", skipped[why], plan.Printable(why))
	}
	for _, e := range failures {
		a.printLine("    ", "  ! %s %s: %s", e.ObjectType, plan.Printable(e.DisplayName), plan.Printable(coded(e.Error.Code, e.Error.Message)))
	}
	if more := x.Summary.Fail - int64(len(failures)); more > 0 {
		a.printLine("    ", "  … and %d more; see scimsync logs %s --status failure", more, name)
	}
	if sentence := waiting.sentence(name, time.Now()); sentence != "" {
		a.printLine("", "%s", sentence)
	}
}
