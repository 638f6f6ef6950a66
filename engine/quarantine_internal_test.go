package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

// TestTooManyFail has the examples of Microsoft's page on quarantine, and the
// edges of its thresholds.
func TestTooManyFail(t *testing.T) {
	for _, tt := range []struct {
		escrows, references, provisioned int64
		want                             string
	}{
		{4_000, 0, 0, ""},
		{4_999, 0, 0, ""},
		{5_000, 0, 0, "EncounteredEscrowProportionThreshold"},
		{45_000, 0, 1_000_000, "EncounteredBaseEscrowThreshold"},
		{30_000, 0, 5_000, "EncounteredEscrowProportionThreshold"},
		{20_000, 0, 100_000, ""},
		{61_000, 21_000, 1_000_000, "EncounteredTotalEscrowThreshold"},
		{60_000, 25_000, 1_000_000, ""},
		{40_000, 0, 1_000_000, ""},
		{40_001, 0, 1_000_000, "EncounteredBaseEscrowThreshold"},
		{6_000, 0, 9_000, ""},                                     // 40 %, not more
		{6_001, 0, 9_000, "EncounteredEscrowProportionThreshold"}, // a little more
		{9_000, 8_000, 10, ""},                                    // references do not count to it
	} {
		reason, message := tooManyFail(tt.escrows, tt.references, tt.provisioned)
		if reason != tt.want || (message != "") != (reason != "") {
			t.Errorf("%+v: %q, %q", tt, reason, message)
		}
	}
}

// TestDisabled: four weeks in quarantine, whatever the reasons, and no more.
func TestDisabled(t *testing.T) {
	began := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var q *state.Quarantine
	if disabled(q, began) {
		t.Error("a job without a quarantine is disabled")
	}
	for day := range 30 {
		q = inQuarantine(q, fmt.Sprint("reason ", day/10), "", "", began.Add(time.Duration(day)*24*time.Hour), 1)
	}
	if q.SeriesCount != 30 || !q.SeriesBegan.Equal(began) || !q.Began.Equal(began.Add(20*24*time.Hour)) {
		t.Errorf("%+v", q)
	}
	if disabled(q, began.Add(QuarantineLife)) || !disabled(q, began.Add(QuarantineLife+time.Second)) {
		t.Error("a job is disabled after more than four weeks")
	}
}
