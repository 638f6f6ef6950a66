package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

// attributes adds each attribute mapping, what it gives, and whether that is
// written when a cycle looks at the object.
func (x *explanation) attributes(ctx context.Context) error {
	var changed []string
	for _, row := range x.rows {
		m := ExplainedMapping{
			Target: row.Target, Source: row.Source, Type: row.Kind, Apply: row.Apply,
			MatchingPrecedence: row.Precedence, Default: row.Default, Value: row.Value, Reason: row.Reason,
		}
		if x.s.change.Object.Tombstone && row.Kind != mapping.Constant && !row.Considered {
			m.Value = directory.Value{} // of an object that left nothing is known
		}
		if x.current != nil && !row.Reference {
			if m.Current = x.current.Get(row.Target); row.Redacted && !m.Current.IsEmpty() {
				m.Current = directory.Str(mapping.RedactedText)
			}
		}
		switch {
		case !row.Considered:
		case row.Reference:
			if err := x.reference(ctx, &m, row); err != nil {
				return err
			}
			if m.Flows && x.Next.Action != string(plan.Create) {
				changed = append(changed, m.Target)
			}
		default:
			x.flows(&m, row)
		}
		x.Attributes = append(x.Attributes, m)
	}
	x.referring(changed)
	return nil
}

// writes reports whether values flow to the target at all, and if not why.
func (x *explanation) writes() (ok bool, why string) {
	switch x.Next.Action {
	case "create", "update", "disable":
		return true, ""
	case "unknown":
		return false, "whether it differs is not known: the application could not be asked"
	case "skip":
		if x.current != nil && x.s.intent != plan.Leave { // matched or connected, and nothing differs
			return true, ""
		}
	}
	return false, "nothing flows: " + x.Next.Reason
}

// flows says of a value that is no reference whether it is written.
func (x *explanation) flows(m *ExplainedMapping, row mapping.Explained) {
	ok, why := x.writes()
	at := slices.IndexFunc(x.op.Changes, func(c plan.Change) bool { return c.Attribute == row.Target })
	onCreate := slices.ContainsFunc(x.result.Values, func(v mapping.Value) bool { return v.Target == row.Target && v.OnCreate })
	carries := slices.ContainsFunc(x.result.Values, func(v mapping.Value) bool { return v.Target == row.Target })
	switch {
	case !carries: // empty, dropped, or an error: the mapping says why
		return
	case !ok:
		m.Reason = why
	case at >= 0 && x.op.Action == plan.Create:
		m.Flows, m.Reason = true, "is set"
		if row.Value.IsEmpty() {
			m.Reason = fmt.Sprintf("empty: the default %q is set", row.Default)
		}
	case at >= 0 && x.op.Changes[at].Verb == plan.Add:
		m.Flows, m.Reason = true, "is added: the application shows no value"
	case at >= 0 && x.op.Changes[at].Verb == plan.Remove:
		m.Flows, m.Reason = true, "is removed: the source has no value any more"
	case at >= 0:
		m.Flows, m.Reason = true, "replaces what the application shows"
	case onCreate:
		m.Reason = "flows on creation only, and the object exists"
	case x.current == nil:
		m.Reason = row.Reason
	default:
		m.Reason = "the application shows it already"
	}
}

// reference says of a reference what would be set, and which objects are left
// out because they are not provisioned.
func (x *explanation) reference(ctx context.Context, m *ExplainedMapping, row mapping.Explained) error {
	if row.Value.IsEmpty() && x.ObjectType != directory.Group {
		return x.cleared(ctx, m)
	}
	anchors := anchorsOf(row.Value)
	connections := map[string]state.Connection{}
	for part := range slices.Chunk(anchors, 1000) {
		found, err := x.store.Connections(ctx, x.job.Name, part)
		if err != nil {
			return err
		}
		for anchor, c := range found {
			connections[anchor] = c
		}
	}
	var wanted []directory.Value
	for _, anchor := range anchors {
		if c, ok := connections[anchor]; ok {
			wanted = append(wanted, directory.Ref(c.TargetAnchor))
		} else {
			m.LeftOut = append(m.LeftOut, anchor)
		}
	}
	ok, why := x.writes()
	switch {
	case !ok:
		m.Reason = why
		return nil
	case row.Value.Kind() != directory.List && x.ObjectType != directory.Group:
		x.single(m, wanted)
	default:
		if err := x.several(ctx, m, wanted); err != nil {
			return err
		}
	}
	return x.leftOut(ctx, m)
}

