package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// world is a directory, an application and an engine between them, with a
// clock that the test moves.
type world struct {
	t         testing.TB
	now       time.Time
	source    *memory
	app       *sandbox.Server
	sent      []string // every request, "METHOD path?query body"
	mu        sync.Mutex
	engine    *engine.Engine
	job       engine.Job
	intercept func(r *http.Request, body string) *http.Response // answers instead of the application
}

const token = "test-token"

// newWorld returns a world whose application is the sandbox, shaped otherwise
// where a test says so.
func newWorld(t testing.TB, shapes ...func(*sandbox.Options)) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), source: &memory{}}
	n := 0
	options := sandbox.Options{Token: token, Now: func() time.Time { return w.now }, NewID: func() string {
		n++
		return fmt.Sprintf("t%d", n)
	}, OnRequest: func(r sandbox.Recorded) {
		w.mu.Lock()
		defer w.mu.Unlock()
		line := r.Method + " " + strings.TrimPrefix(r.Path, "/scim/v2")
		if r.RawQuery != "" {
			query, _ := url.QueryUnescape(r.RawQuery)
			line += "?" + query
		}
		if len(r.Body) > 0 {
			line += " " + string(r.Body)
		}
		w.sent = append(w.sent, line)
	}}
	for _, shape := range shapes {
		shape(&options)
	}
	w.app = sandbox.New(options)
	store, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w.engine = &engine.Engine{
		Store: store, TenantID: store.TenantID(), SpoolDir: t.TempDir(), Logger: zap.NewNop(),
		Now: func() time.Time { return w.now }, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	w.job = engine.Job{
		Name: "test", Source: w.source, Fingerprint: "1",
		Settings: engine.Settings{Concurrency: 4, RecycleBin: 30 * 24 * time.Hour, MembersPerPatch: 1},
	}
	w.rules(mapping.DefaultUsers(), mapping.DefaultGroups(), scope.Settings{AssignedOnly: true})
	w.dialect("")
	return w
}

// dialect points the job at the application, with a feature flag or without.
func (w *world) dialect(flag string) {
	w.t.Helper()
	target, err := scim.New(scim.Options{
		TenantURL: "https://app.test/scim/v2" + flag, SecretToken: token, Transport: w, RetryWait: time.Nanosecond,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.job.Target = target
}

// RoundTrip hands a request to the application, in process.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.intercept != nil {
		body := ""
		if r.GetBody != nil {
			if b, err := r.GetBody(); err == nil {
				var sb strings.Builder
				buffer := make([]byte, 64<<10)
				n, _ := b.Read(buffer)
				sb.Write(buffer[:n])
				body = sb.String()
			}
		}
		if answer := w.intercept(r, body); answer != nil {
			return answer, nil
		}
	}
	recorder := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w.app.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func answer(status int, body string) *http.Response {
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Content-Type", "application/scim+json")
	recorder.WriteHeader(status)
	recorder.WriteString(body)
	return recorder.Result()
}

func (w *world) rules(users, groups []mapping.Attribute, settings scope.Settings, filters ...scope.Filter) {
	w.t.Helper()
	w.job.Rules = nil
	for _, r := range []struct {
		t          directory.ObjectType
		attributes []mapping.Attribute
		filters    []scope.Filter
	}{{directory.User, users, filters}, {directory.Group, groups, nil}} {
		if r.attributes == nil {
			continue
		}
		m, err := mapping.Compile(r.t, r.attributes)
		if err != nil {
			w.t.Fatal(err)
		}
		s, err := scope.Compile(r.t, settings, r.filters)
		if err != nil {
			w.t.Fatal(err)
		}
		w.job.Rules = append(w.job.Rules, engine.Rule{
			Type: r.t, Scope: s, Mapping: m, Actions: plan.Actions{Create: true, Update: true, Delete: true},
		})
	}
}

// cycle runs one cycle and returns its summary. It forgets what was sent before.
func (w *world) cycle(opts ...engine.Options) plan.Summary {
	w.t.Helper()
	x, err := w.try(opts...)
	if err != nil {
		w.t.Fatalf("the cycle failed: %v", err)
	}
	return x
}

func (w *world) try(opts ...engine.Options) (plan.Summary, error) {
	var o engine.Options
	if len(opts) > 0 {
		o = opts[0]
	}
	w.mu.Lock()
	w.sent = nil
	w.mu.Unlock()
	x, err := w.engine.Cycle(context.Background(), w.job, o)
	if err == nil && !o.DryRun {
		w.nothingBegun()
	}
	return x.Summary, err
}

// nothingBegun fails the test if a write is still noted as begun: after a cycle
// that ran to its end the log would tell of it as of one whose end is unknown.
func (w *world) nothingBegun() {
	w.t.Helper()
	if n, err := w.engine.Store.LogBegun(context.Background(), w.job.Name); n != 0 || err != nil {
		w.t.Errorf("%d writes are still begun, error %v", n, err)
	}
}

// writes returns the requests of the last cycle that write, in order.
func (w *world) writes() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var writes []string
	for _, s := range w.sent {
		if !strings.HasPrefix(s, "GET ") {
			writes = append(writes, s)
		}
	}
	return writes
}

// user returns the application's user of that name, nil if there is none.
func (w *world) user(name string) map[string]any {
	for _, u := range w.app.Users() {
		if u["userName"] == name {
			return u
		}
	}
	return nil
}

