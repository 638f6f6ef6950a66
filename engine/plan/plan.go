// Package plan decides what has to be done to one object of the target: a
// pure function of the mapped attributes and of what is known of the target
// object. It has no network, no clock, no logger and no context.
package plan

import (
	"encoding/json"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Action is what an operation does to an object, in the words of the
// provisioning log (Graph provisioningObjectSummary.provisioningAction).
type Action string

// The actions of an operation.
const (
	Create  Action = "create"
	Update  Action = "update"
	Disable Action = "disable" // an update that takes access away: active becomes false
	Delete  Action = "delete"
)

// Verb is how one attribute changes (RFC 7644 section 3.5.2).
type Verb string

// The verbs of a change.
const (
	Add     Verb = "add"     // the target shows no value
	Replace Verb = "replace" // the target shows another value
	Remove  Verb = "remove"  // these values go: a member, or a cleared reference
)

// Change is one attribute of the target that changes.
type Change struct {
	Attribute string // target attribute name, as in the mapping
	Verb      Verb
	Old       directory.Value // what the target shows; null if nothing
	New       directory.Value // what it is to show; for Remove, the values that go
}

// Operation is one thing to do to one object of the target.
type Operation struct {
	Action       Action
	Type         directory.ObjectType
	TargetAnchor string   // "" for a create, directory.PendingText for an object that an earlier create makes
	Changes      []Change // in the order of the mapping; none for a delete
}

// Request is one HTTP request as it would be sent, for people to read.
type Request struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // below the tenant URL, query included
	Body   json.RawMessage `json:"body,omitempty"`
}
