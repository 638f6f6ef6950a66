package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
)

// Somebody in scope loses access too if the mapping itself makes active false:
// by a constant, or by an expression that goes wrong for everybody. To the flow
// that is an update like any other; to the guards it is not.

// mappedInactive reports whether an object in scope that is managed, or will be
// as soon as it is matched, is to be shown as not active, because its mapping
// says so.
func (s *subject) mappedInactive() bool {
	managed := s.intent == plan.Align && s.situation.Standing == plan.Managed || s.intent == plan.Match && s.rule.Actions.Update
	if !managed || s.leftAlone() {
		return false
	}
	_, inactive := inactiveBy(s)
	return inactive
}

// inactiveBy returns the target attribute, active, if the mapping has it false
// on updates (RFC 7643 section 4.1.1).
func inactiveBy(s *subject) (attribute string, inactive bool) {
	i := slices.IndexFunc(s.mapped.Values, func(v mapping.Value) bool {
		active, known := v.Value.Boolean()
		return isActive(v.Target) && !v.OnCreate && known && !active
	})
	if i < 0 {
		return "", false
	}
	return s.mapped.Values[i].Target, true
}

// isActive reports whether a target attribute is a user's active, which may be
// named with its schema (RFC 7644 section 3.10).
func isActive(target string) bool {
	const schema = "urn:ietf:params:scim:schemas:core:2.0:User:"
	if len(target) > len(schema) && strings.EqualFold(target[:len(schema)], schema) {
		target = target[len(schema):]
	}
	return strings.EqualFold(target, "active")
}

// withInactive returns the losses as they would be if the application showed
// everybody, and everybody as active.
func (l *losses) withInactive() *losses {
	return &losses{objects: added(l.objects, l.inactive), joining: l.joining, joined: l.unsure}
}

// switchedOff reports whether the object is one that the application shows as
// active and that its mapping makes inactive.
func (l *losses) switchedOff(s *subject) bool {
	return l.off[sourceKey{s.rule.Type, s.change.Object.Anchor}]
}

// byMapping says how many of the objects are switched off by their mapping, ""
// if none are.
func (l *losses) byMapping() string {
	if len(l.off) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d of them are in scope, and the attribute mapping makes active false)", len(l.off))
}

// countSwitchedOff asks the application for every object in scope that is to be
// shown as inactive, and counts those that it does not show so already. One
// that it does not answer for counts: nobody loses access because of that. One
// that it does not have is left out.
func (c *cycle) countSwitchedOff(ctx context.Context, l *losses) error {
	asking, askCtx := errgroup.WithContext(ctx)
	asking.SetLimit(max(1, c.job.Settings.Concurrency))
	var mu sync.Mutex
	err := c.survey(askCtx, func(s *subject) error {
		if !s.mappedInactive() || l.retried(s) {
			return nil
		}
		asking.Go(containing(func() error {
			attribute, _ := inactiveBy(s)
			current, found, err := c.shown(askCtx, s)
			switch connectors.ClassOf(err) {
			case connectors.Credentials, connectors.NotSCIM:
				return fmt.Errorf("counting who would be disabled: %w", err)
			}
			if askCtx.Err() != nil {
				return askCtx.Err()
			}
			if active, known := current.Get(attribute).Boolean(); err == nil && (!found || known && !active) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if s.connection != nil {
				l.objects[s.rule.Type]++
			} else {
				l.joined[s.rule.Type]++
			}
			l.off[sourceKey{s.rule.Type, s.change.Object.Anchor}] = true
			return nil
		}))
		return nil
	})
	if waitErr := asking.Wait(); waitErr != nil {
		return waitErr // the first; that of the survey is its consequence
	}
	l.asked = err == nil
	return err
}

// shown returns the target object that an object is connected to, or that it is
// going to be matched with, and whether there is one.
func (c *cycle) shown(ctx context.Context, s *subject) (current directory.Object, found bool, err error) {
	if s.connection != nil {
		current, err = c.target.Get(ctx, s.rule.Type, s.connection.TargetAnchor, s.rule.Mapping.Targets())
		if connectors.ClassOf(err) == connectors.Gone { // to be believed only of one that answers, see gone.go
			return current, false, c.target.Test(ctx, s.rule.Type)
		}
		return current, err == nil, err
	}
	for _, m := range s.mapped.Match {
		objects, err := c.target.Find(ctx, connectors.Query{
			Type: s.rule.Type, Attribute: m.Target, Value: m.Value, Want: s.rule.Mapping.Targets(),
		})
		switch {
		case err != nil:
			return current, false, err
		case len(objects) == 1:
			return objects[0], true, nil
		case len(objects) > 1: // none of them is written to
			return current, false, nil
		}
	}
	return current, false, nil
}
