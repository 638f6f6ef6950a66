package statetest

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

func testTaken(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	loss := func(kind directory.ObjectType, anchor string, at time.Time, objects, members int64) state.Outcome {
		return state.Outcome{Type: kind, SourceAnchor: anchor, Loss: &state.Loss{At: at, Objects: objects, Members: members}}
	}
	switchedOff := loss(directory.User, "cem", noon().Add(-time.Minute), 1, 0)
	switchedOff.Loss.Kept = true
	later := noon().Add(time.Microsecond)
	record(t, s, switchedOff,
		loss(directory.User, "ada", noon(), 1, 0),
		loss(directory.User, "ben", noon(), 1, 0), // at the same instant
		loss(directory.User, "ada", later, 1, 0),  // once more
		loss(directory.Group, "sales", later, 0, 3),
		loss(directory.Group, "all", noon().Add(time.Hour), 1, 40),
	)
	ok(t, s.Record(ctx, "other", []state.Outcome{loss(directory.User, "ada", noon(), 1, 0)}))
	sum := func(users, groups, members int64) state.Taken {
		taken := state.Taken{Objects: map[directory.ObjectType]int64{}, Members: members}
		if users > 0 {
			taken.Objects[directory.User] = users
		}
		if groups > 0 {
			taken.Objects[directory.Group] = groups
		}
		return taken
	}
	taken := func(job string, since, until time.Time) state.Taken {
		t.Helper()
		sum, err := s.Taken(ctx, job, since, until)
		ok(t, err)
		for _, counts := range []map[directory.ObjectType]int64{sum.Objects, sum.Kept} {
			maps.DeleteFunc(counts, func(_ directory.ObjectType, n int64) bool { return n == 0 })
		}
		return sum
	}
	all := sum(4, 1, 43)
	all.Kept = map[directory.ObjectType]int64{directory.User: 1}
	end := noon().Add(24 * time.Hour)
	check(t, taken(job, noon().Add(-time.Hour), end), all)
	check(t, taken(job, noon(), end), sum(3, 1, 43))
	check(t, taken(job, later, end), sum(1, 1, 43)) // both ends belong to it
	check(t, taken(job, noon(), later), sum(3, 0, 3))
	check(t, taken(job, noon(), noon()), sum(2, 0, 0))
	check(t, taken(job, noon().In(time.FixedZone("CET", 3600)), later), sum(3, 0, 3))
	check(t, taken(job, later.Add(1000), noon()), sum(0, 0, 0))
	check(t, taken("other", noon(), end), sum(1, 0, 0))
	check(t, taken("no-job", noon(), end), sum(0, 0, 0))

	// Who was counted as kept, and is so no more, is counted once.
	tried, parted := loss(directory.User, "dan", noon(), 1, 0), loss(directory.User, "dan", noon(), 0, 0)
	tried.Loss.Kept, parted.Loss.Parted = true, true
	ok(t, s.Record(ctx, "third", []state.Outcome{tried}))
	once := sum(1, 0, 0)
	once.Kept = map[directory.ObjectType]int64{directory.User: 1}
	check(t, taken("third", noon(), end), once)
	ok(t, s.Record(ctx, "third", []state.Outcome{parted}))
	once.Kept = map[directory.ObjectType]int64{}
	check(t, taken("third", noon(), end), once)

	// Nothing that is forgotten of a job is among it, but what the log forgets.
	ok(t, s.Reset(ctx, job, state.Reset{Connections: true, Escrows: true}))
	check(t, taken(job, noon(), end), sum(3, 1, 43))
	_, err := s.Purge(ctx, later)
	ok(t, err)
	check(t, taken(job, noon().Add(-end.Sub(noon())), end), sum(1, 1, 43))
}
