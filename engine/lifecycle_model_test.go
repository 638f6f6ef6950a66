package engine_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// This is a second, much simpler telling of what Microsoft's documentation says
// of an object's life: no requests, no concurrency, no state on disk. It is
// written from the documentation ("How provisioning works", "Known issues for
// provisioning", "Scoping users or groups") and shares no code with the engine.

// where says where a source object is to be found.
type where int

const (
	nowhere where = iota // not in the export
	present
	listed // among the deleted users
)

// person is a user of the source. Its nickname never changes.
type person struct {
	nick                      string
	upn, display, title, dept string
	manager                   string // a nickname; "" for none
	where                     where
	blocked, unassigned       bool
}

// team is a group of the source. Its key never changes, its name does.
type team struct {
	key, name  string
	members    []string // nicknames and keys
	where      where
	unassigned bool
}

// account is a user of the application.
type account struct {
	userName, display, title, dept, externalID string
	active                                     bool
	manager                                    *account
}

// circle is a group of the application.
type circle struct {
	name, externalID string
	members          map[any]bool // *account and *circle
}

// stance is how a connected object stands.
type stance int

const (
	managed   stance = iota
	suspended        // disabled because it was blocked or deleted: its purge deletes the account
	abandoned        // disabled because it left scope: nobody deletes the account any more
)

// remembered is what provisioning remembers of one source object.
type remembered struct {
	seen       string // content when last evaluated; "" for never
	generation int
	where      where // where it was last
	gone       bool  // missing or listed: soft-deleted
	since      time.Time

	account *account
	circle  *circle
	stance  stance
	set     map[any]bool // of a group: members that were set
	missing []string     // what it referred to in vain
}

func (m *remembered) connected() any {
	switch {
	case m == nil:
		return nil
	case m.account != nil:
		return m.account
	case m.circle != nil:
		return m.circle
	default:
		return nil
	}
}

// model is the whole: what is remembered, and the application as it should be.
type model struct {
	recycleBin time.Duration
	hidden     string // users of this department are filtered out; "" for no filter
	keepOut    bool   // SkipOutOfScopeDeletions
	heal       bool   // HealReferences
	generation int

	memories map[string]*remembered // by nickname or key
	accounts []*account
	circles  []*circle
}

func (p *person) content() string { return fmt.Sprintf("%+v", *p) }
func (g *team) content() string   { return fmt.Sprintf("%+v", *g) }

func (m *model) remember(key string) *remembered {
	if m.memories[key] == nil {
		m.memories[key] = &remembered{}
	}
	return m.memories[key]
}

func (m *model) entitled(p *person) bool {
	return p.where == present && !p.blocked && !p.unassigned && (m.hidden == "" || p.dept != "" && p.dept != m.hidden)
}

// cycle evaluates everything that changed since it was evaluated last.
func (m *model) cycle(people []*person, teams []*team, now time.Time) {
	var reports []*person
	var gathered []*team
	for _, p := range people {
		if m.due(p.nick, p.content(), p.where, now) {
			reports = append(reports, p)
		}
	}
	for _, g := range teams {
		if m.due(g.key, g.content(), g.where, now) {
			gathered = append(gathered, g)
		}
	}
	reports = slices.DeleteFunc(reports, func(p *person) bool { return !m.evaluate(p, now) })
	gathered = slices.DeleteFunc(gathered, func(g *team) bool { return !m.evaluateTeam(g, now) })
	for _, g := range gathered {
		m.gather(g)
	}
	for _, p := range reports {
		m.report(p)
	}
}

// onDemand evaluates one object that is in the source, changed or not.
func (m *model) onDemand(p *person, g *team, now time.Time) {
	if p != nil {
		if m.note(p.nick, p.content(), p.where, now); m.evaluate(p, now) {
			m.report(p)
		}
		return
	}
	if m.note(g.key, g.content(), g.where, now); m.evaluateTeam(g, now) {
		m.gather(g)
	}
}

// again makes the next cycle look at an object that was provisioned on demand:
// that call has moved no watermark.
func (m *model) again(key string) {
	if o := m.memories[key]; o != nil {
		o.generation = -1
	}
}

