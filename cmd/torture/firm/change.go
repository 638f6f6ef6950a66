package firm

import "slices"

// Everything returns all kinds of changes but those that need a job which has
// assigned users alone, or a recycle bin, each as often as it is likely.
func Everything() []string {
	return slices.Concat(
		repeat(12, "title"), repeat(9, "return", "take back"), repeat(6, "join", "boss", "block"),
		repeat(4, "hire", "leave", "vanish", "rename", "part"), repeat(2, "found", "rename group", "purge"), repeat(1, "no boss", "disband"))
}

func repeat(n int, kinds ...string) []string { return slices.Repeat(kinds, n) }

// Change makes so many changes. Those that cannot be made at the time count too.
func (f *Firm) Change(changes int) {
	for range changes {
		kind := f.opts.Kinds[f.IntN(len(f.opts.Kinds))]
		back := f.last
		f.last = nil
		if f.happens(kind, back) {
			f.Counts[kind]++
		}
	}
}

// happens makes one change, and reports whether it could. back takes the one
// before it back: a job must not think that nothing has happened.
func (f *Firm) happens(kind string, back func()) bool {
	switch kind {
	case "take back":
		if back == nil {
			return false
		}
		back()
		f.Note("the last change is taken back")
	case "hire":
		if len(f.Staff) > most {
			return false
		}
		f.Hire()
	case "found":
		if len(f.Crews) > most/3 {
			return false
		}
		f.Found()
	case "join", "part", "rename group", "disband":
		g := f.Crew()
		return g != nil && f.regroup(kind, g)
	case "return":
		return f.comeBack()
	case "purge": // of those whom a cycle has seen among the deleted
		w := f.Somebody(func(w *Worker) bool { return w.Place == Listed && w.settled == Listed })
		if w == nil {
			return false
		}
		w.Place = Gone
		f.Note("%s is deleted for good", w.Name)
	case "block", "unassign", "leave", "vanish", "delete":
		return f.goes(kind)
	default:
		w := f.Somebody((*Worker).Entitled)
		return w != nil && f.alter(kind, w)
	}
	return true
}

// most is how many people, and three times as many as groups, there will be.
const most = 160

func (f *Firm) regroup(kind string, g *Crew) bool {
	before := g.Name
	switch kind {
	case "join":
		w := f.Somebody(func(w *Worker) bool { return w.Entitled() && !g.Has(w) })
		if w == nil {
			return false
		}
		g.Staff = append(g.Staff, w)
		f.Note("%s joins %s", w.Name, g.Name)
		f.last = func() { g.leave(w) }
	case "part":
		if len(g.Staff) == 0 {
			return false
		}
		w := g.Staff[f.IntN(len(g.Staff))]
		g.leave(w)
		f.Note("%s leaves %s", w.Name, g.Name)
		f.last = func() {
			if w.Entitled() && !g.Has(w) {
				g.Staff = append(g.Staff, w)
			}
		}
	case "rename group":
		g.Name = f.next("Crew ")
		f.Note("%s is now %s", before, g.Name)
		f.last = func() { g.Name = before }
	case "disband":
		if len(f.Present()) < 3 {
			return false
		}
		g.Gone, g.Staff, g.Inner = true, nil, nil
		f.Note("%s is disbanded", g.Name)
	}
	return true
}

// alter changes somebody who stays.
func (f *Firm) alter(kind string, w *Worker) bool {
	before := *w
	switch kind {
	case "title":
		w.Title, w.Unit = f.next("Clerk "), f.next("Unit ")
		f.Note("%s is %s of %s", w.Name, w.Title, w.Unit)
	case "rename":
		if w.Guest && f.Sure != nil && !f.Sure(w) { // only by this name is the account found that is there
			return false
		}
		w.Name = f.next("w")
		f.Note("%s is now called %s", before.Name, w.Name)
	case "boss":
		f.promote(w)
		return true
	case "no boss":
		w.Boss = nil
		f.Note("%s reports to nobody", w.Name)
		f.last = f.reporting(w, before.Boss)
		return true
	}
	f.last = func() { w.Name, w.Title, w.Unit = before.Name, before.Title, before.Unit }
	return true
}

// promote gives a worker another manager.
func (f *Firm) promote(w *Worker) {
	before := w.Boss
	w.Boss = f.Somebody(func(b *Worker) bool { return b != w && b.Entitled() })
	if w.Boss != nil {
		f.Note("%s reports to %s", w.Name, w.Boss.Name)
	}
	f.last = f.reporting(w, before)
}

func (f *Firm) reporting(w, boss *Worker) func() {
	return func() {
		if boss == nil || boss.Entitled() {
			w.Boss = boss
		}
	}
}

// goes lets somebody go, for some time or for good.
func (f *Firm) goes(kind string) bool {
	entitled, out := 0, 0
	for _, w := range f.Staff {
		if w.Entitled() {
			entitled++
		} else if w.Place != Gone {
			out++
		}
	}
	w := f.Somebody(func(w *Worker) bool {
		return w.Entitled() && (f.Sure == nil || f.Sure(w)) && (kind != "vanish" || !w.listed)
	})
	if w == nil || entitled < 5 || f.opts.MostOut > 0 && out >= f.opts.MostOut && kind != "delete" {
		return false
	}
	before := *w
	stays := f.Sure != nil || w.Provisioned && f.IntN(2) == 0
	switch kind {
	case "block":
		w.Blocked = true
	case "unassign":
		w.Unassigned = true
	case "leave":
		w.Place, w.listed = Listed, true
	case "vanish":
		w.Place = Missing
	case "delete":
		w.Place, stays = Gone, false
	}
	// Some stay where they are who have an account: they are disabled there.
	if !stays {
		f.Part(w)
	}
	f.Note("%s goes: %s", w.Name, kind)
	if kind != "delete" {
		f.last = func() { w.Blocked, w.Unassigned, w.Place = before.Blocked, before.Unassigned, before.Place }
	}
	return true
}

// Part takes somebody who goes out of everything: nobody reports to them, and
// they are in no group.
func (f *Firm) Part(w *Worker) {
	for _, x := range f.Staff {
		if x.Boss == w {
			x.Boss = nil
		}
	}
	for _, g := range f.Crews {
		g.leave(w)
	}
}

// comeBack lets somebody return who was blocked, unassigned or listed.
func (f *Firm) comeBack() bool {
	w := f.Somebody(func(w *Worker) bool { return w.Place != Gone && !w.Entitled() })
	if w == nil {
		return false
	}
	before := *w
	w.Blocked, w.Unassigned, w.Place = false, false, Here
	f.Note("%s returns", w.Name)
	f.last = func() {
		if w.Place != Gone {
			w.Blocked, w.Unassigned, w.Place = before.Blocked, before.Unassigned, before.Place
		}
	}
	return true
}

// Kinds returns the kinds of changes that can come about.
func (f *Firm) Kinds() []string { return slices.Compact(slices.Sorted(slices.Values(f.opts.Kinds))) }
