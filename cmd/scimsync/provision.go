package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
)

func (a *app) provisionCommand() *cobra.Command {
	var opts engine.Options
	cmd := &cobra.Command{
		Use:   "provision JOB NAME",
		Short: "Provision one user or group on demand, and show each step",
		Long: `Provision carries one user or group through the flow now: by userPrincipalName,
mail, display name or object id. It shows what each step said: import, scoping,
matching, and the action. The connection is tested first, which is shown only if it
fails. Exit code 3: the object failed.

Somebody who was unassigned is disabled. A user who is blocked or deleted in the
source is refused, as in the portal; the next cycle deals with them. A group is
provisioned with all its members, or with up to five that --member names: these are
added or removed as the source says, and the others wait for the next cycle.

On demand, Entra does not honour the tenant URL's flag aadOptscim062020: the
requests have the standard dialect, unless target.behavior.patch says otherwise.

-o json prints one object: Graph's answer (key and value, which are JSON texts), and
beside it the entry of the provisioning log.`,
		Example: `  scimsync provision blogin ada@contoso.com
  scimsync provision blogin Sales --member ada@contoso.com --member bo@contoso.com
  scimsync provision blogin ada@contoso.com -o json | jq '.key | fromjson'`,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: a.completeJobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.provision(cmd.Context(), args[0], args[1], opts)
		},
	}
	cmd.Flags().BoolVar(&opts.DryRun, "dry-run", false, "show what would be done, and do nothing")
	cmd.Flags().StringArrayVar(&opts.Members, "member", nil, "of a group, only this member; can be given up to five times")
	return cmd
}

// onDemandResult is what provision -o json prints: Graph's answer, with the
// entry of the provisioning log beside it.
type onDemandResult struct {
	engine.Answer
	DryRun bool `json:"dryRun,omitempty"`
	*provlog.Event
}

func (a *app) provision(ctx context.Context, job, name string, opts engine.Options) (err error) {
	access := readWrite
	if opts.DryRun {
		access = readOnly
	}
	s, err := a.open(ctx, job, access)
	if err != nil {
		return err
	}
	defer s.close(&err)
	results, err := s.engine.Provision(ctx, s.job.Job, name, opts)
	event := engine.OnDemandEvent(results)
	if event == nil {
		return err
	}
	if a.json() {
		if err := printJSON(a.stdout, onDemandResult{engine.OnDemandAnswer(*event), opts.DryRun, event}); err != nil {
			return err
		}
	} else {
		a.printSteps(event, opts.DryRun)
	}
	failed := slices.ContainsFunc(results, func(r engine.Result) bool { return r.Entry.Action == plan.Fail })
	if err == nil && failed {
		return &exitError{code: exitFailed}
	}
	return err
}

// onDemandTarget returns the target of on-demand calls where that is not the
// job's: with Entra they do not honour the flag aadOptscim062020 of the tenant
// URL (Microsoft Learn, "Known issues and resolutions with SCIM 2.0 protocol
// compliance"), so their dialect is the standard one unless the job names one.
func onDemandTarget(o scim.Options) (connectors.Target, error) {
	if o.Behavior.Patch != scim.ByTenantURL {
		return nil, nil
	}
	url, err := scim.ParseTenantURL(o.TenantURL, o.AllowHTTP)
	if err != nil || !url.Compliant {
		return nil, err
	}
	o.Behavior.Patch = scim.Standard
	target, err := scim.New(o)
	if err != nil {
		return nil, err
	}
	return target, nil
}

var stepSigns = map[provlog.Status]string{
	provlog.Success: "ok", provlog.Skipped: "skipped", provlog.Warning: "warning", provlog.Failure: "FAILED",
}

// portalOrder is where the portal shows a step: import, scope, match, action.
// In the log a connected object is found before its scope is looked at.
func portalOrder(s provlog.Step) int {
	switch s.ProvisioningStepType {
	case provlog.StepImport:
		return 0
	case provlog.StepScoping:
		return 1
	case provlog.StepMatching:
		return 2
	default:
		return 3
	}
}

// printSteps shows an entry of the provisioning log step by step, as the
// portal does.
func (a *app) printSteps(e *provlog.Event, dryRun bool) {
	fmt.Fprintf(a.stdout, "%s %s: %s, %s\n", e.SourceIdentity.IdentityType, plan.Printable(e.SourceIdentity.DisplayName),
		e.ProvisioningAction, e.ProvisioningStatusInfo.Status)
	steps := slices.Clone(e.ProvisioningSteps)
	slices.SortStableFunc(steps, func(a, b provlog.Step) int { return portalOrder(a) - portalOrder(b) })
	for i, s := range steps {
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
		failed := slices.IndexFunc(steps, func(s provlog.Step) bool { return s.Status == provlog.Failure })
		switch {
		case failed < 0:
			fmt.Fprintf(a.stdout, "     %s\n", plan.Printable(coded(info.ErrorCode, info.Summary())))
		case !strings.Contains(steps[failed].Description, info.ErrorCode): // the step says what happened
			fmt.Fprintf(a.stdout, "     %s\n", info.ErrorCode)
		}
		fmt.Fprintf(a.stdout, "     What to do: %s\n", info.RecommendedAction)
	}
}

func orNone(s *string) string {
	if s == nil {
		return "(none)"
	}
	return plan.Printable(*s)
}
