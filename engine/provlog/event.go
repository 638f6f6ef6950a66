// Package provlog is the provisioning log: one entry for each object that a
// cycle or an on-demand call has looked at, in the shape of Microsoft Graph's
// provisioningObjectSummary, and the queries over them.
package provlog

import "time"

// Event is one entry of the provisioning log (Graph
// provisioningObjectSummary, microsoft-graph-docs-contrib
// api-reference/v1.0/resources/provisioningobjectsummary.md). Its JSON is the
// same, in Graph's spelling.
type Event struct {
	ID                     string             `json:"id"` // UUIDv7: sorts by time
	ActivityDateTime       time.Time          `json:"activityDateTime"`
	TenantID               string             `json:"tenantId"`
	JobID                  string             `json:"jobId"`
	CycleID                string             `json:"cycleId"`
	ChangeID               string             `json:"changeId"`
	ProvisioningAction     Action             `json:"provisioningAction"`
	DurationInMilliseconds int64              `json:"durationInMilliseconds"`
	ProvisioningStatusInfo StatusInfo         `json:"provisioningStatusInfo"`
	ProvisioningSteps      []Step             `json:"provisioningSteps"`
	ModifiedProperties     []ModifiedProperty `json:"modifiedProperties"`
	ServicePrincipal       Principal          `json:"servicePrincipal"`
	SourceSystem           System             `json:"sourceSystem"`
	TargetSystem           System             `json:"targetSystem"`
	InitiatedBy            Initiator          `json:"initiatedBy"`
	SourceIdentity         Identity           `json:"sourceIdentity"`
	TargetIdentity         Identity           `json:"targetIdentity"`
}

// Action is what was done to the target object.
type Action string

// The actions of Graph's provisioningAction.
const (
	ActionOther        Action = "other"
	ActionCreate       Action = "create"
	ActionUpdate       Action = "update"
	ActionDisable      Action = "disable"
	ActionDelete       Action = "delete"
	ActionStagedDelete Action = "stagedDelete"
)

// Status is how an entry or a step ended.
type Status string

// The statuses of Graph's provisioningResult.
const (
	Success Status = "success"
	Failure Status = "failure"
	Skipped Status = "skipped"
	Warning Status = "warning"
)

// StatusInfo is how the entry ended; ErrorInformation is null unless it failed.
type StatusInfo struct {
	Status           Status            `json:"status"`
	ErrorInformation *ErrorInformation `json:"errorInformation"`
}

// ErrorInformation says what failed, why, and what to do.
type ErrorInformation struct {
	ErrorCode         string `json:"errorCode"`
	Reason            string `json:"reason"`
	AdditionalDetails string `json:"additionalDetails"`
	ErrorCategory     string `json:"errorCategory"` // failure | nonServiceFailure | success
	RecommendedAction string `json:"recommendedAction"`
}

// StepType is the kind of a provisioning step.
type StepType string

// The step types, in the order of the flow.
const (
	StepImport              StepType = "import"
	StepScoping             StepType = "scoping"
	StepMatching            StepType = "matching"
	StepProcessing          StepType = "processing"
	StepReferenceResolution StepType = "referenceResolution"
	StepExport              StepType = "export"
)

// Step is one provisioning step (Graph provisioningStep).
type Step struct {
	Name                 string            `json:"name"` // EntryImportAdd, EntrySynchronizationScoping, …
	ProvisioningStepType StepType          `json:"provisioningStepType"`
	Status               Status            `json:"status"`
	Description          string            `json:"description"`
	Details              map[string]string `json:"details"`
	// At is when the step ended. The log does not keep it: Graph shows it in the
	// answer to an on-demand call alone.
	At time.Time `json:"-"`
}

// ModifiedProperty is one target attribute that changed. Values are strings;
// a value that was absent is null.
type ModifiedProperty struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
}

// Principal is the application's service principal.
type Principal struct {
	ID          string `json:"id"`
	DisplayName string `json:"displayName"`
}

// System is the source or target system.
type System struct {
	ID          string            `json:"id"`
	DisplayName string            `json:"displayName"`
	Details     map[string]string `json:"details"`
}

// Initiator is who started it.
type Initiator struct {
	ID            string `json:"id"`
	DisplayName   string `json:"displayName"`
	InitiatorType string `json:"initiatorType"` // user | application | system
}

// Identity is an object on one of the two sides.
type Identity struct {
	ID           string            `json:"id"`
	DisplayName  string            `json:"displayName"`
	IdentityType string            `json:"identityType"` // User | Group, or the target object name
	Details      map[string]string `json:"details"`
}
