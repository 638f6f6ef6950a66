package main_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

const (
	weatherToken = "weather-token-0123456789"
	// recycleBin is how long somebody who is deleted keeps a disabled account.
	recycleBin = 8 * time.Hour
)

// site is an engine with a state of its own, between a directory and an
// application.
type site struct {
	t      testing.TB
	engine *engine.Engine
	store  *sqlite.Store
	job    engine.Job
	now    func() time.Time
	// dangling: the application keeps managers whose accounts are deleted, and one
	// that could not be cleared until then stays.
	dangling bool
	// shown returns what the application has.
	shown func() (users, groups []map[string]any)
}

func newSite(t testing.TB, dir string, now func() time.Time, logger *zap.Logger) *site {
	t.Helper()
	store, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &site{t: t, store: store, now: now}
	s.engine = &engine.Engine{
		Store: store, TenantID: store.TenantID(), SpoolDir: t.TempDir(), Logger: logger,
		Now: now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	source, err := export.New(export.Options{
		Users: filepath.Join(dir, "users.json"), Groups: filepath.Join(dir, "groups.json"), Assignments: filepath.Join(dir, "assignments.json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.job = engine.Job{
		Name: "weather", Source: source, Fingerprint: "1",
		// The guards are as a configuration has them that says nothing.
		Settings: engine.Settings{Concurrency: 4, RecycleBin: recycleBin, MembersPerPatch: 1, Guard: engine.Guard{
			Threshold: 500, Share: 20, Members: 30, Window: 24 * time.Hour, WindowThreshold: 500, SourceShare: 20,
		}},
	}
	for typ, attributes := range map[directory.ObjectType][]mapping.Attribute{directory.User: mapping.DefaultUsers(), directory.Group: mapping.DefaultGroups()} {
		m, err := mapping.Compile(typ, attributes)
		if err != nil {
			t.Fatal(err)
		}
		in, err := scope.Compile(typ, scope.Settings{AssignedOnly: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.job.Rules = append(s.job.Rules, engine.Rule{
			Type: typ, Scope: in, Mapping: m, Actions: plan.Actions{Create: true, Update: true, Delete: true},
		})
	}
	slices.SortFunc(s.job.Rules, func(a, b engine.Rule) int { return strings.Compare(string(b.Type), string(a.Type)) }) // users first
	return s
}

// newTwin returns a site without guards, which only hold back what is to be done.
func newTwin(t testing.TB, dir string, now func() time.Time) *site {
	t.Helper()
	s := newSite(t, dir, now, zap.NewNop())
	s.job.Settings.Guard = engine.Guard{}
	return s
}

// reach points the job at its application.
func (s *site) reach(o scim.Options) *scim.Target {
	s.t.Helper()
	o.Now = s.now
	target, err := scim.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.job.Target = target
	return target
}

// cycle runs a cycle that has nothing to fail at.
func (s *site) cycle(opts engine.Options) state.Execution {
	s.t.Helper()
	x, err := s.engine.Cycle(context.Background(), s.job, opts)
	if err != nil || x.Summary.Fail > 0 {
		s.t.Fatalf("a cycle in fair weather: %s, error %v", x.Summary, err)
	}
	return x
}

func (s *site) record() state.Job {
	s.t.Helper()
	record, err := s.store.Job(context.Background(), s.job.Name)
	if err != nil {
		s.t.Fatal(err)
	}
	return record
}

// help does what an administrator has to. A guard stops a cycle if too much has
// piled up while none could run: it is right, and a person says so. Everything
// else the job gets over by itself.
func (s *site) help(count *int) {
	s.t.Helper()
	record := s.record()
	q := record.Quarantine
	if q == nil || record.AllowDeletes || q.Reason != "TooManyDeletes" && q.Reason != "IngestionInterrupted" {
		return
	}
	switch err := s.engine.AllowDeletes(context.Background(), s.job.Name); {
	case err == nil:
		*count++
	case !errors.Is(err, state.ErrLocked): // a cycle is running: the next time, then
		s.t.Fatal(err)
	}
}

// escrows are the objects that wait for another try, a line each.
func (s *site) escrows() (lines []string) {
	s.t.Helper()
	if err := s.store.Escrows(context.Background(), s.job.Name, func(e state.Escrow) error {
		lines = append(lines, fmt.Sprintf("%s %s: %s, next at %s: %s", e.Type, e.DisplayName, e.Code, e.Next.Format(time.DateTime), e.Message))
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return lines
}

// account is what an application shows of a user.
type account struct{ Key, Given, Display, Title, Dept, Mail, Boss, Active string }

// picture is what an application shows, by userName and displayName.
type picture struct {
	Accounts map[string]account
	Teams    map[string]string // externalId and members
	// Connections: what the job takes for the account of each source object, and
	// how that stands.
	Connections map[string]string
}

const enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

// look returns what the application shows. A name that is there twice is an error.
func (s *site) look() (picture, error) {
	s.t.Helper()
	users, groups := s.shown()
	p := picture{map[string]account{}, map[string]string{}, map[string]string{}}
	names := map[string]string{}
	for _, o := range users {
		names[text(o["id"])] = text(o["userName"])
	}
	var fault error
	for _, u := range users {
		extension, _ := u[enterpriseUser].(map[string]any)
		name, _ := u["name"].(map[string]any)
		a := account{
			Key: text(u["externalId"]), Given: text(name["givenName"]), Display: text(u["displayName"]), Title: text(u["title"]),
			Dept: text(extension["department"]), Active: text(u["active"]),
		}
		boss := extension["manager"]
		if m, ok := boss.(map[string]any); ok {
			boss = m["value"]
		}
		if id := text(boss); id != "" {
			if a.Boss = names[id]; a.Boss == "" && !s.dangling {
				a.Boss = "nobody"
			}
		}
		emails, _ := u["emails"].([]any)
		for _, e := range emails {
			a.Mail += text(e.(map[string]any)["value"])
		}
		if _, twice := p.Accounts[text(u["userName"])]; twice {
			fault = fmt.Errorf("the account %s is there twice", u["userName"])
		}
		p.Accounts[text(u["userName"])] = a
	}
	for _, g := range groups {
		members := []string{}
		list, _ := g["members"].([]any)
		for _, m := range list {
			id := text(m.(map[string]any)["value"])
			if names[id] == "" {
				names[id] = "nobody"
			}
			members = append(members, names[id])
		}
		slices.Sort(members)
		name := text(g["displayName"])
		if _, twice := p.Teams[name]; twice {
			fault = fmt.Errorf("the group %s is there twice", name)
		}
		p.Teams[name] = text(g["externalId"]) + ": " + strings.Join(members, " ")
		names[text(g["id"])] = name
	}
	if err := s.store.AllConnections(context.Background(), s.job.Name, func(c state.Connection) error {
		p.Connections[string(c.Type)+" "+c.DisplayName] = names[c.TargetAnchor] + ", " + string(c.Status)
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return p, fault
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}
