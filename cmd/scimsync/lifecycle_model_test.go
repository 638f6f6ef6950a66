package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// This is a second, much simpler telling of what becomes of a directory in an
// application: no requests, nothing at a time. It reads the mapping as a person
// would, follows Microsoft's pages ("How Application Provisioning works",
// "Known issues for provisioning") and shares no code with the program. What an
// application does in its own way is in lifecycle_tempers_test.go.

const enterpriseUser = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

// mapped is the mapping of users, but for active and manager: a target
// attribute and how it reads in an employee.
var mapped = []struct {
	target string
	of     func(e *employee) string
}{
	{"userName", attr("userPrincipalName")},
	{"displayName", attr("displayName")},
	{"title", attr("jobTitle")},
	{`emails[type eq "work"].value`, attr("mail")},
	{"preferredLanguage", attr("preferredLanguage")},
	{"name.givenName", attr("givenName")},
	{"name.familyName", attr("surname")},
	{"name.formatted", func(e *employee) string { return e.attrs["givenName"] + " " + e.attrs["surname"] }},
	{`addresses[type eq "work"].formatted`, attr("officeLocation")},
	{`addresses[type eq "work"].streetAddress`, attr("streetAddress")},
	{`addresses[type eq "work"].locality`, attr("city")},
	{`addresses[type eq "work"].region`, attr("state")},
	{`addresses[type eq "work"].postalCode`, attr("postalCode")},
	{`addresses[type eq "work"].country`, attr("country")},
	{`phoneNumbers[type eq "work"].value`, attr("businessPhones")},
	{`phoneNumbers[type eq "mobile"].value`, attr("mobilePhone")},
	{`phoneNumbers[type eq "fax"].value`, attr("faxNumber")},
	{"externalId", attr("mailNickname")},
	{enterpriseUser + "employeeNumber", attr("employeeId")},
	{enterpriseUser + "department", attr("department")},
}

func attr(name string) func(*employee) string {
	return func(e *employee) string { return e.attrs[name] }
}

// entry is a user or a group of the application.
type entry struct {
	shown   map[string]string // by target attribute; what is empty is not in it
	boss    *entry
	members map[*entry]bool
	gone    bool   // deleted from the application
	key     string // what saml-jackson finds a user by
}

// stance is how a connected object stands.
type stance int

const (
	managed   stance = iota
	suspended        // disabled because it was blocked or deleted: its purge deletes the entry
	abandoned        // disabled because it left scope: nobody deletes the entry any more
)

// memory is what provisioning remembers of one object of the directory.
type memory struct {
	seen    string // how it looked when last evaluated
	entry   *entry // what it is connected to
	stance  stance
	set     map[*entry]bool // of a team: the members that were set
	bosses  map[*entry]bool // the managers that were set, and not taken away
	fresh   bool            // connected in this cycle
	fails   int             // in a row: after the first it is tried again at once
	looked  bool            // at, in this cycle
	failing bool            // in this cycle
}

// forecast is the application as it should be, and what is remembered.
type forecast struct {
	temper
	managerRemoval string // target.behavior.managerRemoval: what becomes of a manager whom the directory clears
	memories       map[string]*memory
	users, groups  []*entry
	used           map[string]int // how often an exception shaped the prediction
}

func newForecast(t temper, managerRemoval string) *forecast {
	return &forecast{temper: t, managerRemoval: managerRemoval, memories: map[string]*memory{}, used: map[string]int{}}
}

// entitled reports whether an employee is in scope: present, enabled, assigned
// or a direct member of an assigned team, and not filtered out.
func (f *firm) entitled(e *employee) bool {
	return e.place == here && !e.blocked && f.assignedTo(e) && e.attrs["employeeType"] != "Contractor"
}

func (f *firm) assignedTo(e *employee) bool { return e.assigned || len(f.by(e)) > 0 }

// by are the names of the teams that bring an employee the assignment.
func (f *firm) by(e *employee) (names []string) {
	for _, g := range f.teams {
		if g.assigned && !g.gone && e.place == here && slices.Contains(g.staff, e) {
			names = append(names, g.name)
		}
	}
	slices.Sort(names)
	return names
}

// look is how an object looks to the source. It is evaluated when that changed.
func look(parts ...any) string {
	b, _ := json.Marshal(parts)
	return string(b)
}

// due reports whether a cycle has to look at an object.
func (m *forecast) due(id, look string) bool {
	o := m.memories[id]
	if o == nil {
		o = &memory{bosses: map[*entry]bool{}}
		m.memories[id] = o
	}
	o.looked = o.seen != look || o.fails == 1
	o.seen, o.failing = look, false
	return o.looked
}

