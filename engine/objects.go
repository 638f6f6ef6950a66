package engine

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// chunk is how many objects share one look-up of connections.
const chunk = 256

// subject is one object with everything that is known of it before the target
// is asked. It is passed from step to step of the flow.
type subject struct {
	rule       *Rule
	change     directory.Change
	connection *state.Connection // nil if there is none
	escrow     *state.Escrow     // its earlier failure, nil if there is none
	decision   scope.Decision
	situation  plan.Situation
	intent     plan.Intent
	why        string
	mapped     mapping.Result
	mapErr     error
	// references are the connections of the objects that it refers to, by
	// source anchor: of its single-valued references alone.
	references map[string]state.Connection
	claims     []string
}

func (s *subject) displayName() string {
	if name := s.change.Object.DisplayName(); name != s.change.Object.Anchor || s.connection == nil {
		return name
	}
	return s.connection.DisplayName // of an object that is gone nothing else is known
}

// objects carries every change of one object type through the flow,
// concurrently, and records the results in the order of the source.
func (c *cycle) objects(ctx context.Context, rule *Rule) error {
	next, err := c.subjects(ctx, rule)
	if err != nil {
		return err
	}
	return each(ctx, c, phase(rule.Type), c.imports[rule.Type].count, next, func(ctx context.Context, s *subject) result {
		r := c.object(ctx, s)
		r.claims = append(r.claims, s.claims...)
		return r
	})
}

func phase(t directory.ObjectType) string { return strings.ToLower(string(t)) + "s" }

// subjects returns a function that returns the next subject, io.EOF after the
// last. It reads ahead a chunk at a time.
func (c *cycle) subjects(ctx context.Context, rule *Rule) (func() (*subject, error), error) {
	read, err := c.imports[rule.Type].reader()
	if err != nil {
		return nil, err
	}
	var ahead []*subject
	return func() (*subject, error) {
		if len(ahead) == 0 {
			var err error
			if ahead, err = c.readAhead(ctx, rule, read); err != nil {
				return nil, err
			}
		}
		s := ahead[0]
		ahead = ahead[1:]
		// Two source objects with the same matching value would both find
		// nothing and both be created: the second waits for the first.
		if s.intent == plan.Match {
			for _, m := range s.mapped.Match {
				s.claims = append(s.claims, "match\x00"+string(rule.Type)+"\x00"+m.Target+"\x00"+strings.ToLower(m.Value.Text()))
			}
			c.claims.wait(s.change.Object.Anchor, s.claims)
		}
		return s, nil
	}, nil
}

func (c *cycle) readAhead(ctx context.Context, rule *Rule, read func() ([]byte, error)) ([]*subject, error) {
	var subjects []*subject
	var anchors []string
	for len(subjects) < chunk {
		b, err := read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		change, err := directory.DecodeChange(b)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, &subject{rule: rule, change: change})
		anchors = append(anchors, change.Object.Anchor)
		for _, v := range change.Object.Attributes {
			if v.Kind() == directory.Reference {
				anchors = append(anchors, v.Anchor())
			}
		}
	}
	if len(subjects) == 0 {
		return nil, io.EOF
	}
	connections, err := c.store.Connections(ctx, c.job.Name, anchors)
	if err != nil {
		return nil, err
	}
	for _, s := range subjects {
		c.prepare(s, connections)
	}
	return subjects, nil
}

// prepare takes the steps that need nothing but the object itself and what is
// remembered of it: scoping, the decision, and the attribute mapping.
func (c *cycle) prepare(s *subject, connections map[string]state.Connection) {
	o := s.change.Object
	s.references = connections
	if connection, ok := connections[o.Anchor]; ok {
		s.connection = &connection
	}
	if escrow, ok := c.escrows[o.Anchor]; ok {
		s.escrow = &escrow
	}
	s.decision = s.rule.Scope.Decide(o)
	s.situation = plan.Situation{
		Type: o.Type, Presence: o.Presence, InScope: s.decision.InScope, Standing: standing(s.connection),
		Actions: s.rule.Actions, CanDisable: s.rule.Mapping.HasSoftDelete(),
		SkipOutOfScopeDeletions: c.job.Settings.SkipOutOfScopeDeletions,
		Initial:                 c.execution.Initial,
	}
	s.intent, s.why = plan.Decide(s.situation)
	switch s.intent {
	case plan.Match, plan.Align, plan.Deprovision:
		s.mapped, s.mapErr = s.rule.Mapping.Map(o, mapping.Input{
			SoftDeleted: !s.decision.InScope, Deprovision: s.intent == plan.Deprovision, Now: c.execution.Began,
		})
	}
}

func standing(connection *state.Connection) plan.Standing {
	if connection == nil {
		return plan.Unconnected
	}
	switch connection.Status {
	case state.Disabled:
		return plan.Suspended
	case state.Unassigned:
		return plan.Abandoned
	default:
		return plan.Managed
	}
}

func status(s plan.Standing) state.ConnectionStatus {
	switch s {
	case plan.Suspended:
		return state.Disabled
	case plan.Abandoned:
		return state.Unassigned
	default:
		return state.Active
	}
}
