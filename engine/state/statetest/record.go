package statetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// full returns an outcome that touches everything there is.
func full(anchor, target, eventID string) state.Outcome {
	o := connected(directory.User, anchor, target)
	o.Seen = &state.Seen{Hash: hash(1), Generation: 1}
	o.Link = []state.Link{{Attribute: "manager", TargetAnchor: "m"}}
	e, entry := escrow(anchor, 0), event(eventID, noon())
	o.Escrow, o.Event = &e, &entry
	o.Loss = &state.Loss{At: noon(), Objects: 1}
	return o
}

// contents is everything of one job that can be read.
type contents struct {
	Job         state.Job
	Seen        int
	Connections []state.Connection
	Links       map[string]struct{}
	Escrows     []state.Escrow
	Events      []string
	Taken       state.Taken
}

func contentsOf(t *testing.T, s state.Store) contents {
	t.Helper()
	list, err := s.Jobs(context.Background())
	ok(t, err)
	c := contents{
		Seen: snapshot(t, s, 1, noon()).Len(), Connections: allConnections(t, s, job), Links: links(t, s, "a", "manager"),
		Escrows: allEscrows(t, s, job), Events: ids(events(t, s, provlog.Query{})),
	}
	c.Taken, err = s.Taken(context.Background(), job, noon(), noon())
	ok(t, err)
	if len(list) > 0 {
		c.Job = list[0]
	}
	return c
}

func testNilLeavesAlone(t *testing.T, open Open) {
	s := open(t)
	record(t, s, full("a", "1", "e1"))
	before := contentsOf(t, s)
	record(t, s, user("a"))
	check(t, contentsOf(t, s), before)
}

func testOrderInBatch(t *testing.T, open Open) {
	s := open(t)
	first, last := escrow("a", 0), escrow("a", time.Hour)
	last.Attempts = 9
	drop := user("a")
	drop.Disconnect, drop.Forget, drop.Release = true, true, true
	var outcomes []state.Outcome
	for i := range 3 {
		o := full("a", fmt.Sprint(i), fmt.Sprint("e", i))
		o.Seen.Hash, o.Escrow = hash(byte(i)), &first
		outcomes = append(outcomes, o, drop)
	}
	final := connected(directory.User, "a", "final")
	final.Seen, final.Escrow = &state.Seen{Hash: hash(7), Generation: 1}, &last
	record(t, s, append(outcomes, final)...)
	c := contentsOf(t, s)
	check(t, c.Connections, []state.Connection{connection(directory.User, "a", "final")})
	check(t, c.Escrows, []state.Escrow{last})
	check(t, c.Links, set())
	check(t, c.Events, []string{"e0", "e1", "e2"})
	if is := observe(snapshot(t, s, 1, noon().Add(-1)), directory.User, "a", hash(7)); is != connectors.Unchanged {
		t.Errorf("the last of what was seen is %v, want unchanged", is)
	}
}

// testAtomic: one outcome in the middle fails, and nothing is stored of those
// before or after it.
func testAtomic(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	ok(t, s.SaveJob(ctx, state.Job{Name: job, ID: "id"}))
	record(t, s, full("z", "taken", "e0"))
	before := contentsOf(t, s)
	drop := user("z")
	drop.Forget, drop.Release = true, true
	is(t, s.Record(ctx, job, []state.Outcome{
		full("a", "1", "e1"), drop, full("b", "taken", "e2"), full("c", "3", "e3"),
	}), state.ErrAnchor)
	check(t, contentsOf(t, s), before)
	// The store goes on working.
	record(t, s, full("a", "1", "e1"))
	if n := len(contentsOf(t, s).Connections); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
	// A job that was first met in a batch that failed.
	is(t, s.Record(ctx, "new-job", []state.Outcome{
		connected(directory.User, "a", "1"), connected(directory.User, "b", "1"),
	}), state.ErrAnchor)
	ok(t, s.Record(ctx, "new-job", []state.Outcome{connected(directory.User, "a", "1")}))
	check(t, allConnections(t, s, "new-job"), []state.Connection{connection(directory.User, "a", "1")})
	check(t, allConnections(t, s, job), contentsOf(t, s).Connections)
}

