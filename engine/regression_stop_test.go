package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

// fullDisk is a store that cannot record what was done.
type fullDisk struct{ state.Store }

func (fullDisk) Record(context.Context, string, []state.Outcome) error {
	return errors.New("disk full")
}

func TestACycleThatCannotRecordEndsWhileObjectsWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	w.engine.Store = fullDisk{w.engine.Store}
	w.source.hire("ada")
	w.source.hire("eve") // waits for ada, who has the same name
	w.source.set("eve", "userPrincipalName", directory.Str("ADA@contoso.com"))
	done := make(chan error, 1)
	go func() {
		_, err := w.engine.Cycle(context.Background(), w.job, engine.Options{})
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "disk full") {
			t.Errorf("error %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the cycle hangs")
	}
}

func TestACycleThatIsStoppedSaysAlsoWhatElseWentWrong(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.source.hire("ada")
	w.engine.Store = fullDisk{w.engine.Store}
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if strings.Contains(r.URL.RawQuery, "ada") {
			cancel()
		}
		return nil
	}
	_, err := w.engine.Cycle(ctx, w.job, engine.Options{})
	equal(t, "what is written and cannot be recorded", w.writes(), []string(nil))
	if !errors.Is(err, engine.ErrInterrupted) || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("error %v", err)
	}
}

func TestCredentialsThatFailForTheLastObjectFailTheCycle(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.intercept = refuse(http.MethodPost, "", 401)
	if sum, err := w.try(); connectors.ClassOf(err) != connectors.Credentials {
		t.Errorf("%v, error %v", sum, err)
	}
	record, err := w.engine.Store.Job(context.Background(), w.job.Name)
	if err != nil || record.CompleteFailures != 1 || record.LastSuccess != nil {
		t.Errorf("%+v, error %v", record, err)
	}
}

// stopped is a source that is told to stop while it is read.
type stopped struct {
	*memory
	cancel func()
}

func (s stopped) Read(ctx context.Context, _ connectors.ReadRequest, _ func(directory.Change) error) (connectors.ReadResult, error) {
	s.cancel()
	return connectors.ReadResult{}, ctx.Err()
}

func TestStoppingWhileTheSourceIsReadIsNoFailureOfTheSource(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.job.Source = stopped{w.source, cancel}
	x, err := w.engine.Cycle(ctx, w.job, engine.Options{})
	if !errors.Is(err, engine.ErrInterrupted) {
		t.Errorf("error %v", err)
	}
	equal(t, "code", x.ErrorCode, "Interrupted")
	record, err := w.engine.Store.Job(context.Background(), w.job.Name)
	if err != nil || record.CompleteFailures != 0 {
		t.Errorf("%d failures, error %v", record.CompleteFailures, err)
	}
}

// slowly is a target that does something before it applies an operation.
type slowly struct {
	connectors.Target
	before func(context.Context, plan.Operation) error
}

func (s slowly) Apply(ctx context.Context, op plan.Operation) (directory.Object, error) {
	if err := s.before(ctx, op); err != nil {
		return directory.Object{}, err
	}
	return s.Target.Apply(ctx, op)
}

// stopInTheThirdMember runs, in fake time, a cycle that is told to stop while
// the third of six members is set, which request handles. It returns the
// world, with its target as it was, and how long the cycle took.
func stopInTheThirdMember(t *testing.T, request func(context.Context) error) (w *world, took time.Duration) {
	t.Helper()
	w = newWorld(t)
	w.job.Settings.Concurrency = 1
	names := strings.Fields("ada bo cai dan eve fay")
	for _, n := range names {
		w.source.hire(n)
	}
	w.cycle()
	w.source.group("All", names...)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n, target := 0, w.job.Target
	w.job.Target = slowly{target, func(ctx context.Context, op plan.Operation) error {
		if op.Type != directory.Group || op.Action != plan.Update {
			return nil
		}
		if n++; n < 3 {
			return nil
		}
		cancel()
		return request(ctx)
	}}
	began := time.Now()
	x, err := w.engine.Cycle(ctx, w.job, engine.Options{})
	if !errors.Is(err, engine.ErrInterrupted) || x.ErrorCode != "Interrupted" {
		t.Errorf("code %s, error %v", x.ErrorCode, err)
	}
	w.job.Target = target
	return w, time.Since(began)
}

