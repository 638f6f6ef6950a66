package engine

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/scope"
)

// The reasons for which the provisioning log shows an object as skipped
// (scim-client-wire 9.5).
const (
	skipRedundant  = "RedundantExport"
	skipEntitled   = scope.NotEffectivelyEntitled
	skipValidation = "AttributeValidationFailed"
)

// trace gathers the provisioning log's entry of one object while it passes
// through the flow. Step names are the ones of Microsoft's log
// (scim-client-wire 9.3); the sentences are scimsync's own.
type trace struct {
	event    provlog.Event
	began    time.Time
	now      func() time.Time
	name     string            // what a sentence calls the object: User 'Ada Ito'
	reported string            // Microsoft's ReportableIdentifier: a user's name to sign in, a group's id
	retry    bool              // the object is tried again
	values   map[string]string // what the operation under way writes
	redacted func(attribute string) bool
}

func (c *cycle) newTrace(o directory.Object, displayName string, redacted func(attribute string) bool) *trace {
	now := c.stamp()
	reported := o.Get("userPrincipalName").Text()
	if reported == "" {
		reported = o.Anchor
	}
	return &trace{
		began:    now,
		now:      c.stamp,
		name:     fmt.Sprintf("%s '%s'", o.Type, displayName),
		reported: reported, redacted: redacted,
		event: provlog.Event{
			ID: c.engine.NewID(), TenantID: c.engine.TenantID, JobID: c.record.ID,
			CycleID: c.execution.CycleID, ChangeID: c.engine.NewID(),
			ProvisioningAction: provlog.ActionOther, ModifiedProperties: []provlog.ModifiedProperty{},
			ProvisioningSteps: []provlog.Step{},
			ServicePrincipal:  provlog.Principal{ID: c.job.Application.ID, DisplayName: c.job.Application.DisplayName},
			SourceSystem:      provlog.System{ID: c.engine.TenantID, DisplayName: "Microsoft Entra ID", Details: map[string]string{}},
			TargetSystem: provlog.System{ID: c.job.Application.ID, DisplayName: "customappsso", Details: map[string]string{
				"ApplicationId": c.job.Application.ID, "ServicePrincipalId": c.job.Application.ID,
				"ServicePrincipalDisplayName": c.job.Application.DisplayName,
			}},
			InitiatedBy: provlog.Initiator{DisplayName: "Azure AD Provisioning Service", InitiatorType: "system"},
			SourceIdentity: provlog.Identity{
				ID: o.Anchor, DisplayName: displayName, IdentityType: string(o.Type), Details: sourceDetails(o),
			},
			TargetIdentity: provlog.Identity{IdentityType: targetType(o.Type), Details: map[string]string{}},
		},
	}
}

func sourceDetails(o directory.Object) map[string]string {
	details := map[string]string{"id": o.Anchor, "odatatype": string(o.Type)}
	if upn := o.Get("userPrincipalName"); !upn.IsEmpty() {
		details["UserPrincipalName"] = upn.Text()
	}
	if name := o.Get("displayName"); !name.IsEmpty() {
		details["DisplayName"] = name.Text()
	}
	return details
}

// targetType is the target object's name in Microsoft's schema (scim-client-wire 8.5).
func targetType(t directory.ObjectType) string {
	if t == directory.Group {
		return "urn:ietf:params:scim:schemas:core:2.0:Group"
	}
	return "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
}

func (t *trace) step(name string, kind provlog.StepType, status provlog.Status, details map[string]string, format string, args ...any) {
	if details == nil {
		details = map[string]string{}
	}
	t.event.ProvisioningSteps = append(t.event.ProvisioningSteps, provlog.Step{
		Name: name, ProvisioningStepType: kind, Status: status,
		Description: fmt.Sprintf(format, args...), Details: details, At: t.now().UTC(),
	})
}

