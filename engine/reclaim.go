package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

// A create whose answer was lost may have made a target object that nobody
// knows of. Matching finds it as long as the source object is in scope and
// matched by the same value. What becomes of it otherwise stands here.

// sourceKey names an object of the source.
type sourceKey struct {
	t      directory.ObjectType
	anchor string
}

// readUnanswered reads what the creates without an answer would be found by.
func (c *cycle) readUnanswered(ctx context.Context) error {
	c.unanswered = map[sourceKey][]state.Sent{}
	return c.store.Unanswered(ctx, c.job.Name, func(s state.Sent) error {
		key := sourceKey{s.Type, s.SourceAnchor}
		c.unanswered[key] = append(c.unanswered[key], s)
		return nil
	})
}

// unanswered is what a target object would be found by whose create failed so
// that it may have taken effect, or took effect and was not recorded.
func (f *flow) unanswered(action plan.Action, err error) (sent []state.Sent) {
	var refused *Failure // after the object was made: another source object has it
	if action != plan.Create || !perhapsDone(err) && (!f.made || errors.As(err, &refused)) {
		return nil
	}
	return f.findable()
}

// reclaim asks for what an earlier create may have made, and connects it if it
// is there. It leaves alone what matching will ask for.
func (f *flow) reclaim(ctx context.Context) error {
	sound := f.decision.Err == nil && f.mapErr == nil // else the object fails, whatever there is
	for _, s := range f.sent {
		if !sound || f.connection != nil || f.matchedBy(s) {
			continue
		}
		found, err := f.target.Find(ctx, connectors.Query{Type: f.rule.Type, Attribute: s.Attribute, Value: directory.Str(s.Value)})
		switch {
		case err != nil:
			return err
		case len(found) == 0:
			continue
		case len(found) > 1: // which one it made is not known, nor that it made none
			return duplicateTarget(fmt.Sprintf("%s eq %q", s.Attribute, s.Value), targetAnchors(found))
		}
		if err := f.adopt(ctx, found[0].Anchor); err != nil {
			return err
		}
	}
	return nil
}

func targetAnchors(objects []directory.Object) []string {
	anchors := make([]string, len(objects))
	for i, o := range objects {
		anchors[i] = o.Anchor
	}
	return anchors
}

// matchedBy reports whether the object is matched by what was sent.
func (f *flow) matchedBy(s state.Sent) bool {
	return slices.ContainsFunc(f.mapped.Match, func(m mapping.Match) bool {
		return m.Target == s.Attribute && m.Value.Text() == s.Value
	})
}

// adopt connects a target object, unless another source object has it by now,
// and decides anew what is to be done.
func (f *flow) adopt(ctx context.Context, anchor string) error {
	if holder, err := f.take(ctx, anchor); err != nil || holder != "" {
		return err
	}
	now := f.engine.Now().UTC()
	f.connection = &state.Connection{
		Type: f.rule.Type, SourceAnchor: f.change.Object.Anchor, TargetAnchor: anchor,
		DisplayName: f.displayName(), Status: state.Active, Since: now, Updated: now,
	}
	f.prepare(f.subject)
	return nil
}
