package engine

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine/state"
)

// TestNoticeFor is the table in noticeFor's comment, line by line.
func TestNoticeFor(t *testing.T) {
	then := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	later := then.Add(time.Hour)
	told := func(reason string, began time.Time) *state.Told { return &state.Told{Reason: reason, Began: began} }
	now := func(reason string, began time.Time) *state.Quarantine {
		return &state.Quarantine{Reason: reason, Began: began}
	}
	const credentials, deletes, failures = "EncounteredQuarantineException", "TooManyDeletes", "EncounteredTotalEscrowThreshold"
	for _, tc := range []struct {
		name      string
		told      *state.Told
		now       *state.Quarantine
		completed bool
		want      NoticeKind // "" for nothing
	}{
		{"all is well", nil, nil, true, ""},
		{"a cycle failed, which is no quarantine", nil, nil, false, ""},
		{"entered by credentials", nil, now(credentials, then), false, Quarantined},
		{"entered by failures of a cycle that went through", nil, now(failures, then), true, Quarantined},
		{"entered by deletions", nil, now(deletes, then), false, DeletionsStaged},
		{"entered by deletions of a cycle that went through", nil, now(deletes, then), true, DeletionsStaged},
		{"still", told(credentials, then), now(credentials, then), false, ""},
		{"still, in another time zone", told(credentials, then), now(credentials, then.In(time.FixedZone("", 3600))), false, ""},
		{"still, deletions", told(deletes, then), now(deletes, then), true, ""},
		{"another reason", told(credentials, then), now(failures, later), true, Quarantined},
		{"another reason of the same moment", told(credentials, then), now(failures, then), true, Quarantined},
		{"deletions after credentials", told(credentials, then), now(deletes, later), false, DeletionsStaged},
		{"entered anew after somebody ended it", told(credentials, then), now(credentials, later), false, Quarantined},
		{"left", told(credentials, then), nil, true, Recovered},
		{"deletions allowed", told(deletes, then), nil, true, Recovered},
		{"ended by somebody, and the cycle failed for another cause", told(credentials, then), nil, false, ""},
	} {
		kind, due := noticeFor(tc.told, tc.now, tc.completed)
		if !due {
			kind = ""
		}
		if kind != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, kind, tc.want)
		}
	}
}

// slow is a notifier that needs some time, or never ends by itself.
type slow struct {
	name  string
	takes time.Duration // 0: until it is told to stop
	took  time.Duration
}

func (s *slow) Name() string { return s.name }

func (s *slow) Notify(ctx context.Context, _ Notice) error {
	began := time.Now()
	defer func() { s.took = time.Since(began) }()
	done := make(<-chan time.Time)
	if s.takes > 0 {
		done = time.After(s.takes)
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestWhoTakesLong is waited for side by side with the others, for two minutes,
// and for five seconds once the cycle was told to stop.
func TestWhoTakesLong(t *testing.T) {
	for _, tc := range []struct {
		name        string
		stopped     time.Duration // when the cycle is told to stop; 0 for never
		hangs, took time.Duration // how long who hangs is waited for, and the slow one
		arrived     int
	}{
		{"goes on", 0, 2 * time.Minute, 30 * time.Second, 1},
		{"stopped, and the slow one is nearly done", 27 * time.Second, 32 * time.Second, 30 * time.Second, 1},
		{"stopped long before", 20 * time.Second, 25 * time.Second, 25 * time.Second, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if tc.stopped > 0 {
					time.AfterFunc(tc.stopped, cancel)
				}
				hangs, takesLong := &slow{name: "hangs"}, &slow{name: "slow", takes: 30 * time.Second}
				c := &cycle{engine: &Engine{Logger: zap.NewNop()}}
				arrived := c.deliver(ctx, []delivery{{to: hangs}, {to: takesLong}})
				if len(arrived) != tc.arrived || hangs.took != tc.hangs || takesLong.took != tc.took {
					t.Errorf("%d arrived; %s was waited for who hangs, %s for the slow one", len(arrived), hangs.took, takesLong.took)
				}
			})
		})
	}
}
