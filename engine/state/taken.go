package state

import (
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Loss is what one outcome took away: the object itself, if it was disabled or
// deleted, and members of it.
type Loss struct {
	At      time.Time // when
	Objects int64     // 1, or 0 if members alone went
	Members int64     // that were removed from the group, or went with it
	// Kept: the object is in scope and its connection is active still, for it was
	// its mapping that made it inactive.
	Kept bool
	// Parted: the object was Kept until now, and counted then.
	Parted bool
}

// Taken is the sum of losses.
type Taken struct {
	Objects map[directory.ObjectType]int64 // disabled and deleted
	Kept    map[directory.ObjectType]int64 // of these, those that are Kept
	Members int64                          // removed from their groups
}
