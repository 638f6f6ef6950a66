package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state"
)

// retries are the objects that failed before a cycle and wait for another try
// after it.
type retries map[string]time.Time // of the next try, by source anchor

// retries returns the objects of the job that failed.
func (s *session) retries(ctx context.Context) (retries, error) {
	waiting := retries{}
	err := s.store.Escrows(ctx, s.job.Job.Name, func(e state.Escrow) error {
		waiting[e.SourceAnchor] = e.Next
		return nil
	})
	return waiting, err
}

// looked takes out an object that the cycle looked at: it tells itself what
// became of that.
func (w retries) looked(r engine.Result) { delete(w, r.Entry.SourceAnchor) }

// sentence says how many they are and when the next of them is tried again, ""
// if there are none.
func (w retries) sentence(job string, now time.Time) string {
	if len(w) == 0 {
		return ""
	}
	var next time.Time
	for _, at := range w {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	what, when := "1 object failed earlier and is tried again,", clock(next, now)
	if len(w) > 1 {
		what, when = fmt.Sprintf("%d objects failed earlier and are tried again,", len(w)), "the first "+when
	}
	return fmt.Sprintf("%s %s; see scimsync logs %s --status failure", what, when, job)
}

// clock says at what time something is due: of another day with its date.
func clock(at, now time.Time) string {
	at, now = at.Local(), now.Local()
	switch {
	case !at.After(now):
		return "in the next cycle"
	case at.YearDay() == now.YearDay() && at.Year() == now.Year():
		return "at " + at.Format("15:04")
	default:
		return "at " + at.Format("2006-01-02 15:04")
	}
}

// nextRetry returns when the first of the objects of a job that failed is tried
// again, nil if there are none.
func (s *session) nextRetry(ctx context.Context, job string) (*time.Time, error) {
	var next *time.Time
	found := errors.New("found")
	err := s.store.Escrows(ctx, job, func(e state.Escrow) error { // the next one comes first
		next = &e.Next
		return found
	})
	if errors.Is(err, found) {
		err = nil
	}
	return next, err
}

// times is how often something happened.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
