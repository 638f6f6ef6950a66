package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// place is where an employee is to be found in the directory.
type place int

const (
	here     place = iota
	listed         // among the deleted users
	vanished       // in no list, as after a deletion that the export cannot show
	purged         // was listed, and is no more: deleted for good
)

// employee is a user of the directory of a lifecycle run.
type employee struct {
	id       string
	attrs    map[string]string // by Graph's name; one that is empty is not exported
	boss     *employee
	blocked  bool
	assigned bool // to the application itself, not by way of a team
	place    place
	seen     place // where the last export had it
	renamed  bool
}

// team is a group of the directory.
type team struct {
	id, name string
	staff    []*employee
	inner    []*team
	assigned bool
	gone     bool
}

// firm is the directory, and the dice that decide what becomes of it.
type firm struct {
	*rand.Rand
	staff []*employee
	teams []*team
	sagas []*saga
	count int // of ids and names given so far: none is given twice
}

func newFirm(seed uint64, users, groups int) *firm {
	f := &firm{Rand: rand.New(rand.NewPCG(seed, 0))}
	for range users {
		f.hire()
	}
	// One whose name is no e-mail address to many, and who has no other.
	f.staff[0].attrs["userPrincipalName"], f.staff[0].attrs["mail"], f.staff[0].assigned = "ada!0@contoso.com", "", true
	for range groups {
		f.found()
	}
	for _, e := range f.staff {
		f.promote(e)
	}
	return f
}

// Names and words as people have them: with accents, in other scripts, with
// quotation marks, apostrophes, plus signs and what JSON and URLs escape.
var (
	givenNames = []string{"Ada", "Zoë", "José", "Łukasz", "Nguyễn", "李", "محمد", "Anne-Marie", "Siân", "Ole", "Þóra", "Đorđe"}
	surnames   = []string{"O'Brien", "Müller", "Nuñez", "Smith", "van der Berg", "Østergård", "Ito", `Smith "Jr"`, "Βασιλείου", "D’Arcy"}
	titles     = []string{"Clerk", "Chief", `Head of "Special" Projects`, "R&D + QA", "Sachbearbeiter für Öl", "50% / 50%", `C:\Staff`}
	units      = []string{"Sales", "Ops", "R&D + Labs", "Éditions", `The "Lab"`, "法務"}
	towns      = []string{"Zürich", "São Paulo", "New York", "Kraków", "東京"}
	languages  = []string{"en-US", "de-CH", "pt-BR", "pl"}
)

func (f *firm) one(words []string) string { return words[f.IntN(len(words))] }

func (f *firm) chance(percent int) bool { return f.IntN(100) < percent }

// signIn returns a new name to sign in with, of the characters that Entra
// allows in one.
func (f *firm) signIn() string {
	f.count++
	marks := []string{"", "", "", "", "", "", "", "", ".", "-", "_", "'", "'", "!"}
	first := []string{"ada", "Zoe", "jose", "Lukasz", "o"}
	return fmt.Sprintf("%s%s%d@contoso.com", f.one(first), f.one(marks), f.count)
}

