package directory

import "time"

// Change is one source object that a cycle has to look at: it is new, differs
// from what the last cycle saw, has left, or is due for another try.
type Change struct {
	Object Object
	Hash   Hash // of Object; of its last content if the object is a tombstone
	New    bool // never seen before

	// Of an object that has left: whether the source lists it as deleted, and
	// else since when it is missing.
	Listed bool
	Since  time.Time
}
