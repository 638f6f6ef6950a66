package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/state"
)

// The directory goes on changing while requests fail and cycles are stopped.
// What a cycle missed for good (a value that came and went) nobody can tell
// afterwards, so the model is of no use here; but once the weather has cleared
// and every retry had its turn, whoever is in scope has an account that is as
// the directory says, whoever is not has none that is active, and no group has
// a member that it should not have.

func TestLifeSettlesAfterTurmoil(t *testing.T) {
	for name, concurrency := range map[string]int{"one request at a time": 1, "many requests at a time": 8} {
		t.Run(name, func(t *testing.T) {
			lives(t, func(tb testing.TB, rt *rapid.T) { turmoil(rt, newLife(tb, rt, concurrency)) })
		})
	}
}

func turmoil(rt *rapid.T, l *life) {
	l.job.Settings.RecycleBin = 5 * 24 * time.Hour
	s := l.m.switches
	s.keepOut = false // else whoever leaves scope stays active
	l.set(s)
	begun := l.now
	rt.Repeat(map[string]func(*rapid.T){
		"change": l.change,
		"cycle":  func(rt *rapid.T) { l.try(rt, nil, "") },
		"storm":  func(rt *rapid.T) { l.try(rt, drawFaults(rt), "") },
		"refuse": func(rt *rapid.T) {
			if keys := l.externalIDs(); len(keys) > 0 {
				l.try(rt, nil, rapid.SampledFrom(keys).Draw(rt, "victim"))
			}
		},
		"silence": func(rt *rapid.T) {
			l.weather.silent = true
			l.try(rt, nil, "")
			l.weather.silent = false
		},
		"interrupt": func(rt *rapid.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			l.weather.stop, l.weather.stopAt = cancel, rapid.IntRange(1, 15).Draw(rt, "stopped at request")
			defer func() { l.weather.stop = nil }()
			if _, err := l.run(ctx, rt, engine.Options{}); err != nil && !errors.Is(err, engine.ErrInterrupted) {
				rt.Fatalf("interrupted cycle: %v", err)
			}
		},
		"wait": func(rt *rapid.T) {
			if l.now.Sub(begun) < 20*24*time.Hour { // nothing leaves escrow for good
				l.now = l.now.Add(rapid.SampledFrom([]time.Duration{40 * time.Minute, 7 * time.Hour, 25 * time.Hour, 6 * 24 * time.Hour}).Draw(rt, "time"))
			}
		},
	})
	l.clear(rt)
	l.settled(rt, false)
	x, err := l.run(context.Background(), rt, engine.Options{Initial: true})
	if err != nil || x.Summary.Fail > 0 {
		rt.Fatalf("the initial cycle failed: %s, error %v\n%s", x.Summary, err, strings.Join(l.failures(x.CycleID), "\n"))
	}
	l.settled(rt, true)
}

// try runs a cycle in which requests fail.
func (l *life) try(rt *rapid.T, faults []fault, victim string) {
	l.weather.faults, l.weather.victim = faults, victim
	defer func() { l.weather.faults, l.weather.victim = nil, "" }()
	if _, err := l.run(context.Background(), rt, engine.Options{}); err != nil {
		rt.Fatalf("cycle: %v", err)
	}
}

func (l *life) externalIDs() (ids []string) {
	for _, p := range l.people {
		ids = append(ids, p.nick)
	}
	for _, g := range l.teams {
		ids = append(ids, id(g.key))
	}
	return ids
}

// connected returns the target objects by their source anchors.
func (l *life) connected(rt *rapid.T) map[string]state.Connection {
	connected := map[string]state.Connection{}
	if err := l.engine.Store.AllConnections(context.Background(), l.job.Name, func(c state.Connection) error {
		connected[c.SourceAnchor] = c
		return nil
	}); err != nil {
		rt.Fatal(err)
	}
	return connected
}

