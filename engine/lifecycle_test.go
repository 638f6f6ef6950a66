package engine_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
)

// Random lives of a small directory, each compared after every cycle with the
// model of lifecycle_model_test.go. RAPID_CHECKS=5000 runs thousands of them;
// -rapid.seed repeats one.

func TestLifeFollowsTheModelOneRequestAtATime(t *testing.T) { checkLives(t, 1) }

func TestLifeFollowsTheModelManyRequestsAtATime(t *testing.T) { checkLives(t, 8) }

// few keeps a run that asks for nothing else short, and the same every time:
// what decides whether a change may land must not depend on luck. Runs with
// RAPID_CHECKS or a -rapid.seed of their own look further.
func few(t *testing.T) {
	if os.Getenv("RAPID_CHECKS") != "" {
		return
	}
	for name, value := range map[string]string{"rapid.checks": "20", "rapid.seed": "3", "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		before := f.Value.String()
		if before != f.DefValue {
			continue
		}
		if err := f.Value.Set(value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(before) })
	}
}

// lives runs random lives in fake time, for an application that is asked too
// much is left alone for a while.
func lives(t *testing.T, live func(testing.TB, *rapid.T)) {
	few(t)
	synctest.Test(t, func(t *testing.T) {
		tb := struct{ testing.TB }{t} // rapid asks a *testing.T for its deadline, which is no use in fake time
		rapid.Check(tb, func(rt *rapid.T) { live(tb, rt) })
	})
}

func checkLives(t *testing.T, concurrency int) {
	lives(t, func(tb testing.TB, rt *rapid.T) {
		l := newLife(tb, rt, concurrency)
		rt.Repeat(map[string]func(*rapid.T){
			"change":    l.change,
			"wait":      l.wait,
			"cycle":     func(rt *rapid.T) { l.round(rt, engine.Options{}) },
			"plan":      l.plan,
			"restart":   l.restart,
			"demand":    l.demand,
			"storm":     l.storm,
			"interrupt": l.interrupt,
			"vandal":    l.vandal,
		})
		l.round(rt, engine.Options{})
	})
}

// scratch is a testing.TB whose files and clean-ups end with one check.
type scratch struct {
	testing.TB
	rt *rapid.T
}

func (s scratch) Cleanup(f func()) { s.rt.Cleanup(f) }

func (s scratch) TempDir() string {
	dir, err := os.MkdirTemp("", "life")
	if err != nil {
		s.Fatal(err)
	}
	s.rt.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// life is a directory, the engine's world, and the model beside it.
type life struct {
	*world
	m       *model
	people  []*person
	teams   []*team
	names   int // names given so far: none is given twice
	weather *weather
	foreign []string // ids of the application's objects that are nobody's
	before  string   // id of the application's first group, which was there before
	held    int      // generation of the configuration
	few     bool     // few objects, and changes that go back and forth
}

func newLife(t testing.TB, rt *rapid.T, concurrency int) *life {
	l := &life{m: &model{recycleBin: 30 * 24 * time.Hour, memories: map[string]*remembered{}}}
	l.world = newWorld(scratch{t, rt}, drawAnswers(rt), func(o *sandbox.Options) { l.m.shows = o.LegacyIgnoreExcludedAttributes })
	l.job.Settings.Concurrency = concurrency
	l.job.Settings.MembersPerPatch = rapid.SampledFrom([]int{1, 3}).Draw(rt, "members per patch")
	l.m.batch = l.job.Settings.MembersPerPatch
	if rapid.Bool().Draw(rt, "filter") {
		l.m.hidden = "Secret"
	}
	l.set(drawSwitches(rt))
	l.connect(rt)
	l.settle(rt)
	if l.few = rapid.Bool().Draw(rt, "few"); l.few {
		for range 3 {
			l.hire(rt)
		}
		for range 2 {
			l.found(rt)
		}
	}
	return l
}

// settle puts into the application what was there before: an account and a
// group that match, and some that are nobody's.
func (l *life) settle(rt *rapid.T) {
	seeds := []map[string]any{{"userName": "stranger@other.com", "title": "Guest", "active": true}}
	stranger := &account{userName: "stranger@other.com", title: "Guest", active: true}
	l.m.accounts = []*account{stranger}
	for range rapid.IntRange(0, 2).Draw(rt, "accounts there before") {
		p := l.hire(rt)
		seeds = append(seeds, map[string]any{"userName": p.upn, "title": "Old", "active": false})
		l.m.accounts = append(l.m.accounts, &account{userName: p.upn, title: "Old"})
	}
	if err := l.app.Seed(seeds, nil); err != nil {
		rt.Fatal(err)
	}
	l.foreign = []string{l.user("stranger@other.com")["id"].(string)}
	name := "nobody's group"
	circle := &circle{name: name, members: map[any]bool{stranger: true}}
	if rapid.Bool().Draw(rt, "a group there before") {
		circle.name = l.found(rt).name
	}
	l.m.circles = append(l.m.circles, circle)
	if err := l.app.Seed(nil, []map[string]any{{
		"displayName": circle.name, "members": []map[string]any{{"value": l.foreign[0]}},
	}}); err != nil {
		rt.Fatal(err)
	}
	if l.before = l.app.Groups()[0]["id"].(string); circle.name == name {
		l.foreign = append(l.foreign, l.before)
	}
}

func (l *life) name() string {
	l.names++
	return fmt.Sprintf("n%d", l.names)
}
