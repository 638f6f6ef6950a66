package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim/sandbox"
	"github.com/scimsync/scimsync/engine"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// trap is an application that shows the members of a group although they were
// excluded: Entra then replaces them by those that come (scim-client-wire 5.7).
func trap(o *sandbox.Options) { o.LegacyIgnoreExcludedAttributes = true }

func TestMembersThatTheApplicationShowsAreReplaced(t *testing.T) {
	const replace, add = `"Replace"`, `"Add"`
	all := []string{"ada@contoso.com", "bo@contoso.com", "cai@contoso.com"}
	for name, c := range map[string]struct {
		before    []string // nil: the group is created in the cycle that is looked at
		byHand    bool     // the group was made by others, with its members
		alwaysAdd bool
		verb      string
		members   []string
	}{
		"one that comes is the only one left":              {before: []string{"ada", "bo"}, verb: replace, members: all[2:]},
		"of several that come the last is left":            {before: []string{"ada"}, verb: replace, members: all[2:]},
		"one is added where the job says so":               {before: []string{"ada", "bo"}, alwaysAdd: true, verb: add, members: all},
		"several are added where the job says so":          {before: []string{"ada"}, alwaysAdd: true, verb: add, members: all},
		"those of a group without members are added":       {before: []string{}, verb: add, members: all},
		"those of a group that is created are added":       {verb: add, members: all},
		"the last is left of a group that was matched":     {before: []string{"ada"}, byHand: true, verb: replace, members: all[2:]},
		"all are added to one matched, if the job says so": {before: []string{"ada"}, byHand: true, alwaysAdd: true, verb: add, members: all},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, trap)
			w.job.Settings.AlwaysAddMembers = c.alwaysAdd
			names := strings.Fields("ada bo cai")
			for _, n := range names {
				w.source.hire(n)
			}
			if c.before != nil && !c.byHand {
				w.source.group("Sales", c.before...)
			}
			w.cycle()
			if c.byHand {
				w.byHand(http.MethodPost, "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Sales",`+
					`"members":[{"value":"`+w.id("ada@contoso.com")+`"}]}`)
			}
			w.source.group("Sales", names...)
			if c.before == nil {
				w.cycle()
			} else {
				equal(t, "summary", w.asPlanned(t), plan.Summary{Update: 1})
			}
			for _, s := range w.writes() {
				if strings.Contains(s, `"members"`) && strings.HasPrefix(s, "PATCH") && !strings.Contains(s, c.verb) {
					t.Errorf("sent %s, want %s", s, c.verb)
				}
			}
			equal(t, "members", w.members("Sales"), c.members)
			equal(t, "settled", w.cycle(), plan.Summary{})
		})
	}
}

func TestAMemberThatLeavesAnApplicationThatShowsMembersIsRemovedAlone(t *testing.T) {
	w := newWorld(t, trap)
	w.source.hire("ada")
	w.source.hire("bo")
	w.source.group("Sales", "ada", "bo")
	w.cycle()
	w.source.group("Sales", "bo")
	equal(t, "ada leaves", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "members", w.members("Sales"), []string{"bo@contoso.com"})
	w.source.group("Sales")
	equal(t, "the last leaves", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "members", w.members("Sales"), []string{})
}

func TestTheMembersOfAnEmptiedGroupStayWhereTheyFlowOnCreationAlone(t *testing.T) {
	w := newWorld(t)
	groups := mapping.DefaultGroups()
	groups[len(groups)-1].Apply = mapping.OnCreate
	w.rules(mapping.DefaultUsers(), groups, scope.Settings{AssignedOnly: true})
	w.source.hire("ada")
	w.source.group("Sales", "ada")
	w.cycle()
	w.source.group("Sales")
	equal(t, "emptied", w.asPlanned(t), plan.Summary{Skip: 1})
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com"})
}

func TestAGroupThatIsDeletedAndReturnsIsAMemberAgainWhereReferencesHeal(t *testing.T) {
	for heal, want := range map[bool]int{false: 1, true: 2} {
		w := newWorld(t)
		w.job.Settings.HealReferences = heal
		w.source.hire("ada")
		w.source.group("Inner", "ada")
		w.source.group("Outer", "ada", "Inner")
		w.cycle()
		equal(t, "members", len(w.members("Outer")), 2)
		w.source.unassign("Inner")
		equal(t, "deleted", w.cycle(), plan.Summary{Delete: 1})
		equal(t, "members", len(w.members("Outer")), 1)
		equal(t, "waiting for it costs nothing", w.cycle(), plan.Summary{})
		w.source.assign("Inner")
		equal(t, "back", w.cycle().Create, int64(1))
		w.asPlanned(t)
		equal(t, "members", len(w.members("Outer")), want)
		equal(t, "settled", w.cycle(), plan.Summary{})
		w.cycle(engine.Options{Initial: true})
		equal(t, "an initial cycle heals in any case", len(w.members("Outer")), 2)
	}
}

func TestAMemberThatIsMatchedAgainIsAMemberAgainWhateverTheJobSays(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.RematchMissing = true
	w.source.hire("ada")
	w.source.group("Sales", "ada")
	w.cycle()
	w.byHand(http.MethodDelete, "/Users/"+w.id("ada@contoso.com"), "")
	w.source.set("ada", "jobTitle", directory.Str("Chief"))
	equal(t, "lost and found", w.cycle(), plan.Summary{Create: 1})
	equal(t, "the next cycle", w.asPlanned(t), plan.Summary{Update: 1})
	equal(t, "members", w.members("Sales"), []string{"ada@contoso.com"})
}

func TestAConnectedObjectIsAskedForByItsMatchingAttributeWhereTheJobSaysSo(t *testing.T) {
	w := newWorld(t)
	w.job.Settings.FindBeforeUpdate = true
	w.source.hire("ada")
	w.source.group("Sales")
	w.cycle()
	w.source.set("ada", "jobTitle", directory.Str("Clerk"))
	w.source.set("Sales", "displayName", directory.Str("Sale"))
	equal(t, "update", w.cycle(), plan.Summary{Update: 2})
	var order []string
	for _, s := range w.sent[2:] {
		s, _, _ := strings.Cut(s, " {") // without its body
		order = append(order, s)
	}
	equal(t, "order", order, []string{
		"GET /Users/t1", `GET /Users?filter=userName eq "ada@contoso.com"`, "PATCH /Users/t1",
		"GET /Groups/t2?excludedAttributes=members", `GET /Groups?excludedAttributes=members&filter=displayName eq "Sale"`, "PATCH /Groups/t2",
	})
	t.Run("and another object that has it is left alone", func(t *testing.T) {
		w.app.Seed([]map[string]any{{"userName": "ada.ito@contoso.com", "active": true}}, nil)
		w.source.set("ada", "userPrincipalName", directory.Str("ada.ito@contoso.com"))
		equal(t, "renamed", w.cycle(), plan.Summary{Fail: 1})
		equal(t, "code", w.failures(), []string{"DuplicateTargetEntries"})
		equal(t, "writes", w.writes(), []string(nil))
	})
	t.Run("and nobody who leaves is", func(t *testing.T) {
		w.source.unassign("ada")
		w.cycle()
		for _, s := range w.sent[2:] {
			if strings.Contains(s, "filter=") {
				t.Errorf("sent %s", s)
			}
		}
	})
}
