package directory

import (
	"crypto/sha256"
	"slices"
)

// ObjectType is the type of an object, in the spelling that Microsoft's
// on-demand provisioning uses for Entra's objects.
type ObjectType string

// The object types that Entra provisions to an application.
const (
	User  ObjectType = "User"
	Group ObjectType = "Group"
)

// Presence says where a source object stands in its life.
type Presence uint8

// The presences of a source object, in the order of leaving.
const (
	Present     Presence = iota // in the directory
	SoftDeleted                 // in the recycle bin, or gone from the export for less than recycleBin
	HardDeleted                 // purged
)

// String returns the presence in lower case with a dash: "soft-deleted".
func (p Presence) String() string {
	return [...]string{"present", "soft-deleted", "hard-deleted"}[p]
}

// Assignment is one reason why a user or group is assigned to the
// application: directly, or by being a direct member of an assigned group, or,
// of a source that flattens nested groups, one at any depth.
type Assignment struct {
	Role Value  // the app role as {id, value, displayName}, or null for default access
	Via  string // display name of the group that confers it; "" for a direct assignment
}

// Object is a user or a group, on the source side (attributes by the names of
// Microsoft's provisioning schema) or on the target side (attributes by the
// target attribute names of the mapping, such as emails[type eq "work"].value).
type Object struct {
	Type       ObjectType
	Anchor     string // the source anchor (objectId) or the target anchor (SCIM id)
	Attributes map[string]Value

	// What only a source knows.
	Presence    Presence
	Tombstone   bool // nothing but type and anchor is known: the object is gone from an export
	Assignments []Assignment
}

// Get returns the value of the attribute of exactly this name, null if absent.
// Names of the provisioning schema are made canonical by Canonical beforehand.
func (o Object) Get(name string) Value { return o.Attributes[name] }

// DisplayName returns what a person knows the object by: its display name,
// else its user principal name, else its mail, else its anchor.
func (o Object) DisplayName() string {
	for _, name := range []string{"displayName", "userPrincipalName", "userName", "mail"} {
		if v := o.Get(name); !v.IsEmpty() {
			return v.Text()
		}
	}
	return o.Anchor
}

// Hash is a content hash of a source object: equal hashes mean that nothing
// that a mapping, a filter or an assignment can see has changed.
type Hash [16]byte

// Hash returns the content hash of o: its attributes in the order of their
// names, its presence and its assignments.
func (o Object) Hash() Hash {
	sum := sha256.Sum256(o.appendContent(make([]byte, 0, 2048)))
	return Hash(sum[:16])
}

func (o Object) appendContent(b []byte) []byte {
	b = appendText(b, string(o.Type))
	b = append(b, byte(o.Presence), boolByte(o.Tombstone))
	b = appendUint(b, uint64(len(o.Attributes)))
	for _, name := range sortedKeys(o.Attributes) {
		b = appendText(b, name)
		b = o.Attributes[name].appendTo(b)
	}
	b = appendUint(b, uint64(len(o.Assignments)))
	for _, a := range o.Assignments {
		b = a.Role.appendTo(b)
		b = appendText(b, a.Via)
	}
	return b
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