func testRecordNothing(t *testing.T, open Open) {
	s := open(t)
	before := contentsOf(t, s)
	record(t, s)
	check(t, contentsOf(t, s), before)
	ok(t, s.Record(context.Background(), job, []state.Outcome{{Event: ptr(event("e", noon()))}}))
	check(t, ids(events(t, s, provlog.Query{})), []string{"e"})
}

func ptr[T any](v T) *T { return &v }

// testRecordRefuses: what could not be given back as it was is refused, with
// the whole batch.
func testRecordRefuses(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	before := contentsOf(t, s)
	contradiction := connected(directory.User, "a", "1")
	contradiction.SourceAnchor = "b"
	noID := logged(event("", noon()))
	for name, o := range map[string]state.Outcome{
		"no source anchor":        connected(directory.User, "", "1"),
		"no target anchor":        connected(directory.User, "a", ""),
		"source anchor not UTF-8": connected(directory.User, "a\xff", "1"),
		"unknown type":            connected("Device", "a", "1"),
		"two objects in one":      contradiction,
		"link without target":     {Type: directory.User, SourceAnchor: "a", Link: []state.Link{{Attribute: "manager"}}},
		"entry without id":        noID,
	} {
		if err := s.Record(ctx, job, []state.Outcome{full("c", "3", "e3"), o}); err == nil {
			t.Errorf("%s: recorded", name)
		}
		check(t, contentsOf(t, s), before)
	}
	if err := s.Record(ctx, "", []state.Outcome{full("c", "3", "e3")}); err == nil {
		t.Error("recorded for a job without a name")
	}
}

func testJobsApart(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, full("a", "1", "e1"))
	for _, name := range []string{"blogi", "blogin2", "BLOGIN"} {
		list, err := s.Connections(ctx, name, []string{"a"})
		ok(t, err)
		check(t, list, map[string]state.Connection{})
		check(t, allConnections(t, s, name), []state.Connection(nil))
		check(t, allEscrows(t, s, name), []state.Escrow(nil))
		got, err := s.Snapshot(ctx, name, 1, noon())
		ok(t, err)
		if got.Len() != 0 {
			t.Errorf("job %s has seen %d objects", name, got.Len())
		}
	}
	drop := user("a")
	drop.Disconnect, drop.Forget, drop.Release = true, true, true
	before := contentsOf(t, s)
	ok(t, s.Record(ctx, "blogin2", []state.Outcome{drop}))
	check(t, contentsOf(t, s), before)
}

// testOtherHandle: what one has written, another sees with its next call.
func testOtherHandle(t *testing.T, open Open) {
	ctx := context.Background()
	one, other := open(t), open(t)
	for i := range 20 {
		writer, reader := one, other
		if i%2 == 1 {
			writer, reader = other, one
		}
		ok(t, writer.SaveJob(ctx, state.Job{Name: job, ID: "id", Generation: int64(i)}))
		record(t, writer, full(guid(i), fmt.Sprint(i), fmt.Sprintf("e%02d", i)))
		check(t, contentsOf(t, reader), contentsOf(t, writer))
		if n := len(events(t, reader, provlog.Query{})); n != i+1 {
			t.Fatalf("%d log entries, want %d", n, i+1)
		}
	}
}