// imported notes what was read. An object that failed before has the step of a
// retry instead, and none of scoping and matching: so do captured records.
func (t *trace) imported(ch directory.Change, escrow *state.Escrow) {
	if escrow != nil {
		t.retry = true
		t.step("EntryEscrowRetry", provlog.StepImport, provlog.Success, map[string]string{
			"Identifier": ch.Object.Anchor, "Origin": "Source", "TypeName": "EscrowedEntryDefault",
			"CreationTime": escrow.First.UTC().Format(time.RFC3339Nano), "NextAttempt": escrow.Next.UTC().Format(dotNetTime),
			"CountProcessed": strconv.Itoa(escrow.Attempts - 1),
		}, "%s is tried again: it failed %d times since %s", t.name, escrow.Attempts, escrow.First.UTC().Format(time.RFC3339))
		return
	}
	name, what := "EntryImportUpdate", "a change of"
	switch {
	case ch.Object.Presence == directory.HardDeleted:
		name, what = "EntryImportDelete", "the deletion of"
	case ch.Object.Presence == directory.SoftDeleted:
		what = "the soft deletion of"
	case ch.New:
		name, what = "EntryImportAdd", "a new"
	}
	t.step(name, provlog.StepImport, provlog.Success, map[string]string{
		"objectId": ch.Object.Anchor, "displayName": t.event.SourceIdentity.DisplayName,
	}, "Read %s %s from the source", what, t.name)
}

// dotNetTime is how .NET prints a time where nothing else is asked for.
const dotNetTime = "1/2/2006 3:04:05 PM"

func (t *trace) scoped(d scope.Decision) {
	if t.retry && d.InScope {
		return
	}
	status := provlog.Success
	if !d.InScope {
		status = provlog.Skipped
	}
	t.step("EntrySynchronizationScoping", provlog.StepScoping, status, d.Details, "%s is %s", t.name, d.Reason)
}

// found notes the target object that was read or matched. The step stands
// before the one of scoping, which Entra takes after it for such an object.
func (t *trace) found(o directory.Object, how string) {
	t.target(o.Anchor)
	if t.retry {
		return
	}
	details := map[string]string{"id": o.Anchor}
	for name, v := range o.Attributes {
		if v.Kind() != directory.Reference && v.Kind() != directory.List {
			details[t.detail(name)] = t.shown(name, v.Text())
		}
	}
	t.step("EntryImport", provlog.StepMatching, provlog.Success, details, "%s was found in the application: %s", t.name, how)
	steps := t.event.ProvisioningSteps
	if n := len(steps); n > 1 && steps[n-2].ProvisioningStepType == provlog.StepScoping {
		steps[n-2], steps[n-1] = steps[n-1], steps[n-2]
	}
}

func (t *trace) unmatched(how string) {
	if !t.retry {
		t.step("EntrySynchronizationAdd", provlog.StepMatching, provlog.Success, nil, "%s has no counterpart in the application: %s", t.name, how)
	}
}

// target notes the target object. Its name is left empty, as it is in captured
// records.
func (t *trace) target(anchor string) { t.event.TargetIdentity.ID = anchor }

// skip ends the trace of an object that is left as it is.
func (t *trace) skip(skipReason, why string) {
	t.event.ProvisioningStatusInfo.Status = provlog.Skipped
	t.step("EntrySynchronizationSkip", provlog.StepExport, provlog.Skipped,
		map[string]string{"SkipReason": skipReason, "ReportableIdentifier": t.reported}, "%s is left as it is: %s", t.name, why)
}

// staged ends the trace of an object that a guard keeps from being disabled or
// deleted.
func (t *trace) staged() {
	t.event.ProvisioningAction = provlog.ActionStagedDelete
	t.event.ProvisioningStatusInfo.Status = provlog.Warning
	t.step("EntrySynchronizationSkip", provlog.StepExport, provlog.Skipped,
		map[string]string{"SkipReason": quarantineDeletes, "ReportableIdentifier": t.reported},
		"%s is neither disabled nor deleted before somebody allows it", t.name)
}

var exportSteps = map[plan.Action]string{
	plan.Create: "EntryExportAdd", plan.Update: "EntryExportUpdate",
	plan.Disable: "EntryExportUpdateSoftDelete", plan.Delete: "EntryExportDelete",
}

var pastTense = map[plan.Action]string{
	plan.Create: "created", plan.Update: "updated", plan.Disable: "disabled", plan.Delete: "deleted",
}

// begun returns the entry of operations that are about to be carried out, should
// nobody come to record what became of them. Its id is that of the change, for the
// log may have the entry of what is known to be done as well.
func (t *trace) begun(action plan.Action, ops ...plan.Operation) *provlog.Event {
	about := *t // it goes on by itself
	about.event.ID, about.event.ProvisioningAction = t.event.ChangeID, provlog.Action(action)
	about.event.ProvisioningStatusInfo.Status = provlog.Warning
	about.event.ProvisioningSteps = slices.Clip(t.event.ProvisioningSteps)
	about.event.ModifiedProperties = slices.Clip(t.event.ModifiedProperties)
	for _, op := range ops {
		about.modified(op)
	}
	about.step(exportSteps[action], provlog.StepExport, provlog.Warning, map[string]string{"ReportableIdentifier": t.reported},
		"%s may have been %s in the application: the cycle ended before the answer was recorded", t.name, pastTense[action])
	return about.finish(t.now())
}

