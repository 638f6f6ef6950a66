package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
)

// How an explanation comes to what would be done: by the steps of the flow, up
// to the one that would write.

// mapped takes the decision that needs no request, and evaluates the mapping,
// also where nothing is to flow: to show what would.
func (x *explanation) mapped(context.Context) error {
	x.prepare(x.s)
	o := x.s.change.Object
	if x.s.mapErr != nil {
		x.fault = failure(x.s.mapErr)
	}
	in := mapping.Input{SoftDeleted: !x.s.decision.InScope, Deprovision: x.s.intent == plan.Deprovision, Now: x.now}
	x.rows = x.s.rule.Mapping.Explain(o, in)
	x.result = x.s.mapped
	if x.result.Values == nil && x.fault == nil && !o.Tombstone {
		// What cannot be evaluated is told attribute by attribute.
		x.result, _ = x.s.rule.Mapping.Map(o, in)
	}
	return nil
}

// matching asks the application for the object: by its id if it is connected,
// else by each matching attribute, until one finds something.
func (x *explanation) matching(ctx context.Context) error {
	for _, row := range x.rows {
		if row.Precedence > 0 {
			x.Matching = append(x.Matching, ExplainedMatch{
				Precedence: row.Precedence, Attribute: row.Target, Source: row.Source, Value: row.Value, Found: []string{},
				Result: "not asked",
			})
		}
	}
	slices.SortFunc(x.Matching, func(a, b ExplainedMatch) int { return a.Precedence - b.Precedence })
	if x.Connection != nil {
		for i := range x.Matching {
			x.Matching[i].Result = "not asked: it is connected"
		}
		x.get(ctx)
		return nil
	}
	for i := range x.Matching {
		m := &x.Matching[i]
		at := slices.IndexFunc(x.result.Match, func(match mapping.Match) bool { return match.Target == m.Attribute })
		if at < 0 {
			m.Result = "passed over: it has no value"
			continue
		}
		if x.Target.Error != "" || x.Target.Anchor != "" || x.fault != nil {
			continue
		}
		if err := x.find(ctx, m, x.result.Match[at]); err != nil {
			return err
		}
	}
	return nil
}

// get reads the connected object.
func (x *explanation) get(ctx context.Context) {
	x.Target.Asked, x.Target.Anchor = true, x.Connection.TargetAnchor
	object, err := x.target.Get(ctx, x.ObjectType, x.Connection.TargetAnchor, x.s.rule.Mapping.Targets())
	switch {
	case connectors.ClassOf(err) == connectors.Gone:
		x.Target.Gone = true
	case err != nil:
		x.Target.Error = err.Error()
	default:
		x.current = &object
	}
}

// find asks for one matching attribute.
func (x *explanation) find(ctx context.Context, m *ExplainedMatch, match mapping.Match) error {
	x.Target.Asked, m.Asked = true, true
	found, err := x.target.Find(ctx, connectors.Query{
		Type: x.ObjectType, Attribute: match.Target, Value: match.Value, Want: x.s.rule.Mapping.Targets(),
	})
	for _, o := range found {
		m.Found = append(m.Found, o.Anchor)
	}
	switch {
	case err != nil:
		x.Target.Error = err.Error()
		m.Result = "not known: the application could not be asked"
	case len(found) == 0:
		m.Result = "nobody has it"
	case len(found) == 1:
		x.current, x.Target.Anchor = &found[0], found[0].Anchor
		m.Result = "found " + found[0].Anchor
		return x.taken(ctx, m)
	default:
		x.fault = duplicateTarget(matchText(match), m.Found)
		m.Result = fmt.Sprintf("found %d: %s", len(found), listed(m.Found))
	}
	return nil
}

// taken says whether the object that was found belongs to another one.
func (x *explanation) taken(ctx context.Context, m *ExplainedMatch) error {
	other, taken, err := x.store.ConnectionByTarget(ctx, x.job.Name, x.ObjectType, x.Target.Anchor)
	if err == nil && taken {
		x.fault = duplicateSource(x.Target.Anchor, fmt.Sprintf("%s (%s)", other.SourceAnchor, other.DisplayName))
		m.Result += ", which is connected to " + other.DisplayName
	}
	return err
}