// due reports whether a cycle has to look at an object.
func (m *model) due(key, content string, w where, now time.Time) bool {
	o, known := m.memories[key]
	switch {
	case !known && w == nowhere:
		return false
	case !known:
		return m.note(key, content, w, now)
	case w == nowhere:
		purged := o.gone && (o.where == listed || now.Sub(o.since) >= m.recycleBin)
		again := o.generation != m.generation
		if o.gone && !purged && !again {
			return false
		}
		return m.note(key, "", w, now)
	case o.seen != content || o.generation != m.generation || m.healed(o):
		return m.note(key, content, w, now)
	default:
		return false
	}
}

// healed reports whether something that an object referred to in vain is
// provisioned by now.
func (m *model) healed(o *remembered) bool {
	return m.heal && slices.ContainsFunc(o.missing, func(key string) bool { return m.memories[key].connected() != nil })
}

// note remembers how an object looks as it is evaluated.
func (m *model) note(key, content string, w where, now time.Time) bool {
	o := m.remember(key)
	if w == nowhere && !o.gone {
		o.since = now
	}
	if w == listed {
		o.since = time.Time{}
	}
	if w != nowhere || !o.gone {
		o.where = w // a listed one stays listed in memory until it is purged
	}
	o.gone = w != present
	o.seen, o.generation = content, m.generation
	return true
}

// purged reports whether an evaluated object is gone for good.
func (m *model) purged(o *remembered, w where, now time.Time) bool {
	return w == nowhere && (o.where == listed || now.Sub(o.since) >= m.recycleBin)
}

