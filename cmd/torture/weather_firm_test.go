package main_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// The directory of a life in bad weather. It changes so that its end does not
// depend on which of its changes a job has seen: who leaves has an account that
// is as the directory says, and who is deleted never comes back.

type presence int

const (
	present presence = iota
	blocked
	unassigned
	deleted
)

// employee is a user of the directory.
type employee struct {
	key              string // never changes
	upn, title, dept string
	boss             *employee
	where            presence
	guest            bool // had an account before any job came
}

func (e *employee) id() string { return idOf(e.key) }

// team is a group of the directory.
type team struct {
	key, name string
	staff     []*employee
	disbanded bool
}

func (g *team) id() string { return idOf(g.key) }

func idOf(key string) string { return uuid.NewSHA1(uuid.NameSpaceURL, []byte(key)).String() }

// firm is a directory and what changes it.
type firm struct {
	rng    *rand.Rand
	staff  []*employee
	teams  []*team
	names  int // given so far: none is given twice
	counts map[string]int
}

func newFirm(seed uint64, people, teams int) *firm {
	f := &firm{rng: rand.New(rand.NewPCG(seed, 0xf1f1)), counts: map[string]int{}}
	for range people {
		f.hire()
	}
	for range teams {
		f.found()
	}
	return f
}

func (f *firm) name(prefix string) string {
	f.names++
	return fmt.Sprintf("%s%d", prefix, f.names)
}

func (f *firm) hire() {
	key := f.name("p")
	e := &employee{key: key, upn: key + "@contoso.com", title: f.name("title "), dept: f.name("dept ")}
	if len(f.staff) > 0 && f.rng.IntN(2) == 0 {
		e.boss = f.somebody()
	}
	f.staff = append(f.staff, e)
	if len(f.teams) > 0 && f.rng.IntN(2) == 0 {
		f.join(f.someTeam(), e)
	}
}

func (f *firm) found() {
	key := f.name("g")
	g := &team{key: key, name: "Team " + key}
	f.teams = append(f.teams, g)
	for range 3 + f.rng.IntN(6) {
		f.join(g, f.somebody())
	}
}

func (f *firm) join(g *team, e *employee) {
	if g != nil && e != nil && !slices.Contains(g.staff, e) {
		g.staff = append(g.staff, e)
	}
}

// somebody returns one who is in scope, nil if there is nobody.
func (f *firm) somebody() *employee {
	return f.one(func(e *employee) bool { return e.where == present })
}

func (f *firm) one(fits func(*employee) bool) *employee {
	var who []*employee
	for _, e := range f.staff {
		if fits(e) {
			who = append(who, e)
		}
	}
	if len(who) == 0 {
		return nil
	}
	return who[f.rng.IntN(len(who))]
}

func (f *firm) someTeam() *team {
	var which []*team
	for _, g := range f.teams {
		if !g.disbanded {
			which = append(which, g)
		}
	}
	if len(which) == 0 {
		return nil
	}
	return which[f.rng.IntN(len(which))]
}

// changes are what can happen, as often as it stands here.
var changes = []string{
	"hire", "hire", "title", "title", "title", "department", "rename", "boss", "boss", "no boss", "block", "unassign", "return", "return",
	"delete", "join", "join", "join", "part", "part", "found", "rename team", "disband",
}

// change changes one thing. may says whether somebody's account is as it should
// be, so that it does not matter what becomes of it afterwards.
func (f *firm) change(may func(*employee) bool) {
	leaver := func() *employee {
		return f.one(func(e *employee) bool { return e.where == present && may(e) })
	}
	e, g := f.somebody(), f.someTeam()
	out := 0
	for _, e := range f.staff {
		if e.where == blocked || e.where == unassigned {
			out++
		}
	}
	kind := changes[f.rng.IntN(len(changes))]
	switch kind {
	case "hire":
		if len(f.staff) > 160 {
			return
		}
		f.hire()
	case "title":
		e.title = f.name("title ")
	case "department":
		e.dept = f.name("dept ")
	case "rename":
		if e.guest && !may(e) { // only by this name is the account found that is there
			return
		}
		e.upn = f.name("renamed") + "@contoso.com"
	case "boss":
		if boss := f.somebody(); boss != e {
			e.boss = boss
		}
	case "no boss":
		e.boss = nil
	case "block", "unassign":
		if e = leaver(); e == nil || out > 4 {
			return
		}
		if e.where = blocked; kind == "unassign" {
			e.where = unassigned
		}
	case "return":
		e := f.one(func(e *employee) bool { return e.where == blocked || e.where == unassigned })
		if e == nil {
			return
		}
		e.where = present
	case "delete":
		if e = leaver(); e == nil || len(f.staff) < 30 {
			return
		}
		f.purge(e)
	case "join":
		f.join(g, e)
	case "part":
		if g == nil || len(g.staff) == 0 {
			return
		}
		i := f.rng.IntN(len(g.staff))
		g.staff = slices.Delete(g.staff, i, i+1)
	case "found":
		if len(f.teams) > 60 {
			return
		}
		f.found()
	case "rename team":
		if g == nil {
			return
		}
		g.name = "Team " + f.name("renamed")
	case "disband":
		if g == nil || len(f.teams) < 8 || f.rng.IntN(2) == 0 {
			return
		}
		g.disbanded = true
	}
	f.counts[kind]++
}

// purge deletes somebody, as a directory does: nobody refers to them any more.
func (f *firm) purge(e *employee) {
	e.where = deleted
	for _, other := range f.staff {
		if other.boss == e {
			other.boss = nil
		}
	}
	for _, g := range f.teams {
		g.staff = slices.DeleteFunc(g.staff, func(m *employee) bool { return m == e })
	}
}

// export writes the files of the directory.
func (f *firm) export(t testing.TB, dir string) {
	t.Helper()
	files := map[string][]any{"users.json": {}, "groups.json": {}, "assignments.json": {}}
	assign := func(kind, id string) {
		files["assignments.json"] = append(files["assignments.json"], map[string]any{
			"id": "assignment-" + id, "principalId": id, "principalType": kind,
			"appRoleId": "00000000-0000-0000-0000-000000000000", "resourceId": "app", "resourceDisplayName": "Application",
		})
	}
	for _, e := range f.staff {
		if e.where == deleted {
			continue
		}
		u := map[string]any{
			"id": e.id(), "userPrincipalName": e.upn, "mail": e.upn, "mailNickname": e.key, "displayName": "Person " + e.key,
			"givenName": e.key, "surname": "Test", "jobTitle": e.title, "department": e.dept, "accountEnabled": e.where != blocked,
		}
		if e.boss != nil {
			u["manager"] = map[string]any{"id": e.boss.id()}
		}
		files["users.json"] = append(files["users.json"], u)
		if e.where != unassigned {
			assign("User", e.id())
		}
	}
	for _, g := range f.teams {
		if g.disbanded {
			continue
		}
		members := []any{}
		for _, e := range g.staff {
			members = append(members, map[string]any{"id": e.id()})
		}
		files["groups.json"] = append(files["groups.json"], map[string]any{"id": g.id(), "displayName": g.name, "members": members})
		assign("Group", g.id())
	}
	for name, list := range files {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			t.Fatal(err)
		}
		temporary := filepath.Join(dir, name+".new")
		if err := os.WriteFile(temporary, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temporary, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
