package engine

import (
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// SynchronizationJob is a job as Microsoft Graph shows it (synchronizationJob,
// microsoft-graph-docs-contrib api-reference/v1.0/resources). Name is
// scimsync's addition.
type SynchronizationJob struct {
	ID                         string                  `json:"id"`
	Name                       string                  `json:"name"`
	TemplateID                 string                  `json:"templateId"`
	Schedule                   SynchronizationSchedule `json:"schedule"`
	Status                     SynchronizationStatus   `json:"status"`
	SynchronizationJobSettings []KeyValue              `json:"synchronizationJobSettings"`
}

// SynchronizationSchedule is Graph's synchronizationSchedule. NextRun is
// scimsync's addition.
type SynchronizationSchedule struct {
	Expiration *time.Time `json:"expiration"`
	Interval   string     `json:"interval"` // ISO 8601: PT40M
	State      string     `json:"state"`    // Active | Disabled | Paused
	NextRun    *time.Time `json:"nextRun,omitempty"`
}

// SynchronizationStatus is Graph's synchronizationStatus.
type SynchronizationStatus struct {
	Code                               string                     `json:"code"` // NotConfigured | NotRun | Active | Paused | Quarantine
	CountSuccessiveCompleteFailures    int64                      `json:"countSuccessiveCompleteFailures"`
	EscrowsPruned                      bool                       `json:"escrowsPruned"`
	LastExecution                      *TaskExecution             `json:"lastExecution"`
	LastSuccessfulExecution            *TaskExecution             `json:"lastSuccessfulExecution"`
	LastSuccessfulExecutionWithExports *TaskExecution             `json:"lastSuccessfulExecutionWithExports"`
	Progress                           []KeyValue                 `json:"progress"`
	Quarantine                         *SynchronizationQuarantine `json:"quarantine"`
	SteadyStateFirstAchievedTime       time.Time                  `json:"steadyStateFirstAchievedTime"`
	SteadyStateLastAchievedTime        time.Time                  `json:"steadyStateLastAchievedTime"`
	SynchronizedEntryCountByType       []KeyCount                 `json:"synchronizedEntryCountByType"`
	TroubleshootingURL                 string                     `json:"troubleshootingUrl"`
	// scimsync's additions: objects waiting for another try, of how many of them
	// a reference alone failed, since when the job is paused, and whether the next
	// cycle may disable and delete as many objects as it would.
	Escrows          int64      `json:"escrows"`
	ReferenceEscrows int64      `json:"referenceEscrows"`
	PausedSince      *time.Time `json:"pausedSince,omitempty"`
	DeletesAllowed   bool       `json:"deletesAllowed,omitempty"`
}

// SynchronizationQuarantine is Graph's synchronizationQuarantine.
type SynchronizationQuarantine struct {
	CurrentBegan time.Time             `json:"currentBegan"`
	NextAttempt  time.Time             `json:"nextAttempt"`
	SeriesBegan  time.Time             `json:"seriesBegan"`
	SeriesCount  int64                 `json:"seriesCount"`
	Reason       string                `json:"reason"`
	Error        *SynchronizationError `json:"error"`
}

// TaskExecution is Graph's synchronizationTaskExecution. Initial and Warnings
// are scimsync's additions.
type TaskExecution struct {
	ActivityIdentifier           string                `json:"activityIdentifier"`
	CountEntitled                int64                 `json:"countEntitled"`
	CountEntitledForProvisioning int64                 `json:"countEntitledForProvisioning"`
	CountEscrowed                int64                 `json:"countEscrowed"`
	CountEscrowedRaw             int64                 `json:"countEscrowedRaw"`
	CountExported                int64                 `json:"countExported"`
	CountExports                 int64                 `json:"countExports"`
	CountImported                int64                 `json:"countImported"`
	CountImportedDeltas          int64                 `json:"countImportedDeltas"`
	CountImportedReferenceDeltas int64                 `json:"countImportedReferenceDeltas"`
	Error                        *SynchronizationError `json:"error"`
	State                        string                `json:"state"` // Succeeded | Failed | EntryLevelErrors
	TimeBegan                    time.Time             `json:"timeBegan"`
	TimeEnded                    time.Time             `json:"timeEnded"`
	Initial                      bool                  `json:"initial"`
	Warnings                     []string              `json:"warnings,omitempty"`
}

// SynchronizationError is Graph's synchronizationError.
type SynchronizationError struct {
	Code             string `json:"code"`
	Message          string `json:"message"`
	TenantActionable bool   `json:"tenantActionable"`
}

// KeyValue is Graph's keyValuePair.
type KeyValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// KeyCount is Graph's stringKeyLongValuePair.
type KeyCount struct {
	Key   string `json:"key"`
	Value int64  `json:"value"`
}

// Status returns what is known of a job, in Graph's shape. interval is the
// schedule as ISO 8601 or a cron expression; next is when the job runs next,
// zero if it is not scheduled; paused is since when it is paused, zero if it is
// not. A job that is paused and in quarantine shows its code as Paused, and its
// quarantine beside it.
func Status(record state.Job, counts state.Counts, interval string, now, next, paused time.Time) SynchronizationJob {
	job := SynchronizationJob{
		ID: record.ID, Name: record.Name, TemplateID: "scim",
		Schedule:                   SynchronizationSchedule{Interval: interval, State: "Active"},
		SynchronizationJobSettings: []KeyValue{},
		Status: SynchronizationStatus{
			Code: "Active", CountSuccessiveCompleteFailures: record.CompleteFailures, Progress: []KeyValue{},
			LastExecution:                      execution(record.Last),
			LastSuccessfulExecution:            execution(record.LastSuccess),
			LastSuccessfulExecutionWithExports: execution(record.LastWithExports),
			SteadyStateFirstAchievedTime:       record.SteadyStateFirst,
			SteadyStateLastAchievedTime:        record.SteadyStateLast,
			SynchronizedEntryCountByType:       []KeyCount{},
			Escrows:                            counts.Escrows,
			ReferenceEscrows:                   counts.References,
			DeletesAllowed:                     record.AllowDeletes,
		},
	}
	if record.Last == nil {
		job.Status.Code = "NotRun"
	}
	if q := record.Quarantine; q != nil {
		job.Status.Code = "Quarantine"
		job.Status.Quarantine = &SynchronizationQuarantine{
			CurrentBegan: q.Began, NextAttempt: q.NextAttempt, SeriesBegan: q.SeriesBegan, SeriesCount: q.SeriesCount, Reason: q.Reason,
			Error: &SynchronizationError{Code: q.Code, Message: q.Message, TenantActionable: true},
		}
		if next.Before(q.NextAttempt) && !allowed(record) {
			next = q.NextAttempt
		}
		if disabled(q, now) && !allowed(record) {
			job.Schedule.State, next = "Disabled", time.Time{}
		}
	}
	if !paused.IsZero() {
		job.Schedule.State, job.Status.Code, job.Status.PausedSince = "Paused", "Paused", &paused
	} else if !next.IsZero() {
		job.Schedule.NextRun = &next
	}
	for _, t := range []directory.ObjectType{directory.User, directory.Group} {
		if n := counts.Connections[t]; n > 0 {
			job.Status.SynchronizedEntryCountByType = append(job.Status.SynchronizedEntryCountByType,
				KeyCount{Key: string(t) + " to " + targetType(t), Value: n})
		}
	}
	return job
}

func execution(x *state.Execution) *TaskExecution {
	if x == nil {
		return nil
	}
	task := &TaskExecution{
		ActivityIdentifier: x.CycleID, CountEntitled: x.Entitled, CountEntitledForProvisioning: x.Entitled,
		CountEscrowed: x.Escrowed, CountEscrowedRaw: x.Escrowed, CountExported: x.Exported, CountExports: x.Exports,
		CountImported: x.Imported, CountImportedDeltas: x.ImportedDeltas,
		State: x.State, TimeBegan: x.Began, TimeEnded: x.Ended, Initial: x.Initial, Warnings: x.Warnings,
	}
	if x.ErrorCode != "" {
		task.Error = &SynchronizationError{Code: x.ErrorCode, Message: x.ErrorMessage, TenantActionable: true}
	}
	return task
}
