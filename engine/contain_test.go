package engine_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/scope"
)

const secret = "Bearer the-token-of-contoso"

// mistaken is a store, a source and a notifier with a mistake in them, each
// when told so.
type mistaken struct {
	state.Store
	connectors.Source
	recording, saving, reading, notifying atomic.Bool
}

func (m *mistaken) Record(ctx context.Context, job string, outcomes []state.Outcome) error {
	if m.recording.CompareAndSwap(true, false) {
		panic(secret)
	}
	return m.Store.Record(ctx, job, outcomes)
}

func (m *mistaken) SaveJob(ctx context.Context, job state.Job) error {
	if job.Last != nil && m.saving.CompareAndSwap(true, false) {
		panic(secret)
	}
	return m.Store.SaveJob(ctx, job)
}

func (m *mistaken) Read(ctx context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	if m.reading.CompareAndSwap(true, false) {
		panic(secret)
	}
	return m.Source.Read(ctx, req, yield)
}

func (m *mistaken) Name() string { return "it@contoso.com" }

func (m *mistaken) Notify(context.Context, engine.Notice) error {
	if m.notifying.CompareAndSwap(true, false) {
		panic(secret)
	}
	return nil
}

// TestAPanicIsAnErrorOfItsCycle: wherever the program has a mistake, the cycle
// fails with a code, what the panic said is in the log alone, and the cycle
// after it makes of the application what it would have been, without duplicates.
func TestAPanicIsAnErrorOfItsCycle(t *testing.T) {
	request := func(method, text string, effect bool) func(*world, *mistaken, *engine.Options) {
		return func(w *world, _ *mistaken, _ *engine.Options) {
			var done atomic.Bool
			w.intercept = func(r *http.Request, body string) *http.Response {
				if r.Method != method || !strings.Contains(r.URL.String()+body, text) || !done.CompareAndSwap(false, true) {
					return nil
				}
				if effect {
					if _, err := w.RoundTrip(r); err != nil {
						t.Error(err)
					}
				}
				panic(secret)
			}
		}
	}
	for name, mistake := range map[string]func(*world, *mistaken, *engine.Options){
		"the source":                func(_ *world, m *mistaken, _ *engine.Options) { m.reading.Store(true) },
		"the connection test":       request(http.MethodGet, "/Users", false),
		"a query":                   request(http.MethodGet, "user05", false),
		"before a create":           request(http.MethodPost, "user05", false),
		"after a create":            request(http.MethodPost, "user05", true),
		"after a group's create":    request(http.MethodPost, "Sales", true),
		"before members are set":    request(http.MethodPatch, "/Groups/", false),
		"after members were set":    request(http.MethodPatch, "/Groups/", true),
		"recording":                 func(_ *world, m *mistaken, _ *engine.Options) { m.recording.Store(true) },
		"recording the cycle's end": func(_ *world, m *mistaken, _ *engine.Options) { m.saving.Store(true) },
		"who watches": func(_ *world, _ *mistaken, o *engine.Options) {
			o.Observe = func(engine.Result) error { panic(secret) }
		},
		"who shows how far it is": func(_ *world, _ *mistaken, o *engine.Options) { o.Progress = func(engine.Progress) { panic(secret) } },
	} {
		t.Run(name, func(t *testing.T) {
			w, m := newWorld(t), &mistaken{}
			m.Store, m.Source = w.engine.Store, w.source
			w.engine.Store, w.job.Source = m, m
			w.job.Settings.HealReferences = true
			log := w.log()
			var people []string
			for i := range 12 {
				people = append(people, "user"+string(rune('0'+i/10))+string(rune('0'+i%10)))
				w.source.hire(people[i])
			}
			w.source.group("Sales", people...)
			var o engine.Options
			mistake(w, m, &o)

			x, err := w.engine.Cycle(t.Context(), w.job, o)
			var panicked *engine.MistakeError
			if !errors.As(err, &panicked) || x.ErrorCode != "InternalError" || strings.Contains(err.Error()+x.ErrorMessage, secret) {
				t.Fatalf("the cycle ended with %v (%s)", err, x.ErrorCode)
			}
			record, err := m.Job(t.Context(), w.job.Name)
			if err != nil {
				t.Fatal(err)
			}
			if name != "recording the cycle's end" && (record.Last == nil || record.Last.ErrorCode != "InternalError" || record.Last.State != "Failed") {
				t.Errorf("of the cycle is recorded %+v", record.Last)
			}
			if said := log.String(); strings.Count(said, secret) != 1 || !strings.Contains(said, "contain_test.go") || !strings.Contains(said, x.CycleID) {
				t.Errorf("the log says\n%s", said)
			}

			w.intercept = nil
			w.now = w.now.Add(48 * time.Hour)
			for range 2 {
				w.cycle()
			}
			if users := w.app.Users(); len(users) != len(people) {
				t.Errorf("%d users", len(users))
			}
			if members := w.members("Sales"); len(members) != len(people) || len(w.app.Groups()) != 1 {
				t.Errorf("%d groups, members %v", len(w.app.Groups()), members)
			}
			w.cycle(engine.Options{Initial: true})
			if writes := w.writes(); len(writes) > 0 {
				t.Errorf("there was something left to do: %v", writes)
			}
		})
	}
}

