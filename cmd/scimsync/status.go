package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "status [JOB]",
		Short:             "Show how the jobs stand",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			only := ""
			if len(args) > 0 {
				only = args[0]
			}
			return a.status(cmd.Context(), only)
		},
	}
}

func (a *app) status(ctx context.Context, only string) (err error) {
	s, err := a.openAll(ctx, only, stateRead)
	if err != nil {
		return err
	}
	defer s.close(&err)
	jobs, daemon := []jobStatus{}, s.daemon()
	for _, j := range s.jobs {
		record, err := s.store.Job(ctx, j.Job.Name)
		if err != nil {
			return err
		}
		counts, err := s.store.Counts(ctx, j.Job.Name)
		if err != nil {
			return err
		}
		paused, err := s.store.Paused(ctx, j.Job.Name)
		if err != nil {
			return err
		}
		var next time.Time
		if record.Last != nil {
			next = j.Next(record.Last.Ended)
		}
		retry, err := s.nextRetry(ctx, j.Job.Name)
		if err != nil {
			return err
		}
		cycle, err := s.cycleOf(ctx, record)
		if err != nil {
			return err
		}
		jobs = append(jobs, jobStatus{engine.Status(record, counts, j.interval, time.Now(), next, paused), cycle, retry, daemon})
	}
	if a.json() {
		return printJSON(a.stdout, jobs)
	}
	a.printStatus(jobs, daemon, s.state)
	return nil
}

// jobStatus is a job as status -o json prints it.
type jobStatus struct {
	engine.SynchronizationJob
	Cycle     *cycleInfo  `json:"cycle,omitempty"`     // the cycle that is under way, or that did not end
	NextRetry *time.Time  `json:"nextRetry,omitempty"` // when the first of the objects that failed is tried again
	Daemon    *daemonInfo `json:"daemon"`              // null where that is not known
}

// cycleInfo is a cycle that has no end yet, or never came to one.
type cycleInfo struct {
	Began   time.Time `json:"began"`
	Running bool      `json:"running"` // false if its process died
}

// cycleOf returns the cycle of a job that has no end, nil if the last one has, or
// where that cannot be found out.
func (s *session) cycleOf(ctx context.Context, record state.Job) (*cycleInfo, error) {
	began := record.Running
	if began.IsZero() {
		return nil, nil
	}
	locked, err := s.store.Locked(ctx, record.Name)
	if err != nil { // who may read the state may still not look at its locks: the rest is shown
		s.logger.Debug("whether a cycle runs is not known", zap.String("job", record.Name), zap.Error(err))
		return nil, nil
	}
	if locked {
		return &cycleInfo{Began: began, Running: true}, nil
	}
	// It may have ended just now: it then says so before it gives back the lock.
	record, err = s.store.Job(ctx, record.Name)
	if err != nil || !record.Running.Equal(began) {
		return nil, err
	}
	return &cycleInfo{Began: began}, nil
}

func (a *app) printStatus(jobs []jobStatus, daemon *daemonInfo, stateFile string) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	width := lineWidth(a.stdout)
	at, when := localTime, "NEXT"
	if width > 0 && width < wideStatus {
		at = func(t time.Time) string { return shortTime(t, time.Now()) }
	} else if daemon == nil || !daemon.Running {
		when = "NEXT (WHEN RUNNING)"
	}
	t.AppendHeader(table.Row{"JOB", "STATE", "LAST CYCLE", "RESULT", "USERS", "GROUPS", "RETRYING", when})
	for _, j := range jobs {
		last, result, next := "never", "", "at once"
		if x := j.Status.LastExecution; x != nil {
			last = at(x.TimeEnded)
			result = resultOf(x)
		}
		if j.Status.PausedSince != nil || j.Schedule.State == "Disabled" {
			next = "once started"
		} else if j.Schedule.NextRun != nil {
			next = at(*j.Schedule.NextRun)
		}
		t.AppendRow(table.Row{j.Name, j.Status.Code, last, result, connected(j.SynchronizationJob, directory.User), connected(j.SynchronizationJob, directory.Group),
			j.Status.Escrows, next})
	}
	fmt.Fprintln(a.stdout, t.Render())
	if slices.ContainsFunc(jobs, func(j jobStatus) bool { return j.Cycle == nil && j.Status.Code == "NotRun" }) {
		fmt.Fprintf(a.stdout, "\n%s\n", wrapped("NotRun: no cycle of the job has run in the state "+plan.Printable(stateFile)+".", width, "  "))
	}
	for _, j := range jobs {
		for _, note := range statusNotes(j, time.Now()) {
			fmt.Fprintf(a.stdout, "\n%s\n", wrapped(j.Name+": "+plan.Printable(note), width, "  "))
		}
	}
	if known := daemon.sentence(); known != "" {
		fmt.Fprintf(a.stdout, "\n%s\n", wrapped(plan.Printable(known), width, "  "))
	}
}

