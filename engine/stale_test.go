package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
)

// A source that nobody writes any more is warned of by each cycle, and stops none.
func TestStaleSource(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Guard.StaleAfter = 7 * 24 * time.Hour
	w.source.hire("ada")
	w.source.newest = w.now
	for _, test := range []struct {
		later time.Duration
		want  string
	}{
		{0, ""},
		{7 * 24 * time.Hour, ""},
		{7*24*time.Hour + time.Second, "The source was written 7 days ago, at 2026-11-23T08:00:00Z"},
		{100 * 24 * time.Hour, "The source was written 100 days ago"},
	} {
		w.now = w.source.newest.Add(test.later)
		x, err := w.engine.Cycle(context.Background(), w.job, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(x.Warnings, ""); test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
			t.Errorf("after %s: %q", test.later, got)
		}
	}
	w.job.Settings.Guard.StaleAfter, w.source.newest = time.Hour, w.now.Add(-150*time.Minute)
	if x, _ := w.engine.Cycle(context.Background(), w.job, engine.Options{}); !strings.HasPrefix(strings.Join(x.Warnings, ""), "The source was written 2.5 hours ago") {
		t.Errorf("%q", x.Warnings)
	}
	w.source.newest = time.Time{} // not known
	if x, _ := w.engine.Cycle(context.Background(), w.job, engine.Options{}); len(x.Warnings) > 0 {
		t.Errorf("%q", x.Warnings)
	}
}