// members returns the userNames of a group's members, sorted.
func (w *world) members(group string) []string {
	names := map[string]string{}
	for _, u := range w.app.Users() {
		names[u["id"].(string)] = u["userName"].(string)
	}
	members := []string{}
	for _, g := range w.app.Groups() {
		if g["displayName"] != group {
			continue
		}
		list, _ := g["members"].([]any)
		for _, m := range list {
			members = append(members, names[m.(map[string]any)["value"].(string)])
		}
	}
	slices.Sort(members)
	return members
}

func (w *world) events(q provlog.Query) []provlog.Event {
	w.t.Helper()
	record, err := w.engine.Store.Job(context.Background(), w.job.Name)
	if err != nil {
		w.t.Fatal(err)
	}
	q.JobID = record.ID
	var events []provlog.Event
	if err := w.engine.Store.Events(context.Background(), q, func(e provlog.Event) error {
		events = append(events, e)
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return events
}

// memory is a directory in memory.
type memory struct {
	users, groups []directory.Object
	deleted       []directory.Object
	fails         error // after everything was delivered
	newest        time.Time
}

func id(name string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// hire adds a user that is assigned.
func (m *memory) hire(name string, attributes ...string) {
	o := directory.Object{Type: directory.User, Anchor: id(name), Assignments: []directory.Assignment{{}}}
	o.Attributes = map[string]directory.Value{
		"objectId": directory.Str(o.Anchor), "userPrincipalName": directory.Str(name + "@contoso.com"),
		"displayName": directory.Str(strings.ToUpper(name[:1]) + name[1:]), "mailNickname": directory.Str(name),
		"accountEnabled": directory.Bool(true),
	}
	m.users = append(m.users, o)
	for i := 0; i+1 < len(attributes); i += 2 {
		m.set(name, attributes[i], directory.Str(attributes[i+1]))
	}
}

func (m *memory) find(name string) *directory.Object {
	for _, list := range [][]directory.Object{m.users, m.groups} {
		for i := range list {
			if list[i].Anchor == id(name) {
				return &list[i]
			}
		}
	}
	panic("no " + name)
}

func (m *memory) set(name, attribute string, v directory.Value) {
	o := m.find(name)
	attributes := map[string]directory.Value{}
	for k, old := range o.Attributes {
		attributes[k] = old
	}
	attributes[attribute] = v
	if v.IsNull() {
		delete(attributes, attribute)
	}
	o.Attributes = attributes
}

func (m *memory) unassign(name string) { m.find(name).Assignments = nil }

func (m *memory) assign(name string) { m.find(name).Assignments = []directory.Assignment{{}} }

func (m *memory) fire(name string) {
	m.users = slices.DeleteFunc(m.users, func(o directory.Object) bool { return o.Anchor == id(name) })
}

// group adds or replaces a group that is assigned.
func (m *memory) group(name string, members ...string) {
	m.disband(name)
	refs := []directory.Value{}
	for _, n := range members {
		refs = append(refs, directory.Ref(id(n)))
	}
	m.groups = append(m.groups, directory.Object{
		Type: directory.Group, Anchor: id(name), Assignments: []directory.Assignment{{}},
		Attributes: map[string]directory.Value{
			"objectId": directory.Str(id(name)), "displayName": directory.Str(name), "members": directory.Of(refs...),
		},
	})
}

func (m *memory) disband(name string) {
	m.groups = slices.DeleteFunc(m.groups, func(o directory.Object) bool { return o.Anchor == id(name) })
}

func (m *memory) Read(_ context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	for _, part := range []struct {
		t    directory.ObjectType
		list []directory.Object
	}{{directory.User, append(slices.Clone(m.users), m.deleted...)}, {directory.Group, m.groups}} {
		for _, o := range part.list {
			hash := o.Hash()
			switch status := req.Snapshot.Observe(o, hash); status {
			case connectors.New, connectors.Changed:
				change := directory.Change{Object: o, Hash: hash, New: status == connectors.New, Listed: o.Presence == directory.SoftDeleted}
				if err := yield(change); err != nil {
					return connectors.ReadResult{}, err
				}
			case connectors.Duplicate:
				return connectors.ReadResult{}, &connectors.ReadError{Place: "memory", Object: o.Anchor, Reason: "is there twice"}
			}
		}
		for _, r := range req.Snapshot.Missing(part.t, req.Now, req.RecycleBin) {
			if err := yield(directory.Change{
				Object: directory.Object{Type: r.Type, Anchor: r.Anchor, Presence: r.Presence, Tombstone: true},
				Hash:   r.Hash, Listed: r.Listed, Since: r.Since,
			}); err != nil {
				return connectors.ReadResult{}, err
			}
		}
	}
	return connectors.ReadResult{Watermark: "seen", Users: len(m.users), Groups: len(m.groups), Newest: m.newest}, m.fails
}

func (m *memory) Find(_ context.Context, name string) (found []directory.Object, err error) {
	for _, o := range append(slices.Clone(m.users), m.groups...) {
		for _, attribute := range []string{"objectId", "userPrincipalName", "displayName"} {
			if strings.EqualFold(o.Get(attribute).Text(), name) {
				found = append(found, o)
				break
			}
		}
	}
	return found, nil
}