// failed ends the evaluation of an object that was refused something.
func (o *memory) failed() { o.failing = true }

// waits reports whether an object has failed and will be tried again.
func (o *memory) waits() bool { return o.failing || o.fails > 0 && !o.looked }

// settle counts failures once a cycle is over.
func (m *forecast) settle(evaluated []*memory) {
	for _, o := range evaluated {
		if o.failing {
			o.fails++
		} else {
			o.fails = 0
		}
	}
}

// cycle brings the application up to date: users, groups, members, managers.
func (m *forecast) cycle(f *firm) {
	var evaluated []*memory
	var reports []*employee
	var gathered []*team
	for _, pass := range []bool{true, false} { // those that are connected come first
		for _, e := range f.staff {
			if o := m.memories[e.id]; pass != (o != nil && o.entry != nil) || o != nil && slices.Contains(evaluated, o) {
				continue
			}
			if !m.due(e.id, look(e.place, e.record(), e.assigned, f.by(e))) {
				continue
			}
			o := m.memories[e.id]
			evaluated = append(evaluated, o)
			if m.evaluate(f, e, o) {
				reports = append(reports, e)
			}
		}
	}
	for _, pass := range []bool{true, false} {
		for _, g := range f.teams {
			if o := m.memories[g.id]; pass != (o != nil && o.entry != nil) || o != nil && slices.Contains(evaluated, o) {
				continue
			}
			if !m.due(g.id, look(g.gone, g.record(), g.assigned)) {
				continue
			}
			o := m.memories[g.id]
			evaluated = append(evaluated, o)
			if m.evaluateTeam(g, o) {
				gathered = append(gathered, g)
			}
		}
	}
	for _, g := range gathered {
		m.gather(g)
	}
	for _, e := range reports {
		m.report(e)
	}
	m.settle(evaluated)
}

// evaluate brings one user up to date, all but the manager, and reports whether
// that is to be looked at.
func (m *forecast) evaluate(f *firm, e *employee, o *memory) bool {
	if e.place == purged {
		if o.entry != nil && o.stance != abandoned {
			m.deleteEntry(o.entry)
		}
		m.forget(o.entry)
		o.entry, o.stance = nil, managed
		return false
	}
	if !f.entitled(e) {
		m.leave(f, e, o)
		return false
	}
	if o.fresh = o.entry == nil; o.fresh {
		if o.entry = m.find(e.attrs["userPrincipalName"]); o.entry == nil {
			if o.entry = m.create(e); o.entry == nil {
				o.failed()
			}
			return o.entry != nil
		}
	}
	o.stance = managed
	changes := []change{}
	if m.activeOf(o.entry) != "true" {
		changes = append(changes, change{"active", "true", o.entry.shown["active"]})
	}
	for _, a := range mapped {
		// What was cleared in the directory stays in the application.
		if value := a.of(e); value != "" && value != o.entry.shown[a.target] {
			changes = append(changes, change{a.target, value, o.entry.shown[a.target]})
		}
	}
	if !m.patch(o.entry, changes) {
		o.failed()
		return false
	}
	return true
}

// activeOf is what a person reads an entry's active as.
func (m *forecast) activeOf(x *entry) string {
	return strings.ToLower(strings.Trim(x.shown["active"], `"`))
}

// leave disables the entry of somebody who left scope, and changes nothing else
// of it.
func (m *forecast) leave(f *firm, e *employee, o *memory) {
	after := abandoned
	if e.place != here || e.blocked && f.assignedTo(e) {
		after = suspended
	}
	switch {
	case o.entry == nil || o.stance == abandoned:
	case o.stance == suspended:
		o.stance = after
	case m.activeOf(o.entry) != "false" && !m.patch(o.entry, []change{{"active", "false", o.entry.shown["active"]}}):
		o.failed()
	default:
		o.stance = after
	}
}

// create makes a new user of everything that has a value.
func (m *forecast) create(e *employee) *entry {
	x := &entry{shown: map[string]string{"active": "true"}}
	for _, a := range mapped {
		if value := a.of(e); value != "" {
			x.shown[a.target] = value
		}
	}
	if !m.post(x) {
		return nil
	}
	m.users = append(m.users, x)
	return x
}

