package export

import (
	"context"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

// What is held in memory is the nesting and the members of nested groups, each
// once, and nothing of any other group.
func TestNestingHoldsOnlyWhatIsNested(t *testing.T) {
	groups := `[{"id":"g1","members":["a1","b2","g2"]},{"id":"g2","members":["c3","d4","g3"]},{"id":"g3","members":["d4"]},{"id":"g4","members":["e5","f6"]}]`
	s := newSource(t, optionsIn(lay(t, map[string]string{"u.json": "[]", "g.json": groups}), Options{Users: "u.json", Groups: "g.json", FlattenNestedGroups: true}))
	err := s.session(context.Background(), func(r *reading) error {
		n := r.nesting
		if len(n.ids) != 2 || n.anchor(0) != "c3" || n.anchor(1) != "d4" || len(n.members) != 2 {
			t.Errorf("members %v", n.names)
		}
		for id, want := range map[string]int{"g1": 1, "g2": 3, "g3": 1, "g4": 0} {
			if node := n.nodes[n.groups[directory.IDOf(id)]]; len(node.items) != want {
				t.Errorf("%s: %d items", id, len(node.items))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A set of hints holds what was added and, of many others, few.
func TestHints(t *testing.T) {
	var h hints
	if h.has(directory.IDOf(guid(1))) {
		t.Error("an empty set holds something")
	}
	const n = 100_000
	for i := range n {
		h.add(directory.IDOf(guid(i)))
	}
	wrong := 0
	for i := range n {
		if !h.has(directory.IDOf(guid(i))) {
			t.Fatalf("%d was added and is not there", i)
		}
		if h.has(directory.IDOf(guid(i + n))) {
			wrong++
		}
	}
	if wrong > n/20 {
		t.Errorf("of %d that were not added it holds %d", n, wrong)
	}
}
