package engine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
)

// Answer is Graph's answer to a provision-on-demand call, a
// stringKeyStringValuePair whose two parts are JSON texts (Microsoft Graph,
// synchronizationJob: provisionOnDemand).
type Answer struct {
	Key   string `json:"key"`   // {"result":…,"details":{…}}
	Value string `json:"value"` // action, steps, modified properties, identities and systems
}

type answerKey struct {
	Result  string        `json:"result"` // Success | Skipped | Failure
	Details answerDetails `json:"details"`
}

type answerDetails struct {
	ErrorCode    string `json:"errorCode,omitempty"`
	ErrorMessage string `json:"errorMessage,omitempty"`
}

type answerValue struct {
	Action               string                     `json:"action"`
	ChangeID             string                     `json:"changeId"`
	EndTime              time.Time                  `json:"endTime"`
	ModifiedProperties   []provlog.ModifiedProperty `json:"modifiedProperties"`
	ProvisioningSteps    []answerStep               `json:"provisioningSteps"`
	ReportableIdentifier string                     `json:"reportableIdentifier"`
	StartTime            time.Time                  `json:"startTime"`
	StatusInfo           answerStatus               `json:"statusInfo"`
	SourceIdentity       answerIdentity             `json:"sourceIdentity"`
	SourceSystem         answerSystem               `json:"sourceSystem"`
	TargetIdentity       answerIdentity             `json:"targetIdentity"`
	TargetSystem         answerSystem               `json:"targetSystem"`
}

type answerStep struct {
	Name        string            `json:"name"`
	Type        string            `json:"type"`   // Import, Scoping, Matching, …
	Status      string            `json:"status"` // Success, Skipped, …
	Description string            `json:"description"`
	Timestamp   time.Time         `json:"timestamp"`
	Details     map[string]string `json:"details"`
}

type answerStatus struct {
	Status            string  `json:"status"`
	ErrorCode         *string `json:"errorCode"`
	Reason            *string `json:"reason"`
	AdditionalDetails *string `json:"additionalDetails"`
	ErrorCategory     *string `json:"errorCategory"`
	RecommendedAction *string `json:"recommendedAction"`
}

type answerIdentity struct {
	ID          *string           `json:"id"`
	Type        string            `json:"type"`
	DisplayName *string           `json:"displayName"`
	Details     map[string]string `json:"details"`
}

type answerSystem struct {
	ID      *string           `json:"id"`
	Name    string            `json:"name"`
	Details map[string]string `json:"details"`
}

// OnDemandEvent returns what Provision did in one entry of the provisioning
// log: the object's, and what setting its references added to it. It is nil if
// there is none.
func OnDemandEvent(results []Result) *provlog.Event {
	var whole *provlog.Event
	for _, r := range results {
		switch {
		case r.Event == nil:
		case whole == nil:
			whole = new(*r.Event)
			whole.ProvisioningSteps = slices.Clone(whole.ProvisioningSteps)
			whole.ModifiedProperties = slices.Clone(whole.ModifiedProperties)
		default:
			continued(whole, r.Event)
		}
	}
	return whole
}

var statusRank = []provlog.Status{provlog.Skipped, provlog.Success, provlog.Warning, provlog.Failure}

// continued adds to the entry of an object that of its references: a skip says
// nothing where something was done.
func continued(whole, more *provlog.Event) {
	if more.ProvisioningStatusInfo.Status == provlog.Skipped && len(more.ModifiedProperties) == 0 && whole.ProvisioningStatusInfo.Status != provlog.Skipped {
		return
	}
	whole.ProvisioningSteps = slices.DeleteFunc(whole.ProvisioningSteps, func(s provlog.Step) bool { return s.Details["SkipReason"] != "" })
	for _, s := range more.ProvisioningSteps {
		if s.ProvisioningStepType != provlog.StepImport { // it was read once
			whole.ProvisioningSteps = append(whole.ProvisioningSteps, s)
		}
	}
	whole.ModifiedProperties = append(whole.ModifiedProperties, more.ModifiedProperties...)
	if whole.ProvisioningAction == provlog.ActionOther {
		whole.ProvisioningAction = more.ProvisioningAction
	}
	info := more.ProvisioningStatusInfo
	if slices.Index(statusRank, info.Status) > slices.Index(statusRank, whole.ProvisioningStatusInfo.Status) {
		whole.ProvisioningStatusInfo = info
	}
	end := more.ActivityDateTime
	whole.DurationInMilliseconds += end.Sub(whole.ActivityDateTime).Milliseconds()
	whole.ActivityDateTime = end
}

