package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// Explanation is everything that decides what becomes of one object, and what
// the next cycle that looks at it does.
type Explanation struct {
	Job          string               `json:"job"`
	ObjectType   directory.ObjectType `json:"objectType"`
	SourceAnchor string               `json:"sourceAnchor"`
	DisplayName  string               `json:"displayName"`
	Presence     string               `json:"presence"` // present | soft-deleted | hard-deleted
	// LeftSource: the source has nothing of the object any more; what is said of
	// it comes from its connection.
	LeftSource bool              `json:"leftSource"`
	Scope      ExplainedScope    `json:"scope"`
	Connection *state.Connection `json:"connection"` // nil if there is none
	// Unanswered is what an account would be found by whose create was sent and
	// got no clear answer; the next cycle that looks at the object asks for it.
	Unanswered   []ExplainedSent    `json:"unanswered,omitempty"`
	Matching     []ExplainedMatch   `json:"matching"` // in the order of precedence
	Target       ExplainedTarget    `json:"target"`
	Next         ExplainedNext      `json:"next"`
	Attributes   []ExplainedMapping `json:"attributes"` // in the order of the mapping
	Escrow       *state.Escrow      `json:"escrow"`     // nil if the object did not fail
	Quarantine   *state.Quarantine  `json:"quarantine"` // of the job; nil if it is in none
	PausedSince  *time.Time         `json:"pausedSince"`
	InNextCycle  bool               `json:"inNextCycle"` // whether the next cycle looks at the object
	InNextReason string             `json:"inNextCycleReason"`
}

// ExplainedScope is why an object is in or out of scope.
type ExplainedScope struct {
	InScope      bool              `json:"inScope"`
	Reason       string            `json:"reason"`
	SkipReason   string            `json:"skipReason,omitempty"`
	Active       bool              `json:"active"`
	Assigned     bool              `json:"assigned"`
	AssignedOnly bool              `json:"assignedOnly"`
	Assignments  []ExplainedAssign `json:"assignments"`
	Filters      []ExplainedFilter `json:"scopingFilters"`
}

// ExplainedAssign is one assignment of the object to the application.
type ExplainedAssign struct {
	Role string `json:"role"`          // "" for default access
	Via  string `json:"via,omitempty"` // the group that confers it; "" if direct
}

// ExplainedSent is a value of a create that got no clear answer.
type ExplainedSent struct {
	Attribute string `json:"attribute"` // target attribute name
	Value     string `json:"value"`
}

// ExplainedFilter is one scoping filter and what it says of the object.
type ExplainedFilter struct {
	Title   string            `json:"title"`
	Result  scope.Result      `json:"result"`
	Clauses []ExplainedClause `json:"clauses"`
}

// ExplainedClause is one clause with the value that it saw.
type ExplainedClause struct {
	Attribute string          `json:"attribute"`
	Operator  string          `json:"operator"`
	Values    []string        `json:"values"`
	Value     directory.Value `json:"value"`
	Result    scope.Result    `json:"result"`
}

// ExplainedMatch is one matching attribute and what the application answers to
// it.
type ExplainedMatch struct {
	Precedence int             `json:"precedence"`
	Attribute  string          `json:"attribute"`
	Source     string          `json:"source"` // source attribute or expression
	Value      directory.Value `json:"value"`
	Asked      bool            `json:"asked"` // the application was asked for it
	Found      []string        `json:"found"` // target anchors
	Result     string          `json:"result"`
}

// ExplainedTarget is what the application answered.
type ExplainedTarget struct {
	Asked  bool   `json:"asked"`
	Anchor string `json:"anchor,omitempty"` // of the object that is connected or matches
	Gone   bool   `json:"gone"`             // it is connected, and the application has it no more
	Error  string `json:"error,omitempty"`  // why the application could not be asked
}

// ExplainedNext is what is done about the object when a cycle looks at it.
type ExplainedNext struct {
	Action string `json:"action"` // create, update, disable, delete, release, skip, fail, unknown
	Reason string `json:"reason"`
}

