// Package export reads a directory export on disk: Graph JSON (a list
// response, a bare array, or one object a line) and the CSV that the portal
// downloads. It is a source without a delta of its own: what changed is found
// by content hash.
package export

// Options says which files make up an export. Each is a path or a glob, whose
// files are read as one list in the order of their names, numbers in names by
// their value. The extension tells the format: .json, .ndjson and .jsonl are
// Graph JSON, .csv is the portal's CSV (users and deleted users alone), and each
// may be followed by .gz.
type Options struct {
	Users        string
	Groups       string // "" for none
	Assignments  string // Graph's appRoleAssignedTo; "" for none
	DeletedUsers string // Graph's directory/deletedItems; "" for none

	// Assigned adds assignments by name: userPrincipalName, mail or object id of
	// users, display name or object id of groups.
	Assigned Assigned

	// FlattenNestedGroups lets a group have the members of the groups in it, at
	// any depth, in the place of these: the users among them count as assigned
	// where the group is, and are its members. Without it, as with Entra, only
	// direct members count, and a group in a group is one member of it (Microsoft
	// Learn, "How Application Provisioning works in Microsoft Entra ID", scoping).
	FlattenNestedGroups bool
}

// Assigned names users and groups that are assigned to the application.
type Assigned struct {
	Users  []string
	Groups []string
}
