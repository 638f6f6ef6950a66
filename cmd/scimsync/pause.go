package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) pauseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "pause JOB",
		Short: "Keep the job from running until it is started",
		Long: `Pause keeps a job from running, as the Graph call of that name does. A cycle under
way, also of the daemon, ends between two objects: what was done stays done, and
the next cycle goes on from there. Nothing is forgotten.

The daemon runs its other jobs, and this one again once "scimsync start" was
called. On a paused job sync refuses; plan, explain, provision, test-connection,
connections, logs and status work.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.pause(cmd.Context(), args[0]) },
	}
}

// pausedResult is what pause and start print with -o json.
type pausedResult struct {
	Job    string `json:"job"`
	Paused bool   `json:"paused"`
}

func (a *app) pause(ctx context.Context, name string) (err error) {
	s, err := a.open(ctx, name, stateWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	if err := s.engine.Pause(ctx, name); err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, pausedResult{Job: name, Paused: true})
	}
	fmt.Fprintf(a.stdout, "Job %s is paused. A cycle under way ends between two objects; \"scimsync start %s\" lets the job run again.\n", name, name)
	return nil
}