// exporting notes the operation that is about to be carried out.
func (t *trace) exporting(op plan.Operation) {
	t.modified(op)
	t.values = map[string]string{}
	for _, c := range op.Changes {
		t.values[t.detail(c.Attribute)] = t.shown(c.Attribute, c.New.Text())
	}
}

// exported notes that it was.
func (t *trace) exported(action plan.Action) {
	t.event.ProvisioningStatusInfo.Status = provlog.Success
	t.event.ProvisioningAction = provlog.Action(action)
	t.step(exportSteps[action], provlog.StepExport, provlog.Success, t.exportDetails(),
		"%s was %s in the application", t.name, pastTense[action])
}

func (t *trace) exportDetails() map[string]string {
	details := map[string]string{"ReportableIdentifier": t.reported}
	maps.Copy(details, t.values)
	return details
}

func (t *trace) modified(op plan.Operation) {
	for _, p := range plan.Properties([]plan.Operation{op}, t.redacted) {
		t.event.ModifiedProperties = append(t.event.ModifiedProperties, provlog.ModifiedProperty{
			DisplayName: p.DisplayName, OldValue: p.OldValue, NewValue: p.NewValue,
		})
	}
}

// detail is a target attribute's name as the key of a step's detail: captured
// records have no dots and colons in it.
func (t *trace) detail(attribute string) string { return detailKey.Replace(attribute) }

var detailKey = strings.NewReplacer(".", "", ":", "")

func (t *trace) shown(attribute, value string) string {
	if t.redacted(attribute) {
		return plan.Redacted
	}
	return value
}

// fail ends the trace of an object that could not be provisioned. escrow says
// when it is tried again, nil if it is not.
func (t *trace) fail(step string, kind provlog.StepType, action plan.Action, f *Failure, escrow *state.Escrow) {
	if action != "" {
		t.event.ProvisioningAction = provlog.Action(action)
	}
	t.event.ProvisioningStatusInfo = provlog.StatusInfo{Status: provlog.Failure, ErrorInformation: &provlog.ErrorInformation{
		ErrorCode: f.Code, Reason: f.reason(escrow), ErrorCategory: f.Category, RecommendedAction: f.Advice,
	}}
	details := map[string]string{"ReportableIdentifier": t.reported}
	if kind == provlog.StepExport {
		details = t.exportDetails()
	}
	details["ErrorCode"] = f.Code
	t.step(step, kind, provlog.Failure, details, "%s: %s", t.name, f.Message)
}

// unresolved is Microsoft's code for a reference to an object that is not
// provisioned (scim-client-wire 5.10).
const unresolved = "UnableToResolveReferenceAttributeValue"

func (t *trace) resolved(missing []string) {
	if len(missing) == 0 {
		t.step("EntrySynchronizationReferenceResolution", provlog.StepReferenceResolution, provlog.Success, nil,
			"Every object that %s refers to is provisioned", t.name)
		return
	}
	t.step("EntrySynchronizationReferenceResolution", provlog.StepReferenceResolution, provlog.Warning,
		map[string]string{"ErrorCode": unresolved, "UnresolvedReferences": listed(missing)},
		"%s refers to %s not provisioned and left out", t.name, notProvisioned(len(missing)))
}

func notProvisioned(n int) string {
	if n == 1 {
		return "1 object that is"
	}
	return strconv.Itoa(n) + " objects that are"
}

func (t *trace) referenced(n int) {
	what := "1 reference"
	if n > 1 {
		what = strconv.Itoa(n) + " references"
	}
	t.event.ProvisioningStatusInfo.Status = provlog.Success
	t.event.ProvisioningAction = provlog.ActionUpdate
	t.step("EntryExportUpdate", provlog.StepExport, provlog.Success, nil,
		"%s of %s set in the application", what, t.name)
}

func (t *trace) finish(now time.Time) *provlog.Event {
	t.event.ActivityDateTime = now.UTC()
	t.event.DurationInMilliseconds = now.Sub(t.began).Milliseconds()
	return &t.event
}
