package engine

import (
	"context"
	"fmt"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// gone returns an error if the application is not to be believed that an object
// is gone: one that is being moved, or a gateway before one that is down,
// answers 404 whatever it is asked, and one of several machines may not know yet
// what the others do. Who took that for an answer would count accounts as deleted
// that are as active as ever, and forget them. So the connection is tested again
// before anything is concluded from it, and who is to be disabled or deleted is
// asked for once more.
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
	if connectors.ClassOf(err) == connectors.Gone && len(f.mapped.Match) > 0 {
		var found []directory.Object
		m := f.mapped.Match[0]
		found, err = f.target.Find(ctx, connectors.Query{Type: f.rule.Type, Attribute: m.Target, Value: m.Value})
		for _, o := range found {
			there = there || o.Anchor == anchor
		}
	}
	switch {
	case there:
		return &Failure{
			Code: "EntryNotGone", Category: "failure",
			Message: fmt.Sprintf("the application says that its object %s is gone, and shows it when it is asked again: %s", anchor, answer.Error()),
			Advice:  "Nothing needs to be done if it is a passing trouble of the application: the object is tried again.",
		}
	case err != nil && connectors.ClassOf(err) != connectors.Gone:
		return err
	}
	return nil
}
