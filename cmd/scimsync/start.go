package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) startCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "start JOB",
		Short: "Let a paused job run again, and end its quarantine",
		Long: `Start lets a job that was paused go on from where it was, and ends its quarantine,
as the Graph call of that name does. A running daemon begins the next cycle at its
time, or at once if that has passed or the last cycle was ended by the pause.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.start(cmd.Context(), args[0]) },
	}
}

func (a *app) start(ctx context.Context, name string) (err error) {
	s, err := a.open(ctx, name, stateWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	before, err := s.store.Job(ctx, name)
	if err != nil {
		return err
	}
	wasPaused, err := s.engine.Start(ctx, name)
	if err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, pausedResult{Job: name})
	}
	what := "Job %s was not paused, and not in quarantine: nothing has changed."
	switch {
	case wasPaused && before.Quarantine != nil:
		what = "Job %s is started: it goes on from where it was, and its quarantine is over unless the next cycle fails again."
	case wasPaused:
		what = "Job %s is started: it goes on from where it was."
	case before.Quarantine != nil:
		what = "The quarantine of job %s is over, unless the next cycle fails again."
	}
	a.sayNext(s, name, fmt.Sprintf(what, name))
	return nil
}