// decided says what a cycle that looks at the object does.
func (x *explanation) decided(context.Context) error {
	s := x.s
	next := func(action, format string, args ...any) {
		x.Next = ExplainedNext{Action: action, Reason: fmt.Sprintf(format, args...)}
	}
	switch {
	case s.decision.Err != nil:
		next("fail", "%v", s.decision.Err)
	case x.fault != nil && (s.intent != plan.Leave || s.mapErr != nil):
		next("fail", "%s: %s", x.fault.Code, x.fault.Message)
	case x.result.Skip:
		next("skip", "the attribute mapping of %s says IgnoreObjectFlow", x.result.SkippedBy)
	case s.intent == plan.Leave && s.decision.InScope:
		next("skip", "%s", s.why)
	case s.intent == plan.Leave:
		next("skip", "%s; %s", s.decision.Reason, s.why)
	case s.intent == plan.Release:
		next("release", "%s", s.why)
	case s.intent == plan.Erase:
		next("delete", "%s", s.why)
	case s.intent == plan.Match:
		x.decidedMatch(next)
	default:
		x.decidedConnected(next)
	}
	return nil
}

func (x *explanation) decidedMatch(next func(action, format string, args ...any)) {
	actions := x.s.rule.Actions
	switch {
	case len(x.result.Match) == 0:
		next("skip", "no matching attribute has a value")
	case x.Target.Error != "":
		next("unknown", "the application could not be asked")
	case x.current == nil && !actions.Create:
		next("skip", "no match for %s, and the Create action is not enabled", matchTexts(x.result.Match))
	case x.current == nil:
		next("create", "no match for %s", matchTexts(x.result.Match))
		x.op, _ = plan.NewObject(x.ObjectType, x.result.Values)
	case !actions.Update:
		next("skip", "it is connected to %s; the Update action is not enabled", x.Target.Anchor)
	default:
		x.differing(next, plan.Update, "it matches "+x.Target.Anchor)
	}
}

func (x *explanation) decidedConnected(next func(action, format string, args ...any)) {
	action := plan.Update
	if x.s.intent == plan.Deprovision {
		action = plan.Disable
	}
	switch {
	case x.Target.Error != "":
		next("unknown", "the application could not be asked")
	case x.Target.Gone && action == plan.Disable:
		next("skip", "the application's object is gone already")
	case x.Target.Gone && x.job.Settings.RematchMissing:
		next("update", "the application's object is gone: it is matched again, and created if need be")
	case x.Target.Gone:
		next("fail", "InvalidAnchor: the application has no object %s any more", x.Target.Anchor)
	default:
		x.differing(next, action, x.s.decision.Reason)
	}
}

// differing says what differs from what the application shows. References are
// told with their attributes.
func (x *explanation) differing(next func(action, format string, args ...any), action plan.Action, why string) {
	op, differs := plan.Differences(action, x.result.Values, *x.current)
	if !differs {
		next("skip", "%s; the application shows every value that it is to show", why)
		return
	}
	x.op = op
	next(string(action), "%s; differs: %s", why, attributes(op))
}

// referring turns a skip into an update where references are to be set.
func (x *explanation) referring(changed []string) {
	if len(changed) > 0 && x.Next.Action == "skip" && x.current != nil && x.s.intent != plan.Leave && x.s.intent != plan.Deprovision {
		x.Next = ExplainedNext{Action: "update", Reason: "references differ: " + strings.Join(changed, ", ")}
	}
}

// anchorsOf returns the source anchors that a value refers to.
func anchorsOf(v directory.Value) []string {
	var anchors []string
	for _, e := range v.Elements() {
		if a := e.Anchor(); a != "" {
			anchors = append(anchors, a)
		}
	}
	return anchors
}
