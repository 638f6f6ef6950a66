package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
)

func (a *app) restartCommand() *cobra.Command {
	var reset string
	cmd := &cobra.Command{
		Use:   "restart JOB",
		Short: "Let the next cycle begin anew",
		Long: `Restart forgets what the next cycle would build on, and writes to no application.
Without --reset it does what the portal's "Restart provisioning" does: watermark,
escrows and quarantine. Connections stay, and every object is evaluated again.
connections forgets them too: every object is matched again. full forgets all.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.restart(cmd.Context(), args[0], reset) },
	}
	cmd.Flags().StringVar(&reset, "reset", "watermark,escrows,quarantine", "what to forget: watermark, escrows, quarantine, connections or full")
	return cmd
}

// restartResult is what restart -o json prints.
type restartResult struct {
	Job   string            `json:"job"`
	Reset engine.ResetScope `json:"reset"`
}

func (a *app) restart(ctx context.Context, name, reset string) (err error) {
	scope, err := engine.ParseResetScope(reset)
	if err != nil {
		return err
	}
	s, err := a.open(ctx, name, stateWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	before, err := s.store.Job(ctx, name)
	if err != nil {
		return err
	}
	if err := s.engine.Restart(ctx, name, scope); err != nil {
		return err
	}
	if a.json() {
		return printJSON(a.stdout, restartResult{Job: name, Reset: scope})
	}
	a.sayNext(s, name, restartText(name, scope))
	if h := before.Held; h != nil && scope.Connections && h.Users+h.Groups > 0 {
		fmt.Fprintf(a.stdout, "A guard has held back what would disable or delete %d users and %d groups. They are forgotten now: those who are out of scope "+
			"stay as they are in the application, and no cycle touches them any more. See \"scimsync logs %s --action stagedDelete\".\n", h.Users, h.Groups, name)
	}
	return nil
}

// restartText says what the next cycle does.
func restartText(job string, scope engine.ResetScope) string {
	switch {
	case scope.Watermark:
		return fmt.Sprintf("Job %s begins anew with its next cycle.", job)
	case scope.Escrows:
		return fmt.Sprintf("The next cycle of job %s tries again all that has failed.", job)
	default:
		return fmt.Sprintf("The quarantine of job %s is over, unless the next cycle fails again.", job)
	}
}
