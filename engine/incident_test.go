package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

func defaultUsers() []mapping.Attribute  { return mapping.DefaultUsers() }
func defaultGroups() []mapping.Attribute { return mapping.DefaultGroups() }

// incident is what has happened to the users of this or another program.
type incident struct {
	name   string
	shape  shape
	happen func(o *bureau)
	reason string // of the quarantine; "" where no guard stops it
	says   string // how the message begins
	staged int    // entries of the log that say what was held back
}

// switched returns the default mapping with another value for active.
func switched(to string) []mapping.Attribute {
	return activeBy(mapping.Attribute{Constant: &to, Target: "active"})
}

// activeBy is the default mapping of users with another one for active.
func activeBy(active mapping.Attribute) []mapping.Attribute {
	attributes := mapping.DefaultUsers()
	for i, a := range attributes {
		if a.Target == "active" {
			attributes[i] = active
		}
	}
	return attributes
}

const (
	ingestion = "IngestionInterrupted"
	deletes   = "TooManyDeletes"
)

// incidents are those of which public reports tell, with their numbers where
// these are known, and their like.
var incidents = []incident{
	// opnsense/core#10128: the directory could not be reached, and 43 users of a
	// VPN were deleted. awslabs/ssosync#194: an API said that there were none.
	{"an export of nobody", shape{43, 1, false}, func(o *bureau) { o.users, o.parts = nil, 4; o.export() },
		ingestion, "the source has no users any more; it had 43", 0},
	{"half an export that can be read", shape{400, 1, false}, func(o *bureau) { o.users = o.users[:200]; o.export() },
		ingestion, "the source has shrunk from 400 to 200 users, by more than 20 %", 0},
	{"one of four parts of an export is missing", shape{400, 1, false}, func(o *bureau) { remove(o, "users-02.json") },
		ingestion, "the source has shrunk from 400 to 300 users, by more than 20 %", 0},
	// keycloak/keycloak#48781: the scope of the search was one level instead of the
	// whole tree.
	{"an OU that the search does not reach any more", shape{400, 1, false}, func(o *bureau) { o.users = without(o.users, 100, 190); o.export() },
		ingestion, "the source has shrunk from 400 to 310 users, by more than 20 %", 0},
	{"the groups are left out of the export", shape{60, 5, false}, func(o *bureau) { o.groups = nil; o.export() },
		ingestion, "the source has no groups any more; it had 5", 0},
	{"an export of yesterday is restored", shape{30, 1, false}, func(o *bureau) {
		o.users = o.users[:28]
		o.later(-24 * time.Hour)
		o.export()
		o.later(24 * time.Hour)
	}, ingestion, "the source is older than the one before", 0},
	{"a filter that matches nobody", shape{30, 1, false}, func(o *bureau) {
		o.rules(defaultUsers(), defaultGroups(), scope.Settings{AssignedOnly: true},
			scope.Filter{Title: "Sales", Clauses: []scope.Clause{{Attribute: "department", Operator: "EQUALS", Values: []string{"Sale"}}}})
		o.job.Fingerprint = "2"
	}, deletes, "the cycle would disable or delete 30 of 30 active users, more than 20 %", 30},
	{"a filter that leaves out one department of three", shape{300, 0, false}, func(o *bureau) {
		o.rules(defaultUsers(), defaultGroups(), scope.Settings{AssignedOnly: true},
			scope.Filter{Title: "most", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Values: []string{"Sales"}}}})
		o.job.Fingerprint = "2"
	}, deletes, "the cycle would disable or delete 100 of 300 active users, more than 20 %", 100},
	{"an assignment list emptied", shape{100, 0, false}, func(o *bureau) { o.assignments = nil; o.export() },
		deletes, "the cycle would disable or delete 100 of 100 active users, more than 20 %", 100},
	{"the group is deleted by which everybody is assigned", shape{100, 3, false}, func(o *bureau) {
		o.groups = o.groups[1:]
		o.export()
	}, deletes, "the cycle would disable or delete 80 of 100 active users, more than 20 %", 81},
	{"the group is deleted that gives everybody access in the application", shape{120, 1, true}, func(o *bureau) {
		o.groups = append(without(o.groups, 0, 1), map[string]any{"id": id("other"), "displayName": "Other", "members": []any{}})
		o.export()
	}, deletes, "the cycle would remove 120 of 120 members from their groups, more than 30 %", 1},
	// awslabs/ssosync#236: members were removed from many groups at once, and added
	// again by the next run.
	{"the members are left out of the export", shape{150, 4, true}, func(o *bureau) {
		for _, g := range o.groups {
			delete(g, "members")
		}
		o.export()
	}, deletes, "the cycle would remove 180 of 180 members from their groups, more than 30 %", 0},
	// Microsoft Graph, "List groups": $expand=members returns 20 of them.
	{"members that stop at 20", shape{60, 2, true}, func(o *bureau) {
		for _, g := range o.groups {
			members := g["members"].([]any)
			g["members"] = members[:min(20, len(members))]
		}
		o.groups[1]["members"] = o.groups[0]["members"]
		o.export()
	}, "", "", 0}, // below 100 memberships a share says nothing
	{"members of a large group that stop at 20", shape{120, 1, true}, func(o *bureau) {
		o.groups[0]["members"] = o.groups[0]["members"].([]any)[:20]
		o.export()
	}, deletes, "the cycle would remove 100 of 120 members from their groups, more than 30 %", 0},
	{"everybody is blocked", shape{50, 0, false}, func(o *bureau) {
		o.edit(func(u map[string]any) { u["accountEnabled"] = false })
		o.export()
	}, deletes, "the cycle would disable or delete 50 of 50 active users, more than 20 %", 50},
	{"the attribute mapping switches everybody off", shape{40, 0, false}, func(o *bureau) {
		o.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
		o.job.Fingerprint = "2"
	}, deletes, "the cycle would disable or delete 40 of 40 active users (40 of them are in scope, and the attribute mapping makes active false), more than 20 %", 40},
	{"the export of another tenant", shape{50, 0, true}, func(o *bureau) {
		o.edit(func(u map[string]any) { u["id"] = id(u["id"].(string)) })
		o.export()
	}, deletes, "the cycle would disable or delete 50 of 50 active users, more than 20 %", 50},
	{"many people among very many groups", shape{100, 60, true}, func(o *bureau) {
		o.block(0, 25)
	}, deletes, "the cycle would disable or delete 25 of 100 active users, more than 20 %", 25},
	// Microsoft Learn, "Enable accidental deletions prevention": 500 unless set.
	{"a large department leaves a large firm", shape{2600, 0, false}, func(o *bureau) {
		o.block(0, 500)
	}, deletes, "the cycle would disable or delete 500 of 2600 active objects, and the job's threshold is 500", 500},
	{"15 % in each cycle", shape{100, 0, true}, func(o *bureau) {
		for n := 0; n < 30; n += 15 { // 15 and 15 go; another 15 are too many
			for _, u := range o.users[n : n+15] {
				u["accountEnabled"] = false
			}
			if n > 0 {
				break
			}
			o.export()
			o.cycle()
			o.later(40 * time.Minute)
		}
		for _, u := range o.users[15:31] {
			u["accountEnabled"] = false
		}
		o.export()
	}, deletes, "the cycle would disable or delete 16 of 85 active users, after 15 in the last 24 hours, more than 30 % of 100", 16},

	// What no guard stops, for nobody loses anything, or too few do.
	{"every name changes with the domain", shape{200, 0, false}, func(o *bureau) {
		o.edit(func(u map[string]any) {
			u["userPrincipalName"] = strings.Replace(u["userPrincipalName"].(string), "contoso.com", "fabrikam.com", 1)
		})
		o.export()
	}, "", "", 0},
	{"the matching attribute is emptied", shape{60, 0, false}, func(o *bureau) {
		o.edit(func(u map[string]any) { delete(u, "userPrincipalName") })
		o.export()
	}, "", "", 0},
	{"a mapping that switches off who is off already", shape{40, 0, false}, func(o *bureau) {
		for _, u := range o.app.Users() {
			o.byHand("PATCH", "/Users/"+u["id"].(string), `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`)
		}
		o.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
		o.job.Fingerprint = "2"
	}, "", "", 0},
	{"a fifth goes, and no more", shape{100, 0, true}, func(o *bureau) { o.users = o.users[:80]; o.export() }, "", "", 0},
}

