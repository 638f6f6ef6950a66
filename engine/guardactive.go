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

// mappedInactive reports whether a managed object in scope is to be shown as
// not active, because its mapping says so.
func (s *subject) mappedInactive() bool {
	if s.intent != plan.Align || s.situation.Standing != plan.Managed || s.leftAlone() {
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
		return strings.EqualFold(v.Target, "active") && !v.OnCreate && known && !active
	})
	if i < 0 {
		return "", false
	}
	return s.mapped.Values[i].Target, true
}

// withInactive returns the losses as they would be if the application showed
// everybody as active.
func (l *losses) withInactive() *losses {
	most := &losses{objects: map[directory.ObjectType]int64{}}
	for _, t := range directoryTypes() {
		most.objects[t] = l.objects[t] + l.inactive[t]
	}
	return most
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
		if !s.mappedInactive() {
			return nil
		}
		asking.Go(func() error {
			attribute, _ := inactiveBy(s)
			current, err := c.target.Get(askCtx, s.rule.Type, s.connection.TargetAnchor, s.rule.Mapping.Targets())
			switch connectors.ClassOf(err) {
			case connectors.Gone:
				return nil
			case connectors.Credentials, connectors.NotSCIM:
				return fmt.Errorf("counting who would be disabled: %w", err)
			}
			if askCtx.Err() != nil {
				return askCtx.Err()
			}
			if active, known := current.Get(attribute).Boolean(); err == nil && known && !active {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			l.objects[s.rule.Type]++
			l.off[sourceKey{s.rule.Type, s.change.Object.Anchor}] = true
			return nil
		})
		return nil
	})
	if waitErr := asking.Wait(); waitErr != nil {
		return waitErr // the first; that of the survey is its consequence
	}
	return err
}
