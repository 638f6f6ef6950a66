package expr

import (
	"errors"
	"io"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Attributes gives the source attributes of one object by the names that an
// expression writes in brackets. An absent attribute is null.
type Attributes interface {
	Get(name string) directory.Value
}

// Env is what an evaluation may know besides the expression.
type Env struct {
	Attributes Attributes        // nil: every attribute is null
	Now        time.Time         // what Now() returns, in UTC; the day of a time without a date
	Globals    map[string]string // %Name%: parameters of the synchronization job

	// Unique says whether a candidate of SelectUniqueValue is still free in the
	// target. Its error ends the evaluation. Nil: everything is free.
	Unique func(candidate string) (bool, error)
	// Random is the source of Guid and RandomString; nil means crypto/rand.
	Random io.Reader
}

// What an evaluation gives instead of a value: compare with errors.Is.
var (
	// ErrIgnoreAttribute says that the attribute is dropped from the flow
	// (IgnoreAttributeFlow, or IgnoreFlowIfNullOrEmpty without a value).
	ErrIgnoreAttribute = errors.New("the attribute is dropped from the flow")
	// ErrIgnoreObject says that the whole object is left alone (IgnoreObjectFlow).
	ErrIgnoreObject = errors.New("the object is left alone")
)
