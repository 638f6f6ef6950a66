package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

// gone returns an error if the application is not to be believed that an object
// is gone: one that is being moved, or a gateway before one that is down,
// answers 404 whatever it is asked, and one of several machines may not know yet
// what the others do. Who took that for an answer would count accounts as deleted
// that are as active as ever, and forget them. So the connection is tested again
// before anything is concluded from it, and who is to be disabled or deleted is
// asked for once more, by the id and by what matching would ask for: paths of
// single objects may lead nowhere while lists are answered. Who is in the source no
// more has nothing to match by, and others bear witness.
func (f *flow) gone(ctx context.Context, answer error) error {
	if err := f.target.Test(ctx, f.rule.Type); err != nil {
		return fmt.Errorf("%w; what it answered before says nothing then: %s", err, answer.Error())
	}
	if f.intent != plan.Deprovision && f.intent != plan.Erase {
		return nil // matching asks for it
	}
	anchor := f.connection.TargetAnchor
	_, err := f.target.Get(ctx, f.rule.Type, anchor, nil)
	there := err == nil
	if connectors.ClassOf(err) == connectors.Gone {
		matches := f.foundBy()
		if len(matches) == 0 {
			return f.witnessed(ctx, answer)
		}
		var found []directory.Object
		found, err = f.target.Find(ctx, connectors.Query{Type: f.rule.Type, Attribute: matches[0].Target, Value: matches[0].Value})
		for _, o := range found {
			there = there || o.Anchor == anchor
		}
	}
	switch {
	case there:
		return notGone(fmt.Sprintf("the application says that its object %s is gone, and shows it when it is asked again: %s", anchor, answer.Error()))
	case err != nil && connectors.ClassOf(err) != connectors.Gone:
		return err
	}
	return nil
}

func notGone(message string) error {
	return &Failure{
		Code: "EntryNotGone", Category: "failure", Message: message,
		Advice: "Nothing needs to be done if it is a passing trouble of the application: the object is tried again.",
	}
}

// witnesses is how many others are asked for where one is said to be gone: one or
// two of them may be gone as well.
const witnesses = 3

// witnessed returns an error if the application knows none of some others by
// their ids either, whom it is to have: of an object that can be asked for in no
// other way this is all that can be found out. Where there is nobody else, its
// word is taken.
func (f *flow) witnessed(ctx context.Context, answer error) error {
	var anchors []string
	enough := errors.New("enough")
	err := f.store.AllConnections(ctx, f.job.Name, func(o state.Connection) error {
		if o.Type == f.rule.Type && o.Status == state.Active && o.TargetAnchor != f.connection.TargetAnchor {
			anchors = append(anchors, o.TargetAnchor)
		}
		if len(anchors) == witnesses {
			return enough
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return err
	}
	for _, anchor := range anchors {
		if _, err := f.target.Get(ctx, f.rule.Type, anchor, nil); connectors.ClassOf(err) != connectors.Gone {
			return err
		}
	}
	if len(anchors) == 0 {
		return nil
	}
	return notGone(fmt.Sprintf("the application says that its object %s is gone, and says so of %d others that it is to have: %s",
		f.connection.TargetAnchor, len(anchors), answer.Error()))
}

// foundBy is what matching would ask for of an object that is to be disabled or
// deleted. What flows to it then has no matching value, and who has left the
// source has none at all.
func (f *flow) foundBy() []mapping.Match {
	o := f.change.Object
	if o.Tombstone {
		return nil
	}
	mapped, err := f.rule.Mapping.Map(o, mapping.Input{SoftDeleted: !f.decision.InScope, Now: f.now})
	if err != nil {
		return nil
	}
	return mapped.Match
}