// OnDemandAnswer returns an entry of OnDemandEvent as Graph answers a
// provision-on-demand call.
func OnDemandAnswer(e provlog.Event) Answer {
	key := answerKey{Result: "Success"}
	status := answerStatus{Status: capital(string(e.ProvisioningStatusInfo.Status))}
	var last provlog.Step
	if n := len(e.ProvisioningSteps); n > 0 {
		last = e.ProvisioningSteps[n-1]
	}
	if info := e.ProvisioningStatusInfo.ErrorInformation; info != nil {
		key = answerKey{Result: "Failure", Details: answerDetails{ErrorCode: info.ErrorCode, ErrorMessage: info.Reason}}
		status.ErrorCode, status.Reason, status.AdditionalDetails = &info.ErrorCode, &info.Reason, &info.AdditionalDetails
		status.ErrorCategory, status.RecommendedAction = &info.ErrorCategory, &info.RecommendedAction
	} else if e.ProvisioningStatusInfo.Status == provlog.Skipped {
		key = answerKey{Result: "Skipped", Details: answerDetails{ErrorCode: last.Details["SkipReason"], ErrorMessage: last.Description}}
	}
	value := answerValue{
		Action: capital(string(e.ProvisioningAction)), ChangeID: e.ChangeID, EndTime: e.ActivityDateTime,
		StartTime:          e.ActivityDateTime.Add(-time.Duration(e.DurationInMilliseconds) * time.Millisecond),
		ModifiedProperties: e.ModifiedProperties, ProvisioningSteps: []answerStep{}, StatusInfo: status,
		ReportableIdentifier: reportable(e),
		SourceIdentity:       identityOf(e.SourceIdentity), SourceSystem: systemOf(e.SourceSystem),
		TargetIdentity: identityOf(e.TargetIdentity), TargetSystem: systemOf(e.TargetSystem),
	}
	for _, s := range e.ProvisioningSteps {
		at := s.At
		if at.IsZero() {
			at = e.ActivityDateTime
		}
		value.ProvisioningSteps = append(value.ProvisioningSteps, answerStep{
			Name: s.Name, Type: capital(string(s.ProvisioningStepType)), Status: capital(string(s.Status)),
			Description: s.Description, Timestamp: at, Details: s.Details,
		})
	}
	return Answer{Key: jsonText(key), Value: jsonText(value)}
}

// reportable returns what a person knows the source object by: a user's name
// to sign in, else its display name.
func reportable(e provlog.Event) string {
	for name, text := range e.SourceIdentity.Details {
		if strings.EqualFold(name, "userPrincipalName") {
			return text
		}
	}
	return e.SourceIdentity.DisplayName
}

func identityOf(i provlog.Identity) answerIdentity {
	return answerIdentity{ID: orNull(i.ID), Type: i.IdentityType, DisplayName: orNull(i.DisplayName), Details: some(i.Details)}
}

func systemOf(s provlog.System) answerSystem {
	return answerSystem{ID: orNull(s.ID), Name: s.DisplayName, Details: some(s.Details)}
}

// orNull returns nil for a text that is empty: Graph's answer has null there.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func some(details map[string]string) map[string]string {
	if len(details) == 0 {
		return nil
	}
	return details
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// jsonText returns v as JSON. It holds texts, times and maps of texts alone,
// which always can be written.
func jsonText(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "{}"
	}
	return strings.TrimSuffix(b.String(), "\n")
}