// evaluate brings one user's account up to date, all but its manager, and
// reports whether its manager is to be looked at.
func (m *model) evaluate(p *person, now time.Time) bool {
	o := m.memories[p.nick]
	if m.purged(o, p.where, now) {
		switch {
		case o.account == nil:
		case o.stance == abandoned, m.keepOut:
			m.letGo(o.account) // nobody's any more, and still there
		default:
			m.deleteAccount(o.account)
		}
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
	flow(&a.userName, p.upn)
	flow(&a.display, p.display)
	flow(&a.title, p.title)
	flow(&a.dept, p.dept)
	return true
}

// flow sets a value: an empty one is never sent.
func flow(to *string, value string) {
	if value != "" {
		*to = value
	}
}

// report sets a user's manager, if that is provisioned. A cleared one stays.
func (m *model) report(p *person) {
	o, boss := m.memories[p.nick], m.memories[p.manager]
	o.missing = nil
	switch {
	case p.manager == "":
	case boss.connected() == nil:
		o.missing = []string{p.manager}
	default:
		o.account.manager = boss.account
	}
}

// evaluateTeam brings a group up to date, all but its members, and reports
// whether these are to be looked at. A group that leaves is deleted at once.
func (m *model) evaluateTeam(g *team, now time.Time) bool {
	o := m.memories[g.key]
	if g.where != present || g.unassigned {
		if o.circle != nil && !m.keepOut {
			m.deleteCircle(o.circle)
			o.circle, o.set = nil, nil
		}
		if m.purged(o, g.where, now) {
			if o.circle != nil {
				m.letGo(o.circle)
			}
			delete(m.memories, g.key)
		}
		return false
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
	o.circle.name, o.circle.externalID = g.name, id(g.key)
	return true
}

// gather makes the members that were set those that are provisioned now. What
// others have put into the group stays.
func (m *model) gather(g *team) {
	o, wanted := m.memories[g.key], map[any]bool{}
	o.missing = nil
	for _, key := range g.members {
		if c := m.memories[key].connected(); c != nil {
			wanted[c] = true
		} else {
			o.missing = append(o.missing, key)
		}
	}
	for c := range o.set {
		if !wanted[c] {
			delete(o.circle.members, c)
		}
	}
	for c := range wanted {
		if !o.set[c] {
			o.circle.members[c] = true
		}
	}
	o.set = wanted
}

func (m *model) deleteAccount(a *account) {
	m.accounts = slices.DeleteFunc(m.accounts, func(b *account) bool { return a == b })
	for _, b := range m.accounts {
		if b.manager == a {
			b.manager = nil
		}
	}
	m.dropMember(a)
}

func (m *model) deleteCircle(c *circle) {
	m.circles = slices.DeleteFunc(m.circles, func(d *circle) bool { return c == d })
	m.dropMember(c)
}

func (m *model) dropMember(x any) {
	for _, c := range m.circles {
		delete(c.members, x)
	}
	m.letGo(x)
}

// letGo forgets that an object of the application was made a member.
func (m *model) letGo(x any) {
	for _, o := range m.memories {
		delete(o.set, x)
	}
}

// lines prints the application, one line an object, sorted.
func (m *model) lines() []string {
	var lines []string
	for _, a := range m.accounts {
		manager := ""
		if a.manager != nil {
			manager = a.manager.userName
		}
		lines = append(lines, userLine(a.userName, a.externalID, a.display, a.title, a.dept, manager, a.active))
	}
	for _, c := range m.circles {
		var members []string
		for x := range c.members {
			switch x := x.(type) {
			case *account:
				members = append(members, x.userName)
			case *circle:
				members = append(members, x.name)
			}
		}
		lines = append(lines, groupLine(c.name, c.externalID, members))
	}
	sort.Strings(lines)
	return lines
}

// connections prints what is connected to what, sorted.
func (m *model) connections() []string {
	var lines []string
	for key, o := range m.memories {
		status := [...]string{"active", "disabled", "unassigned"}[o.stance]
		switch {
		case o.account != nil:
			lines = append(lines, "user "+id(key)+" is "+o.account.userName+", "+status)
		case o.circle != nil:
			lines = append(lines, "group "+id(key)+" is "+o.circle.name+", "+status)
		}
	}
	sort.Strings(lines)
	return lines
}

func userLine(userName, externalID, display, title, dept, manager string, active bool) string {
	return fmt.Sprintf("user %s (%s) display=%q title=%q dept=%q manager=%q active=%v",
		userName, externalID, display, title, dept, manager, active)
}

func groupLine(name, externalID string, members []string) string {
	sort.Strings(members)
	return fmt.Sprintf("group %s (%s) members=%s", name, externalID, strings.Join(members, ","))
}

// object is the user as the source delivers it.
func (p *person) object() directory.Object {
	o := directory.Object{Type: directory.User, Anchor: id(p.nick), Attributes: map[string]directory.Value{
		"objectId": directory.Str(id(p.nick)), "mailNickname": directory.Str(p.nick),
		"userPrincipalName": directory.Str(p.upn), "displayName": directory.Str(p.display),
		"accountEnabled": directory.Bool(!p.blocked),
	}}
	for name, value := range map[string]string{"jobTitle": p.title, "department": p.dept} {
		if value != "" {
			o.Attributes[name] = directory.Str(value)
		}
	}
	if p.manager != "" {
		o.Attributes["manager"] = directory.Ref(id(p.manager))
	}
	if !p.unassigned {
		o.Assignments = []directory.Assignment{{}}
	}
	if p.where == listed {
		o.Presence = directory.SoftDeleted
	}
	return o
}

// object is the group as the source delivers it.
func (g *team) object() directory.Object {
	members := []directory.Value{}
	for _, key := range g.members {
		members = append(members, directory.Ref(id(key)))
	}
	o := directory.Object{Type: directory.Group, Anchor: id(g.key), Attributes: map[string]directory.Value{
		"objectId": directory.Str(id(g.key)), "displayName": directory.Str(g.name), "members": directory.Of(members...),
	}}
	if !g.unassigned {
		o.Assignments = []directory.Assignment{{}}
	}
	return o
}

// pending reports whether the next cycle looks at an object again although it
// did not change: what it referred to in vain has come.
func (m *model) pending(people []*person, teams []*team, _ time.Time) bool {
	for _, o := range m.memories {
		if m.healed(o) || o.generation != m.generation {
			return true
		}
	}
	return false
}
