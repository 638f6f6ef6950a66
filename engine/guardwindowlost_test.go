package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
)

// TestDripsWithoutAnAnswerCount: an application that does what it is asked, and
// fails to say so, hides nobody from the guard against slow drips.
func TestDripsWithoutAnAnswerCount(t *testing.T) {
	w := firm(t, 100)
	w.job.Settings.Concurrency = 1
	var silent func(r *http.Request, body string) *http.Response
	silent = func(r *http.Request, _ string) *http.Response {
		if r.Method != http.MethodPatch {
			return nil
		}
		w.intercept = nil
		if _, err := w.RoundTrip(r); err != nil {
			t.Error(err)
		}
		w.intercept = silent
		return answer(500, `{}`)
	}
	var stop *engine.GuardError
	for drip := range 4 {
		for i := range 10 {
			w.source.unassign(fmt.Sprintf("p%03d", drip*10+i))
		}
		w.now = w.now.Add(time.Hour)
		w.intercept = silent
		_, err := w.try()
		w.intercept = nil
		if stopped := errors.As(err, &stop); stopped != (drip == 3) || err != nil && !stopped {
			t.Fatalf("drip %d: error %v", drip, err)
		}
		if err == nil {
			w.now = w.now.Add(time.Hour)
			w.cycle()
		}
	}
	equal(t, "active accounts", w.active(), 70)
}

// TestADisableThatNobodyCameToRecordCounts: the process dies after the write.
func TestADisableThatNobodyCameToRecordCounts(t *testing.T) {
	w := firm(t, 30)
	w.source.unassign("p000")
	store := w.engine.Store
	w.engine.Store = mortal{store}
	if _, err := w.try(); err == nil {
		t.Fatal("no error")
	}
	w.engine.Store = store
	equal(t, "active accounts", w.active(), 29)
	w.cycle()
	taken, err := store.Taken(context.Background(), w.job.Name, w.now.Add(-time.Hour), w.now.Add(time.Hour))
	if err != nil || taken.Objects[directory.User] != 1 {
		t.Errorf("taken %+v, error %v", taken, err)
	}
}
