package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) allowDeletesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "allow-deletes JOB",
		Short: "Let the next cycle delete and disable more objects than the job's threshold",
		Long: `A job with preventAccidentalDeletions stops a cycle that would disable or delete
too many objects, before its first write. Once you have looked at the plan,
allow-deletes lets the next completed cycle carry it out; the guard holds again
after that.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.allowDeletes(cmd.Context(), args[0]) },
	}
}

func (a *app) allowDeletes(ctx context.Context, name string) (err error) {
	s, err := a.open(ctx, name, stateWrite)
	if err != nil {
		return err
	}
	defer s.close(&err)
	if err := s.engine.AllowDeletes(ctx, name); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The next cycle of job %s may delete and disable as many objects as its plan says.\n", name)
	return nil
}
