package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// chunk is how many objects share one look-up of connections at the most.
const (
	chunk      = 256
	chunkBytes = 4 << 20 // a group may have very many members
)

// subject is one object with everything that is known of it before the target
// is asked. It is passed from step to step of the flow.
type subject struct {
	rule       *Rule
	change     directory.Change
	connection *state.Connection // nil if there is none
	escrow     *state.Escrow     // its earlier failure, nil if there is none
	sent       []state.Sent      // of its creates that got no answer
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
	rival      bool // in a dry run: another source object has the matching value
}

func (s *subject) displayName() string {
	if name := s.change.Object.DisplayName(); name != s.change.Object.Anchor || s.connection == nil {
		return name
	}
	return s.connection.DisplayName // of an object that is gone nothing else is known
}

// objects carries every change of one object type through the flow,
// concurrently, and records the results in the order of the source. Objects
// that are connected come before those that are not: a name that one of them
// gives up is free by the time another one wants it.
func (c *cycle) objects(ctx context.Context, rule *Rule) error {
	counts, err := c.store.Counts(ctx, c.job.Name)
	if err != nil {
		return err
	}
	unconnected := c.imports[rule.Type]
	if counts.Connections[rule.Type] > 0 {
		unconnected = newSpool(c.engine.SpoolDir)
		defer unconnected.close()
		if err := c.pass(ctx, rule, c.imports[rule.Type], unconnected); err != nil {
			return err
		}
	}
	return c.pass(ctx, rule, unconnected, nil)
}

// pass carries the objects of a spool, but for those that have no connection
// if there is a spool to put them aside.
func (c *cycle) pass(ctx context.Context, rule *Rule, from, aside *spool) error {
	next, err := c.subjects(rule, from, aside)
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

// subjects returns a function that returns the next subject of a pass, io.EOF
// after the last. It reads ahead a chunk at a time.
func (c *cycle) subjects(rule *Rule, from, aside *spool) (func(context.Context) (*subject, error), error) {
	read, err := from.reader()
	if err != nil {
		return nil, err
	}
	var ahead []*subject
	return func(ctx context.Context) (*subject, error) {
		for len(ahead) == 0 {
			var err error
			if ahead, err = c.readAhead(ctx, rule, read); err != nil {
				return nil, err
			}
			if ahead, err = putAside(ahead, aside); err != nil {
				return nil, err
			}
			for _, s := range ahead {
				c.prepare(s)
			}
		}
		s := ahead[0]
		ahead = ahead[1:]
		return s, c.claimMatch(ctx, s)
	}, nil
}

// putAside moves the subjects without a connection to the spool, if there is
// one, and returns the others, with those that may have a target object.
func putAside(subjects []*subject, aside *spool) (stay []*subject, err error) {
	if aside == nil {
		return subjects, nil
	}
	for _, s := range subjects {
		if s.connection != nil || len(s.sent) > 0 {
			stay = append(stay, s)
			continue
		}
		if err := aside.append(func(b []byte) []byte { return directory.AppendChange(b, s.change) }); err != nil {
			return nil, err
		}
	}
	return stay, nil
}

// claimMatch keeps two source objects with the same matching value apart: both
// would find nothing and both be created. The second waits for the first.
// Where the first is only planned, nobody will find it: the second is told.
func (c *cycle) claimMatch(ctx context.Context, s *subject) error {
	if s.intent != plan.Match {
		return nil
	}
	for _, m := range s.mapped.Match {
		s.claims = append(s.claims, claimKey("match", s.rule.Type, m.Target, strings.ToLower(m.Value.Text())))
	}
	if c.opts.DryRun {
		for _, key := range s.claims {
			s.rival = c.overlay.take(key, s.change.Object.Anchor) || s.rival
		}
	}
	return c.claims.wait(ctx, s.change.Object.Anchor, s.claims)
}

func claimKey(parts ...any) string { return fmt.Sprintf("%q", parts) }

// readAhead returns the next subjects with their connections, a chunk of them
// or as many as hold a few megabytes; io.EOF after the last.
func (c *cycle) readAhead(ctx context.Context, rule *Rule, read func() ([]byte, error)) ([]*subject, error) {
	var subjects []*subject
	var anchors []string
	for size := 0; len(subjects) < chunk && size < chunkBytes; {
		b, err := read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		size += len(b)
		change, err := directory.DecodeChange(b)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, &subject{
			rule: rule, change: change, sent: c.unanswered[sourceKey{rule.Type, change.Object.Anchor}],
		})
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
		s.references = connections
		if connection, ok := connections[s.change.Object.Anchor]; ok {
			s.connection = &connection
		}
	}
	return subjects, nil
}

// prepare takes the steps that need nothing but the object itself and what is
// remembered of it: scoping, the decision, and the attribute mapping. Nothing is
// written by then, so a panic is a failure of that object, and the others go on.
func (c *cycle) prepare(s *subject) {
	err := contained(func() error {
		c.decide(s)
		return nil
	})
	if err != nil {
		s.mapped, s.mapErr, s.intent = mapping.Result{}, err, plan.Leave
	}
}

func (c *cycle) decide(s *subject) {
	o := s.change.Object
	if escrow, ok := c.escrows[o.Anchor]; ok && escrow.Type == o.Type {
		s.escrow = &escrow
	}
	s.decision = s.rule.Scope.Decide(o)
	s.situation = plan.Situation{
		Type: o.Type, Presence: o.Presence, InScope: s.decision.InScope, Standing: standing(s.connection),
		Actions: s.rule.Actions, CanDisable: s.rule.Mapping.HasSoftDelete(),
		SkipOutOfScopeDeletions: c.job.Settings.SkipOutOfScopeDeletions,
		Initial:                 c.execution.Initial,
	}
	clash := s.connection != nil && s.connection.Type != o.Type
	if clash && o.Presence != directory.Present { // it never had a connection of its own
		s.connection, s.situation.Standing, clash = nil, plan.Unconnected, false
	}
	s.intent, s.why = plan.Decide(s.situation)
	if clash {
		s.mapErr = &Failure{
			Code: "DuplicateSourceEntries", Category: "failure",
			Message: fmt.Sprintf("the source has a user and a group with the id %s", o.Anchor),
			Advice:  "Give one of the two another id, or leave it out of the export.",
		}
		s.connection, s.intent = nil, plan.Leave
		return
	}
	switch s.intent {
	case plan.Match, plan.Align, plan.Deprovision:
		s.mapped, s.mapErr = s.rule.Mapping.Map(o, mapping.Input{
			SoftDeleted: !s.decision.InScope, Deprovision: s.intent == plan.Deprovision, Now: c.now,
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
