package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/engine/state"
)

// The reasons for which a job is in quarantine, as Graph's
// synchronizationQuarantine has them.
const (
	quarantineException  = "EncounteredQuarantineException"       // credentials, or what answers is no SCIM
	quarantineProportion = "EncounteredEscrowProportionThreshold" // too large a share of the objects fails
	quarantineBase       = "EncounteredBaseEscrowThreshold"       // too many objects fail
	quarantineTotal      = "EncounteredTotalEscrowThreshold"      // too many objects fail, references included
	quarantineDeletes    = "TooManyDeletes"                       // a guard against deletions
	quarantineIngestion  = "IngestionInterrupted"                 // a guard of the source
)

// QuarantineLife is how long a job is tried in quarantine before it is
// disabled (Microsoft Learn, "Application provisioning in quarantine status").
const QuarantineLife = 28 * 24 * time.Hour

// The thresholds of failures (Microsoft Learn, "Application provisioning in
// quarantine status").
const (
	evaluatedFrom  = 5_000  // failures are not looked at below
	mostFailures   = 40_000 // without those of references
	mostInTotal    = 60_000 // with them
	mostPercentage = 40     // of the objects
)

// tooManyFail returns the reason for which a job with so many objects in
// escrow is put into quarantine, "" if there is none. references are those of
// which a reference alone fails; provisioned are the connected objects that do not fail.
func tooManyFail(escrows, references, provisioned int64) (reason, message string) {
	failing := escrows - references
	switch {
	case escrows < evaluatedFrom:
		return "", ""
	case escrows > mostInTotal:
		return quarantineTotal, fmt.Sprintf("%d objects fail, %d of them in a reference alone: more than %d", escrows, references, mostInTotal)
	case failing > mostFailures:
		return quarantineBase, fmt.Sprintf("%d objects fail: more than %d", failing, mostFailures)
	case failing >= evaluatedFrom && failing*100 > mostPercentage*(failing+provisioned):
		return quarantineProportion, fmt.Sprintf("%d of %d objects fail: more than %d %%", failing, failing+provisioned, mostPercentage)
	default:
		return "", ""
	}
}

// patience is how many cycles in a row may fail, because an application does
// not answer, a source cannot be read, or whatever it is, before somebody has to
// be told.
const patience = 3

// quarantineReason returns why a cycle that ended with err, the last of so many
// in a row, puts its job into quarantine, "" if it does not.
func quarantineReason(err error, failures int64) string {
	var guard *GuardError
	var read *connectors.ReadError
	switch class := connectors.ClassOf(err); {
	case errors.As(err, &guard):
		return guard.Reason
	case class == connectors.Credentials, class == connectors.NotSCIM:
		return quarantineException
	case err == nil || failures < patience:
		return ""
	case errors.As(err, &read):
		return quarantineIngestion
	default:
		return quarantineException
	}
}

// quarantine decides, at the end of a cycle, whether the job is in quarantine:
// until a cycle runs to its end and not too many objects fail, or until
// somebody restarts it.
func (c *cycle) quarantine(ctx context.Context, runErr error) error {
	record, x := &c.record, &c.execution
	if errors.Is(runErr, ErrInterrupted) {
		return nil
	}
	reason, code, message := quarantineReason(runErr, record.CompleteFailures), x.ErrorCode, x.ErrorMessage
	if runErr == nil {
		counts, err := c.store.Counts(context.WithoutCancel(ctx), c.job.Name)
		if err != nil {
			return err
		}
		reason, message = tooManyFail(counts.Escrows, counts.References, sum(counts.Connections)-counts.Failing)
		code = reason
	}
	earlier := record.Quarantine
	switch {
	case reason != "":
		record.Quarantine = inQuarantine(earlier, reason, code, message, x.Ended, c.job.Settings.Tempo)
	case runErr == nil:
		record.Quarantine = nil
	case earlier != nil: // something else hinders it now
		record.Quarantine = inQuarantine(earlier, earlier.Reason, earlier.Code, earlier.Message, x.Ended, c.job.Settings.Tempo)
	}
	if record.Quarantine != nil {
		x.Quarantine = record.Quarantine.Reason
	}
	return nil
}

// inQuarantine returns the quarantine of a job that has a reason for one since
// a cycle that ended at now, following on the earlier one, if there is one.
func inQuarantine(earlier *state.Quarantine, reason, code, message string, now time.Time, tempo Tempo) *state.Quarantine {
	q := &state.Quarantine{Reason: reason, Code: code, Message: message, Began: now, SeriesBegan: now, SeriesCount: 1}
	if earlier != nil {
		q.SeriesBegan, q.SeriesCount = resumed(earlier.SeriesBegan, earlier.NextAttempt, now, tempo), earlier.SeriesCount+1
		if earlier.Reason == reason {
			q.Began = earlier.Began
		}
	}
	q.NextAttempt, q.Expires = now.Add(tempo.of(backOff(q.SeriesCount))), q.SeriesBegan.Add(tempo.of(QuarantineLife))
	return q
}

// backOff is how long a job waits after so many cycles in quarantine: half an
// hour, doubled each time, a day at the most (scim-client-wire 7.7).
func backOff(cycles int64) time.Duration {
	wait := 30 * time.Minute
	for range min(cycles-1, 10) {
		wait *= 2
	}
	return min(wait, 24*time.Hour)
}

// allowed reports whether somebody has allowed what a guard has put the job into
// quarantine for, so that nothing is waited for. Only of a guard's is the code the
// reason itself, and of too many failures, which end with the word.
func allowed(record state.Job) bool {
	return record.AllowDeletes && record.Quarantine.Code == record.Quarantine.Reason
}

// disabled reports whether a job has been in quarantine for so long that it
// does not run any more before it is started or restarted. An attempt that was
// due before, and that was not made, is made first.
func disabled(q *state.Quarantine, now time.Time) bool {
	return q != nil && now.After(q.Expires) && !q.NextAttempt.Before(q.Expires)
}