// settled checks the application against the directory. What depends on when
// an object was evaluated last, such as a member that was provisioned later, is
// checked only after an initial cycle, which evaluates everything.
func (l *life) settled(rt *rapid.T, evaluated bool) {
	rt.Helper()
	connected := l.connected(rt)
	objects := map[string]map[string]any{}
	for _, o := range append(l.app.Users(), l.app.Groups()...) {
		objects[o["id"].(string)] = o
	}
	used, sources := map[string]bool{}, map[any]string{}
	for anchor, c := range connected {
		used[c.TargetAnchor], sources[c.TargetAnchor] = true, anchor
	}
	for id, o := range objects {
		active, isUser := o["active"].(bool)
		if (active || !isUser && id != l.before) && !used[id] && !slices.Contains(l.foreign, id) {
			rt.Fatalf("%v %v is there and nobody's", o["userName"], o["displayName"])
		}
	}
	show := func(o map[string]any, path ...string) any {
		for _, name := range path[:len(path)-1] {
			o, _ = o[name].(map[string]any)
		}
		return o[path[len(path)-1]]
	}
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	for _, p := range l.people {
		c, ok := connected[id(p.nick)]
		o := objects[c.TargetAnchor]
		if !l.m.entitled(p) {
			if ok && o["active"] != false {
				rt.Fatalf("%s is out of scope and active: %v", p.nick, o)
			}
			continue
		}
		want := map[string]any{"userName": p.upn, "displayName": p.display, "externalId": p.nick, "active": true}
		if p.title != "" {
			want["title"] = p.title
		}
		for name, v := range want {
			if o[name] != v {
				rt.Fatalf("%s has %s %v instead of %v", p.nick, name, o[name], v)
			}
		}
		if p.dept != "" && show(o, enterprise, "department") != p.dept {
			rt.Fatalf("%s has department %v instead of %s", p.nick, show(o, enterprise, "department"), p.dept)
		}
		if boss := show(o, enterprise, "manager", "value"); p.manager == "" && boss != nil && !l.m.keepManager && l.alwaysThere(sources[boss]) {
			rt.Fatalf("%s has manager %v and none in the directory", p.nick, boss)
		}
		if boss, ok := connected[id(p.manager)]; ok && evaluated && show(o, enterprise, "manager", "value") != boss.TargetAnchor {
			rt.Fatalf("%s has manager %v instead of %s", p.nick, show(o, enterprise, "manager"), boss.TargetAnchor)
		}
	}
	for _, g := range l.teams {
		c, ok := connected[id(g.key)]
		if in := g.where == present && !g.unassigned; in != ok {
			rt.Fatalf("%s: in scope %v, connected %v", g.name, in, ok)
		}
		if !ok {
			continue
		}
		if o := objects[c.TargetAnchor]; o["displayName"] != g.name {
			rt.Fatalf("%s is called %v", g.name, o["displayName"])
		}
		l.settledMembers(rt, g, objects[c.TargetAnchor], connected, evaluated)
	}
}

// alwaysThere reports whether a source object is a user that never left the
// source: what refers to it was never forgotten.
func (l *life) alwaysThere(anchor string) bool {
	return slices.ContainsFunc(l.people, func(p *person) bool { return id(p.nick) == anchor && !p.left })
}

func (l *life) settledMembers(rt *rapid.T, g *team, o map[string]any, connected map[string]state.Connection, evaluated bool) {
	rt.Helper()
	wanted := map[string]bool{}
	for _, key := range g.members {
		if c, ok := connected[id(key)]; ok {
			wanted[c.TargetAnchor] = true
		}
	}
	sources := map[string]string{}
	for anchor, c := range connected {
		sources[c.TargetAnchor] = anchor
	}
	list, _ := o["members"].([]any)
	for _, m := range list {
		value := m.(map[string]any)["value"].(string)
		if !wanted[value] && sources[value] != "" {
			rt.Fatalf("%s has the member %s (%s), who is none in the directory", g.name, value, sources[value])
		}
		delete(wanted, value)
	}
	if evaluated && len(wanted) > 0 && !l.m.replaces() {
		rt.Fatalf("%s lacks the members %v", g.name, wanted)
	}
}
