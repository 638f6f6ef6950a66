package plan

import (
	"maps"
	"slices"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping"
)

// NewObject returns the operation that creates an object with these values,
// in their order. References are left out: they flow once the object exists.
// ok is false if no value flows.
func NewObject(t directory.ObjectType, values []mapping.Value) (op Operation, ok bool) {
	op = Operation{Action: Create, Type: t}
	for _, v := range values {
		if !v.Reference && !v.Value.IsEmpty() {
			op.Changes = append(op.Changes, Change{Attribute: v.Target, Verb: Add, New: v.Value})
		}
	}
	return op, len(op.Changes) > 0
}

// Differences returns the operation that makes current show these values, as
// an action of the given kind. An attribute that current does not show is
// added, one that differs is replaced, one that was cleared is removed if its
// mapping lets nulls flow (scim-client-wire 3.5 to 3.7, 4.6). References are
// left out. ok is false if nothing differs.
func Differences(action Action, values []mapping.Value, current directory.Object) (op Operation, ok bool) {
	op = Operation{Action: action, Type: current.Type, TargetAnchor: current.Anchor}
	for _, v := range values {
		if v.Reference || v.OnCreate {
			continue
		}
		if c, changed := change(v, current.Get(v.Target)); changed {
			op.Changes = append(op.Changes, c)
		}
	}
	return op, len(op.Changes) > 0
}

func change(v mapping.Value, old directory.Value) (Change, bool) {
	c := Change{Attribute: v.Target, Old: old, New: v.Value}
	switch {
	case v.Value.IsEmpty() && (old.IsEmpty() || !v.FlowNull):
		return c, false
	case v.Value.IsEmpty():
		c.Verb, c.New = Remove, old
	case old.IsEmpty():
		c.Verb = Add
	case Same(v.Value, old):
		return c, false
	default:
		c.Verb = Replace
	}
	return c, true
}

// Same reports whether a mapped value and a value of the target are the same
// to the application: "False" is false, "7" is 7, lists are sets.
func Same(a, b directory.Value) bool {
	if a.Kind() == directory.List || b.Kind() == directory.List {
		return sameSet(a.Elements(), b.Elements())
	}
	if a.Equal(b) {
		return true
	}
	if a.Kind() == directory.Boolean || b.Kind() == directory.Boolean {
		x, okX := a.Boolean()
		y, okY := b.Boolean()
		return okX && okY && x == y
	}
	if a.Kind() == directory.Complex || b.Kind() == directory.Complex {
		return sameParts(a, b)
	}
	return a.Text() == b.Text()
}

// sameParts compares values with parts, such as app roles: they are the same if
// the parts that both of them have are, and there is one. An application does
// not keep the id of a role, and one of Entra's dialects writes the whole role
// as the text of its value (scim-client-wire 4.10).
func sameParts(a, b directory.Value) bool {
	for _, of := range [][2]directory.Value{{a, b}, {b, a}} {
		if value := of[0].Field("value"); !value.IsEmpty() && value.Text() == of[1].Text() {
			return true
		}
	}
	shared := false
	for _, f := range a.Fields() {
		other := b.Field(f.Name)
		if f.Value.IsEmpty() || other.IsEmpty() {
			continue
		}
		if shared = Same(f.Value, other); !shared {
			return false
		}
	}
	return shared
}

func sameSet(a, b []directory.Value) bool {
	within := func(a, b []directory.Value) bool {
		return !slices.ContainsFunc(a, func(x directory.Value) bool {
			return !slices.ContainsFunc(b, func(y directory.Value) bool { return Same(x, y) })
		})
	}
	return len(a) == len(b) && within(a, b) && within(b, a)
}

// Reference returns the operation that makes a single-valued reference of the
// target object point to wanted, a target anchor, where it now points to
// current. ok is false if it does already, or if there is nothing to point to.
func Reference(t directory.ObjectType, anchor, attribute string, wanted, current directory.Value) (op Operation, ok bool) {
	if wanted.IsEmpty() || wanted.Anchor() == current.Anchor() && wanted.Kind() == current.Kind() {
		return op, false
	}
	verb := Add
	if !current.IsEmpty() {
		verb = Replace
	}
	return Operation{Action: Update, Type: t, TargetAnchor: anchor, Changes: []Change{
		{Attribute: attribute, Verb: verb, Old: current, New: wanted},
	}}, true
}

// ClearReference returns the operation that takes a single-valued reference
// away which the source has cleared (scim-client-wire 6.5). ok is false if it
// was never set: what others have set is left to them.
func ClearReference(t directory.ObjectType, anchor, attribute string, known map[string]struct{}, current directory.Value) (op Operation, ok bool) {
	if len(known) == 0 {
		return op, false
	}
	if current.IsEmpty() { // the target does not show it
		current = directory.Ref(slices.Sorted(maps.Keys(known))[0])
	} else if _, ours := known[current.Anchor()]; !ours {
		return op, false
	}
	return Operation{Action: Update, Type: t, TargetAnchor: anchor, Changes: []Change{
		{Attribute: attribute, Verb: Remove, Old: current, New: current},
	}}, true
}

// Membership is what is known of a multi-valued reference of a target object.
type Membership struct {
	Known map[string]struct{} // the target anchors that it was made to hold
	// Doubtful are those of Known of which nobody knows whether it holds them.
	Doubtful map[string]struct{}
	// Shown: the target showed values that it was asked to leave out of its
	// answer. What comes then replaces all of them, instead of being added: so
	// does Entra, and a group is left with its newest member (scim-client-wire
	// 5.7; Infisical/infisical#6525).
	Shown bool
}

// Members returns the operations that make a multi-valued reference of the
// target object hold wanted, in its order: first those that go, sorted, then
// those that come, batch values to an operation. Doubtful ones come if they are
// wanted.
func Members(t directory.ObjectType, anchor, attribute string, wanted []directory.Value, m Membership, batch int) []Operation {
	stay := make(map[string]struct{}, len(wanted))
	var come []directory.Value
	for _, w := range wanted {
		stay[w.Anchor()] = struct{}{}
		_, there := m.Known[w.Anchor()]
		if _, doubt := m.Doubtful[w.Anchor()]; !there || doubt || w.Kind() == directory.Pending {
			come = append(come, w)
		}
	}
	var goes []directory.Value
	for _, k := range slices.Sorted(maps.Keys(m.Known)) {
		if _, stays := stay[k]; !stays {
			goes = append(goes, directory.Ref(k))
		}
	}
	operations := func(verb Verb, values []directory.Value) (ops []Operation) {
		for part := range slices.Chunk(values, max(batch, 1)) {
			ops = append(ops, Operation{Action: Update, Type: t, TargetAnchor: anchor, Changes: []Change{
				{Attribute: attribute, Verb: verb, New: directory.Of(part...)},
			}})
		}
		return ops
	}
	comes := Add
	if m.Shown {
		comes = Replace
	}
	return append(operations(Remove, goes), operations(comes, come)...)
}
