package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine/state"
)

func (a *app) allowDeletesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "allow-deletes JOB",
		Short: "Let the next cycle do what a guard has held back",
		Long: `A guard stops a cycle that would take too much away, or whose source has lost too
much, before its first write. Once you have looked at the plan,
allow-deletes lets the next completed cycle do what was held back; what comes on
top of that is guarded as ever, and the guards hold again after that cycle. A job
that no guard has stopped may do all that its next cycle would.`,
		Args:              a.oneJob,
		ValidArgsFunction: a.completeJobs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.allowDeletes(cmd.Context(), args[0]) },
	}
}

// allowedResult is what allow-deletes -o json prints.
type allowedResult struct {
	Job     string      `json:"job"`
	Allowed *state.Held `json:"allowed"` // null if no guard has held anything back: all that the next cycle would do
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
	if a.json() {
		return printJSON(a.stdout, allowedResult{Job: name, Allowed: record.Allowed})
	}
	text := allowedText(name, record.Allowed)
	if record.Generation == 0 {
		// Commands that are given without the daemon's settings work on another state.
		text = fmt.Sprintf("No cycle of job %s has run in the state %s. %s", name, s.state, text)
	}
	a.sayNext(s, name, text)
	return nil
}

// allowedText says what the next cycle may do.
func allowedText(job string, h *state.Held) string {
	if h == nil {
		return fmt.Sprintf("No guard has held anything back: the next cycle of job %s may disable and delete whatever it would, however much that is.", job)
	}
	var what []string
	for _, part := range []struct {
		n                int64
		doing, one, many string
	}{
		{h.Users, "disable or delete", "user", "users"},
		{h.Groups, "disable or delete", "group", "groups"},
		{h.Members, "take out of groups", "member", "members"},
	} {
		switch part.n {
		case 0:
		case 1:
			what = append(what, part.doing+" 1 "+part.one)
		default:
			what = append(what, fmt.Sprintf("%s %d %s", part.doing, part.n, part.many))
		}
	}
	if len(what) == 0 {
		return fmt.Sprintf("The next cycle of job %s may take the source as it is.", job)
	}
	return fmt.Sprintf("The next cycle of job %s may do what was held back: %s. What comes on top of that is guarded as ever.", job, strings.Join(what, "; "))
}