// goesOn checks that so many members are there and remembered, that nothing
// failed, and that the next cycle does the rest and no more.
func (w *world) goesOn(t *testing.T, done int) {
	t.Helper()
	equal(t, "members", len(w.members("All")), done)
	links, err := w.engine.Store.Links(context.Background(), w.job.Name, id("All"), "members")
	if err != nil || len(links) != done {
		t.Errorf("%d members remembered, want %d, error %v", len(links), done, err)
	}
	equal(t, "failures", w.failures(), []string{})
	equal(t, "the next cycle", w.cycle(), plan.Summary{Update: 1})
	equal(t, "what was left", len(w.writes()), 6-done)
	equal(t, "members then", len(w.members("All")), 6)
	equal(t, "settled", w.cycle(), plan.Summary{})
}

func TestACycleThatIsStoppedFinishesTheMemberInHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, took := stopInTheThirdMember(t, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(9 * time.Second):
				return nil
			}
		})
		equal(t, "took", took, 9*time.Second)
		w.goesOn(t, 3)
	})
}

func TestAMemberThatIsBrokenOffIsNoFailureAndTheOthersAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, took := stopInTheThirdMember(t, func(ctx context.Context) error {
			<-ctx.Done()
			return &connectors.Error{Class: connectors.Retryable, Code: "Timeout", Method: http.MethodPatch, Err: context.Cause(ctx)}
		})
		equal(t, "took", took, 10*time.Second) // what a request may still take
		w.goesOn(t, 2)
	})
}

func TestAnObjectThatIsBrokenOffIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.job.Settings.Concurrency = 1
		w.source.hire("ada")
		w.source.hire("bo")
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		n, target := 0, w.job.Target
		w.job.Target = slowly{target, func(ctx context.Context, _ plan.Operation) error {
			if n++; n < 2 {
				return nil
			}
			cancel()
			<-ctx.Done()
			return &connectors.Error{Class: connectors.Retryable, Code: "Timeout", Method: http.MethodPost, Err: context.Cause(ctx)}
		}}
		x, err := w.engine.Cycle(ctx, w.job, engine.Options{})
		if !errors.Is(err, engine.ErrInterrupted) {
			t.Errorf("error %v", err)
		}
		equal(t, "summary", x.Summary, plan.Summary{Create: 1})
		equal(t, "failures", w.failures(), []string{})
		w.job.Target = target
		equal(t, "the next cycle", w.cycle(), plan.Summary{Create: 1})
	})
}

func TestAConfigurationThatChangesDuringACycleIsNotWaitedWith(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ids := 0
		s := engine.NewScheduler(&engine.Engine{
			Store: store, SpoolDir: t.TempDir(), Now: time.Now, Logger: zap.NewNop(),
			NewID: func() string { ids++; return fmt.Sprint("id", ids) },
		})
		source := &slow{takes: 10 * time.Minute}
		set := func(fingerprint string) {
			job := engine.Job{Name: "test", Source: source, Target: everything{}, Fingerprint: fingerprint, Settings: engine.Settings{Concurrency: 1}}
			if err := s.Set(ctx, []engine.Scheduled{{Job: job, Next: engine.Every(time.Hour)}}); err != nil {
				t.Error(err)
			}
		}
		source.stop = func(read int) {
			switch read {
			case 1:
				set("2")
			case 3:
				cancel()
			}
		}
		set("1")
		s.Run(ctx)
		equal(t, "starts", source.began, []time.Duration{0, 10 * time.Minute, 80 * time.Minute})
	})
}
