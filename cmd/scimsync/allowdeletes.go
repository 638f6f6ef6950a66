package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) allowDeletesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "allow-deletes JOB",
		Short: "Let the next cycle do what a guard has held back",
		Long: `A job with preventAccidentalDeletions stops a cycle that would disable or delete
too many objects, before its first write. Once you have looked at the plan,
allow-deletes lets the next completed cycle do what was held back; what comes on
top of that is guarded as ever, and the guards hold again after that cycle. A job
that no guard has stopped may do all that its next cycle would.`,
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
	record, err := s.store.Job(ctx, name)
	if err != nil {
		return err
	}
	if h := record.Allowed; h != nil {
		fmt.Fprintf(a.stdout, "The next cycle of job %s may do what was held back: disable or delete %d users and %d groups, and remove %d members.\n",
			name, h.Users, h.Groups, h.Members)
		return nil
	}
	fmt.Fprintf(a.stdout, "The next cycle of job %s may delete and disable as many objects as its plan says.\n", name)
	return nil
}