func remove(o *bureau, name string) {
	o.t.Helper()
	if err := os.Remove(filepath.Join(o.dir, name)); err != nil {
		o.t.Fatal(err)
	}
}

// TestIncidents has each incident happen: the plan says that the cycle would be
// stopped, the cycle is, before its first write and with its numbers, the job is
// in quarantine, and people are told once. It goes on by itself once the source
// or the job is mended; and, where that was what somebody wanted, once they
// allow it.
func TestIncidents(t *testing.T) {
	for _, tt := range incidents {
		t.Run(tt.name, func(t *testing.T) {
			o := newBureau(t, tt.shape)
			mend := o.keep()
			tt.happen(o)
			active, groups, members := o.held()
			planned, err := o.engine.Cycle(context.Background(), o.job, engine.Options{DryRun: true})
			if err != nil || (planned.Guard != "") != (tt.reason != "") {
				t.Fatalf("the plan says %q, error %v", planned.Guard, err)
			}
			if tt.reason == "" {
				o.passes(t, tt)
				return
			}
			for range 2 { // the second time is as the first, and tells nobody anew
				o.stopped(t, tt)
				stillActive, stillGroups, stillMembers := o.held()
				if stillActive != active || stillGroups != groups || stillMembers != members {
					t.Fatalf("of %d active accounts, %d groups and %d members there are %d, %d and %d",
						active, groups, members, stillActive, stillGroups, stillMembers)
				}
				o.later(40 * time.Minute)
			}
			equal(t, "staged", len(o.events(provlog.Query{Actions: []provlog.Action{provlog.ActionStagedDelete}})), tt.staged)
			want := "quarantined"
			if tt.reason == deletes {
				want = "deletionsStaged"
			}
			equal(t, "told", o.told.heard(), want)

			mend()
			if sum := o.cycle(); sum.Disable+sum.Delete+sum.Fail > 0 && tt.name != "15 % in each cycle" {
				t.Errorf("after the cause was mended: %s", sum)
			}
			if o.record().Quarantine != nil {
				t.Error("still in quarantine after the cause was mended")
			}
			equal(t, "told", o.told.heard(), "recovered")

			if tt.name == "15 % in each cycle" {
				return // who is back in between has other numbers
			}
			o.later(40 * time.Minute)
			mend()
			tt.happen(o)
			o.stopped(t, tt)
			if err := o.engine.AllowDeletes(context.Background(), o.job.Name); err != nil {
				t.Fatal(err)
			}
			if sum := o.cycle(); sum.Changes() == 0 {
				t.Errorf("allowed, and nothing was done: %s", sum)
			}
			if r := o.record(); r.Quarantine != nil || r.AllowDeletes {
				t.Errorf("after what was allowed: %+v", r)
			}
		})
	}
}

