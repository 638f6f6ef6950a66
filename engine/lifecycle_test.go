package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
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

func checkLives(t *testing.T, concurrency int) {
	few(t)
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(t, rt, concurrency)
		rt.Repeat(map[string]func(*rapid.T){
			"change":    l.change,
			"wait":      l.wait,
			"cycle":     func(rt *rapid.T) { l.round(rt, engine.Options{}) },
			"plan":      l.plan,
			"restart":   l.restart,
			"demand":    l.demand,
			"storm":     l.storm,
			"interrupt": l.interrupt,
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
	held    int      // generation of the configuration
	few     bool     // few objects, and changes that go back and forth
}

func newLife(t *testing.T, rt *rapid.T, concurrency int) *life {
	l := &life{world: newWorld(scratch{t, rt}), m: &model{recycleBin: 30 * 24 * time.Hour, memories: map[string]*remembered{}}}
	l.job.Settings.Concurrency = concurrency
	l.job.Settings.MembersPerPatch = rapid.SampledFrom([]int{1, 3}).Draw(rt, "members per patch")
	l.m.heal = rapid.Bool().Draw(rt, "heal references")
	l.job.Settings.HealReferences = l.m.heal
	var filters []scope.Filter
	if rapid.Bool().Draw(rt, "filter") {
		l.m.hidden = "Secret"
		filters = []scope.Filter{{Title: "open", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Values: []string{"Secret"}}}}}
	}
	l.rules(mapping.DefaultUsers(), mapping.DefaultGroups(), scope.Settings{AssignedOnly: true}, filters...)
	l.weather = &weather{world: l.world}
	target, err := scim.New(scim.Options{
		TenantURL:   "https://app.test/scim/v2" + rapid.SampledFrom([]string{"", "?aadOptscim062020"}).Draw(rt, "dialect"),
		SecretToken: token, Transport: l.weather, RetryWait: time.Nanosecond, RetryWaitMax: time.Nanosecond,
		MembersPerPatch: l.job.Settings.MembersPerPatch,
	})
	if err != nil {
		rt.Fatal(err)
	}
	l.job.Target = target
	l.settle(rt)
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
	if circle.name == name {
		l.foreign = append(l.foreign, l.app.Groups()[0]["id"].(string))
	}
}

func (l *life) name() string {
	l.names++
	return fmt.Sprintf("n%d", l.names)
}

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
		if other != g {
			keys = append(keys, other.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, min(5, len(keys)), rapid.ID[string]).Draw(rt, "members")
}

// change does something to the source.
func (l *life) change(rt *rapid.T) { l.changeIf(rt, func(string) bool { return true }) }

// changeIf does something to objects of which allowed says that it may be done.
func (l *life) changeIf(rt *rapid.T, allowed func(key string) bool) {
	for range rapid.IntRange(1, 3).Draw(rt, "changes") {
		l.changeOne(rt, allowed)
	}
}

