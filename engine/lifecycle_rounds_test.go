package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// What is asked of the engine in a random life.

// begin is what the model does when a cycle begins.
func (l *life) begin(initial bool) {
	if l.m.generation == 0 || initial || l.held != 0 {
		l.m.generation++
		l.held = 0
	}
	l.m.cycle(l.people, l.teams, l.now)
}

// run runs one cycle and checks what has to be true of any.
func (l *life) run(ctx context.Context, rt *rapid.T, opts engine.Options) (state.Execution, error) {
	l.deliver()
	l.weather.begin()
	l.mu.Lock()
	l.sent = nil
	l.mu.Unlock()
	x, err := l.engine.Cycle(ctx, l.job, opts)
	if !opts.DryRun {
		l.logged(rt, x.CycleID)
		if n, begunErr := l.engine.Store.LogBegun(context.Background(), l.job.Name); err == nil && n != 0 || begunErr != nil {
			rt.Fatalf("%d writes are still begun after a cycle that ended, error %v", n, begunErr)
		}
	}
	return x, err
}

// round is a cycle in clear weather.
func (l *life) round(rt *rapid.T, opts engine.Options) {
	l.begin(opts.Initial)
	x, err := l.run(context.Background(), rt, opts)
	if err != nil || x.Summary.Fail > 0 {
		rt.Fatalf("the cycle failed: %s, error %v\n%s", x.Summary, err, strings.Join(l.failures(x.CycleID), "\n"))
	}
	l.check(rt)
	l.still(rt)
}

// plan makes a plan and then lets the cycle run, which has to do what the plan
// says: the same actions to the same objects by the same requests.
func (l *life) plan(rt *rapid.T) {
	before, log := l.lines(), len(l.events(provlog.Query{}))
	save := rapid.Bool().Draw(rt, "apply the saved plan")
	opts, saved := engine.Options{DryRun: true}, plan.Saved{Format: plan.SavedFormat}
	if save {
		opts.Basis = func(b plan.Basis) error {
			saved.Basis = b
			return nil
		}
	}
	foreseen, planned, entries := l.preview(rt, opts)
	if n := len(l.weather.wrote()); n > 0 || !slices.Equal(before, l.lines()) || len(l.events(provlog.Query{})) != log {
		rt.Fatalf("a plan wrote %d times", n)
	}
	ids := l.ids()
	l.begin(false)
	opts = engine.Options{}
	if save {
		opts.Approved = approve(rt, plan.Head{Saved: &saved}, entries)
	}
	did, _, _ := l.preview(rt, opts)
	if save {
		if asked, all := opts.Approved.Carried(); asked != all {
			rt.Fatalf("%d of the %d writes of the saved plan were carried out", asked, all)
		}
	}
	if diff := cmp.Diff(foreseen, did); diff != "" {
		rt.Fatalf("the cycle does not do what the plan says (-plan +cycle):\n%s\nwrites:\n%s", diff, strings.Join(l.writes(), "\n"))
	}
	created := []string{}
	for id := range l.ids() {
		if !ids[id] {
			created = append(created, `"`+id+`"`, `"`+directory.PendingText+`"`, "/"+id+" ", "/"+directory.PendingText+" ")
		}
	}
	var sent []string
	for _, w := range l.weather.wrote() {
		sent = append(sent, strings.NewReplacer(created...).Replace(w.method+" "+w.path+" "+w.body))
	}
	sort.Strings(sent)
	if diff := cmp.Diff(planned, sent); diff != "" {
		rt.Fatalf("the cycle does not send what the plan says (-plan +cycle):\n%s", diff)
	}
	l.check(rt)
}

