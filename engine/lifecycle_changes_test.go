package engine_test

import (
	"strings"
	"time"

	"pgregory.net/rapid"
)

// What happens to the directory in a random life.

func (l *life) hire(rt *rapid.T) *person {
	nick := l.name()
	p := &person{nick: nick, upn: nick + "@contoso.com", display: strings.ToUpper(nick), where: present}
	p.title, p.dept = l.word(rt), l.word(rt)
	p.unassigned = rapid.IntRange(0, 4).Draw(rt, "unassigned") == 4
	l.people = append(l.people, p)
	return p
}

func (l *life) found(rt *rapid.T) *team {
	g := &team{key: l.name(), where: present}
	g.name = "group " + g.key
	l.teams = append(l.teams, g)
	g.members = l.someone(rt, g)
	return g
}

func (l *life) word(rt *rapid.T) string {
	return rapid.SampledFrom([]string{"", "Clerk", "Chief", "Secret"}).Draw(rt, "value")
}

// someone chooses members for a group: users, gone or not, and other groups.
func (l *life) someone(rt *rapid.T, g *team) []string {
	var keys []string
	for _, p := range l.people {
		keys = append(keys, p.nick)
	}
	for _, other := range l.teams {
		if other != g && !l.m.shows { // whether there is a member left to show must not depend on the order of deletions
			keys = append(keys, other.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, min(5, len(keys)), rapid.ID[string]).Draw(rt, "members")
}

// change does something to the source.
func (l *life) change(rt *rapid.T) {
	for range rapid.IntRange(1, 3).Draw(rt, "changes") {
		l.changeOne(rt)
	}
}

func (l *life) changeOne(rt *rapid.T) {
	kinds := []string{"hire", "found"}
	if len(l.people) > 0 {
		kinds = append(kinds, "display", "upn", "title", "department", "manager", "no manager", "block", "unblock",
			"assign", "unassign", "vanish", "list", "return", "purge")
	}
	if len(l.teams) > 0 {
		kinds = append(kinds, "group name", "members", "group assignment", "disband", "group returns")
	}
	if l.few {
		kinds = []string{"title", "manager", "no manager", "block", "unblock", "assign", "unassign", "vanish", "return", "group assignment", "members", "members"}
	}
	kind := rapid.SampledFrom(kinds).Draw(rt, "kind")
	var p *person
	var g *team
	if len(l.people) > 0 {
		p = l.people[rapid.IntRange(0, len(l.people)-1).Draw(rt, "who")]
	}
	if len(l.teams) > 0 {
		g = l.teams[rapid.IntRange(0, len(l.teams)-1).Draw(rt, "which group")]
	}
	switch kind {
	case "hire":
		if len(l.people) < 12 {
			l.hire(rt)
		}
	case "found":
		if len(l.teams) < 4 {
			l.found(rt)
		}
	case "display":
		p.display = "Display " + l.name()
	case "upn":
		p.upn = l.name() + "@contoso.com"
	case "title":
		p.title = l.word(rt)
	case "department":
		p.dept = l.word(rt)
	case "manager":
		if boss := rapid.SampledFrom(l.people).Draw(rt, "manager"); boss != p {
			p.manager = boss.nick
		}
	case "no manager":
		p.manager = ""
	case "block", "unblock":
		p.blocked = kind == "block"
	case "assign", "unassign":
		p.unassigned = kind == "unassign"
	case "vanish":
		p.where, p.left = nowhere, true
	case "list":
		p.where, p.left = listed, true
	case "return":
		p.where = present
	case "purge":
		if p.where == listed {
			p.where = nowhere
		}
	case "group name":
		g.name = "group " + l.name()
	case "members":
		g.members = l.someone(rt, g)
	case "group assignment":
		g.unassigned = !g.unassigned
	case "disband":
		g.where = nowhere
	case "group returns":
		g.where = present
	}
}

// wait lets time pass.
func (l *life) wait(rt *rapid.T) {
	l.now = l.now.Add(rapid.SampledFrom([]time.Duration{
		time.Minute, 40 * time.Minute, 7 * time.Hour, 24 * time.Hour, 9 * 24 * time.Hour, 31 * 24 * time.Hour, 60 * 24 * time.Hour,
	}).Draw(rt, "time"))
}

// deliver makes the source what the directory is now.
func (l *life) deliver() {
	l.source.users, l.source.groups, l.source.deleted = nil, nil, nil
	for _, p := range l.people {
		switch p.where {
		case present:
			l.source.users = append(l.source.users, p.object())
		case listed:
			l.source.deleted = append(l.source.deleted, p.object())
		}
	}
	for _, g := range l.teams {
		if g.where == present {
			l.source.groups = append(l.source.groups, g.object())
		}
	}
}
