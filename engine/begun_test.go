package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// mortal is a store that records what is about to be done and not what came of
// it, as that of a process that dies in between.
type mortal struct{ state.Store }

func (m mortal) Record(ctx context.Context, job string, outcomes []state.Outcome) error {
	if slices.ContainsFunc(outcomes, func(o state.Outcome) bool { return o.Event != nil }) {
		return errors.New("the process died")
	}
	return m.Store.Record(ctx, job, outcomes)
}

// TestAWriteWhoseCycleDiedIsInTheLog: no write is without an entry, also if
// nobody came to record what became of it. The next cycle, or the next call on
// demand, logs what the one that died was about to do.
func TestAWriteWhoseCycleDiedIsInTheLog(t *testing.T) {
	const department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
	for name, tt := range map[string]struct {
		change func(w *world)
		action provlog.Action
		object string // whom the entry is of
		says   string
		with   string // a property that it has
	}{
		"a create":  {func(w *world) { w.source.hire("new") }, provlog.ActionCreate, "new", "User 'New' may have been created", `userName: "new@contoso.com"`},
		"an update": {func(w *world) { w.source.set("ada", "department", directory.Str("IT")) }, provlog.ActionUpdate, "ada", "User 'Ada' may have been updated", department + `: "IT"`},
		"a disable": {func(w *world) { w.source.unassign("ada") }, provlog.ActionDisable, "ada", "User 'Ada' may have been disabled", `active: "False"`},
		"a delete":  {func(w *world) { w.source.disband("Sales") }, provlog.ActionDelete, "Sales", "Group 'Sales' may have been deleted", ""},
		"a member":  {func(w *world) { w.source.group("Sales", "ada", "bo") }, provlog.ActionUpdate, "Sales", "Group 'Sales' may have been updated", "members: "},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.job.Settings.Concurrency = 1
			w.source.hire("ada")
			w.source.hire("bo")
			w.source.group("Sales", "ada")
			w.cycle()
			known := len(w.events(provlog.Query{}))
			tt.change(w)
			store := w.engine.Store
			w.engine.Store = mortal{store}
			if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "the process died") {
				t.Fatalf("error %v", err)
			}
			w.engine.Store = store
			wrote := w.writes()
			equal(t, "writes of the cycle that died", len(wrote), 1)
			equal(t, "entries before the next cycle", len(w.events(provlog.Query{})), known)
			if _, err := w.engine.Cycle(context.Background(), w.job, engine.Options{DryRun: true}); err != nil {
				t.Fatal(err)
			}
			equal(t, "entries after a plan", len(w.events(provlog.Query{})), known)

			w.cycle()
			entries := w.events(provlog.Query{})[known:]
			begun := entries[0]
			equal(t, "action", begun.ProvisioningAction, tt.action)
			equal(t, "status", begun.ProvisioningStatusInfo.Status, provlog.Warning)
			equal(t, "object", begun.SourceIdentity.ID, id(tt.object))
			last := begun.ProvisioningSteps[len(begun.ProvisioningSteps)-1]
			if !strings.HasPrefix(last.Description, tt.says) || !strings.Contains(last.Description, "ended before the answer was recorded") {
				t.Errorf("it says %q", last.Description)
			}
			var properties []string
			for _, p := range begun.ModifiedProperties {
				if p.NewValue != nil {
					properties = append(properties, fmt.Sprintf("%s: %q", p.DisplayName, *p.NewValue))
				}
			}
			if !strings.Contains(strings.Join(properties, "\n"), tt.with) {
				t.Errorf("properties %v, want %s", properties, tt.with)
			}
			equal(t, "the last cycle", w.cycle(), plan.Summary{})
			for _, e := range w.events(provlog.Query{})[known+1:] {
				if e.ProvisioningStatusInfo.Status == provlog.Warning {
					t.Errorf("a second entry: %+v", e)
				}
			}
		})
	}
}

// TestWhatIsBegunOnDemandIsInTheLog: the next call on demand logs it, too.
func TestWhatIsBegunOnDemandIsInTheLog(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.hire("bo")
	store := w.engine.Store
	w.engine.Store = mortal{store}
	if _, err := w.demand("ada@contoso.com"); err == nil {
		t.Fatal("it did not die")
	}
	w.engine.Store = store
	if _, err := w.demand("bo@contoso.com"); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, e := range w.events(provlog.Query{}) {
		told = append(told, fmt.Sprintf("%s %s %s", e.SourceIdentity.DisplayName, e.ProvisioningAction, e.ProvisioningStatusInfo.Status))
	}
	equal(t, "entries", told, []string{"Ada create warning", "Bo create success"})
}

// late is a target that carries an operation out and answers when the time that a
// request may still take is over.
type late struct {
	connectors.Target
	is   func(plan.Operation) bool
	stop func()
}

func (l late) Apply(ctx context.Context, op plan.Operation) (directory.Object, error) {
	o, err := l.Target.Apply(ctx, op)
	if err == nil && l.is(op) {
		l.stop()
		<-ctx.Done()
		return directory.Object{}, &connectors.Error{Class: connectors.Retryable, Code: "Timeout", Method: http.MethodPatch, Err: context.Cause(ctx)}
	}
	return o, err
}

// TestWhatWasBrokenOffIsInTheLog: so is a request that a cycle has given up which
// was told to stop.
func TestWhatWasBrokenOffIsInTheLog(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		is     func(plan.Operation) bool
		want   string
	}{
		"a create":  {func(w *world) { w.source.hire("cai") }, func(op plan.Operation) bool { return op.Action == plan.Create }, "Cai create"},
		"a disable": {func(w *world) { w.source.unassign("ada") }, func(op plan.Operation) bool { return op.Action == plan.Disable }, "Ada disable"},
		"a member": {func(w *world) { w.source.group("Sales", "ada", "bo") }, func(op plan.Operation) bool {
			return op.Type == directory.Group && op.Action == plan.Update
		}, "Sales update"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.source.hire("ada")
				w.source.hire("bo")
				w.source.group("Sales", "ada")
				w.cycle()
				wrote := len(w.writes())
				tt.change(w)
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				target := w.job.Target
				w.job.Target = late{target, tt.is, cancel}
				if _, err := w.engine.Cycle(ctx, w.job, engine.Options{}); !errors.Is(err, engine.ErrInterrupted) {
					t.Fatalf("error %v", err)
				}
				w.job.Target = target
				equal(t, "it took effect", len(w.writes()), wrote+1)
				w.cycle()
				var told []string
				for _, e := range w.events(provlog.Query{Status: []provlog.Status{provlog.Warning}}) {
					told = append(told, fmt.Sprintf("%s %s", e.SourceIdentity.DisplayName, e.ProvisioningAction))
				}
				equal(t, "entries of what may have been done", told, []string{tt.want})
			})
		})
	}
}
