package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// place is where a worker is to be found in the directory.
type place int

const (
	here   place = iota
	listed       // among the deleted users
	purged       // deleted for good
)

// worker is a user of the directory.
type worker struct {
	id, name, title, unit string
	boss                  *worker
	blocked               bool
	place                 place
	// provisioned: an undisturbed cycle has seen them entitled, so that they have
	// an account. Without one they may have an account or not: a cycle that was
	// killed may have made it.
	provisioned bool
	settled     place // where the last undisturbed cycle saw them
}

func (w *worker) entitled() bool { return w.place == here && !w.blocked }

// crew is a group of the directory.
type crew struct {
	id, name string
	staff    []*worker
	inner    []*crew
	gone     bool
}

// firm is the directory, and the dice that decide what becomes of it.
type firm struct {
	*rand.Rand
	staff []*worker
	crews []*crew
	count int      // of ids and names given so far: none is given twice
	diary []string // what happened since the last undisturbed cycle, for the report of a failure
	last  func()   // takes the last reversible change back; nil if there is none
	whole func()   // takes everything back that happened since the last undisturbed cycle
}

func newFirm(seed uint64, users, groups int) *firm {
	f := &firm{Rand: rand.New(rand.NewPCG(seed, 42))}
	for range users {
		f.hire()
	}
	for range groups {
		f.found()
	}
	for _, w := range f.staff {
		f.promote(w)
	}
	f.diary, f.last = nil, nil
	f.remember()
	return f
}

func (f *firm) note(format string, args ...any) {
	f.diary = append(f.diary, fmt.Sprintf(format, args...))
}

func (f *firm) newID() string {
	f.count++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.count)
}

func (f *firm) hire() {
	w := &worker{id: f.newID()}
	w.name, w.title, w.unit = fmt.Sprintf("w%d", f.count), f.word("Clerk"), f.word("Unit")
	f.staff = append(f.staff, w)
	f.note("%s is hired", w.name)
	if len(f.crews) > 0 {
		g := f.crews[f.IntN(len(f.crews))]
		g.staff = append(g.staff, w)
	}
}

func (f *firm) word(kind string) string { return fmt.Sprintf("%s %d", kind, f.IntN(5)) }

func (f *firm) found() {
	g := &crew{id: f.newID()}
	g.name = fmt.Sprintf("Crew %d", f.count)
	for _, w := range f.staff {
		if w.entitled() && f.IntN(3) == 0 {
			g.staff = append(g.staff, w)
		}
	}
	if len(f.crews) > 0 && f.IntN(2) == 0 { // earlier ones alone: no group is in itself
		g.inner = append(g.inner, f.crews[f.IntN(len(f.crews))])
	}
	f.crews = append(f.crews, g)
	f.note("%s is founded", g.name)
}

// somebody returns a worker who fits, nil if nobody does.
func (f *firm) somebody(fits func(*worker) bool) *worker {
	var who []*worker
	for _, w := range f.staff {
		if fits(w) {
			who = append(who, w)
		}
	}
	if len(who) == 0 {
		return nil
	}
	return who[f.IntN(len(who))]
}

// promote gives a worker another manager.
func (f *firm) promote(w *worker) {
	before := w.boss
	w.boss = f.somebody(func(b *worker) bool { return b != w && b.entitled() })
	if w.boss != nil {
		f.note("%s reports to %s", w.name, w.boss.name)
	}
	f.last = func() {
		if before == nil || before.entitled() {
			w.boss = before
		}
	}
}

// change makes so many changes. Now and then one takes back the change before
// it: a job must not think that nothing has happened.
func (f *firm) change(changes int) {
	for range changes {
		if f.last != nil && f.IntN(4) == 0 {
			f.last()
			f.last = nil
			f.note("the last change is taken back")
			continue
		}
		f.last = nil
		f.one()
	}
}

func (f *firm) one() {
	switch dice := f.IntN(100); {
	case dice < 8:
		f.hire()
	case dice < 12:
		f.found()
	case dice < 40:
		f.regroup(f.crews[f.IntN(len(f.crews))])
	default:
		if w := f.somebody(func(w *worker) bool { return w.place != purged }); w != nil {
			f.live(w, f.IntN(100))
		}
	}
}

// present are the crews that are not gone.
func (f *firm) present() (crews []*crew) {
	for _, g := range f.crews {
		if !g.gone {
			crews = append(crews, g)
		}
	}
	return crews
}

func (f *firm) regroup(g *crew) {
	switch dice := f.IntN(10); {
	case g.gone:
		f.note("%s stays disbanded", g.name)
	case dice < 4:
		w := f.somebody(func(w *worker) bool { return w.entitled() && !slices.Contains(g.staff, w) })
		if w != nil {
			g.staff = append(g.staff, w)
			f.note("%s joins %s", w.name, g.name)
			f.last = func() { f.leave(g, w) }
		}
	case dice < 7:
		if len(g.staff) > 0 {
			w := g.staff[f.IntN(len(g.staff))]
			f.leave(g, w)
			f.note("%s leaves %s", w.name, g.name)
			f.last = func() {
				if w.entitled() && !slices.Contains(g.staff, w) {
					g.staff = append(g.staff, w)
				}
			}
		}
	case dice < 9:
		before := g.name
		f.count++
		g.name = fmt.Sprintf("Crew %d", f.count)
		f.note("%s is now %s", before, g.name)
		f.last = func() { g.name = before }
	case len(f.present()) > 2:
		g.gone, g.staff, g.inner = true, nil, nil
		f.note("%s is disbanded", g.name)
	}
}