// testParallel records for several jobs at once, on two handles.
func testParallel(t *testing.T, open Open) {
	ctx := context.Background()
	handles := []state.Store{open(t), open(t)}
	const jobs, batches, size = 6, 8, 25
	var wg sync.WaitGroup
	for j := range jobs {
		wg.Go(func() {
			s := handles[j%2]
			for b := range batches {
				var outcomes []state.Outcome
				for i := range size {
					n := b*size + i
					o := full(guid(n), fmt.Sprint(n), fmt.Sprintf("%d-%d", j, n))
					o.Event.JobID = fmt.Sprint("scim.", j)
					outcomes = append(outcomes, o)
				}
				if err := s.Record(ctx, fmt.Sprint("job-", j), outcomes); err != nil {
					t.Errorf("job %d, batch %d: %v", j, b, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for j := range jobs {
		counts, err := handles[0].Counts(ctx, fmt.Sprint("job-", j))
		ok(t, err)
		if n := counts.Connections[directory.User]; n != batches*size {
			t.Errorf("job %d has %d connections, want %d", j, n, batches*size)
		}
		list := events(t, handles[1], provlog.Query{JobID: fmt.Sprint("scim.", j)})
		for i, e := range list {
			if e.ID != fmt.Sprintf("%d-%d", j, i) {
				t.Fatalf("entry %d of job %d is %s", i, j, e.ID)
			}
		}
		if len(list) != batches*size {
			t.Errorf("job %d has %d entries, want %d", j, len(list), batches*size)
		}
	}
}

// testParallelSameJob: of those who want one target object at once, one gets it.
func testParallelSameJob(t *testing.T, open Open) {
	ctx := context.Background()
	handles := []state.Store{open(t), open(t)}
	var (
		wg  sync.WaitGroup
		mu  sync.Mutex
		won []string
	)
	for n := range 8 {
		wg.Go(func() {
			err := handles[n%2].Record(ctx, job, []state.Outcome{connected(directory.User, guid(n), "the-one")})
			if err == nil {
				mu.Lock()
				won = append(won, guid(n))
				mu.Unlock()
			} else if !errors.Is(err, state.ErrAnchor) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d have got it: %v", len(won), won)
	}
	check(t, allConnections(t, handles[0], job), []state.Connection{connection(directory.User, won[0], "the-one")})
}

// testWriteWhileReading: yield may call the store.
func testWriteWhileReading(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	for i := range 5 {
		record(t, s, full(guid(i), fmt.Sprint(i), fmt.Sprint("e", i)))
	}
	n := 0
	ok(t, s.AllConnections(ctx, job, func(c state.Connection) error {
		n++
		_, err := s.Connections(ctx, job, []string{c.SourceAnchor})
		return errors.Join(err, s.Record(ctx, job, []state.Outcome{{Type: c.Type, SourceAnchor: c.SourceAnchor, Release: true}}))
	}))
	ok(t, s.Events(ctx, provlog.Query{}, func(e provlog.Event) error {
		n++ // what is recorded meanwhile is not part of this read
		return s.Record(ctx, job, []state.Outcome{logged(event("again-"+e.ID, noon()))})
	}))
	if n != 10 || len(allEscrows(t, s, job)) != 0 || len(events(t, s, provlog.Query{})) != 10 {
		t.Errorf("%d calls, %d escrows, %d entries", n, len(allEscrows(t, s, job)), len(events(t, s, provlog.Query{})))
	}
}

func testYieldError(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	record(t, s, full("a", "1", "e1"), full("b", "2", "e2"))
	stop := errors.New("enough")
	calls := 0
	is(t, s.AllConnections(ctx, job, func(state.Connection) error { calls++; return stop }), stop)
	is(t, s.Escrows(ctx, job, func(state.Escrow) error { calls++; return stop }), stop)
	is(t, s.Events(ctx, provlog.Query{}, func(provlog.Event) error { calls++; return stop }), stop)
	if calls != 3 {
		t.Errorf("yield was called %d times, want 3", calls)
	}
}

// testCancelledAnywhere ends the context at any moment of Record: the outcomes
// are there if and only if it returned no error.
func testCancelledAnywhere(t *testing.T, open Open) {
	s := open(t)
	want := []string{}
	for i := range 60 {
		ctx, cancel := context.WithCancel(context.Background())
		outcomes := make([]state.Outcome, 50)
		for k := range outcomes {
			outcomes[k] = logged(event(fmt.Sprintf("e%03d-%02d", i, k), noon()))
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for range i * 20 {
				runtime.Gosched()
			}
			cancel()
		})
		err := s.Record(ctx, job, outcomes)
		wg.Wait()
		if err == nil {
			for _, o := range outcomes {
				want = append(want, o.Event.ID)
			}
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	check(t, ids(events(t, s, provlog.Query{})), want)
	record(t, s, full("a", "1", "e1"))
}

func testCancelled(t *testing.T, open Open) {
	s := open(t)
	before := contentsOf(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	is(t, s.Record(ctx, job, []state.Outcome{full("a", "1", "e1")}), context.Canceled)
	is(t, s.SaveJob(ctx, state.Job{Name: job}), context.Canceled)
	is(t, s.Events(ctx, provlog.Query{}, func(provlog.Event) error { return nil }), context.Canceled)
	_, err := s.Snapshot(ctx, job, 1, noon())
	is(t, err, context.Canceled)
	check(t, contentsOf(t, s), before)
	record(t, s, full("a", "1", "e1"))
	if got := contentsOf(t, s).Events; !slices.Equal(got, []string{"e1"}) {
		t.Errorf("events %v", got)
	}
}
