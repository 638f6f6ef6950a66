package plan

import (
	"slices"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Fail is the action of an entry whose object could not be planned.
const Fail Action = "fail"

// Entry is one object of a plan that would change or fail, as `plan -o json`
// prints it.
type Entry struct {
	Action             Action               `json:"action"` // create | update | disable | delete | fail
	ObjectType         directory.ObjectType `json:"objectType"`
	SourceAnchor       string               `json:"sourceAnchor"`
	DisplayName        string               `json:"displayName"`
	TargetAnchor       *string              `json:"targetAnchor"` // null while there is none
	Reason             string               `json:"reason"`
	ModifiedProperties []Property           `json:"modifiedProperties"`
	Requests           []Request            `json:"requests"`
	Error              *EntryError          `json:"error,omitempty"`
	// Steps are what a saved plan allows to be done to the object; none else.
	Steps []Step `json:"steps,omitempty"`
}

// Property is one target attribute of an entry, its values as the
// provisioning log spells them; null where there is none.
type Property struct {
	DisplayName string  `json:"displayName"`
	OldValue    *string `json:"oldValue"`
	NewValue    *string `json:"newValue"`
	// Of a reference: what a person knows the objects by that it refers to.
	// Of one value among several, such as a member: whether it comes or goes.
	Verb    Verb   `json:"verb,omitempty"`
	OldName string `json:"oldDisplayName,omitempty"`
	// Ref is the source object that a value known only after its creation
	// refers to, until its name is known.
	Ref     string `json:"ref,omitempty"`
	NewName string `json:"newDisplayName,omitempty"`
}

// EntryError says why an object could not be planned.
type EntryError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Redacted stands in plans and logs for a value that is never shown.
const Redacted = "[Redact]"

// Properties returns how the changes of operations read. The values of
// redacted attributes are replaced by Redacted.
func Properties(ops []Operation, redacted func(attribute string) bool) []Property {
	properties := []Property{}
	for _, op := range ops {
		for _, c := range op.Changes {
			p := Property{DisplayName: c.Attribute, OldValue: printed(c.Old), NewValue: printed(c.New)}
			if op.Action == Update && c.New.Kind() == directory.List && c.Old.IsNull() {
				p.Verb = c.Verb
			}
			if c.Verb == Remove {
				p.OldValue, p.NewValue = printed(c.New), nil
			}
			if redacted(c.Attribute) {
				p.OldValue, p.NewValue = redact(p.OldValue), redact(p.NewValue)
			}
			properties = append(properties, p)
		}
	}
	return properties
}

func printed(v directory.Value) *string {
	if v.IsNull() {
		return nil
	}
	s := v.Text()
	return &s
}

func redact(s *string) *string {
	if s == nil {
		return nil
	}
	r := Redacted
	return &r
}

// Merge adds to e what a later step of the same plan does to the same object:
// a reference that is set once the object exists.
func (e *Entry) Merge(later Entry) {
	if later.Action == Fail {
		e.Action, e.Error, e.Reason = Fail, later.Error, later.Reason
	}
	e.ModifiedProperties = append(e.ModifiedProperties, later.ModifiedProperties...)
	e.Requests = append(e.Requests, later.Requests...)
	e.Steps = append(e.Steps, later.Steps...)
}

// order of the actions in a plan: what comes, what changes, what goes.
var order = []Action{Create, Update, Disable, Delete, Fail}

// Rank returns where entries of this type and action stand in a plan, which
// is sorted by rank, then by display name: users before groups, then the
// actions in the order create, update, disable, delete, fail.
func Rank(t directory.ObjectType, a Action) int {
	rank := slices.Index(order, a)
	if t == directory.Group {
		rank += len(order)
	}
	return rank
}
