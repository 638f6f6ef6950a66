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
}

// Assigned names users and groups that are assigned to the application.
type Assigned struct {
	Users  []string
	Groups []string
}
