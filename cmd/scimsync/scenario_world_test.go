package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/config"
	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
)

const (
	scenarioToken  = "the-secret-token"
	scenarioTenant = "7b0b6c1c3a9d4e5fb0a1c2d3e4f50617"
	scenarioJobID  = "scim." + scenarioTenant + ".0a1b2c3d-4e5f-4061-8273-9405a6b7c8d9"
	scenarioGUID   = "6c1ff74c-5f3a-4f8b-9d4e-1f0d5c4f1a2b"
	aadOptscim     = "aadOptscim062020"
)

// scenarioInterval is the time from one cycle to the next where the scenario
// says nothing else.
const scenarioInterval = 40 * time.Minute

// scenarioBegin is when every scenario begins, a Monday morning.
var scenarioBegin = time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)

// world is the whole of one scenario in one dialect: a directory on disk, a
// job, an application, and the state. Its time is that of a synctest bubble.
type world struct {
	t         *testing.T
	dir       string
	compliant bool
	app       *application
	transport http.RoundTripper
	store     *sqlite.Store
	engine    *engine.Engine
	after     string // the last log entry that was shown
	options   sandbox.Options

	headers, json bool // show all headers, the log as JSON
	requests, log strings.Builder
	entries       strings.Builder // the log as JSON
}

// newWorld lays out the folder of a scenario, whose files are job.yaml and the
// ones of its script.
func newWorld(t *testing.T, dir string, compliant bool) *world {
	t.Helper()
	w := &world{t: t, dir: dir, compliant: compliant}
	write(t, dir, "scimsync.yaml", "jobs: [job.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "token", scenarioToken)
	write(t, dir, "client-secret", "the-client-secret")
	time.Sleep(time.Until(scenarioBegin))
	var err error
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	ids := 0
	w.options = sandbox.Options{Token: scenarioToken, NewID: func() string { ids++; return fmt.Sprintf("app-%d", ids) }}
	w.app = &application{base: "/scim/v2", names: map[string]string{}}
	w.begin()
	events := 0
	w.engine = &engine.Engine{
		Store: w.store, TenantID: scenarioTenant, SpoolDir: dir, Logger: zap.NewNop(), Now: time.Now,
		NewID: func() string { events++; return fmt.Sprintf("019caddd-6400-7000-8000-%012d", events) },
	}
	var stop func()
	w.transport, stop = w.app.serve()
	t.Cleanup(func() {
		stop()
		if err := w.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// begin makes the application anew: it is empty.
func (w *world) begin() { w.app.sandbox = sandbox.New(w.options) }

var tenantURL = regexp.MustCompile(`(?m)^(\s*tenantURL:\s*)(\S+)`)

// setJob puts a job file in place, with the flag of the dialect in its tenant URL.
func (w *world) setJob(text string) {
	if w.compliant {
		text = tenantURL.ReplaceAllStringFunc(text, func(line string) string {
			if strings.Contains(line, "?") {
				return line + "&" + aadOptscim
			}
			return line + "?" + aadOptscim
		})
	}
	write(w.t, w.dir, "job.yaml", text)
}

// job reads the configuration and wires the job as the program does, but for
// the network and for what is random.
func (w *world) job(ctx context.Context) (engine.Job, error) {
	daemon, err := config.LoadDaemon(filepath.Join(w.dir, "scimsync.yaml"))
	if err != nil {
		return engine.Job{}, err
	}
	files, err := config.LoadJobs(daemon)
	if err != nil {
		return engine.Job{}, err
	}
	file := files[0]
	file.Target.SCIM.Transport = w.transport
	file.Target.SCIM.NewGUID = func() string { return scenarioGUID }
	file.Settings.Concurrency = 1 // requests in the order of the directory
	wired, err := (&app{}).wireJob(file)
	if err != nil {
		return engine.Job{}, err
	}
	record, err := w.store.Job(ctx, file.Name)
	if err != nil || record.ID == scenarioJobID {
		return wired.Job, err
	}
	record.ID = scenarioJobID
	return wired.Job, w.store.SaveJob(ctx, record)
}

// sync runs a cycle.
func (w *world) sync(ctx context.Context, initial bool) error {
	job, err := w.job(ctx)
	if err != nil {
		return err
	}
	x, err := w.engine.Cycle(ctx, job, engine.Options{Initial: initial})
	var paused *engine.PausedError
	if errors.As(err, &paused) {
		fmt.Fprintf(&w.log, "No cycle runs: %v\n", err)
		return nil
	}
	fmt.Fprintf(&w.log, "%s cycle: %s. %d created, %d updated, %d disabled, %d deleted, %d skipped, %d failed.\n", cycleKind(x), x.State,
		x.Summary.Create, x.Summary.Update, x.Summary.Disable, x.Summary.Delete, x.Summary.Skip, x.Summary.Fail)
	if err != nil && x.ErrorCode == "" { // the cycle did not begin
		return err
	}
	if err != nil {
		fmt.Fprintf(&w.log, "The cycle ended with %s: %v\n", x.ErrorCode, err)
	}
	return w.showLog(ctx, job.Name)
}

// showLog writes the entries that the provisioning log has gained, and what is
// in escrow.
func (w *world) showLog(ctx context.Context, job string) error {
	err := w.store.Events(ctx, provlog.Query{JobID: scenarioJobID, After: w.after}, func(e provlog.Event) error {
		w.after = e.ID
		w.show(e)
		return nil
	})
	if err != nil {
		return err
	}
	record, err := w.store.Job(ctx, job)
	if err != nil {
		return err
	}
	if q := record.Quarantine; q != nil {
		fmt.Fprintf(&w.log, "\nin quarantine since %s: %s\n", q.Began.UTC().Format(time.DateTime), q.Reason)
	}
	first := true
	return w.store.Escrows(ctx, job, func(e state.Escrow) error {
		if first {
			w.log.WriteString("\n")
		}
		first = false
		fmt.Fprintf(&w.log, "in escrow: %s %s, failed %d times since %s, tried again from %s\n", e.Type, e.DisplayName, e.Attempts,
			e.First.UTC().Format(time.DateTime), e.Next.UTC().Format(time.DateTime))
		return nil
	})
}

func (w *world) show(e provlog.Event) {
	w.log.WriteString("\n")
	writeEvent(&w.log, e)
	if w.json {
		b, err := indented(e)
		if err != nil {
			w.t.Fatal(err)
		}
		w.entries.WriteString(b)
	}
}

// provision provisions one object on demand, of a group perhaps only some members.
func (w *world) provision(ctx context.Context, name string, members []string) error {
	job, err := w.job(ctx)
	if err != nil {
		return err
	}
	results, err := w.engine.Provision(ctx, job, name, engine.Options{Members: members})
	if err != nil {
		fmt.Fprintf(&w.log, "Provision on demand: %v\n", err)
	}
	event := engine.OnDemandEvent(results)
	if event == nil {
		return nil
	}
	if w.json {
		b, err := indented(engine.OnDemandAnswer(*event))
		if err != nil {
			return err
		}
		w.entries.WriteString(b)
	}
	w.log.WriteString("Provision on demand:\n")
	return w.showLog(ctx, job.Name)
}

// connections writes the object connections of the job.
func (w *world) connections(ctx context.Context) error {
	return w.engine.Connections(ctx, w.jobName(), engine.ConnectionFilter{}, func(c state.Connection) error {
		fmt.Fprintf(&w.log, "connection: %s %s, %s → %s, %s\n", c.Type, c.DisplayName, c.SourceAnchor, c.TargetAnchor, c.Status)
		return nil
	})
}

// disconnect drops an object connection.
func (w *world) disconnect(ctx context.Context, id string) error {
	c, err := w.engine.DeleteConnection(ctx, w.jobName(), id)
	var active *engine.NotPausedError
	switch {
	case errors.As(err, &active):
		fmt.Fprintf(&w.log, "The connection stays: %v\n", err)
	case err != nil:
		return err
	default:
		fmt.Fprintf(&w.log, "The connection of %s is gone.\n", c.DisplayName)
	}
	return nil
}

// test sends what Test Connection sends.
func (w *world) test(ctx context.Context) error {
	job, err := w.job(ctx)
	if err != nil {
		return err
	}
	if err := job.Target.Test(ctx, job.Types()...); err != nil {
		var target *connectors.Error
		if !errors.As(err, &target) {
			return err
		}
		fmt.Fprintf(&w.log, "Test Connection fails with %s: %v\n", target.Code, err)
		return nil
	}
	w.log.WriteString("Test Connection succeeds.\n")
	return nil
}

func (w *world) jobName() string {
	b, err := os.ReadFile(filepath.Join(w.dir, "job.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^name:\s*(\S+)`).FindSubmatch(b)
	if m == nil {
		w.t.Fatal("job.yaml has no name")
	}
	return string(m[1])
}
