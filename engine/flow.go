package engine

import (
	"context"
	"fmt"
	"strings"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

// object carries one object through the flow: import and scoping, matching,
// planning, export. It is the only place that provisions an object; cycles,
// on-demand calls and dry runs all come through here. What it returns is
// recorded by its caller, in order.
func (c *cycle) object(ctx context.Context, s *subject) result {
	f := &flow{cycle: c, subject: s, trace: c.newTrace(s.change.Object, s.displayName(), s.rule.Mapping.Redacted)}
	f.trace.imported(s.change, s.escrow)
	var err error
	if f.again, err = c.tryAgain(ctx, s); err == nil {
		err = f.reclaim(ctx)
	}
	if err != nil {
		return f.fail("EntrySynchronizationError", provlog.StepMatching, "", err)
	}
	f.trace.scoped(s.decision)
	if s.connection != nil {
		f.trace.target(s.connection.TargetAnchor)
	}
	switch {
	case s.decision.Err != nil:
		// Nobody leaves scope because a filter could not be evaluated.
		return f.fail("EntrySynchronizationError", provlog.StepScoping, "", s.decision.Err)
	case s.mapErr != nil:
		c.engine.report(s.mapErr, zap.String("job", c.job.Name), zap.String("cycle", c.execution.CycleID), zap.String("object", s.change.Object.Anchor))
		return f.fail("EntrySynchronizationError", provlog.StepProcessing, "", s.mapErr)
	case s.mapped.Skip:
		return f.leave(skipEntitled, "an attribute mapping says IgnoreObjectFlow")
	}
	switch s.intent {
	case plan.Match:
		return f.match(ctx)
	case plan.Align:
		return f.align(ctx, plan.Update)
	case plan.Deprovision:
		return f.align(ctx, plan.Disable)
	case plan.Erase:
		return f.erase(ctx)
	case plan.Release:
		return f.leave(skipEntitled, s.why)
	default:
		if s.decision.InScope {
			return f.leave(skipRedundant, s.why)
		}
		return f.leave(skipEntitled, s.decision.Reason+"; "+s.why)
	}
}

// flow is one object on its way.
type flow struct {
	*cycle
	*subject
	trace   *trace
	claimed []string // target objects
	found   string   // the target object that matched, once it is certain
	made    bool     // it was created, and is not recorded yet
	// intended: what was about to be done to it was recorded before.
	intended bool
	lost     bool // the target object that it was connected to is gone
	again    bool // it is tried again, see guardretry.go
	exports  int64
	// membersOff are those that go with a group that is about to be deleted.
	membersOff int64
}

// match looks for the target object by each matching attribute in the order
// of precedence, and stops at the first that finds something
// (scim-client-wire 3.2).
func (f *flow) match(ctx context.Context) result {
	if len(f.mapped.Match) == 0 {
		return f.leave("ImportSkipped", "no matching attribute has a value")
	}
	for _, m := range f.mapped.Match {
		found, err := f.target.Find(ctx, connectors.Query{
			Type: f.rule.Type, Attribute: m.Target, Value: m.Value, Want: f.rule.Mapping.Targets(),
		})
		if err != nil {
			return f.fail("EntrySynchronizationError", provlog.StepMatching, "", err)
		}
		how := matchText(m)
		switch len(found) {
		case 0:
			continue
		case 1:
			return f.matched(ctx, found[0], how)
		default:
			anchors := make([]string, len(found))
			for i, o := range found {
				anchors[i] = o.Anchor
			}
			return f.fail("EntrySynchronizationError", provlog.StepMatching, "", duplicateTarget(how, anchors))
		}
	}
	if f.rival {
		return f.fail("EntrySynchronizationError", provlog.StepMatching, "", duplicateSource("with "+matchTexts(f.mapped.Match), rival))
	}
	return f.create(ctx)
}

func duplicateTarget(how string, anchors []string) *Failure {
	return &Failure{
		Code: "DuplicateTargetEntries", Category: "nonServiceFailure",
		Message: fmt.Sprintf("%d objects of the application match %s: their ids are %s", len(anchors), how, listed(anchors)),
		Advice:  "Remove all but one of them from the application, or choose a matching attribute that is unique.",
	}
}

// matched goes on with the one object that was found.
func (f *flow) matched(ctx context.Context, found directory.Object, how string) result {
	f.trace.found(found, how)
	if err := f.claim(ctx, found.Anchor); err != nil {
		return f.fail("EntrySynchronizationError", provlog.StepMatching, "", err)
	}
	f.why, f.found = "matched "+how, found.Anchor
	if !f.rule.Actions.Update {
		r := f.leave(skipRedundant, "the Update action is not enabled")
		f.connect(&r, found.Anchor)
		return r
	}
	return f.update(ctx, plan.Update, found)
}

// claim makes sure that no other source object has the target object.
func (f *flow) claim(ctx context.Context, anchor string) error {
	holder, err := f.take(ctx, anchor)
	if err == nil && holder != "" {
		err = duplicateSource(anchor, holder)
	}
	return err
}

// take claims the target object and returns "", or returns which other source
// object has it.
func (f *flow) take(ctx context.Context, anchor string) (holder string, err error) {
	source := f.change.Object.Anchor
	key := claimKey("target", f.rule.Type, anchor)
	if holder := f.cycle.claims.try(source, key); holder != "" {
		return holder, nil
	}
	if f.opts.DryRun && f.overlay.take(key, source) {
		return rival, nil
	}
	f.claimed = append(f.claimed, key)
	connection, ok, err := f.store.ConnectionByTarget(ctx, f.job.Name, f.rule.Type, anchor)
	if err != nil || !ok || connection.SourceAnchor == source {
		return "", err
	}
	return fmt.Sprintf("%s (%s)", connection.SourceAnchor, connection.DisplayName), nil
}

// rival is another object of a dry run that has the matching value or the
// target object already.
const rival = "one that comes before it in this plan"

// duplicateSourceEntries is Microsoft's error code of two source objects that
// compete for one target object.
const duplicateSourceEntries = "DuplicateSourceEntries"

func duplicateSource(target, other string) *Failure {
	return &Failure{
		Code: duplicateSourceEntries, Category: "failure",
		Message: fmt.Sprintf("the application's object %s belongs to another source object already: %s", target, other),
		Advice:  "Two objects of the directory have the same matching value. Correct one of them, or choose a matching attribute that is unique.",
	}
}

// create makes the target object, without its references.
func (f *flow) create(ctx context.Context) result {
	looked := "no match for " + matchTexts(f.mapped.Match)
	f.trace.unmatched(looked)
	f.why = looked
	if !f.rule.Actions.Create {
		return f.leave(skipEntitled, looked+", and the Create action is not enabled")
	}
	// Only a creation asks the target for unique values: the mapping is
	// evaluated again, with the target to ask.
	if f.rule.Mapping.Calls("SelectUniqueValue") {
		mapped, err := f.rule.Mapping.Map(f.change.Object, mapping.Input{Now: f.now, Unique: f.unique(ctx)})
		if err != nil {
			return f.fail("EntrySynchronizationError", provlog.StepProcessing, plan.Create, err)
		}
		f.mapped = mapped
	}
	op, ok := plan.NewObject(f.rule.Type, f.mapped.Values)
	if !ok {
		return f.fail("EntrySynchronizationError", provlog.StepProcessing, plan.Create, &Failure{
			Code: skipValidation, Category: "failure", Message: "no attribute of the mapping has a value",
			Advice: "Fill in the object's attributes in the directory, or correct the mapping.",
		})
	}
	created, err := f.write(ctx, op)
	if err != nil {
		return f.fail("EntryExportAdd", provlog.StepExport, plan.Create, err)
	}
	if !f.opts.DryRun {
		f.made = true
		if err := f.claim(context.WithoutCancel(ctx), created.Anchor); err != nil {
			return f.fail("EntryExportAdd", provlog.StepExport, plan.Create, err)
		}
	}
	f.trace.target(created.Anchor)
	r := f.wrote(op)
	f.connect(&r, created.Anchor)
	r.outcomes[0].Disconnect = true // from what it may have been connected to once
	f.refer(ctx, &r, directory.Object{Type: f.rule.Type, Anchor: created.Anchor})
	return r
}

// write carries out an operation and notes it.
func (f *flow) write(ctx context.Context, op plan.Operation) (directory.Object, error) {
	if err := f.approved(op); err != nil {
		return directory.Object{}, err
	}
	if err := f.intend(ctx, op); err != nil {
		return directory.Object{}, err
	}
	f.trace.exporting(op)
	f.exports++
	return f.export(ctx, op)
}

// unique asks the target whether a value is still free, and keeps it from the
// other objects under way.
func (f *flow) unique(ctx context.Context) func(target, candidate string) (bool, error) {
	return func(target, candidate string) (bool, error) {
		key := claimKey("unique", f.rule.Type, target, strings.ToLower(candidate))
		if f.cycle.claims.try(f.change.Object.Anchor, key) != "" {
			return false, nil
		}
		f.claimed = append(f.claimed, key)
		found, err := f.target.Find(ctx, connectors.Query{
			Type: f.rule.Type, Attribute: target, Value: directory.Str(candidate),
		})
		return len(found) == 0, err
	}
}

// align reads the connected target object and writes what differs.
func (f *flow) align(ctx context.Context, action plan.Action) result {
	current, err := f.target.Get(ctx, f.rule.Type, f.connection.TargetAnchor, f.rule.Mapping.Targets())
	gone := connectors.ClassOf(err) == connectors.Gone
	again := action == plan.Update && (f.job.Settings.RematchMissing || f.connection.Status == state.Deleting)
	if gone && (again || action == plan.Disable) { // else it fails, whatever the answer is worth
		if testErr := f.gone(ctx, err); testErr != nil {
			gone, err = false, testErr
		}
	}
	switch {
	case gone && again:
		return f.rematch(ctx)
	case gone && action == plan.Disable:
		r := f.leave(skipEntitled, "the application's object is gone already")
		if f.connection.Status == state.Deleting { // scimsync deleted it: it is nobody's any more
			f.disconnect(&r)
			f.deletedEarlier(&r, *f.connection)
			return r
		}
		f.connect(&r, f.connection.TargetAnchor)
		return r
	case gone:
		return f.fail("EntryImportObjectNotFound", provlog.StepMatching, "", err)
	case err != nil:
		return f.fail("EntrySynchronizationError", provlog.StepMatching, "", err)
	}
	f.trace.found(current, "connected earlier")
	if f.job.Settings.FindBeforeUpdate && action == plan.Update {
		if err := f.findAgain(ctx, current.Anchor); err != nil {
			return f.fail("EntrySynchronizationError", provlog.StepMatching, "", err)
		}
	}
	return f.update(ctx, action, current)
}

// findAgain asks for a connected object by its matching attribute, and refuses
// to go on if the application gives another one for it.
func (f *flow) findAgain(ctx context.Context, anchor string) error {
	if len(f.mapped.Match) == 0 {
		return nil
	}
	m := f.mapped.Match[0]
	found, err := f.target.Find(ctx, connectors.Query{Type: f.rule.Type, Attribute: m.Target, Value: m.Value})
	if err != nil {
		return err
	}
	for _, o := range found {
		if o.Anchor != anchor {
			return duplicateTarget(matchText(m), []string{anchor, o.Anchor})
		}
	}
	return nil
}

// rematch goes on with an object whose target object is gone as if it had
// never been connected.
func (f *flow) rematch(ctx context.Context) result {
	earlier := *f.connection
	f.connection, f.situation.Standing, f.intent, f.lost = nil, plan.Unconnected, plan.Match, true
	r := f.match(ctx)
	if len(r.outcomes) > 0 {
		r.outcomes[0].Disconnect, r.outcomes[0].Await = true, true
	}
	f.deletedEarlier(&r, earlier)
	return r
}

// deletedEarlier adds to the log that the target object was deleted, if it was
// scimsync that did so and no entry says it yet.
func (f *flow) deletedEarlier(r *result, earlier state.Connection) {
	if earlier.Status != state.Deleting {
		return
	}
	t := f.newTrace(f.change.Object, f.displayName(), f.rule.Mapping.Redacted)
	t.target(earlier.TargetAnchor)
	t.exported(plan.Delete)
	r.outcomes = append([]state.Outcome{{Event: t.finish(f.stamp())}}, r.outcomes...)
}

func (f *flow) update(ctx context.Context, action plan.Action, current directory.Object) result {
	op, differs := plan.Differences(action, f.mapped.Values, current)
	var r result
	if differs {
		if _, err := f.write(ctx, op); err != nil {
			return f.fail(exportSteps[action], provlog.StepExport, action, err)
		}
		f.why = f.decision.Reason
		if action == plan.Update {
			f.why = "differs: " + attributes(op)
		}
		r = f.wrote(op)
	} else {
		r = f.leave(skipRedundant, "the application shows every value that it is to show")
		r.outcomes[0].Loss = f.lossFound()
	}
	f.connect(&r, current.Anchor)
	if action == plan.Update {
		f.refer(ctx, &r, current)
	}
	return r
}

// erase deletes the connected target object. One that is gone already is as
// good as deleted.
func (f *flow) erase(ctx context.Context) result {
	op := plan.Operation{Action: plan.Delete, Type: f.rule.Type, TargetAnchor: f.connection.TargetAnchor}
	err := f.membersLost(ctx)
	if err == nil {
		_, err = f.write(ctx, op)
	}
	if connectors.ClassOf(err) == connectors.Gone {
		err = f.gone(ctx, err)
	}
	if err != nil {
		return f.fail("EntryExportDelete", provlog.StepExport, plan.Delete, err)
	}
	if f.change.Object.Presence != directory.HardDeleted {
		f.why = f.decision.Reason
	}
	r := f.wrote(op)
	if !f.again {
		r.outcomes[0].Loss.Members = f.membersOff
	}
	f.disconnect(&r)
	f.overlay.erase(f.change.Object.Anchor, op.TargetAnchor)
	return r
}

func matchText(m mapping.Match) string {
	value := m.Value.Text()
	if m.Redacted {
		value = plan.Redacted
	}
	return fmt.Sprintf("%s eq %q", m.Target, value)
}

func matchTexts(matches []mapping.Match) string {
	texts := make([]string, len(matches))
	for i, m := range matches {
		texts[i] = matchText(m)
	}
	return strings.Join(texts, ", nor for ")
}
