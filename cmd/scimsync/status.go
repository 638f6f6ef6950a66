package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
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
	jobs := []engine.SynchronizationJob{}
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
		jobs = append(jobs, engine.Status(record, counts, j.interval, time.Now(), next, paused))
	}
	if a.json() {
		return printJSON(a.stdout, jobs)
	}
	a.printStatus(jobs)
	return nil
}

func (a *app) printStatus(jobs []engine.SynchronizationJob) {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(table.Row{"JOB", "STATE", "LAST CYCLE", "RESULT", "USERS", "GROUPS", "RETRYING", "NEXT (WHEN RUNNING)"})
	for _, j := range jobs {
		last, result, next := "never", "", "at once"
		if x := j.Status.LastExecution; x != nil {
			last = localTime(x.TimeEnded)
			result = x.State
		}
		if j.Status.PausedSince != nil || j.Schedule.State == "Disabled" {
			next = "once started"
		} else if j.Schedule.NextRun != nil {
			next = localTime(*j.Schedule.NextRun)
		}
		t.AppendRow(table.Row{j.Name, j.Status.Code, last, result, connected(j, directory.User), connected(j, directory.Group),
			j.Status.Escrows, next})
	}
	fmt.Fprintln(a.stdout, t.Render())
	for _, j := range jobs {
		for _, note := range statusNotes(j) {
			fmt.Fprintf(a.stdout, "\n%s: %s\n", j.Name, plan.Printable(note))
		}
	}
}

// statusNotes are what there is to say of a job beside the table.
func statusNotes(j engine.SynchronizationJob) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if since := j.Status.PausedSince; since != nil {
		note("paused since %s; \"scimsync start %s\" lets it run again", localTime(*since), j.Name)
	}
	q, told := j.Status.Quarantine, ""
	if q != nil {
		told = q.Error.Message
		next := "next attempt " + localTime(q.NextAttempt)
		if j.Schedule.State == "Disabled" {
			next = fmt.Sprintf("disabled, for it has been in quarantine since %s; \"scimsync start %s\" lets it run again", localTime(q.SeriesBegan), j.Name)
		}
		note("in quarantine since %s, %s (%s): %s", localTime(q.CurrentBegan), next, q.Reason, told)
	}
	if x := j.Status.LastExecution; x != nil && x.Error != nil && x.Error.Code != "Paused" && x.Error.Message != told {
		note("the last cycle failed: %s", coded(x.Error.Code, x.Error.Message))
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
		note("%d objects failed and are tried again%s; see scimsync logs %s --status failure", n, apart, j.Name)
	}
	return notes
}

func connected(j engine.SynchronizationJob, t directory.ObjectType) int64 {
	for _, c := range j.Status.SynchronizedEntryCountByType {
		if len(c.Key) > len(t) && c.Key[:len(t)] == string(t) {
			return c.Value
		}
	}
	return 0
}
