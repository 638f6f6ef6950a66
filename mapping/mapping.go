// Package mapping turns the attributes of a source object into those of the
// target object, by the attribute mappings of a job: direct, constant,
// expression or none, with default values, and the matching attributes in
// their order of precedence (Microsoft Learn, "Customize user provisioning
// attribute-mappings"). It is pure: no I/O, no clock of its own, no logger.
package mapping

import (
	"github.com/scimsync/scimsync/connectors/directory"
)

// Apply says when a mapping applies (Graph attributeMapping.flowType).
type Apply string

// The values of Apply. The zero value is Always.
const (
	Always   Apply = "always"   // on creation and on updates (Always)
	OnCreate Apply = "onCreate" // on creation alone (ObjectAddOnly)
)

// Attribute is one attribute mapping. Of Source, Expression and Constant at
// most one is set; with none of them the mapping has the type None, and only
// its default flows.
type Attribute struct {
	Source             string  // source attribute: a direct mapping
	Expression         string  // Microsoft's expression language
	Constant           *string // the same value for every object
	Default            *string // used on creation when the source gives nothing
	Target             string  // target attribute name
	MatchingPrecedence int     // 1 is tried first; 0 does not match
	Apply              Apply
	FlowNullValues     bool // a source value that became empty clears the target
	// Type is the type of the target attribute, for attributes that the target's
	// schema does not know: "" means what the schema says, else String.
	Type directory.AttributeType
}

// Value is one target attribute with the value that the mapping gives it.
type Value struct {
	Target string
	Value  directory.Value
	// OnCreate: the value is for creation alone.
	OnCreate bool
	// Reference: the value holds source anchors, to be translated to target
	// anchors, and flows after the object itself.
	Reference bool
	// FlowNull: an empty value is to clear the target.
	FlowNull bool
	// Redacted: the value is never shown.
	Redacted bool
}

// Match is one matching attribute with the value to look for.
type Match struct {
	Target   string
	Value    directory.Value
	Redacted bool // the value is never shown
}

// Result is what a mapping makes of one source object.
type Result struct {
	// Values are in the order of the mapping, empty ones only where FlowNull. A
	// target has two of them only where it has both a default, for creation, and
	// FlowNullValues, for updates.
	Values []Value
	Match  []Match // in the order of precedence; attributes without a value left out
	// Cleared are the references that the source object has no value for.
	Cleared []string
	Skip    bool // IgnoreObjectFlow: leave this object alone
	// SkippedBy is the target attribute whose mapping said so.
	SkippedBy string
}