// log makes the world's engine log into a buffer.
func (w *world) log() *bytes.Buffer {
	var said bytes.Buffer
	w.engine.Logger = zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(&said)), zap.InfoLevel))
	return &said
}

// TestAPanicWhileTheGuardAsks: who would be disabled is not known, so nobody is.
func TestAPanicWhileTheGuardAsks(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.Guard.Threshold = 3
	for _, name := range strings.Fields("ada bo cai dan eva") {
		w.source.hire(name)
	}
	w.cycle()
	w.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
	w.job.Fingerprint = "2"
	log, asked := w.log(), new(atomic.Int64)
	w.intercept = func(r *http.Request, _ string) *http.Response {
		if r.URL.RawQuery == "" && asked.Add(1) == 3 { // reads one user
			panic(secret)
		}
		return nil
	}
	var panicked *engine.MistakeError
	if _, err := w.try(); !errors.As(err, &panicked) || len(w.writes()) > 0 {
		t.Errorf("error %v, writes %v", err, w.writes())
	}
	if said := log.String(); strings.Count(said, secret) != 1 {
		t.Errorf("the log says\n%s", said)
	}
	var guard *engine.GuardError
	if _, err := w.try(); !errors.As(err, &guard) || len(w.writes()) > 0 {
		t.Errorf("then: error %v, writes %v", err, w.writes())
	}
}

// TestAPanicOfANotifier: the cycle goes as it went, and the notice is sent after
// the next one.
func TestAPanicOfANotifier(t *testing.T) {
	m, other := &mistaken{}, &listener{name: "other"}
	w := endangered(t, other)
	w.job.Notifiers = append(w.job.Notifiers, m)
	log := w.log()
	m.notifying.Store(true)
	var guard *engine.GuardError
	if _, err := w.try(); !errors.As(err, &guard) {
		t.Errorf("the cycle ended with %v", err)
	}
	if said := log.String(); strings.Count(said, secret) != 1 || !strings.Contains(said, "a notice was not sent, and is tried again") {
		t.Errorf("the log says\n%s", said)
	}
	equal(t, "the other", other.heard(), "deletionsStaged")
	log.Reset()
	w.hour()
	if said := log.String(); strings.Count(said, "a notice was sent") != 1 {
		t.Errorf("after the next cycle the log says\n%s", said)
	}
}

// TestAPanicOverOneObjectIsItsFailure: before anything is written of an object,
// a mistake in what the program makes of it is no reason to keep the others from
// being provisioned, and none to take anything from it.
func TestAPanicOverOneObjectIsItsFailure(t *testing.T) {
	w := newWorld(t)
	w.source.hire("ada")
	w.source.group("Sales", "ada")
	w.cycle()
	w.source.set("ada", "department", directory.Str("Sales"))
	w.source.group("All", "ada")
	rule := &w.job.Rules[0]
	right := rule.Scope
	rule.Scope = nil // every look at it panics
	did, err := w.try()
	equal(t, "error", err, error(nil))
	equal(t, "summary", did, plan.Summary{Create: 1, Fail: 1})
	for _, e := range w.events(provlog.Query{Status: []provlog.Status{provlog.Failure}}) {
		equal(t, "code", e.ProvisioningStatusInfo.ErrorInformation.ErrorCode, "InternalError")
	}
	rule.Scope = right
	w.now = w.now.Add(time.Hour)
	equal(t, "summary once it is mended", w.cycle(), plan.Summary{Update: 1})
}

// TestAMistakeInEveryCycleIsTold: after three of them the job is in quarantine.
func TestAMistakeInEveryCycleIsTold(t *testing.T) {
	w := newWorld(t)
	m := &mistaken{Source: w.job.Source}
	w.job.Source = m
	for i := range 3 {
		m.reading.Store(true)
		if _, err := w.try(); err == nil {
			t.Fatal("the cycle ran")
		}
		equal(t, "in quarantine", w.record().Quarantine != nil, i == 2)
		w.now = w.now.Add(time.Hour)
	}
	equal(t, "code", w.record().Quarantine.Code, "InternalError")
	w.cycle()
	equal(t, "in quarantine after a good cycle", w.record().Quarantine != nil, false)
}
