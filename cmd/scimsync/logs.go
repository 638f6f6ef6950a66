package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

type logFlags struct {
	user, since, cycle string
	actions, statuses  []string
	limit              int
	follow             bool
}

func (a *app) logsCommand() *cobra.Command {
	var f logFlags
	cmd := &cobra.Command{
		Use:   "logs JOB",
		Short: "Show the job's provisioning log",
		Long: `Logs shows the provisioning log, oldest entry first: one line for each object
that a cycle has looked at. With -o json each line is one entry in the shape of
Microsoft Graph's provisioningObjectSummary.`,
		Example: `  scimsync logs blogin --status failure --since 24h
  scimsync logs blogin --user ada@contoso.com -o json | jq .modifiedProperties
  scimsync logs blogin --follow`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.logs(cmd.Context(), args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.user, "user", "", "only objects whose name or userPrincipalName contains this, or whose id it is")
	cmd.Flags().StringSliceVar(&f.actions, "action", nil, "only these: create, update, disable, delete, stagedDelete, other")
	cmd.Flags().StringSliceVar(&f.statuses, "status", nil, "only these: success, failure, skipped, warning")
	cmd.Flags().StringVar(&f.since, "since", "", "only entries since a time (2026-11-23T10:00:00Z) or for a duration (24h)")
	cmd.Flags().StringVar(&f.cycle, "cycle", "", "only entries of this cycle; last means the last one")
	cmd.Flags().IntVar(&f.limit, "limit", 0, "only the newest so many")
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "wait for more entries, until interrupted")
	return cmd
}

func (a *app) logs(ctx context.Context, name string, f logFlags) (err error) {
	s, err := a.open(ctx, name, stateRead)
	if err != nil {
		return err
	}
	defer s.close(&err)
	record, err := s.store.Job(ctx, name)
	if err != nil {
		return err
	}
	q := provlog.Query{JobID: record.ID, User: f.user, CycleID: f.cycle, Limit: f.limit}
	if f.cycle == "last" {
		if record.Last == nil {
			return fmt.Errorf("job %s has not run a cycle yet", name)
		}
		q.CycleID = record.Last.CycleID
	}
	if q.Actions, err = each(f.actions, provlog.ParseAction); err != nil {
		return err
	}
	if q.Status, err = each(f.statuses, provlog.ParseStatus); err != nil {
		return err
	}
	if q.Since, err = parseSince(f.since, time.Now()); err != nil {
		return err
	}
	called := newNames(s, record.ID)
	print := func(e provlog.Event) error {
		q.After, called.jobID = e.ID, e.JobID
		return a.printEvent(ctx, e, called)
	}
	if err := s.store.Events(ctx, q, print); err != nil {
		return err
	}
	if !f.follow {
		if q.After == "" && !a.json() {
			fmt.Fprintln(a.stderr, noEntry(f, record))
		}
		return nil
	}
	q.Limit = 0
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if q.After == "" { // the job may not have had an id before its first cycle
				if record, err = s.store.Job(ctx, name); err != nil {
					return err
				}
				q.JobID = record.ID
			}
			if err := s.store.Events(ctx, q, print); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// noEntry says why nothing is printed.
func noEntry(f logFlags, record state.Job) string {
	const none = "The log has no such entry: nothing was done, or the filter leaves everything out."
	x := record.Last
	if x == nil || x.ErrorCode == "" || f.cycle != "last" {
		return none
	}
	return fmt.Sprintf("%s The last cycle ended early: %s", none, coded(x.ErrorCode, x.ErrorMessage))
}

func each[T any](words []string, parse func(string) (T, error)) (parsed []T, err error) {
	for _, w := range words {
		p, err := parse(w)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, p)
	}
	return parsed, nil
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since is %q; it can be a duration such as 24h, a date such as 2026-11-23, or a time such as 2026-11-23T10:00:00Z", s)
}
