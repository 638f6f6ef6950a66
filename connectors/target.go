package connectors

import (
	"context"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// Target is an application that users and groups are provisioned to. All its
// methods may be called from many goroutines at once; the engine never has
// two calls under way for one object. Every error that the application's
// answer or its absence caused is an *Error.
type Target interface {
	// Test carries out Entra's Test Connection for these object types and
	// returns nil if the application answers as a SCIM service with valid
	// credentials. It writes nothing.
	Test(ctx context.Context, types ...directory.ObjectType) error

	// Find returns the objects whose matching attribute has this value, with
	// the wanted attributes. It is one query of Entra's matching step
	// (scim-client-wire 3.2). None is no error.
	Find(ctx context.Context, q Query) ([]directory.Object, error)

	// Get reads one object with the wanted attributes. An object that is not
	// there is an *Error of class Gone.
	Get(ctx context.Context, t directory.ObjectType, anchor string, want []string) (directory.Object, error)

	// Apply carries out one operation: the only call that writes. It returns
	// the object as the application answered it, its anchor set in any case,
	// also when the answer held nothing else. An Apply that returns an error of
	// class Retryable may have taken effect: repeating a Create may create
	// twice unless the object is matched again first. An operation without
	// changes sends nothing; ErrUnchanged says that the application was asked and
	// has all of it already, so that nothing was written.
	Apply(ctx context.Context, op plan.Operation) (directory.Object, error)

	// Requests returns what Apply would send for op, without sending it, for
	// plans. Values that only an earlier create makes known read
	// directory.PendingText.
	Requests(op plan.Operation) ([]plan.Request, error)
}

// Query asks for the objects whose attribute has a value.
type Query struct {
	Type      directory.ObjectType
	Attribute string          // the matching attribute's target name
	Value     directory.Value // never empty
	Want      []string        // target attribute names to return; the matching attribute is returned in any case
}

// TestShown is implemented by targets that can say which requests Test sends.
type TestShown interface {
	// TestShown is Test, and returns the requests that it made, in order, for
	// people to read: the last is the one that err is about. None was made if err is
	// about another one, for an access token.
	TestShown(ctx context.Context, types ...directory.ObjectType) (made []plan.Request, err error)
}
