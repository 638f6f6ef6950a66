package engine_test

import (
	"slices"
	"time"
)

// This is a second, much simpler telling of what Microsoft's documentation says
// of an object's life: no requests, no concurrency, no state on disk. It is
// written from the documentation ("How provisioning works", "Known issues for
// provisioning", "Scoping users or groups") and shares no code with the engine.

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
	lost    bool // the account or circle was deleted by others
	stance  stance
	boss    *account     // of a user: the manager that was set
	set     map[any]bool // of a group: members that were set
	shown   bool         // of a group: members were there when it was read
	missing []string     // what it referred to in vain, or to no avail any more
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
	switches
	recycleBin time.Duration
	hidden     string // users of this department are filtered out; "" for no filter
	batch      int    // members to a request
	shows      bool   // the application shows members that were to be left out
	generation int

	memories map[string]*remembered // by nickname or key
	accounts []*account
	circles  []*circle
}

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
	return slices.ContainsFunc(o.missing, func(key string) bool { return m.memories[key].connected() != nil })
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
	o.seen, o.generation, o.missing = content, m.generation, nil
	return true
}

// purged reports whether an evaluated object is gone for good.
func (m *model) purged(o *remembered, w where, now time.Time) bool {
	return w == nowhere && (o.where == listed || now.Sub(o.since) >= m.recycleBin)
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
