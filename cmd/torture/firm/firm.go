// Package firm is a directory that changes: people are hired, renamed, promoted,
// blocked, leave and come back, and so do groups, by dice whose seed repeats them.
// The tests of what happens on bad days let scimsync provision it.
package firm

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Place is where a worker is to be found in the directory.
type Place int

// The places.
const (
	Here    Place = iota
	Missing       // in no file of an export, although they may return
	Listed        // among the deleted users
	Gone          // deleted for good
)

// Worker is a user of the directory.
type Worker struct {
	ID, Key             string // never change
	Name, Title, Unit   string
	Boss                *Worker
	Blocked, Unassigned bool
	Place               Place
	Guest               bool // had an account before any job came, which is found by name alone
	// Provisioned: an undisturbed cycle has seen them entitled, so that they have
	// an account. Without one they may have an account or not: a cycle that was
	// killed may have made it.
	Provisioned bool
	settled     Place // where the last undisturbed cycle saw them
	listed      bool  // was listed once: one who is in no file after that is deleted for good
}

// Entitled reports whether the worker is to have an account that is active.
func (w *Worker) Entitled() bool { return w.Place == Here && !w.Blocked && !w.Unassigned }

// UPN returns the userPrincipalName.
func (w *Worker) UPN() string { return w.Name + "@contoso.com" }

// Crew is a group of the directory.
type Crew struct {
	ID, Name string
	Staff    []*Worker
	Inner    []*Crew
	Gone     bool
}

// Has reports whether somebody is in the group.
func (g *Crew) Has(w *Worker) bool { return slices.Contains(g.Staff, w) }

func (g *Crew) leave(w *Worker) {
	g.Staff = slices.DeleteFunc(g.Staff, func(x *Worker) bool { return x == w })
}

// Options say what a firm begins with, and what may become of it.
type Options struct {
	Seed           uint64
	People, Groups int
	Kinds          []string // of changes, each as often as it is likely
	// MostOut is how many may be out of scope at a time; 0 for any number.
	MostOut int
	// Nested: some groups are in others.
	Nested bool
}

// Firm is the directory, and the dice that decide what becomes of it.
type Firm struct {
	*rand.Rand
	Staff  []*Worker
	Crews  []*Crew
	Diary  []string       // what happened since the last undisturbed cycle, for the report of a failure
	Counts map[string]int // how often each kind of change has happened
	// Sure reports whether somebody's account is known to be as the directory
	// says: only such people go, and only such guests get another name. Nil if it
	// does not matter.
	Sure func(*Worker) bool

	opts  Options
	given int    // ids and names so far: none is given twice
	last  func() // takes the last reversible change back; nil if there is none
	whole func() // takes everything back that happened since the last undisturbed cycle
}

// New returns a firm.
func New(o Options) *Firm {
	f := &Firm{Rand: rand.New(rand.NewPCG(o.Seed, 42)), opts: o, Counts: map[string]int{}} //nolint:gosec // it is to be repeatable
	for range o.People {
		f.Hire()
	}
	for range o.Groups {
		f.Found()
	}
	for _, w := range f.Staff {
		f.promote(w)
	}
	f.Settle()
	for _, w := range f.Staff {
		w.Provisioned = false
	}
	return f
}

// Note adds a line to the diary.
func (f *Firm) Note(format string, args ...any) {
	f.Diary = append(f.Diary, fmt.Sprintf(format, args...))
}

// next returns a name that was never given.
func (f *Firm) next(prefix string) string {
	f.given++
	return fmt.Sprint(prefix, f.given)
}

// newID returns an id, which ends in the number that was given last.
func (f *Firm) newID() string {
	f.given++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.given)
}

// Hire hires somebody, whom a group may take in at once.
func (f *Firm) Hire() {
	w := &Worker{ID: f.newID()}
	w.Key = fmt.Sprint("w", f.given)
	w.Name, w.Title, w.Unit = w.Key, f.next("Clerk "), f.next("Unit ")
	f.Staff = append(f.Staff, w)
	f.Note("%s is hired", w.Name)
	if g := f.Crew(); g != nil && f.IntN(3) > 0 {
		g.Staff = append(g.Staff, w)
	}
}

// Found founds a group.
func (f *Firm) Found() {
	g := &Crew{ID: f.newID()}
	g.Name = fmt.Sprint("Crew ", f.given)
	for range 2 + f.IntN(6) {
		if w := f.Somebody((*Worker).Entitled); w != nil && !g.Has(w) {
			g.Staff = append(g.Staff, w)
		}
	}
	if inner := f.Crew(); f.opts.Nested && inner != nil && f.IntN(2) == 0 { // an earlier one: no group is in itself
		g.Inner = append(g.Inner, inner)
	}
	f.Crews = append(f.Crews, g)
	f.Note("%s is founded", g.Name)
}

// Somebody returns a worker who fits, nil if nobody does.
func (f *Firm) Somebody(fits func(*Worker) bool) *Worker {
	who := slices.DeleteFunc(slices.Clone(f.Staff), func(w *Worker) bool { return !fits(w) })
	if len(who) == 0 {
		return nil
	}
	return who[f.IntN(len(who))]
}

// Crew returns a group that is there, nil if there is none.
func (f *Firm) Crew() *Crew {
	which := f.Present()
	if len(which) == 0 {
		return nil
	}
	return which[f.IntN(len(which))]
}

// Present returns the groups that are there.
func (f *Firm) Present() (crews []*Crew) {
	return slices.DeleteFunc(slices.Clone(f.Crews), func(g *Crew) bool { return g.Gone })
}

// Settle notes that an undisturbed cycle has seen the directory as it is.
func (f *Firm) Settle() {
	for _, w := range f.Staff {
		w.Provisioned, w.settled = w.Provisioned || w.Entitled(), w.Place
	}
	f.Diary, f.last = nil, nil
	f.remember()
}

// remember notes how the directory is, so that Rewind can bring it back.
func (f *Firm) remember() {
	staff, crews := map[*Worker]Worker{}, map[*Crew]Crew{}
	for _, w := range f.Staff {
		staff[w] = *w
	}
	for _, g := range f.Crews {
		copied := *g
		copied.Staff, copied.Inner = slices.Clone(g.Staff), slices.Clone(g.Inner)
		crews[g] = copied
	}
	f.whole = func() {
		for _, w := range f.Staff {
			before, old := staff[w]
			switch {
			case w.Place == Gone:
			case !old:
				w.Place, w.Boss, w.listed = Listed, nil, true
			default:
				listed := w.listed
				*w = before
				w.listed = listed
			}
		}
		for _, g := range f.Crews {
			if before, old := crews[g]; old {
				*g = before
				g.Staff, g.Inner = slices.Clone(before.Staff), slices.Clone(before.Inner)
			} else {
				g.Gone, g.Staff, g.Inner = true, nil, nil
			}
		}
	}
}

// Rewind makes the directory what it was at the last undisturbed cycle, but for
// those who are deleted for good. Who was hired since leaves.
func (f *Firm) Rewind() {
	f.whole()
	f.last = nil
	f.Note("everything is taken back")
}
