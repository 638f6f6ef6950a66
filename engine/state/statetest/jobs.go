package statetest

import (
	"context"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/state"
)

func testJob(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	fresh, err := s.Job(ctx, job)
	ok(t, err)
	// Microsoft Graph, synchronizationJob: scim.<32 hex digits>.<GUID>.
	form := regexp.MustCompile(`^scim\.[0-9a-f]{32}\.[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)
	if !form.MatchString(fresh.ID) {
		t.Errorf("id %q has not the form %s", fresh.ID, form)
	}
	check(t, fresh, state.Job{Name: job, ID: fresh.ID})
	list, err := s.Jobs(ctx)
	ok(t, err)
	check(t, list, []state.Job(nil)) // not stored before SaveJob

	last := &state.Execution{CycleID: "c", Initial: true, State: "EntryLevelErrors", Began: noon(), Ended: noon().Add(time.Hour),
		Imported: 1, ImportedDeltas: 2, Entitled: 3, Exported: 4, Exports: 5, Escrowed: 6, ErrorCode: "E", ErrorMessage: "<m>"}
	last.Summary.Create, last.Summary.Fail = 7, 8
	saved := state.Job{
		Name: job, ID: fresh.ID, Generation: 3, Configuration: "hash", InitialCompleted: noon(), Watermark: "w",
		Last: last, LastSuccess: last, LastWithExports: last,
		SteadyStateFirst: noon(), SteadyStateLast: noon().Add(time.Minute), CompleteFailures: 2,
		Told: map[string]state.Told{"mail to it@contoso.com": {Reason: "TooManyDeletes", Began: noon()}},
	}
	ok(t, s.SaveJob(ctx, saved))
	got, err := s.Job(ctx, job)
	ok(t, err)
	check(t, got, saved)

	// It is stored whole: what is empty now was not left from before.
	saved = state.Job{Name: job, ID: "scim.other"}
	ok(t, s.SaveJob(ctx, saved))
	got, err = s.Job(ctx, job)
	ok(t, err)
	check(t, got, saved)

	if _, err := s.Job(ctx, ""); err == nil {
		t.Error("a job without a name was read")
	}
	if err := s.SaveJob(ctx, state.Job{ID: "x"}); err == nil {
		t.Error("a job without a name was saved")
	}
}

func testJobs(t *testing.T, open Open) {
	ctx, s := context.Background(), open(t)
	for _, name := range []string{"b", "Z", "a", "c-1"} {
		ok(t, s.SaveJob(ctx, state.Job{Name: name, ID: "id-" + name}))
	}
	// A job that something was recorded of, but whose record was never saved.
	ok(t, s.Record(ctx, "ghost", []state.Outcome{connected("User", "u", "1")}))
	list, err := s.Jobs(ctx)
	ok(t, err)
	check(t, list, []state.Job{{Name: "Z", ID: "id-Z"}, {Name: "a", ID: "id-a"}, {Name: "b", ID: "id-b"}, {Name: "c-1", ID: "id-c-1"}})

	fresh, err := s.Job(ctx, "ghost")
	ok(t, err)
	ok(t, s.SaveJob(ctx, fresh))
	if n := len(allConnections(t, s, "ghost")); n != 1 {
		t.Errorf("saving the record left %d connections, want 1", n)
	}
}

func testLock(t *testing.T, open Open) {
	ctx := context.Background()
	for name, other := range map[string]func(state.Store) state.Store{
		"same handle":  func(s state.Store) state.Store { return s },
		"other handle": func(state.Store) state.Store { return open(t) },
	} {
		s := open(t)
		o := other(s)
		unlock, err := s.Lock(ctx, job)
		ok(t, err)
		locked := func(name string, want bool) {
			t.Helper()
			for _, h := range []state.Store{s, o, state.NewReadOnly(o)} {
				held, err := h.Locked(ctx, name)
				ok(t, err)
				check(t, held, want)
			}
		}
		locked(job, true)
		locked("a-job-that-never-ran", false)
		_, err = o.Lock(ctx, job)
		if is(t, err, state.ErrLocked); err.Error() == state.ErrLocked.Error() {
			t.Errorf("%s: the error does not name the job: %v", name, err)
		}
		unlockOther, err := o.Lock(ctx, "other-job")
		ok(t, err)
		ok(t, unlockOther())
		// The state itself can be read and written by all.
		ok(t, o.SaveJob(ctx, state.Job{Name: job, ID: "x"}))
		ok(t, unlock())
		locked(job, false)
		again, err := o.Lock(ctx, job)
		ok(t, err)
		ok(t, unlock()) // a second time: it ends no other's lock
		_, err = s.Lock(ctx, job)
		is(t, err, state.ErrLocked)
		ok(t, again())
	}
}

func testLockEndsWithStore(t *testing.T, open Open) {
	ctx := context.Background()
	one, other := open(t), open(t)
	_, err := one.Lock(ctx, job)
	ok(t, err)
	ok(t, one.Close())
	unlock, err := other.Lock(ctx, job)
	ok(t, err)
	ok(t, unlock())
}

// testLockAsked has the lock taken again and again while somebody asks whether it
// is held: nobody is refused because of that.
func testLockAsked(t *testing.T, open Open) {
	ctx, asking := context.WithCancel(context.Background())
	one, other := open(t), open(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if _, err := other.Locked(context.Background(), job); err != nil {
				t.Error(err)
			}
		}
	})
	for range 200 {
		unlock, err := one.Lock(context.Background(), job)
		if err != nil {
			t.Error(err)
			continue
		}
		ok(t, unlock())
	}
	asking()
	wg.Wait()
}

// testLockContention has many goroutines on two handles take the lock as
// often as they can: it is never held twice.
func testLockContention(t *testing.T, open Open) {
	ctx := context.Background()
	handles := []state.Store{open(t), open(t)}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		holds int
		taken int
	)
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				unlock, err := handles[n%2].Lock(ctx, job)
				if err != nil {
					continue
				}
				mu.Lock()
				if holds++; holds > 1 {
					t.Errorf("the lock is held %d times", holds)
				}
				taken++
				mu.Unlock()
				mu.Lock()
				holds--
				mu.Unlock()
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if taken == 0 {
		t.Error("nobody got the lock")
	}
}