func (l *life) changeOne(rt *rapid.T, allowed func(key string) bool) {
	kinds := []string{"hire", "found"}
	if len(l.people) > 0 {
		kinds = append(kinds, "display", "upn", "title", "department", "manager", "no manager", "block", "unblock",
			"assign", "unassign", "vanish", "list", "return", "purge")
	}
	if len(l.teams) > 0 {
		kinds = append(kinds, "group name", "members", "group assignment", "disband", "group returns")
	}
	if l.few {
		kinds = []string{"title", "manager", "block", "unblock", "assign", "unassign", "vanish", "return", "members", "members", "members"}
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
	if p != nil && !allowed(p.nick) || g != nil && !allowed(g.key) {
		return
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
		p.where = nowhere
	case "list":
		p.where = listed
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

// still checks that a cycle after which nothing changed asks for nothing but
// the two connection tests.
func (l *life) still(rt *rapid.T) {
	if l.m.pending(l.people, l.teams, l.now) {
		return // an object that was provisioned waits for the next cycle
	}
	x, err := l.run(context.Background(), rt, engine.Options{})
	if err != nil || x.Summary != (plan.Summary{}) || len(l.sent) != 2 {
		rt.Fatalf("nothing changed, but: %s, error %v, requests\n%s", x.Summary, err, strings.Join(l.sent, "\n"))
	}
}

// check compares the application and the connections with the model.
func (l *life) check(rt *rapid.T) {
	rt.Helper()
	if diff := cmp.Diff(l.m.lines(), l.lines()); diff != "" {
		rt.Fatalf("the application (-model +engine):\n%s\nwrites:\n%s", diff, strings.Join(l.writes(), "\n"))
	}
	if diff := cmp.Diff(l.m.connections(), l.connections(rt)); diff != "" {
		rt.Fatalf("the connections (-model +engine):\n%s", diff)
	}
	counts, err := l.engine.Store.Counts(context.Background(), l.job.Name)
	if err != nil || counts.Escrows != 0 {
		rt.Fatalf("%d objects in escrow, error %v", counts.Escrows, err)
	}
}

// lines prints the application as model.lines does.
func (l *life) lines() []string {
	var lines []string
	names := map[string]string{}
	users, groups := l.app.Users(), l.app.Groups()
	for _, u := range users {
		names[u["id"].(string)] = u["userName"].(string)
	}
	for _, g := range groups {
		names[g["id"].(string)] = g["displayName"].(string)
	}
	text := func(v any) string {
		s, _ := v.(string)
		return s
	}
	for _, u := range users {
		enterprise, _ := u["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"].(map[string]any)
		manager, _ := enterprise["manager"].(map[string]any)
		active, _ := u["active"].(bool)
		lines = append(lines, userLine(text(u["userName"]), text(u["externalId"]), text(u["displayName"]), text(u["title"]),
			text(enterprise["department"]), names[text(manager["value"])], active))
	}
	for _, g := range groups {
		var members []string
		list, _ := g["members"].([]any)
		for _, m := range list {
			members = append(members, names[text(m.(map[string]any)["value"])])
		}
		lines = append(lines, groupLine(text(g["displayName"]), text(g["externalId"]), members))
	}
	sort.Strings(lines)
	return lines
}

// connections prints the engine's connections as model.connections does.
func (l *life) connections(rt *rapid.T) []string {
	names := map[string]string{}
	for _, u := range l.app.Users() {
		names[u["id"].(string)] = u["userName"].(string)
	}
	for _, g := range l.app.Groups() {
		names[g["id"].(string)] = g["displayName"].(string)
	}
	var lines []string
	if err := l.engine.Store.AllConnections(context.Background(), l.job.Name, func(c state.Connection) error {
		lines = append(lines, fmt.Sprintf("%s %s is %s, %s", strings.ToLower(string(c.Type)), c.SourceAnchor, names[c.TargetAnchor], c.Status))
		return nil
	}); err != nil {
		rt.Fatal(err)
	}
	sort.Strings(lines)
	return lines
}

// logged checks that every write of the cycle has an entry in the log, and
// that nothing was written to what is nobody's.
func (l *life) logged(rt *rapid.T, cycleID string) {
	rt.Helper()
	writes := l.weather.wrote()
	if len(writes) == 0 {
		return
	}
	known := map[string]bool{}
	for _, e := range l.events(provlog.Query{CycleID: cycleID}) {
		if e.ProvisioningAction != provlog.ActionOther || e.ProvisioningStatusInfo.Status == provlog.Failure {
			known[e.TargetIdentity.ID], known[e.SourceIdentity.ID] = true, true
		}
	}
	for _, w := range writes {
		key := w.id
		if key == "" {
			var body struct{ ExternalID string }
			if err := json.Unmarshal([]byte(w.body), &body); err != nil {
				rt.Fatal(err)
			}
			if key = body.ExternalID; strings.HasPrefix(key, "n") {
				key = id(key)
			}
		}
		if !known[key] {
			rt.Fatalf("no entry in the log for %s %s %s", w.method, w.path, w.body)
		}
		if slices.Contains(l.foreign, w.id) {
			rt.Fatalf("written to what is nobody's: %s %s %s", w.method, w.path, w.body)
		}
	}
}

func (l *life) failures(cycleID string) []string {
	var lines []string
	for _, e := range l.events(provlog.Query{CycleID: cycleID, Status: []provlog.Status{provlog.Failure}}) {
		lines = append(lines, e.SourceIdentity.DisplayName+": "+e.ProvisioningStatusInfo.ErrorInformation.Reason)
	}
	return lines
}

// plan makes a plan and then lets the cycle run, which has to do what the plan
// says: the same actions to the same objects by the same requests.
func (l *life) plan(rt *rapid.T) {
	before, log := l.lines(), len(l.events(provlog.Query{}))
	foreseen, planned := l.preview(rt, engine.Options{DryRun: true})
	if n := len(l.weather.wrote()); n > 0 || !slices.Equal(before, l.lines()) || len(l.events(provlog.Query{})) != log {
		rt.Fatalf("a plan wrote %d times", n)
	}
	ids := l.ids()
	l.begin(false)
	did, _ := l.preview(rt, engine.Options{})
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

// preview runs a cycle or a dry run and returns its entries and requests.
func (l *life) preview(rt *rapid.T, opts engine.Options) (entries, requests []string) {
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
	return entries, requests
}

func (l *life) ids() map[string]bool {
	ids := map[string]bool{}
	for _, o := range append(l.app.Users(), l.app.Groups()...) {
		ids[o["id"].(string)] = true
	}
	return ids
}

// restart begins a new initial cycle: because somebody asks for it, or because
// the configuration changed.
func (l *life) restart(rt *rapid.T) {
	switch rapid.SampledFrom([]string{"asked for", "configuration", "skipOutOfScopeDeletions"}).Draw(rt, "why") {
	case "asked for":
		l.round(rt, engine.Options{Initial: true})
		return
	case "skipOutOfScopeDeletions":
		l.m.keepOut = !l.m.keepOut
		l.job.Settings.SkipOutOfScopeDeletions = l.m.keepOut
	}
	l.names++
	l.job.Fingerprint, l.held = l.name(), 1
	l.round(rt, engine.Options{})
}

// demand provisions one object now.
func (l *life) demand(rt *rapid.T) {
	var names []string
	for _, p := range l.people {
		if p.where == present {
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
		l.weather.faults, l.weather.victim = drawFaults(rt), victim
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
	l.weather.faults, l.weather.victim = nil, ""
	healed := !l.m.heal // one cycle more, for what was waiting for others
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

// interrupt stops a cycle on its way, and lets another one go on.
func (l *life) interrupt(rt *rapid.T) {
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