// wideStatus is how many columns the table takes with the dates of all times,
// and a name of some length.
const wideStatus = 100

// shortTime returns a time in few columns: of today without its date.
func shortTime(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format(time.TimeOnly)
	}
	return at.Format("2006-01-02 15:04")
}

// statusNotes are what there is to say of a job beside the table.
func statusNotes(j jobStatus, now time.Time) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	switch c := j.Cycle; {
	case c == nil:
	case c.Running:
		note("a cycle is under way since %s", localTime(c.Began))
	default:
		note("the cycle that began at %s did not come to its end; the next one goes on from there", localTime(c.Began))
	}
	if since := j.Status.PausedSince; since != nil {
		note("paused since %s; \"scimsync start %s\" lets it run again", localTime(*since), j.Name)
	}
	q, told := j.Status.Quarantine, ""
	if q != nil {
		told = q.Error.Message
		at := q.NextAttempt
		if j.Schedule.NextRun != nil { // the schedule may come to it later, and who allows the deletions does not wait
			at = *j.Schedule.NextRun
		}
		next, remedy := "next attempt "+localTime(at), remedy(j.Name, q)
		if j.Schedule.State == "Disabled" {
			next = fmt.Sprintf("disabled, for it has been in quarantine since %s; \"scimsync start %s\" lets it run again", localTime(q.SeriesBegan), j.Name)
			remedy = ""
		}
		note("in quarantine since %s, %s (%s): %s%s", localTime(q.CurrentBegan), next, q.Reason, told, remedy)
	}
	if x := j.Status.LastExecution; x != nil && x.Error != nil && x.Error.Code != "Paused" && x.Error.Message != told {
		if early(x) {
			note("%s", x.Error.Message)
		} else {
			note("the last cycle failed: %s", coded(x.Error.Code, x.Error.Message))
		}
	}
	if x := j.Status.LastExecution; x != nil {
		for _, warning := range x.Warnings {
			note("warning: %s", warning)
		}
	}
	if j.Status.DeletesAllowed {
		note("the next cycle may do what a guard has held back")
	}
	if n := j.Status.Escrows; n > 0 {
		apart := ""
		if references := j.Status.ReferenceEscrows; references > 0 {
			apart = fmt.Sprintf(", %d of them only for a reference", references)
		}
		what := fmt.Sprintf("%d objects failed and are tried again", n)
		if n == 1 {
			what = "1 object failed and is tried again"
		}
		if j.NextRetry != nil {
			first := ", the first "
			if n == 1 {
				first = ", "
			}
			apart += first + clock(*j.NextRetry, now)
		}
		note("%s%s; see scimsync logs %s --status failure", what, apart, j.Name)
	}
	return notes
}

// resultOf says in a word how a cycle ended.
func resultOf(x *engine.TaskExecution) string {
	if early(x) {
		return x.Error.Code
	}
	return x.State
}

// early reports whether a cycle was ended by somebody, and did not fail.
func early(x *engine.TaskExecution) bool {
	return x.Error != nil && (x.Error.Code == "Interrupted" || x.Error.Code == "Paused")
}

// remedy says what somebody is to do who has put right what a quarantine is
// for, "" where its message says so itself, as those of guards do.
func remedy(job string, q *engine.SynchronizationQuarantine) string {
	switch {
	case q.Error.Message == "" || strings.Contains(q.Error.Message, `"scimsync `):
		return ""
	case q.Reason == "EncounteredQuarantineException":
		return fmt.Sprintf(`. "scimsync test-connection %s" says more; once that is put right, "scimsync sync %s" tries it at once`, job, job)
	default:
		return fmt.Sprintf(`. Once that is put right, "scimsync sync %s" tries it at once`, job)
	}
}

func connected(j engine.SynchronizationJob, t directory.ObjectType) int64 {
	for _, c := range j.Status.SynchronizedEntryCountByType {
		if len(c.Key) > len(t) && c.Key[:len(t)] == string(t) {
			return c.Value
		}
	}
	return 0
}