func (f *firm) leave(g *crew, w *worker) {
	g.staff = slices.DeleteFunc(g.staff, func(x *worker) bool { return x == w })
}

// live does something to one worker.
func (f *firm) live(w *worker, dice int) {
	before := *w
	switch {
	case w.place == listed && w.settled == listed && dice < 50:
		w.place = purged
		f.note("%s is deleted for good", w.name)
		return
	case w.place == listed:
		w.place = here
		f.note("%s returns", w.name)
	case w.blocked:
		w.blocked = false
		f.note("%s is unblocked", w.name)
	case dice < 40:
		w.title, w.unit = f.word("Clerk"), f.word("Unit")
		f.note("%s is %s of %s", w.name, w.title, w.unit)
	case dice < 55:
		f.promote(w)
		return
	case dice < 65:
		f.count++
		w.name = fmt.Sprintf("w%d", f.count)
		f.note("%s is now called %s", before.name, w.name)
	case len(f.staff) < 5 || !w.provisioned && dice < 70: // some of the new ones leave at once
		return
	case dice < 82:
		f.part(w)
		w.blocked = true
		f.note("%s is blocked", w.name)
	default:
		f.part(w)
		w.place = listed
		f.note("%s leaves", w.name)
	}
	f.last = func() {
		w.name, w.title, w.unit, w.blocked, w.place = before.name, before.title, before.unit, before.blocked, before.place
	}
}

// part takes somebody who goes out of everything: nobody reports to them, and
// they are in no group. Some stay who have an account: they are disabled where
// they are.
func (f *firm) part(w *worker) {
	if w.provisioned && f.IntN(2) == 0 {
		return
	}
	for _, x := range f.staff {
		if x.boss == w {
			x.boss = nil
		}
	}
	for _, g := range f.crews {
		f.leave(g, w)
	}
}

// settle notes that an undisturbed cycle has seen the directory as it is.
func (f *firm) settle() {
	for _, w := range f.staff {
		w.provisioned, w.settled = w.provisioned || w.entitled(), w.place
	}
	f.diary = nil
	f.remember()
}

// remember notes how the directory is, so that rewind can bring it back.
func (f *firm) remember() {
	staff, crews := map[*worker]worker{}, map[*crew]crew{}
	for _, w := range f.staff {
		staff[w] = *w
	}
	for _, g := range f.crews {
		copied := *g
		copied.staff, copied.inner = slices.Clone(g.staff), slices.Clone(g.inner)
		crews[g] = copied
	}
	f.whole = func() {
		for _, w := range f.staff {
			before, old := staff[w]
			switch {
			case w.place == purged:
			case !old:
				w.place, w.boss = listed, nil
			default:
				*w = before
			}
		}
		for _, g := range f.crews {
			if before, old := crews[g]; old {
				*g = before
				g.staff, g.inner = slices.Clone(before.staff), slices.Clone(before.inner)
			} else {
				g.gone, g.staff, g.inner = true, nil, nil
			}
		}
	}
}

// rewind makes the directory what it was at the last undisturbed cycle, but for
// those who are deleted for good. Who was hired since leaves.
func (f *firm) rewind() {
	f.whole()
	f.last = nil
	f.note("everything is taken back")
}

// export writes the files of the directory, each by renaming, as a careful
// export does: a running program reads either the old one or the new one.
func (l *lab) export(t testing.TB) {
	t.Helper()
	files := map[string][]any{"users.json": {}, "groups.json": {}, "deletedUsers.json": {}}
	for _, w := range l.firm.staff {
		u := map[string]any{
			"id": w.id, "userPrincipalName": w.name + "@contoso.com", "displayName": strings.ToUpper(w.name),
			"jobTitle": w.title, "department": w.unit, "accountEnabled": !w.blocked,
		}
		if w.boss != nil && w.boss.place == here {
			u["manager"] = map[string]any{"id": w.boss.id}
		}
		switch w.place {
		case here:
			files["users.json"] = append(files["users.json"], u)
		case listed: // Graph puts the id before a deleted user's name
			u["userPrincipalName"] = strings.ReplaceAll(w.id, "-", "") + w.name + "@contoso.com"
			delete(u, "manager")
			files["deletedUsers.json"] = append(files["deletedUsers.json"], u)
		}
	}
	for _, g := range l.firm.present() {
		members := []any{}
		for _, w := range g.staff {
			if w.place == here {
				members = append(members, map[string]any{"id": w.id})
			}
		}
		for _, inner := range g.inner {
			if !inner.gone {
				members = append(members, map[string]any{"@odata.type": "#microsoft.graph.group", "id": inner.id})
			}
		}
		files["groups.json"] = append(files["groups.json"], map[string]any{"id": g.id, "displayName": g.name, "members": members})
	}
	for name, list := range files {
		b, err := json.Marshal(map[string]any{"value": list})
		if err != nil {
			t.Fatal(err)
		}
		l.write(t, name+".new", string(b))
		if err := os.Rename(filepath.Join(l.dir, name+".new"), filepath.Join(l.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}
