package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

func anchors(list ...string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, a := range list {
		set[a] = struct{}{}
	}
	return set
}

func TestClearReferenceTakesAwayWhatWasSetAndNothingElse(t *testing.T) {
	for name, tt := range map[string]struct {
		known   map[string]struct{}
		current directory.Value
		removed string // "" for nothing
	}{
		"never set, none there":            {nil, directory.Value{}, ""},
		"never set, set by others":         {nil, directory.Ref("x"), ""},
		"set and there":                    {anchors("a"), directory.Ref("a"), "a"},
		"set, and others set another":      {anchors("a"), directory.Ref("x"), ""},
		"set, and not shown":               {anchors("a"), directory.Value{}, "a"},
		"one or the other, and one there":  {anchors("a", "b"), directory.Ref("b"), "b"},
		"one or the other, and not shown":  {anchors("b", "a"), directory.Value{}, "a"},
		"set, and emptied by others":       {anchors("a"), directory.Str(""), "a"},
		"one or the other, and others too": {anchors("a", "b"), directory.Ref("x"), ""},
	} {
		op, ok := plan.ClearReference(directory.User, "u", "manager", tt.known, tt.current)
		if ok != (tt.removed != "") {
			t.Errorf("%s: %v, %+v", name, ok, op)
			continue
		}
		if !ok {
			continue
		}
		want := plan.Operation{Action: plan.Update, Type: directory.User, TargetAnchor: "u", Changes: []plan.Change{
			{Attribute: "manager", Verb: plan.Remove, Old: directory.Ref(tt.removed), New: directory.Ref(tt.removed)},
		}}
		if diff := cmp.Diff(want, op, values); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestMembersReplaceWhereTheTargetShowsThem(t *testing.T) {
	wanted := []directory.Value{directory.Ref("b"), directory.Ref("c"), directory.Ref("d")}
	for name, tt := range map[string]struct {
		m     plan.Membership
		batch int
		want  []string
	}{
		"not shown":             {plan.Membership{Known: anchors("a", "b")}, 1, []string{"remove a", "add c", "add d"}},
		"shown":                 {plan.Membership{Known: anchors("a", "b"), Shown: true}, 1, []string{"remove a", "replace c", "replace d"}},
		"shown, in batches":     {plan.Membership{Known: anchors("a", "z", "b"), Shown: true}, 2, []string{"remove a, z", "replace c, d"}},
		"shown, none comes":     {plan.Membership{Known: anchors("a", "b", "c", "d"), Shown: true}, 1, []string{"remove a"}},
		"in doubt and wanted":   {plan.Membership{Known: anchors("b", "c", "d"), Doubtful: anchors("c")}, 1, []string{"add c"}},
		"in doubt and unwanted": {plan.Membership{Known: anchors("a", "b", "c", "d"), Doubtful: anchors("a")}, 1, []string{"remove a"}},
	} {
		var got []string
		for _, op := range plan.Members(directory.Group, "g", "members", wanted, tt.m, tt.batch) {
			got = append(got, string(op.Changes[0].Verb)+" "+op.Changes[0].New.Text())
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}