// ExplainedMapping is one attribute mapping and what it gives.
type ExplainedMapping struct {
	Target             string          `json:"target"`
	Source             string          `json:"source"` // source attribute, expression or constant
	Type               mapping.Kind    `json:"type"`   // Direct, Expression, Constant, None
	Apply              mapping.Apply   `json:"apply"`  // always | onCreate
	MatchingPrecedence int             `json:"matchingPrecedence,omitempty"`
	Default            string          `json:"default,omitempty"`
	Value              directory.Value `json:"value"`
	Current            directory.Value `json:"current"` // what the application shows; null if it does not, or was not asked
	Flows              bool            `json:"flows"`   // it is written when a cycle looks at the object
	Reason             string          `json:"reason"`
	LeftOut            []string        `json:"leftOut,omitempty"` // objects that it refers to and that are not provisioned
}

// Explain says why the object of this name is in or out of scope, how it
// matches, and what each attribute mapping makes of it. It reads the source and
// the target and writes to neither, nor to the state. If the target cannot be
// asked, the explanation says so and holds the rest. An object that has left
// the source is explained by its connection, which is found by source anchor,
// target anchor or display name.
func (e *Engine) Explain(ctx context.Context, job Job, name string) (*Explanation, error) {
	c := e.newCycle(job, Options{DryRun: true})
	defer c.closeSpools()
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	fresh := c.record.Generation == 0 || c.record.Configuration != job.Fingerprint
	c.execution.Initial = fresh || c.record.InitialCompleted.IsZero()
	x := &explanation{cycle: c, fresh: fresh, Explanation: &Explanation{Job: job.Name, Matching: []ExplainedMatch{}, Attributes: []ExplainedMapping{}}}
	if err := x.locate(ctx, name); err != nil {
		return nil, err
	}
	steps := []func(context.Context) error{x.remembered, x.inNextCycle, x.scoped, x.mapped, x.matching, x.decided, x.attributes}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return x.Explanation, nil
}

// explanation is an Explanation in the making.
type explanation struct {
	*cycle
	*Explanation
	s       *subject
	fresh   bool // the next cycle evaluates every object again
	current *directory.Object
	result  mapping.Result
	rows    []mapping.Explained
	op      plan.Operation // what would be written
	fault   *Failure       // why the object would fail
}

// locate finds the object in the source, or else among the connections.
func (x *explanation) locate(ctx context.Context, name string) error {
	object, err := x.job.one(ctx, name)
	var missing *NotFoundError
	switch {
	case errors.As(err, &missing) && len(missing.Found) == 0:
		connection, findErr := x.engine.FindConnection(ctx, x.job.Name, name)
		if findErr != nil {
			return fmt.Errorf("%w; and %w", err, findErr)
		}
		if x.job.rule(connection.Type) == nil {
			return fmt.Errorf("job %s does not provision %ss any more", x.job.Name, strings.ToLower(string(connection.Type)))
		}
		// It may be known by another name that the connection does not have.
		if object, err = x.job.one(ctx, connection.SourceAnchor); errors.As(err, &missing) && len(missing.Found) == 0 {
			object, err = directory.Object{Type: connection.Type, Anchor: connection.SourceAnchor, Tombstone: true}, nil
			x.LeftSource = true
		}
	}
	if err != nil {
		return err
	}
	x.s = &subject{rule: x.job.rule(object.Type), change: directory.Change{Object: object, Hash: object.Hash()}}
	return nil
}

// remembered adds what the state knows.
func (x *explanation) remembered(ctx context.Context) error {
	o := x.s.change.Object
	anchors := []string{o.Anchor}
	for _, v := range o.Attributes {
		if v.Kind() == directory.Reference {
			anchors = append(anchors, v.Anchor())
		}
	}
	connections, err := x.store.Connections(ctx, x.job.Name, anchors)
	if err != nil {
		return err
	}
	x.s.references = connections
	if connection, ok := connections[o.Anchor]; ok {
		x.s.connection, x.Connection = &connection, &connection
	}
	if x.Escrow, err = x.engine.escrowOf(ctx, x.job.Name, o.Type, o.Anchor); err != nil {
		return err
	}
	err = x.store.Unanswered(ctx, x.job.Name, func(s state.Sent) error {
		if s.Type == o.Type && s.SourceAnchor == o.Anchor {
			x.Unanswered = append(x.Unanswered, ExplainedSent{Attribute: s.Attribute, Value: s.Value})
		}
		return nil
	})
	if err != nil {
		return err
	}
	x.Quarantine = x.record.Quarantine
	since, err := x.store.Paused(ctx, x.job.Name)
	if !since.IsZero() {
		x.PausedSince = &since
	}
	x.ObjectType, x.SourceAnchor, x.DisplayName = o.Type, o.Anchor, x.s.displayName()
	return err
}

