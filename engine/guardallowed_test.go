package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
)

// What is allowed is what was held back, and no more.
func TestAllowedIsWhatWasHeldBack(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(w *world) // between the word and the cycle
		want   plan.Summary
		stop   string
	}{
		{"that", func(*world) {}, plan.Summary{Disable: 12}, ""},
		{"a few more", func(w *world) { w.source.unassign("p20"); w.source.unassign("p21") }, plan.Summary{Disable: 14}, ""},
		{"fewer", func(w *world) { w.source.assign("p0") }, plan.Summary{Disable: 11}, ""},
		{"many more", func(w *world) {
			for i := range 25 {
				w.source.unassign(fmt.Sprint("p", i))
			}
		}, plan.Summary{}, "beyond what was allowed, the cycle would disable or delete 13 of 40 active users, more than 20 %"},
		{"the source is empty", func(w *world) { w.source.users = nil }, plan.Summary{}, "beyond what was allowed, the source has no users any more; it had 40"},
		{"half of the source is gone", func(w *world) { w.source.users = w.source.users[:20] }, plan.Summary{}, "beyond what was allowed, the source has shrunk from 40 to 20 users"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			for i := range 40 {
				w.source.hire(fmt.Sprint("p", i))
			}
			w.cycle()
			w.job.Settings.Guard = engine.Guard{Share: 20, Threshold: 500, SourceShare: 20}
			for i := range 12 {
				w.source.unassign(fmt.Sprint("p", i))
			}
			var guard *engine.GuardError
			if _, err := w.try(); !errors.As(err, &guard) {
				t.Fatalf("error %v", err)
			}
			if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
				t.Fatal(err)
			}
			test.change(w)
			did, err := w.try()
			if test.stop == "" {
				equal(t, "error", err, error(nil))
				equal(t, "summary", did, test.want)
				equal(t, "allowed afterwards", w.record().AllowDeletes || w.record().Allowed != nil, false)
				return
			}
			if !errors.As(err, &guard) || !strings.HasPrefix(guard.Message, test.stop) {
				t.Errorf("error %v, want %q", err, test.stop)
			}
			equal(t, "writes", w.writes(), []string(nil))
			equal(t, "allowed afterwards", w.record().AllowDeletes, false)
			// Whoever means that too says so again.
			if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
				t.Fatal(err)
			}
			if did, err := w.try(); err != nil || did.Disable < 20 {
				t.Errorf("allowed again: %s, error %v", did, err)
			}
		})
	}
}

// Before a guard has stopped anything there is no number to allow.
func TestAllowedBeforeAnythingWasHeldBack(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.source.hire(fmt.Sprint("p", i))
	}
	w.cycle()
	w.job.Settings.Guard = engine.Guard{Share: 20}
	if err := w.engine.AllowDeletes(context.Background(), "test"); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		w.source.unassign(fmt.Sprint("p", i))
	}
	equal(t, "summary", w.cycle(), plan.Summary{Disable: 40})
}
