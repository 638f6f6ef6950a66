package engine

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
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
	event provlog.Event
	began time.Time
	name  string // what a sentence calls the object: User 'Ada Ito'
}

func (c *cycle) newTrace(o directory.Object, displayName string) *trace {
	now := c.engine.Now()
	return &trace{
		began: now,
		name:  fmt.Sprintf("%s '%s'", o.Type, displayName),
		event: provlog.Event{
			ID: c.engine.NewID(), TenantID: c.engine.TenantID, JobID: c.record.ID,
			CycleID: c.execution.CycleID, ChangeID: c.engine.NewID(),
			ProvisioningAction: provlog.ActionOther, ModifiedProperties: []provlog.ModifiedProperty{},
			ProvisioningSteps: []provlog.Step{},
			ServicePrincipal:  provlog.Principal{ID: c.job.Application.ID, DisplayName: c.job.Application.DisplayName},
			SourceSystem:      provlog.System{ID: c.engine.TenantID, DisplayName: "Azure Active Directory", Details: map[string]string{}},
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
		details["userPrincipalName"] = upn.Text()
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
		Description: fmt.Sprintf(format, args...), Details: details,
	})
}

func (t *trace) imported(ch directory.Change, escrow *state.Escrow) {
	name, what := "EntryImportUpdate", "a change of"
	switch {
	case ch.Object.Presence == directory.HardDeleted:
		name, what = "EntryImportDelete", "the deletion of"
	case ch.Object.Presence == directory.SoftDeleted:
		name, what = "EntryImportUpdate", "the soft deletion of"
	case ch.New:
		name, what = "EntryImportAdd", "a new"
	}
	if escrow != nil {
		t.step("EntryEscrowRetry", provlog.StepImport, provlog.Success,
			map[string]string{"RetryCount": strconv.Itoa(escrow.Attempts)},
			"%s is tried again: it failed %d times since %s", t.name, escrow.Attempts, escrow.First.UTC().Format(time.RFC3339))
	}
	t.step(name, provlog.StepImport, provlog.Success, map[string]string{
		"objectId": ch.Object.Anchor, "displayName": t.event.SourceIdentity.DisplayName,
	}, "Read %s %s from the source", what, t.name)
}

func (t *trace) scoped(d scope.Decision) {
	status := provlog.Success
	if !d.InScope {
		status = provlog.Skipped
	}
	t.step("EntrySynchronizationScoping", provlog.StepScoping, status, d.Details, "%s is %s", t.name, d.Reason)
}

func (t *trace) matched(found bool, target, how string) {
	name, sentence := "EntrySynchronizationAdd", "%s has no counterpart in the application: %s"
	if found {
		name, sentence = "EntryImport", "%s was found in the application: %s"
	}
	t.target(target)
	t.step(name, provlog.StepMatching, provlog.Success, nil, sentence, t.name, how)
}

func (t *trace) target(anchor string) {
	if anchor != "" {
		t.event.TargetIdentity.ID = anchor
		t.event.TargetIdentity.DisplayName = t.event.SourceIdentity.DisplayName
		t.event.TargetIdentity.Details["id"] = anchor
	}
}

// skip ends the trace of an object that is left as it is.
func (t *trace) skip(skipReason, why string) {
	t.event.ProvisioningStatusInfo.Status = provlog.Skipped
	t.step("EntrySynchronizationSkip", provlog.StepExport, provlog.Skipped,
		map[string]string{"SkipReason": skipReason}, "%s is left as it is: %s", t.name, why)
}

var exportSteps = map[plan.Action]string{
	plan.Create: "EntryExportAdd", plan.Update: "EntryExportUpdate",
	plan.Disable: "EntryExportUpdateSoftDelete", plan.Delete: "EntryExportDelete",
}

var pastTense = map[plan.Action]string{
	plan.Create: "created", plan.Update: "updated", plan.Disable: "disabled", plan.Delete: "deleted",
}

// exported notes an operation that was carried out.
func (t *trace) exported(op plan.Operation, redacted func(string) bool) {
	t.event.ProvisioningStatusInfo.Status = provlog.Success
	t.event.ProvisioningAction = provlog.Action(op.Action)
	t.modified(op, redacted)
	t.step(exportSteps[op.Action], provlog.StepExport, provlog.Success, nil,
		"%s was %s in the application", t.name, pastTense[op.Action])
}

func (t *trace) modified(op plan.Operation, redacted func(string) bool) {
	for _, p := range plan.Properties([]plan.Operation{op}, redacted) {
		t.event.ModifiedProperties = append(t.event.ModifiedProperties, provlog.ModifiedProperty{
			DisplayName: p.DisplayName, OldValue: p.OldValue, NewValue: p.NewValue,
		})
	}
}

// fail ends the trace of an object that could not be provisioned.
func (t *trace) fail(step string, kind provlog.StepType, action plan.Action, f *Failure) {
	if action != "" {
		t.event.ProvisioningAction = provlog.Action(action)
	}
	t.event.ProvisioningStatusInfo = provlog.StatusInfo{Status: provlog.Failure, ErrorInformation: &provlog.ErrorInformation{
		ErrorCode: f.Code, Reason: f.Message, AdditionalDetails: f.Details,
		ErrorCategory: f.Category, RecommendedAction: f.Advice,
	}}
	t.step(step, kind, provlog.Failure, map[string]string{"ErrorCode": f.Code}, "%s: %s", t.name, f.Message)
}

func (t *trace) finish(now time.Time) *provlog.Event {
	t.event.ActivityDateTime = now.UTC()
	t.event.DurationInMilliseconds = now.Sub(t.began).Milliseconds()
	return &t.event
}

// Failure says why one object could not be provisioned.
type Failure struct {
	Code     string // Microsoft's error code
	Message  string
	Details  string
	Category string // Graph's errorCategory
	Advice   string // what to do about it
	Err      error
}

// Error returns code and message.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// failure says what an error of the target, or of a mapping, means for an object.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	var value *mapping.ValueError
	if errors.As(err, &value) {
		return &Failure{
			Code: skipValidation, Message: err.Error(), Category: "failure", Err: err,
			Advice: "Correct the attribute in the directory, or its mapping.",
		}
	}
	var target *connectors.Error
	if !errors.As(err, &target) {
		return &Failure{Code: "InternalError", Message: err.Error(), Category: "failure", Err: err,
			Advice: "Look at the message; if it points to nothing that you can change, report it as a fault of scimsync."}
	}
	return &Failure{
		Code: target.Code, Message: err.Error(), Details: target.Body, Category: "nonServiceFailure",
		Advice: advice[target.Class], Err: err,
	}
}

var advice = map[connectors.Class]string{
	connectors.Retryable:   "The application did not answer as it should. Nothing needs to be done if it recovers: the object is tried again.",
	connectors.Throttled:   "The application is limiting requests. The object is tried again; a lower concurrency setting spares it.",
	connectors.Credentials: "Give the job a valid secret token, with the right to write users and groups.",
	connectors.NotSCIM:     "Check the tenant URL: what answers there does not speak SCIM.",
	connectors.Conflict:    "Another object of the application holds a value that must be unique. Remove it there, or choose a matching attribute that finds it.",
	connectors.Gone:        "The connected object was removed from the application. Restart the job with its connections reset, so that it is matched again.",
	connectors.Rejected:    "The application refuses the request. Its answer says why: correct the value, the mapping, or the application.",
}