// inNextCycle says whether the next cycle looks at the object, and finds out
// what one that left the source counts as by then.
func (x *explanation) inNextCycle(ctx context.Context) error {
	o := &x.s.change.Object
	now := x.engine.Now()
	seen, known, err := x.store.Seen(ctx, x.job.Name, o.Type, o.Anchor, x.record.Generation)
	if err != nil {
		return err
	}
	again := seen.Due || x.fresh
	retry := x.Escrow != nil && !x.Escrow.Next.After(now)
	seen.Due = again || retry
	if x.LeftSource {
		x.missing(seen, known, now)
		x.Presence = o.Presence.String()
		return nil
	}
	x.Presence = o.Presence.String()
	x.InNextCycle = true
	switch {
	case !known:
		x.InNextReason = "it was never seen before"
	case seen.Hash != x.s.change.Hash || seen.Presence != o.Presence:
		x.InNextReason = "it changed since it was last looked at"
	case again:
		x.InNextReason = "it is to be evaluated again"
	case retry:
		x.InNextReason = "it failed, and is due for another try"
	default:
		x.InNextCycle = false
		x.InNextReason = "nothing of it changed since it was last looked at"
		if x.Escrow != nil {
			x.InNextReason = "it failed, and waits for its next try"
		}
		if notOnDemand(*o) == "" {
			x.InNextReason += "; \"scimsync provision\" looks at it now"
		}
	}
	return nil
}

// missing says what an object that left the source counts as.
func (x *explanation) missing(seen connectors.Record, known bool, now time.Time) {
	o := &x.s.change.Object
	if !known {
		o.Presence = directory.SoftDeleted
		x.InNextReason = "it is not in the source, and no cycle remembers it from there"
		return
	}
	snapshot := connectors.NewSnapshot()
	snapshot.Add(seen)
	o.Presence = seen.Presence
	for _, r := range snapshot.Missing(o.Type, now, x.job.Settings.RecycleBin) {
		x.InNextCycle = true
		x.InNextReason = "it is missing from the source"
		o.Presence, seen.Since = r.Presence, r.Since
	}
	if !x.InNextCycle {
		x.InNextReason = "it is missing from the source since " + seen.Since.UTC().Format(time.RFC3339)
	}
	if o.Presence == directory.SoftDeleted && !seen.Since.IsZero() {
		x.InNextReason += "; it counts as hard-deleted from " + seen.Since.Add(x.job.Settings.RecycleBin).UTC().Format(time.RFC3339)
	}
}

// scoped adds the scoping decision with every filter.
func (x *explanation) scoped(context.Context) error {
	o := x.s.change.Object
	d := x.s.rule.Scope.Explain(o)
	x.Scope = ExplainedScope{
		InScope: d.InScope, Reason: d.Reason, SkipReason: d.SkipReason, Active: d.Active, Assigned: d.Assigned,
		AssignedOnly: d.AssignedOnly, Assignments: []ExplainedAssign{}, Filters: []ExplainedFilter{},
	}
	for _, a := range o.Assignments {
		role := a.Role.Field("displayName").Text()
		if role == "" {
			role = a.Role.Field("value").Text()
		}
		x.Scope.Assignments = append(x.Scope.Assignments, ExplainedAssign{Role: role, Via: a.Via})
	}
	for _, f := range d.Filters {
		filter := ExplainedFilter{Title: f.Title, Result: f.Result, Clauses: []ExplainedClause{}}
		for _, c := range f.Clauses {
			filter.Clauses = append(filter.Clauses, ExplainedClause(c))
		}
		x.Scope.Filters = append(x.Scope.Filters, filter)
	}
	return nil
}