// report sets a user's manager, if that one is provisioned.
func (m *forecast) report(e *employee) {
	o := m.memories[e.id]
	if !e.boss.present() {
		m.clearBoss(o)
		return
	}
	shown, boss := o.entry.boss, m.memories[e.boss.id]
	switch {
	case boss == nil || boss.entry == nil:
		if boss != nil && boss.waits() {
			o.failed() // he failed, and is tried again together with him
		}
	case shown == boss.entry:
		o.bosses[boss.entry] = true
	case m.patchBoss(o.entry, boss.entry):
		o.bosses = map[*entry]bool{boss.entry: true}
	default:
		o.failed()
	}
}

// clearBoss takes a manager away whom the directory has cleared, if it was
// provisioning that set him.
func (m *forecast) clearBoss(o *memory) {
	shown := o.entry.boss
	switch {
	case m.managerRemoval == "leave" || o.fresh || len(o.bosses) == 0:
	case shown != nil && !o.bosses[shown]: // somebody else set another one
	case m.patchBoss(o.entry, nil):
		o.bosses = map[*entry]bool{}
	default:
		o.failed()
	}
}

// evaluateTeam brings a group up to date, all but its members, and reports
// whether these are to be looked at. A group that leaves is deleted at once.
func (m *forecast) evaluateTeam(g *team, o *memory) bool {
	if g.gone || !g.assigned {
		if o.entry != nil {
			m.deleteEntry(o.entry)
			m.forget(o.entry)
			o.entry, o.set = nil, nil
		}
		return false
	}
	if o.entry == nil {
		found, refused := m.findGroup(g.name)
		if refused {
			o.failed()
			return false
		}
		o.entry = found
	}
	if o.entry == nil {
		o.entry = &entry{shown: map[string]string{"displayName": g.name, "externalId": g.id}, members: map[*entry]bool{}}
		o.set = map[*entry]bool{}
		m.groups = append(m.groups, o.entry)
		return true
	}
	m.does("externalId not shown") // and so it is sent again
	if g.name != o.entry.shown["displayName"] && !m.renameGroup(o.entry, g.name) {
		o.failed()
		return false
	}
	return true
}

// gather makes the members that were set those that are provisioned now.
func (m *forecast) gather(g *team) {
	o, wanted := m.memories[g.id], map[*entry]bool{}
	want := func(id string) {
		other := m.memories[id]
		switch {
		case other == nil:
		case other.entry != nil:
			wanted[other.entry] = true
		case other.waits():
			o.failed()
		}
	}
	for _, e := range g.staff {
		if e.present() {
			want(e.id)
		}
	}
	for _, inner := range g.inner {
		if !inner.gone {
			want(inner.id)
		}
	}
	for x := range o.set {
		if !wanted[x] {
			m.removeMember(o.entry, x)
			delete(o.set, x)
		}
	}
	for x := range wanted {
		switch {
		case o.set[x]:
		case m.addMember(o.entry, x):
			o.set[x] = true
		default:
			o.failed()
		}
	}
}

// deleteEntry deletes a user or a group from the application.
func (m *forecast) deleteEntry(x *entry) {
	x.gone = true
	is := func(y *entry) bool { return x == y }
	m.users, m.groups = slices.DeleteFunc(m.users, is), slices.DeleteFunc(m.groups, is)
	m.tidy(x)
}

// forget forgets that an entry was made a member or a manager.
func (m *forecast) forget(x *entry) {
	for _, o := range m.memories {
		delete(o.set, x)
		delete(o.bosses, x)
	}
}

// directoryOf is what an application shows: users and groups by name.
type directoryOf struct {
	Users  map[string]map[string]string
	Groups map[string]groupShown
}

type groupShown struct {
	ExternalID string
	Members    []string
}

// shows is the application as the model predicts it.
func (m *forecast) shows() directoryOf {
	d := directoryOf{Users: map[string]map[string]string{}, Groups: map[string]groupShown{}}
	for _, x := range m.users {
		shown := maps.Clone(x.shown)
		if x.boss != nil {
			shown[enterpriseUser+"manager"] = nameOf(x.boss)
		}
		d.Users[shown["userName"]] = shown
	}
	for _, x := range m.groups {
		g := groupShown{ExternalID: x.shown["externalId"], Members: []string{}}
		for member := range x.members {
			g.Members = append(g.Members, nameOf(member))
		}
		slices.Sort(g.Members)
		d.Groups[x.shown["displayName"]] = g
	}
	return d
}

// nobody is how a reference to an entry that is gone is shown.
const nobody = "(gone)"

func nameOf(x *entry) string {
	switch {
	case x.gone:
		return nobody
	case x.members != nil:
		return "group " + x.shown["displayName"]
	default:
		return fmt.Sprint(x.shown["userName"])
	}
}
