package engine_test

import (
	"slices"
	"time"
)

// What the model does about one object.

// evaluate brings one user's account up to date, all but its manager, and
// reports whether its manager is to be looked at.
func (m *model) evaluate(p *person, now time.Time) bool {
	o := m.memories[p.nick]
	if m.purged(o, p.where, now) {
		if o.account != nil && o.stance != abandoned && !m.keepOut {
			m.removeAccount(o.account)
		}
		m.part(p.nick, o.connected(), m.heal) // nobody's any more, if it is still there
		delete(m.memories, p.nick)
		return false
	}
	if !m.entitled(p) {
		if o.account != nil && (o.stance == suspended || o.stance == managed && !m.keepOut) {
			o.account.active = false
			o.stance = abandoned
			if o.gone || p.blocked && !p.unassigned {
				o.stance = suspended
			}
		}
		return false
	}
	if o.lost {
		m.part(p.nick, o.account, true)
		o.account, o.boss, o.lost = nil, nil, false
	}
	if o.account == nil {
		for _, a := range m.accounts {
			if a.userName == p.upn {
				o.account = a
			}
		}
	}
	if o.account == nil {
		o.account = &account{}
		m.accounts = append(m.accounts, o.account)
	}
	o.stance = managed
	a := o.account
	a.active, a.externalID = true, p.nick
	m.flow(&a.userName, p.upn)
	m.flow(&a.display, p.display)
	m.flow(&a.title, p.title)
	m.flow(&a.dept, p.dept)
	return true
}

// flow sets a value: an empty one is not sent unless nulls flow.
func (m *model) flow(to *string, value string) {
	if value != "" || m.clears {
		*to = value
	}
}

// report sets a user's manager, if that is provisioned, and takes away one that
// was set and is cleared.
func (m *model) report(p *person) {
	o, boss := m.memories[p.nick], m.memories[p.manager]
	o.missing = nil
	switch {
	case p.manager == "" && (o.boss == nil || m.keepManager):
	case p.manager == "":
		o.account.manager, o.boss = nil, nil
	case boss.connected() == nil:
		m.misses(o, p.manager)
	default:
		o.account.manager, o.boss = boss.account, boss.account
	}
}

// misses notes that an object refers to one that is not provisioned.
func (m *model) misses(o *remembered, key string) {
	if m.heal {
		o.missing = append(o.missing, key)
	}
}

// evaluateTeam brings a group up to date, all but its members, and reports
// whether these are to be looked at. A group that leaves is deleted at once.
func (m *model) evaluateTeam(g *team, now time.Time) bool {
	o := m.memories[g.key]
	if g.where != present || g.unassigned {
		circle := o.connected()
		if circle != nil && !m.keepOut {
			m.removeCircle(o.circle)
			o.circle, o.set = nil, nil
		}
		purged := m.purged(o, g.where, now)
		if circle != nil && (purged || !m.keepOut) {
			m.part(g.key, circle, m.heal)
		}
		if purged {
			delete(m.memories, g.key)
		}
		return false
	}
	if o.lost {
		m.part(g.key, o.circle, true)
		o.circle, o.set, o.lost = nil, nil, false
	}
	if o.circle == nil {
		for _, c := range m.circles {
			if c.name == g.name {
				o.circle = c
			}
		}
	}
	if o.circle == nil {
		o.circle = &circle{members: map[any]bool{}}
		m.circles = append(m.circles, o.circle)
	}
	o.shown = m.shows && len(o.circle.members) > 0
	o.circle.name, o.circle.externalID = g.name, id(g.key)
	return true
}

// gather makes the members that were set those that are provisioned now. What
// others have put into the group stays, unless the application shows members:
// each request then leaves none but those that it brings.
func (m *model) gather(g *team) {
	o, wanted := m.memories[g.key], map[any]bool{}
	var come []any
	o.missing = nil
	for _, key := range g.members {
		c := m.memories[key].connected()
		if c == nil {
			m.misses(o, key)
			continue
		}
		if wanted[c] = true; !o.set[c] {
			come = append(come, c)
		}
	}
	for c := range o.set {
		if !wanted[c] {
			delete(o.circle.members, c)
		}
	}
	for part := range slices.Chunk(come, m.batch) {
		if o.shown && m.replaces() {
			o.circle.members = map[any]bool{}
		}
		for _, c := range part {
			o.circle.members[c] = true
		}
	}
	o.set = wanted
}

// replaces reports whether the members that come may take the place of those
// that are there. Which of them are left then depends on how many cycles it
// took, so that no request may fail.
func (m *model) replaces() bool { return m.shows && !m.alwaysAdd }

func (m *model) removeAccount(a *account) {
	m.accounts = slices.DeleteFunc(m.accounts, func(b *account) bool { return a == b })
	for _, b := range m.accounts {
		if b.manager == a {
			b.manager = nil
		}
	}
	m.dropMember(a)
}

func (m *model) removeCircle(c *circle) {
	m.circles = slices.DeleteFunc(m.circles, func(d *circle) bool { return c == d })
	m.dropMember(c)
}

func (m *model) dropMember(x any) {
	for _, c := range m.circles {
		delete(c.members, x)
	}
}

// part ends the connection of an object of the source with one of the
// application. That others referred to it is forgotten; they may wait for it to
// come back.
func (m *model) part(key string, x any, await bool) {
	for _, o := range m.memories {
		boss := o.boss != nil && x == any(o.boss)
		if await && (boss || o.set[x]) {
			o.missing = append(o.missing, key)
		}
		if delete(o.set, x); boss {
			o.boss = nil
		}
	}
}

// vanish is the deletion of an object's account or circle by others.
func (m *model) vanish(key string) {
	o := m.memories[key]
	if o.lost = true; o.account != nil {
		m.removeAccount(o.account)
	} else {
		m.removeCircle(o.circle)
	}
}