// stopped runs a cycle that a guard stops.
func (o *bureau) stopped(t *testing.T, tt incident) {
	t.Helper()
	_, err := o.try()
	var stop *engine.GuardError
	if !errors.As(err, &stop) || stop.Reason != tt.reason || !strings.HasPrefix(stop.Message, tt.says) {
		t.Fatalf("error %v", err)
	}
	for _, advice := range []string{"Nothing was written", `"scimsync plan test"`, `"scimsync allow-deletes test"`} {
		if !strings.Contains(stop.Message, advice) {
			t.Errorf("%q does not say %s", stop.Message, advice)
		}
	}
	equal(t, "writes", o.writes(), []string(nil))
	if q := o.record().Quarantine; q == nil || q.Reason != tt.reason || !q.NextAttempt.After(o.now) {
		t.Errorf("quarantine %+v", q)
	}
}

// passes runs a cycle that nothing stops, and that takes away no more than it
// should.
func (o *bureau) passes(t *testing.T, tt incident) {
	t.Helper()
	before, _, _ := o.held()
	sum := o.cycle()
	after, _, _ := o.held()
	lost := 0
	if tt.name == "a fifth goes, and no more" {
		lost = 20
	}
	if before-after != lost || sum.Disable != int64(lost) || sum.Delete != 0 {
		t.Errorf("%d of %d active accounts are left: %s", after, before, sum)
	}
	if tt.name == "every name changes with the domain" {
		equal(t, "renamed", sum.Update, int64(200))
		for _, u := range o.app.Users() {
			if !strings.HasSuffix(u["userName"].(string), "@fabrikam.com") {
				t.Fatalf("%v", u["userName"])
			}
		}
	}
	equal(t, "told", o.told.heard(), "")
}

