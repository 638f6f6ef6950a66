package engine

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

// oneJob is a store that knows one job.
type oneJob struct {
	state.Store
	record state.Job
}

func (s oneJob) Job(context.Context, string) (state.Job, error) { return s.record, nil }

func (s oneJob) Paused(context.Context, string) (time.Time, error) { return time.Time{}, nil }

// TestAWordEndsNoOtherQuarantine: who allows deletions does not have the
// application asked with credentials that it refuses.
func TestAWordEndsNoOtherQuarantine(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		reason, code string
		since        time.Duration
		held         bool
	}{
		"a guard":                   {quarantineDeletes, quarantineDeletes, time.Hour, false},
		"a guard, for long":         {quarantineIngestion, quarantineIngestion, 40 * 24 * time.Hour, false},
		"another application":       {quarantineException, quarantineException, time.Hour, false},
		"the credentials":           {quarantineException, "Unauthorized", time.Hour, true},
		"the credentials, for long": {quarantineException, "Unauthorized", 40 * 24 * time.Hour, true},
		"an export cannot be read":  {quarantineIngestion, "SourceUnreadable", time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			q := inQuarantine(nil, test.reason, test.code, "", now.Add(-test.since), 1)
			q.NextAttempt = now.Add(time.Hour)
			record := state.Job{AllowDeletes: true, Allowed: &state.Held{}, Held: &state.Held{}, Quarantine: q, Last: &state.Execution{Ended: now.Add(-time.Minute)}}
			s := NewScheduler(&Engine{Store: oneJob{record: record}, Now: func() time.Time { return now }})
			if held := s.hold(Job{Settings: Settings{Tempo: 1}}); (held != "") != test.held {
				t.Errorf("held back: %q", held)
			}
			shown := Status(record, state.Counts{}, "", now, now, time.Time{}).Schedule
			if waits := shown.NextRun == nil || shown.NextRun.After(now); waits != test.held {
				t.Errorf("status shows %+v", shown)
			}
		})
	}
}
