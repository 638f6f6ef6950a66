package engine

import (
	"context"
	"fmt"
)

// gone returns an error if the application is not to be believed that an object
// is gone: one that is being moved, or a gateway before one that is down,
// answers 404 whatever it is asked. Who took that for an answer would count
// accounts as deleted that are as active as ever, and forget them. So the
// connection is tested again before anything is concluded from it.
func (f *flow) gone(ctx context.Context, answer error) error {
	if err := f.target.Test(ctx, f.rule.Type); err != nil {
		return fmt.Errorf("%w; what it answered before says nothing then: %s", err, answer.Error())
	}
	return nil
}