// TestAnExportThatIsNotWhole is no guard's matter: what cannot be read to its
// end, or changes meanwhile, changes nothing.
func TestAnExportThatIsNotWhole(t *testing.T) {
	for name, happen := range map[string]func(o *bureau){
		"cut off": func(o *bureau) {
			content, err := os.ReadFile(filepath.Join(o.dir, "users-01.json"))
			if err != nil {
				o.t.Fatal(err)
			}
			o.text("users-01.json", string(content[:len(content)/2]))
		},
		"empty": func(o *bureau) { o.text("users-01.json", "") },
		"an error page": func(o *bureau) {
			o.text("users-01.json", "<html><body>503 Service Unavailable</body></html>")
		},
		"an error of Graph": func(o *bureau) {
			o.text("users-01.json", `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges"}}`)
		},
		"all of it gone": func(o *bureau) {
			for i := range o.parts {
				remove(o, fmt.Sprintf("users-%02d.json", i))
			}
		},
		"written while it is read": func(o *bureau) {
			o.users[0]["jobTitle"] = "Clerk"
			o.file("users-00.json", o.users[:25])
			o.job.Source = &restless{o.job.Source, func() {
				o.later(time.Second)
				o.users = o.users[:10]
				o.export()
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newBureau(t, shape{people: 100, groups: 1})
			mend := o.keep()
			happen(o)
			_, err := o.try()
			var content *connectors.ReadError
			if !errors.As(err, &content) {
				t.Fatalf("error %v", err)
			}
			equal(t, "writes", o.writes(), []string(nil))
			mend()
			if sum := o.cycle(); sum.Disable+sum.Delete+sum.Fail > 0 {
				t.Errorf("after the export was mended: %s", sum)
			}
		})
	}
}

// TestTheApplicationIsAskedOnlyWhereItMatters: the reads that tell who is
// switched off already are spent where a guard would stop the cycle.
func TestTheApplicationIsAskedOnlyWhereItMatters(t *testing.T) {
	w := firm(t, 30)
	w.rules(switched("False"), mapping.DefaultGroups(), scope.Settings{AssignedOnly: true})
	w.source.set("p003", "displayName", directory.Str("Other"))
	w.cycle()
	gets := 0
	for _, line := range w.sent {
		if strings.HasPrefix(line, "GET /Users/") {
			gets++
		}
	}
	equal(t, "reads of one user who changed", gets, 1)
}

// TestWhoCannotBeAskedCounts: an application that fails to show an account is
// no reason to switch it off.
func TestWhoCannotBeAskedCounts(t *testing.T) {
	o := newBureau(t, shape{people: 30})
	o.rules(switched("False"), defaultGroups(), scope.Settings{AssignedOnly: true})
	o.job.Fingerprint = "2"
	o.intercept = fails("/Users/")
	_, err := o.try()
	var stop *engine.GuardError
	if !errors.As(err, &stop) || !strings.HasPrefix(stop.Message, "the cycle would disable or delete 30 of 30") {
		t.Fatalf("error %v", err)
	}
}
