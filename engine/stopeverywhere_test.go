package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// TestStoppedAtEveryRequest: SIGTERM, or a pause, at any request of a cycle leaves
// no failure behind, and the next cycle makes of it what one cycle would have.
func TestStoppedAtEveryRequest(t *testing.T) {
	const off = `Switch([jobTitle], Switch([IsSoftDeleted], , "False", "True", "True", "False"), "Head", "False")`
	prepare := func() *world {
		w := company(t)
		w.job.Settings.Concurrency = 1
		w.job.Settings.Guard = engine.Guard{Threshold: 3, Share: 20} // asks who is active: Ada is switched off
		w.rules(activeBy(mapping.Attribute{Expression: off, Target: "active"}), defaultGroups(), scope.Settings{AssignedOnly: true})
		w.source.assign("cai")
		return w
	}
	look := func(w *world) []any {
		return []any{w.members("Sales"), w.members("Staff"), w.manager("bo@contoso.com"), len(w.app.Users()), w.user("ada@contoso.com")["active"], w.user("dee@contoso.com")["active"]}
	}
	w := prepare()
	w.cycle()
	want, requests := look(w), len(w.sent)
	for n := 1; n <= requests; n++ {
		for _, paused := range []bool{false, true} {
			t.Run(fmt.Sprint(n, paused), func(t *testing.T) {
				w := prepare()
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				began, count := w.now, 0
				var later atomic.Int64 // read by the cycle while a request moves it on
				w.engine.Now = func() time.Time { return began.Add(time.Duration(later.Load())) }
				w.intercept = func(*http.Request, string) *http.Response {
					if count++; count != n {
						return nil
					}
					later.Store(int64(2 * time.Second))
					if !paused {
						cancel()
					} else if err := w.engine.Pause(context.Background(), w.job.Name); err != nil {
						t.Error(err)
					}
					return nil
				}
				_, err := w.engine.Cycle(ctx, w.job, engine.Options{})
				w.intercept = nil
				if err != nil && !errors.Is(err, engine.ErrInterrupted) {
					t.Errorf("error %v", err)
				}
				if _, err := w.engine.Start(context.Background(), w.job.Name); err != nil {
					t.Fatal(err)
				}
				if r := w.record(); r.Quarantine != nil || r.CompleteFailures != 0 {
					t.Errorf("%+v", r)
				}
				if err := w.engine.Store.Escrows(context.Background(), w.job.Name, func(e state.Escrow) error {
					t.Errorf("%+v", e)
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				w.cycle()
				equal(t, "what there is", look(w), want)
				equal(t, "another cycle", w.cycle(), plan.Summary{})
			})
		}
	}
}
