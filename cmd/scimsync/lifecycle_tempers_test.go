package main

import (
	"cmp"
	"slices"
	"strings"
)

// temper is a server with a PATCH dialect. What it does in its own way stands
// here by the name of its exception; lifecycle_exceptions_test.go says the rest.
type temper struct {
	server  string
	dialect string // "standard", or "compliant" with aadOptscim062020
}

// change is what a PATCH does to one attribute: it is added if there was no old
// value, else replaced.
type change struct{ target, value, old string }

// does reports whether this server has the exception, and counts that it
// shaped the prediction.
func (m *forecast) does(name string) bool {
	if !m.has(name) {
		return false
	}
	m.used[name]++
	return true
}

const (
	workMail = `emails[type eq "work"].value`
	bareMail = `emails[type eq ""].value`
)

// post creates a user. It reports whether the server does.
func (m *forecast) post(x *entry) bool {
	mail, name := x.shown[workMail], x.shown["userName"]
	x.key = cmp.Or(mail, name)
	taken := slices.ContainsFunc(m.users, func(y *entry) bool { return y.key == x.key })
	switch {
	case strings.Contains(mail, "!") && m.does("mail refused on creation"),
		mail == "" && strings.Contains(name, "!") && m.does("name is no mail"),
		taken && m.does("e-mail taken"):
		return false
	}
	if mail != strings.ToLower(mail) && m.does("mail lowered") {
		x.shown[workMail] = strings.ToLower(mail)
	}
	if mail == "" && m.does("mail made up") {
		x.shown[bareMail] = strings.ToLower(name)
	}
	return true
}

// find returns the user whom a query for a userName finds, nil for none.
func (m *forecast) find(userName string) *entry {
	key := strings.NewReplacer(`'`, "", `"`, "").Replace(userName)
	for _, x := range m.users {
		switch {
		case !strings.EqualFold(x.shown["userName"], userName):
		case x.key != key && m.does("found by first e-mail"):
		default:
			return x
		}
	}
	return nil
}

// patch changes attributes of a user in one request. It reports whether the
// server takes it.
func (m *forecast) patch(x *entry, changes []change) bool {
	for _, c := range changes {
		list, _, filtered := strings.Cut(c.target, "].")
		switch {
		case c.target == workMail && strings.Contains(c.value, "!") && m.does("mail refused"):
			return false
		case c.target == "active" && m.does("boolean text refused"):
			return false
		case filtered && !hasElement(x, list) && m.does("no such element"):
			return false
		}
	}
	for _, c := range changes {
		switch {
		case c.target == "active" && m.does("boolean text kept"):
			x.shown["active"] = map[string]string{"true": `"True"`, "false": `"False"`}[c.value]
		case c.target == workMail && c.value != strings.ToLower(c.value) && m.does("mail lowered"):
			x.shown[c.target] = strings.ToLower(c.value)
		case c.target == "name.formatted" && x.shown["displayName"] == x.shown[c.target] && m.does("displayName follows"):
			x.shown["displayName"], x.shown[c.target] = c.value, c.value
		case strings.HasPrefix(c.target, "urn:") && m.does("extension lost"):
		default:
			x.shown[c.target] = c.value
		}
	}
	return true
}

// hasElement reports whether a user has an element of this list and type.
func hasElement(x *entry, list string) bool {
	for target := range x.shown {
		if strings.HasPrefix(target, list+"].") {
			return true
		}
	}
	return false
}

// patchBoss sets a user's manager, or takes it away.
func (m *forecast) patchBoss(x, boss *entry) bool {
	switch {
	case boss == nil && m.does("manager removal refused"), boss != nil && m.does("plain manager refused"):
		return false
	case m.does("manager lost"):
		return true
	}
	x.boss = boss
	return true
}

func (m *forecast) findGroup(name string) (found *entry, refused bool) {
	if strings.Contains(name, `"`) && m.does("quoted filter refused") {
		return nil, true
	}
	for _, x := range m.groups {
		if x.shown["displayName"] == name {
			return x, false
		}
	}
	return nil, false
}

func (m *forecast) renameGroup(g *entry, name string) bool {
	if !m.does("group rename ignored") {
		g.shown["displayName"] = name
	}
	return true
}

func (m *forecast) addMember(g, x *entry) bool {
	switch {
	case x.members != nil && m.does("nested group refused"):
		return false
	case !m.does("members ignored"):
		g.members[x] = true
	}
	return true
}

func (m *forecast) removeMember(g, x *entry) {
	delete(g.members, x)
}

// tidy is what the server does with references to what it deletes.
func (m *forecast) tidy(x *entry) {
	for _, g := range m.groups {
		if g.members[x] && !m.does("members outlive") {
			delete(g.members, x)
		}
	}
	for _, u := range m.users {
		if u.boss == x && !m.does("manager outlives") {
			u.boss = nil
		}
	}
}
