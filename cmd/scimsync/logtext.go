package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
)

// printEvent prints an entry of the provisioning log on a line.
func (a *app) printEvent(ctx context.Context, e provlog.Event, called *names) error {
	if a.json() {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.stdout, "%s\n", b)
		return err
	}
	what, err := described(ctx, e, called)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s  %-8s %-8s %-5s %s  %s\n", e.ActivityDateTime.Local().Format("2006-01-02 15:04:05"),
		e.ProvisioningStatusInfo.Status, e.ProvisioningAction, e.SourceIdentity.IdentityType,
		plan.Printable(e.SourceIdentity.DisplayName), plan.Printable(strings.TrimSpace(what)))
	return err
}

// described says what an entry tells in one line: why the object failed, or
// else what changed, or else what the last step says; and what is to be known
// of an entry with a warning.
func described(ctx context.Context, e provlog.Event, called *names) (string, error) {
	if info := e.ProvisioningStatusInfo.ErrorInformation; info != nil {
		message, err := called.named(ctx, info.Summary())
		return coded(info.ErrorCode, message), err
	}
	if e.ProvisioningAction == provlog.ActionStagedDelete {
		return held(e), nil
	}
	var parts []string
	if changed := changes(e.ModifiedProperties); changed != "" {
		parts = append(parts, changed)
	}
	for _, s := range e.ProvisioningSteps {
		if s.Status != provlog.Warning {
			continue
		}
		part := s.Description
		if missing := s.Details["UnresolvedReferences"]; missing != "" {
			list, err := called.list(ctx, missing)
			if err != nil {
				return "", err
			}
			part += ": " + list
		}
		parts = append(parts, part)
	}
	if n := len(e.ProvisioningSteps); n > 0 && len(parts) == 0 {
		parts = append(parts, e.ProvisioningSteps[n-1].Description)
	}
	return strings.Join(parts, "; "), nil
}

// held says of somebody who was held back why they would have gone, and what
// holds them back.
func held(e provlog.Event) string {
	why, back := "", ""
	for _, s := range e.ProvisioningSteps {
		switch s.ProvisioningStepType {
		case provlog.StepScoping:
			_, why, _ = strings.Cut(s.Description, "' is ")
		case provlog.StepExport:
			back = s.Details["SkipReason"]
		}
	}
	return "held back (" + back + "): " + why
}

// changes names the first few attributes that changed, and of each how many
// values if it is not one.
func changes(properties []provlog.ModifiedProperty) string {
	const most = 4
	var order []string
	count := map[string]int{}
	for _, p := range properties {
		if count[p.DisplayName]++; count[p.DisplayName] == 1 {
			order = append(order, p.DisplayName)
		}
	}
	more := len(order) > most
	order = order[:min(len(order), most)]
	for i, name := range order {
		if n := count[name]; n > 1 {
			order[i] = fmt.Sprintf("%s (%d)", name, n)
		}
	}
	if more {
		order = append(order, "…")
	}
	return strings.Join(order, ", ")
}