// approve returns a saved plan as it comes back from its file.
func approve(t rapid.TB, head plan.Head, entries []plan.Entry) *engine.Approved {
	t.Helper()
	var file bytes.Buffer
	err := plan.WriteJSON(&file, head, func(yield func(plan.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	approved, err := engine.ReadApproved(&file)
	if err != nil {
		t.Fatal(err)
	}
	return approved
}

// preview runs a cycle or a dry run and returns its entries and requests, and
// the entries as they are.
func (l *life) preview(rt *rapid.T, opts engine.Options) (entries, requests []string, whole []plan.Entry) {
	preview := engine.NewPreview(os.TempDir())
	defer preview.Close()
	opts.Observe = preview.Add
	if _, err := l.run(context.Background(), rt, opts); err != nil {
		rt.Fatal(err)
	}
	for e, err := range preview.Entries() {
		if err != nil {
			rt.Fatal(err)
		}
		whole = append(whole, e)
		entries = append(entries, fmt.Sprintf("%s %s %s %s", e.Action, e.ObjectType, e.SourceAnchor, e.DisplayName))
		for _, r := range e.Requests {
			var body bytes.Buffer
			if len(r.Body) > 0 {
				if err := json.Compact(&body, r.Body); err != nil {
					rt.Fatal(err)
				}
			}
			requests = append(requests, r.Method+" "+r.Path+" "+body.String())
		}
	}
	sort.Strings(entries)
	sort.Strings(requests)
	return entries, requests, whole
}

// restart begins a new initial cycle: because somebody asks for it, or because
// the configuration changed.
func (l *life) restart(rt *rapid.T) {
	switch rapid.SampledFrom([]string{"asked for", "configuration", "switches"}).Draw(rt, "why") {
	case "asked for":
		l.round(rt, engine.Options{Initial: true})
		return
	case "switches":
		l.set(drawSwitches(rt))
	}
	l.names++
	l.job.Fingerprint, l.held = l.name(), 1
	l.round(rt, engine.Options{})
}

// demand provisions one object now.
func (l *life) demand(rt *rapid.T) {
	var names []string
	for _, p := range l.people {
		if p.where == present && !p.blocked { // who is blocked is refused
			names = append(names, p.nick)
		}
	}
	for _, g := range l.teams {
		if g.where == present {
			names = append(names, g.key)
		}
	}
	if len(names) == 0 {
		return
	}
	name := rapid.SampledFrom(names).Draw(rt, "on demand")
	l.deliver()
	l.weather.begin()
	results, err := l.engine.Provision(context.Background(), l.job, id(name), engine.Options{})
	if err != nil {
		rt.Fatalf("%s on demand: %v", name, err)
	}
	for _, r := range results {
		if r.Entry.Error != nil {
			rt.Fatalf("%s on demand: %s", name, r.Entry.Error.Message)
		}
	}
	var p *person
	var g *team
	for _, q := range l.people {
		if q.nick == name {
			p = q
		}
	}
	for _, h := range l.teams {
		if h.key == name {
			g = h
		}
	}
	l.m.onDemand(p, g, l.now)
	l.m.again(name)
	l.check(rt)
}

// storm runs some cycles in which requests fail, while the directory stays as
// it is, and then some in clear weather: within the schedule of retries all is
// as if nothing had failed.
func (l *life) storm(rt *rapid.T) {
	if l.m.replaces() {
		return
	}
	var victims []string
	for _, p := range l.people {
		victims = append(victims, p.nick)
	}
	for _, g := range l.teams {
		victims = append(victims, id(g.key))
	}
	for range rapid.IntRange(1, 3).Draw(rt, "stormy cycles") {
		victim := ""
		if len(victims) > 0 && rapid.Bool().Draw(rt, "somebody is refused") {
			victim = rapid.SampledFrom(victims).Draw(rt, "victim")
		}
		if l.weather.silent = rapid.IntRange(0, 3).Draw(rt, "silence") == 3; !l.weather.silent {
			l.weather.faults = drawFaults(rt)
		}
		l.weather.victim = victim
		l.begin(false)
		if _, err := l.run(context.Background(), rt, engine.Options{}); err != nil {
			rt.Fatalf("stormy cycle: %v", err)
		}
		l.now = l.now.Add(rapid.SampledFrom([]time.Duration{0, 40 * time.Minute, 7 * time.Hour, 25 * time.Hour, 72 * time.Hour}).Draw(rt, "time"))
	}
	l.clear(rt)
	l.check(rt)
}

// clear lets the sun shine until every retry has had its turn.
func (l *life) clear(rt *rapid.T) {
	l.weather.faults, l.weather.victim, l.weather.silent = nil, "", false
	healed := !l.m.heal && !l.m.rematch // one cycle more, for what was waiting for others
	for range 5 {
		l.begin(false)
		x, err := l.run(context.Background(), rt, engine.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		counts, err := l.engine.Store.Counts(context.Background(), l.job.Name)
		if err != nil {
			rt.Fatal(err)
		}
		if x.Summary.Fail == 0 && counts.Escrows == 0 {
			if healed {
				return
			}
			healed = true
			continue
		}
		l.now = l.now.Add(24 * time.Hour)
	}
	rt.Fatalf("four days of clear weather, and still not all is well")
}

// vandal deletes somebody's account or a group in the application, which is
// matched again as soon as its source object changes.
func (l *life) vandal(rt *rapid.T) {
	var targets []func()
	add := func(key, path string, connected any, change func()) {
		if connected != nil && l.m.rematch {
			targets = append(targets, func() {
				l.byHand("DELETE", path, "")
				l.m.vanish(key)
				change()
			})
		}
	}
	for _, p := range l.people {
		if c := l.m.memories[p.nick].connected(); l.m.entitled(p) && c != nil {
			add(p.nick, "/Users/"+l.id(c.(*account).userName), c, func() { p.display = "Display " + l.name() })
		}
	}
	for _, g := range l.teams {
		if c := l.m.memories[g.key].connected(); g.where == present && !g.unassigned && c != nil {
			add(g.key, "/Groups/"+l.id(c.(*circle).name), c, func() { g.name = "group " + l.name() })
		}
	}
	if len(targets) > 0 {
		rapid.SampledFrom(targets).Draw(rt, "target")()
		l.round(rt, engine.Options{})
	}
}

// interrupt stops a cycle on its way, and lets another one go on.
func (l *life) interrupt(rt *rapid.T) {
	if l.m.replaces() {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.weather.stop, l.weather.stopAt = cancel, rapid.IntRange(1, 15).Draw(rt, "stopped at request")
	l.begin(false)
	if _, err := l.run(ctx, rt, engine.Options{}); err != nil && !errors.Is(err, engine.ErrInterrupted) {
		rt.Fatalf("interrupted cycle: %v", err)
	}
	l.weather.stop = nil
	for range 2 { // one cycle goes on, and another one heals what waited for that
		if _, err := l.run(context.Background(), rt, engine.Options{}); err != nil {
			rt.Fatal(err)
		}
	}
	l.begin(false)
	l.check(rt)
}
