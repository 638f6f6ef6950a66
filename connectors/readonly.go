package connectors

import (
	"context"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// NewReadOnly returns a target that reads from t and refuses every write with
// an *Error of class ReadOnly. A dry run is wired with it, so that a mistake
// in the engine cannot write.
func NewReadOnly(t Target) Target { return readOnly{t} }

type readOnly struct{ Target }

func (r readOnly) Apply(_ context.Context, op plan.Operation) (directory.Object, error) {
	return directory.Object{}, &Error{
		Class: ReadOnly, Code: "InternalError", Method: string(op.Action), URL: op.TargetAnchor,
		Detail: "a dry run never writes to the target",
	}
}
