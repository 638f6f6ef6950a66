package statetest

import (
	"context"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

func testBegun(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	begun := func(kind directory.ObjectType, anchor, id string, at time.Duration) state.Outcome {
		e := event(id, noon().Add(at))
		return state.Outcome{Type: kind, SourceAnchor: anchor, Begun: &e}
	}
	logBegun := func(job string) int64 {
		t.Helper()
		n, err := s.LogBegun(ctx, job)
		ok(t, err)
		return n
	}
	ended := begun(directory.User, "cem", "", 0)
	ended.Begun, ended.Ended = nil, true
	done := event("done", noon())
	ended.Event = &done

	check(t, logBegun("no-job"), int64(0))
	record(t, s,
		begun(directory.User, "ada", "ada-1", 2*time.Second),
		begun(directory.User, "ada", "ada-2", 2*time.Second),                   // takes the place of the first
		state.Outcome{Type: directory.Group, SourceAnchor: "ada", Ended: true}, // another object, of which nothing is known
		begun(directory.Group, "ada", "group", time.Second),                    // is another object
		begun(directory.User, "cem", "cem", 0),
		ended,
	)
	ok(t, s.Record(ctx, "other", []state.Outcome{begun(directory.User, "ada", "other", 0)}))
	check(t, ids(events(t, s, provlog.Query{})), []string{"done"})
	digest, err := s.Digest(ctx, job)
	ok(t, err)

	// In the order of their times, each as it was, of the one job, and once.
	check(t, logBegun(job), int64(2))
	check(t, ids(events(t, s, provlog.Query{})), []string{"done", "group", "ada-2"})
	check(t, events(t, s, provlog.Query{After: "group"}), []provlog.Event{event("ada-2", noon().Add(2*time.Second))})
	check(t, ids(events(t, s, provlog.Query{User: "ada ito", Status: []provlog.Status{provlog.Failure}, CycleID: "cycle-1"})), []string{"done", "group", "ada-2"})
	check(t, logBegun(job), int64(0))
	check(t, logBegun("other"), int64(1))

	// It decides nothing.
	now, err := s.Digest(ctx, job)
	ok(t, err)
	check(t, now, digest)
}
