package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// What has to be true after every cycle of a random life.

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

func (l *life) ids() map[string]bool {
	ids := map[string]bool{}
	for _, o := range append(l.app.Users(), l.app.Groups()...) {
		ids[o["id"].(string)] = true
	}
	return ids
}