func (f *firm) hire() *employee {
	name := f.signIn()
	e := &employee{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", f.count), attrs: map[string]string{}, assigned: f.chance(85)}
	e.attrs["mailNickname"] = fmt.Sprintf("nick%d", f.count)
	e.attrs["employeeType"] = "Employee"
	f.rename(e, name)
	e.attrs["displayName"] = e.attrs["givenName"] + " " + e.attrs["surname"]
	sparse := f.chance(25)
	for _, attribute := range movable {
		if !sparse || f.chance(20) {
			e.attrs[attribute] = f.word(attribute)
		}
	}
	f.staff = append(f.staff, e)
	return e
}

// rename gives new names, the one to sign in with among them.
func (f *firm) rename(e *employee, name string) {
	e.attrs["userPrincipalName"] = name
	if f.chance(90) {
		e.attrs["mail"] = strings.Replace(name, "@", "+work@", 1)
	}
	if f.chance(80) {
		e.attrs["mail"] = name
	}
	e.attrs["givenName"], e.attrs["surname"] = f.one(givenNames), f.one(surnames)
}

// movable are the attributes that change when somebody moves.
var movable = []string{
	"jobTitle", "department", "employeeId", "preferredLanguage", "officeLocation", "streetAddress",
	"city", "state", "postalCode", "country", "businessPhones", "mobilePhone", "faxNumber",
}

func (f *firm) word(attribute string) string {
	switch attribute {
	case "jobTitle":
		return f.one(titles)
	case "department":
		return f.one(units)
	case "preferredLanguage":
		return f.one(languages)
	case "city", "state":
		return f.one(towns)
	case "country":
		return f.one([]string{"CH", "BR", "US", "PL"})
	case "businessPhones", "mobilePhone", "faxNumber":
		return fmt.Sprintf("+41 44 %07d", f.IntN(1e7))
	case "postalCode", "employeeId":
		return fmt.Sprintf("%05d", f.IntN(1e5))
	default: // officeLocation, streetAddress
		return fmt.Sprintf("%s %d, floor #%d", f.one(surnames), f.IntN(100), f.IntN(9))
	}
}

// promote gives an employee another manager, sometimes none.
func (f *firm) promote(e *employee) {
	e.boss = nil
	if f.chance(75) {
		e.boss = f.staff[f.IntN(len(f.staff))]
	}
	if e.boss == e {
		e.boss = nil
	}
}

func (f *firm) found() *team {
	f.count++
	g := &team{id: fmt.Sprintf("00000000-0000-4000-9000-%012d", f.count), assigned: true}
	f.title(g)
	for range f.IntN(18) {
		f.join(g)
	}
	f.teams = append(f.teams, g)
	return g
}

func (f *firm) title(g *team) {
	f.count++
	g.name = fmt.Sprintf("%s %s %d", f.one(units), f.one([]string{"team", "“Squad”", "+ friends", "Größe"}), f.count)
}

func (f *firm) join(g *team) {
	if e := f.staff[f.IntN(len(f.staff))]; !slices.Contains(g.staff, e) {
		g.staff = append(g.staff, e)
	}
}

// present are the employees whom others can refer to, and the filter of who is
// in scope is about: Graph shows deleted users in no group and as nobody's
// manager.
func (e *employee) present() bool { return e != nil && e.place == here }

// upset makes so many changes. It returns what was done, for the report of a
// failure.
func (f *firm) upset(changes int) (done []string) {
	if e := f.staff[f.IntN(len(f.staff))]; e.place == here && !e.renamed && !f.inSaga(e) {
		f.begin(e)
	}
	for _, g := range slices.Clone(f.sagas) {
		done = append(done, g.who.attrs["userPrincipalName"]+": "+f.step(g))
	}
	for range changes {
		done = append(done, f.change())
	}
	return done
}

// saga is somebody who leaves for good and is hired anew, a step a round.
type saga struct {
	who    *employee
	deputy *employee // who reports to them, and is blocked when they are deleted
	// straight: deleted while in scope, and so the account is deleted too. Whoever
	// left scope before is no longer managed: the account stays, and is found.
	straight bool
}

func (f *firm) begin(e *employee) {
	g := &saga{who: e, straight: f.chance(50), deputy: f.staff[f.IntN(len(f.staff))]}
	if g.deputy != e && f.entitled(g.deputy) && !f.inSaga(g.deputy) {
		g.deputy.boss = e
	} else {
		g.deputy = nil
	}
	f.sagas = append(f.sagas, g)
}

func (f *firm) inSaga(e *employee) bool {
	return slices.ContainsFunc(f.sagas, func(g *saga) bool { return g.who == e || g.deputy == e })
}

// step takes a saga a step further.
func (f *firm) step(g *saga) string {
	e := g.who
	switch {
	case e.seen == here && e.place == here && !g.straight && f.assignedTo(e):
		e.assigned = false
		for _, t := range f.teams {
			t.staff = slices.DeleteFunc(t.staff, func(x *employee) bool { return x == e })
		}
		return "unassigned, and in no team"
	case e.seen == here && e.place == here:
		e.place = listed
		if g.deputy != nil {
			g.deputy.blocked = true
		}
		return "deleted"
	case e.place == listed && e.seen == listed:
		e.place = purged
		return "purged"
	case e.place == purged && e.seen == purged:
		f.again(e)
		return "hired anew"
	default:
		return "waits"
	}
}

// again hires somebody who was purged: the same person, a new object.
func (f *firm) again(e *employee) {
	back := f.hire()
	for _, attribute := range []string{"userPrincipalName", "mail", "mailNickname"} {
		back.attrs[attribute] = e.attrs[attribute]
	}
	f.staff = slices.DeleteFunc(f.staff, func(x *employee) bool { return x == e })
	f.sagas = slices.DeleteFunc(f.sagas, func(g *saga) bool { return g.who == e })
}

func (f *firm) change() string {
	switch dice := f.IntN(100); {
	case dice < 9:
		return "hired " + f.hire().attrs["userPrincipalName"]
	case dice < 16:
		f.foundOrDisband()
		return "founded or disbanded a team"
	case dice < 40:
		return f.regroup(f.teams[f.IntN(len(f.teams))])
	default:
		e := f.staff[f.IntN(len(f.staff))]
		name := e.attrs["userPrincipalName"]
		return name + ": " + f.life(e, dice)
	}
}

// foundOrDisband keeps the number of teams near what it was.
func (f *firm) foundOrDisband() {
	if f.chance(50) {
		f.found()
		return
	}
	f.teams[f.IntN(len(f.teams))].gone = true
}

func (f *firm) regroup(g *team) string {
	what := fmt.Sprintf("team %s: ", g.name)
	switch dice := f.IntN(20); {
	case g.gone:
		g.gone = false
		return what + "returned"
	case dice < 11:
		for range 1 + f.IntN(3) {
			f.join(g)
		}
		if len(g.staff) > 0 && f.chance(70) {
			i := f.IntN(len(g.staff))
			g.staff = slices.Delete(g.staff, i, i+1)
		}
		return what + "members"
	case dice < 14:
		f.title(g)
		return what + "renamed to " + g.name
	case dice < 15:
		g.staff, g.inner = nil, nil
		return what + "emptied"
	case dice < 17:
		g.assigned = !g.assigned
		return what + fmt.Sprint("assigned: ", g.assigned)
	default:
		inner := f.teams[f.IntN(len(f.teams))]
		if i := slices.Index(g.inner, inner); i >= 0 {
			g.inner = slices.Delete(g.inner, i, i+1)
		} else if inner != g && !slices.Contains(inner.inner, g) {
			g.inner = append(g.inner, inner)
		}
		return what + "nested " + inner.name
	}
}

// life does something to one employee: those who are away come back, go for
// good, or stay away.
func (f *firm) life(e *employee, dice int) string {
	switch {
	case f.inSaga(e):
		return "has a saga"
	case e.place == purged && e.seen == purged && !e.renamed && f.chance(50):
		f.again(e)
		return "hired anew"
	case e.place == purged, e.place != e.seen:
		return "stays away"
	case e.place == listed && f.chance(60):
		e.place = purged
		return "purged"
	case e.place != here:
		e.place = here
		return "restored"
	case e.blocked:
		e.blocked = false
		return "unblocked"
	case e.attrs["employeeType"] == "Contractor":
		e.attrs["employeeType"] = "Employee"
		return "filtered in"
	case !e.assigned && f.chance(60):
		e.assigned = true
		return "assigned"
	case dice < 60:
		return f.move(e)
	case dice < 66:
		f.rename(e, f.signIn())
		e.renamed = true
		return "renamed to " + e.attrs["userPrincipalName"]
	case dice < 79:
		f.promote(e)
		return "manager"
	case dice < 83:
		e.assigned = false
		return "unassigned"
	case dice < 87:
		e.blocked = true
		return "blocked"
	case dice < 91:
		e.attrs["employeeType"] = "Contractor"
		return "filtered out"
	case dice < 98:
		e.place = listed
		return "deleted"
	default:
		e.place = vanished
		return "vanished"
	}
}

func (f *firm) move(e *employee) string {
	var what []string
	for range 1 + f.IntN(4) {
		attribute := f.one(movable)
		e.attrs[attribute] = f.word(attribute)
		if f.chance(25) {
			e.attrs[attribute] = "" // cleared
		}
		what = append(what, fmt.Sprintf("%s=%q", attribute, e.attrs[attribute]))
	}
	return strings.Join(what, " ")
}
