package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/engine/provlog"
)

// model is what the mapping says that the application holds.
type model struct {
	accounts map[string]account
	groups   map[string][]string
}

// provisioned says what the application should hold after a cycle over this
// company: a simple reading of the mapping, apart from the program's own.
// before is what it held, for those who left.
func (s server) provisioned(c company, before model) model {
	after := model{accounts: maps.Clone(before.accounts), groups: map[string][]string{}}
	if after.accounts == nil {
		after.accounts = map[string]account{}
	}
	staff := c.groups["Staff"]
	for name, a := range before.accounts {
		p, here := c.people[strings.TrimSuffix(name, "@contoso.com")]
		if !here || p.blocked || !slices.Contains(staff, p.name) {
			if !s.refusesBooleanText {
				a.Active = false
			}
			after.accounts[name] = a
		}
	}
	for _, name := range staff {
		p, here := c.people[name]
		if !here || p.blocked {
			continue
		}
		a := account{
			Active: true, Title: p.title, Given: name, Email: name + "@contoso.com",
			Phone: "+1 555 " + fmt.Sprint(len(name)*111), Dept: p.department,
		}
		if p.manager != "" && !s.refusesPlainManager {
			a.Manager = p.manager + "@contoso.com"
		}
		old := before.accounts[name+"@contoso.com"]
		if a.Title == "" { // what was cleared in the source stays in the application
			a.Title = old.Title
		}
		after.accounts[name+"@contoso.com"] = a
	}
	if staff != nil {
		members := []string{}
		for _, m := range staff {
			if _, exists := after.accounts[m+"@contoso.com"]; exists {
				members = append(members, m)
			}
		}
		slices.Sort(members)
		after.groups["Staff"] = members
	}
	return after
}

// lifecycle hires, changes, blocks, unblocks, moves, and lets people leave.
func (s server) lifecycle(t *testing.T, url, dir string, c company) {
	held := model{}
	step := func(what string, failures int) {
		t.Helper()
		c.export(t, dir)
		code := 0
		if failures > 0 {
			code = exitFailed
		}
		out := scimsync(t, dir, code, "sync", "test", "-o", "json")
		want := s.provisioned(c, held)
		got := model{accounts: accounts(t, url, s.token), groups: memberships(t, url, s.token)}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(model{})); diff != "" {
			t.Fatalf("after %s (-mapping +server):\n%s\n%s\n%s", what, diff, out, scimsync(t, dir, 0, "logs", "test", "--cycle", "last"))
		}
		held = got
		s.failed(t, dir, what, failures)
	}
	change := func(name string, f func(*person)) {
		p := c.people[name]
		f(&p)
		c.people[name] = p
	}
	step("the initial cycle", s.onManagers(2))
	change("ada", func(p *person) { p.title = "Head of Sales"; p.department = "Board" })
	step("a change", s.onManagers(2)) // who failed is tried again in the next cycle
	change("bo", func(p *person) { p.blocked = true })
	step("blocking Bo", s.onBooleans(1))
	change("bo", func(p *person) { p.blocked = false; p.title = "Manager" })
	step("unblocking Bo", s.onManagers(1))
	c.groups["Staff"] = []string{"ada", "bo", "dan"}
	step("Cai leaves the group, Dan joins it", s.onBooleans(1))
	c.groups["Staff"] = []string{"ada", "bo", "cai", "dan"}
	step("Cai comes back", s.onManagers(1))
	delete(c.people, "dan")
	c.groups["Staff"] = []string{"ada", "bo", "cai"}
	c.export(t, dir)
	scimsync(t, dir, s.code(s.onBooleans(1)), "sync", "test") // Dan is soft-deleted, and disabled
	delete(held.accounts, "dan@contoso.com")
	step("Dan is purged", 0)
	c.groups = map[string][]string{"Staff": {}}
	step("the group is emptied", s.onBooleans(3))
}

func (s server) onManagers(n int) int {
	if s.refusesPlainManager {
		return n
	}
	return 0
}

func (s server) onBooleans(n int) int {
	if s.refusesBooleanText {
		return n
	}
	return 0
}

func (s server) code(failures int) int {
	if failures > 0 {
		return exitFailed
	}
	return exitDone
}

// failed checks that the log of the last cycle has so many failures, each with
// the server's answer.
func (s server) failed(t *testing.T, dir, what string, want int) {
	t.Helper()
	out := scimsync(t, dir, 0, "logs", "test", "--cycle", "last", "--status", "failure", "-o", "json")
	var failures []provlog.Event
	for line := range strings.Lines(out) {
		var e provlog.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		failures = append(failures, e)
		if info := e.ProvisioningStatusInfo.ErrorInformation; info == nil || !strings.Contains(info.Reason, "HTTP 400") {
			t.Errorf("after %s: a failure without the server's answer: %s", what, line)
		}
	}
	if len(failures) != want {
		t.Errorf("after %s: %d failures in the log, want %d:\n%s", what, len(failures), want, out)
	}
}
