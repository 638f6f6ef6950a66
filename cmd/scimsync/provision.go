package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
)

func (a *app) provisionCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "provision JOB NAME",
		Short: "Provision one user or group on demand, and show each step",
		Long: `Provision carries one user or group through the flow now: by userPrincipalName,
mail, display name or object id. It shows what each step said. Exit code 3: it failed.`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.provision(cmd.Context(), args[0], args[1], dryRun)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be done, and do nothing")
	return cmd
}

func (a *app) provision(ctx context.Context, job, name string, dryRun bool) (err error) {
	access := readWrite
	if dryRun {
		access = readOnly
	}
	s, err := a.open(ctx, job, access)
	if err != nil {
		return err
	}
	defer s.close(&err)
	results, err := s.engine.Provision(ctx, s.job.Job, name, engine.Options{DryRun: dryRun})
	if err != nil && len(results) == 0 {
		return err
	}
	failed := false
	var events []*provlog.Event
	for _, r := range results {
		if r.Event == nil {
			continue
		}
		failed = failed || r.Entry.Action == plan.Fail
		events = append(events, r.Event)
	}
	if a.json() {
		for _, e := range events {
			if err := printJSON(a.stdout, e); err != nil {
				return err
			}
		}
	} else {
		for _, e := range events {
			a.printSteps(e, dryRun)
		}
	}
	if err == nil && failed {
		return &exitError{code: exitFailed}
	}
	return err
}

var stepSigns = map[provlog.Status]string{
	provlog.Success: "ok", provlog.Skipped: "skipped", provlog.Warning: "warning", provlog.Failure: "FAILED",
}

// printSteps shows an entry of the provisioning log step by step.
func (a *app) printSteps(e *provlog.Event, dryRun bool) {
	fmt.Fprintf(a.stdout, "%s %s: %s, %s\n", e.SourceIdentity.IdentityType, plan.Printable(e.SourceIdentity.DisplayName),
		e.ProvisioningAction, e.ProvisioningStatusInfo.Status)
	for i, s := range e.ProvisioningSteps {
		description := s.Description
		if dryRun && s.ProvisioningStepType == provlog.StepExport && s.Status == provlog.Success {
			description = "(dry run) would say: " + description
		}
		fmt.Fprintf(a.stdout, "  %d. %-19s %-8s %s\n", i+1, s.ProvisioningStepType, stepSigns[s.Status], plan.Printable(description))
	}
	for _, m := range e.ModifiedProperties {
		fmt.Fprintf(a.stdout, "     %s: %s → %s\n", plan.Printable(m.DisplayName), orNone(m.OldValue), orNone(m.NewValue))
	}
	if info := e.ProvisioningStatusInfo.ErrorInformation; info != nil {
		fmt.Fprintf(a.stdout, "     %s: %s\n     What to do: %s\n", info.ErrorCode, plan.Printable(info.Reason), info.RecommendedAction)
	}
}

func orNone(s *string) string {
	if s == nil {
		return "(none)"
	}
	return plan.Printable(*s)
}
