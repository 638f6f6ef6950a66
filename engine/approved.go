package engine

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// Approved is a saved plan that is to be carried out: every write that it has,
// and no other. It serves one cycle.
type Approved struct {
	Head  plan.Head
	basis plan.Basis

	mu      sync.Mutex
	steps   map[plan.Step]bool // whether the cycle has come to it
	asked   int
	created map[plan.Step]struct{} // by their anchor, the source objects whose create it has come to
}

// ReadApproved reads a plan that was saved. What it holds in memory are some 20
// bytes, and what a map takes, for each object and each member that changes.
func ReadApproved(r io.Reader) (*Approved, error) {
	a := &Approved{steps: map[plan.Step]bool{}, created: map[plan.Step]struct{}{}}
	head, err := plan.ReadSaved(r, func(e plan.Entry) error {
		for _, s := range e.Steps {
			a.steps[s] = false
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Head, a.basis = head, head.Saved.Basis
	return a, nil
}

// Initial reports whether the plan is of an initial cycle that was asked for.
func (a *Approved) Initial() bool { return a.basis.Initial }

// Made returns when the plan was made.
func (a *Approved) Made() time.Time { return a.basis.Made }

// Carried returns how many writes the plan has, a membership being one, and how
// many of them a cycle has come to: the others were not needed any more, or
// what they depend on failed.
func (a *Approved) Carried() (asked, all int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked, len(a.steps)
}

// has reports whether the plan has the step, and remembers that it was asked.
func (a *Approved) has(s plan.Step) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, has := a.steps[s]
	if has && !asked {
		a.steps[s] = true
		a.asked++
	}
	return has
}

// create remembers that the cycle has come to the create of a source object.
func (a *Approved) create(source string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.created[plan.AnchorStep(source)] = struct{}{}
}

// creates reports whether the cycle has come to the create of a source object.
func (a *Approved) creates(source string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, created := a.created[plan.AnchorStep(source)]
	return created
}

// approved returns an error if a saved plan is carried out that does not have
// this operation.
func (f *flow) approved(op plan.Operation) error {
	a := f.opts.Approved
	if a == nil {
		return nil
	}
	if a.has(plan.ObjectStep(f.change.Object.Anchor, op, f.hidden)) {
		if op.Action == plan.Create {
			a.create(f.change.Object.Anchor)
		}
		return nil
	}
	f.found = "" // nor is it connected to what it matches: that was not planned
	what := string(op.Action)
	if op.Action == plan.Update {
		what += " of " + attributes(op)
	}
	return notPlanned(what)
}

// hidden reports whether nobody may know, or can know beforehand, the values of
// a target attribute.
func (f *flow) hidden(attribute string) bool {
	return f.rule.Mapping.Redacted(attribute) || f.rule.Mapping.Random(attribute)
}

func notPlanned(what string) *Failure {
	return &Failure{
		Code: planOutdated, Category: "failure",
		Message: "the application has changed since the plan was made, which does not have this " + what,
		Advice:  "Nothing was written. The next cycle looks at the object again; to see before what it does, make another plan.",
	}
}

// approved returns the operation with those of its references alone that a
// saved plan has, where one is carried out, and an error if there are others.
// One that has none of them is left without changes.
func (l *linkage) approved(ctx context.Context, op plan.Operation) (plan.Operation, error) {
	if l.opts.Approved == nil {
		return op, nil
	}
	change := op.Changes[0]
	values := change.New.Elements()
	var planned []directory.Value
	for _, v := range values {
		has, err := l.has(ctx, change, v)
		if err != nil {
			return plan.Operation{}, err
		}
		if has {
			planned = append(planned, v)
		}
	}
	if len(planned) == len(values) {
		return op, nil
	}
	left := notPlanned(fmt.Sprintf("%s of %s (%d of %d values)", change.Verb, change.Attribute, len(values)-len(planned), len(values)))
	op.Changes = nil
	if len(planned) > 0 {
		change.New = directory.Of(planned...)
		op.Changes = []plan.Change{change}
	}
	return op, left
}

// has reports whether the saved plan has a reference: by its target object, or
// by its source object if that was not created yet.
func (l *linkage) has(ctx context.Context, change plan.Change, v directory.Value) (bool, error) {
	a := l.opts.Approved
	if a.has(l.step(change, v)) {
		return true, nil
	}
	holder, ok, err := l.holder(ctx, v.Anchor())
	if err != nil || !ok || !a.creates(holder.SourceAnchor) {
		return false, err
	}
	return a.has(l.step(change, directory.KnownAfterCreate(holder.SourceAnchor))), nil
}

// steps returns the steps of what a dry run has done.
func (l *linkage) steps() (steps []plan.Step) {
	for _, op := range l.done {
		for _, v := range op.Changes[0].New.Elements() {
			steps = append(steps, l.step(op.Changes[0], v))
		}
	}
	return steps
}

func (l *linkage) step(change plan.Change, v directory.Value) plan.Step {
	target := l.pending.target.Anchor
	if l.pending.counted == plan.Create {
		target = directory.PendingText
	}
	o := l.pending.change.Object
	return plan.ReferenceStep(o.Type, o.Anchor, target, change.Attribute, change.Verb, v)
}