// single says what becomes of a reference to one object.
func (x *explanation) single(m *ExplainedMapping, wanted []directory.Value) {
	var shown directory.Value
	if x.current != nil {
		shown = x.current.Get(m.Target)
		m.Current = shown
	}
	switch {
	case len(wanted) == 0:
		m.Reason = "does not flow"
	case x.current != nil && shown.Anchor() == wanted[0].Anchor():
		m.Reason = "the application shows it already"
	default:
		m.Flows, m.Reason = true, "is set after the object itself, to "+wanted[0].Anchor()
	}
}

// cleared says what becomes of a reference that the source has no value for.
func (x *explanation) cleared(ctx context.Context, m *ExplainedMapping) error {
	if ok, _ := x.writes(); !ok || x.current == nil || x.Connection == nil {
		return nil
	}
	set, _, err := x.known(ctx, x.SourceAnchor, m.Target)
	if err != nil {
		return err
	}
	m.Current = x.current.Get(m.Target)
	if _, differs := plan.ClearReference(x.ObjectType, x.Target.Anchor, m.Target, set, m.Current); !differs {
		return nil
	}
	if x.job.Settings.KeepClearedReferences {
		m.Reason = "empty: what was set stays, for the job keeps cleared references"
		return nil
	}
	m.Flows, m.Reason = true, "is taken away: the source has no value any more"
	return nil
}

// several says what becomes of the members: the application is not asked for
// them, what was set is remembered.
func (x *explanation) several(ctx context.Context, m *ExplainedMapping, wanted []directory.Value) error {
	set, doubtful, err := x.known(ctx, x.SourceAnchor, m.Target)
	if err != nil {
		return err
	}
	come := 0
	for _, w := range wanted {
		_, there := set[w.Anchor()]
		if _, doubt := doubtful[w.Anchor()]; !there || doubt {
			come++
		}
		delete(set, w.Anchor())
	}
	m.Flows = come+len(set) > 0
	m.Reason = fmt.Sprintf("%d to add, %d to remove, %d as they are", come, len(set), len(wanted)-come)
	return nil
}

// maxNamed is how many of the objects that are left out are looked up by name.
const maxNamed = 3

// leftOut adds which objects are left out, and why.
func (x *explanation) leftOut(ctx context.Context, m *ExplainedMapping) error {
	if len(m.LeftOut) == 0 {
		return nil
	}
	var names []string
	for _, anchor := range m.LeftOut[:min(len(m.LeftOut), maxNamed)] {
		name := anchor
		found, err := x.job.Source.Find(ctx, anchor)
		if err != nil {
			return fmt.Errorf("reading the source: %w", err)
		}
		if len(found) == 1 {
			name = found[0].DisplayName()
			if rule := x.job.rule(found[0].Type); rule != nil {
				if d := rule.Scope.Decide(found[0]); !d.InScope {
					name += " (" + d.Reason + ")"
				}
			}
		} else if len(found) == 0 {
			name += " (not in the source)"
		}
		names = append(names, name)
	}
	if more := len(m.LeftOut) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	verb := "is"
	if len(m.LeftOut) > 1 {
		verb = "are"
	}
	m.Reason += fmt.Sprintf("; left out, because not provisioned, %s %s", verb, strings.Join(names, ", "))
	return nil
}
