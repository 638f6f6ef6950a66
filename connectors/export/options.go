// Package export reads a directory export on disk: Graph JSON (a list
// response, a bare array, or one object a line) and the CSV that the portal
// downloads. It is a source without a delta of its own: what changed is found
// by content hash.
package export

// Options says which files make up an export.
type Options struct {
	Users        string // path or glob; read as one export in the order of the names
	Groups       string // "" for none
	Assignments  string // Graph's appRoleAssignedTo; "" for none
	DeletedUsers string // Graph's directory/deletedItems; "" for none

	// Assigned adds assignments by name: userPrincipalName, mail or object id of
	// users, display name or object id of groups.
	Assigned Assigned
}

// Assigned names users and groups that are assigned to the application.
type Assigned struct {
	Users  []string
	Groups []string
}
