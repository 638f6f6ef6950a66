package sqlite

import (
	"fmt"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// The numbers of the object types in the database. Users sort before groups.
const (
	typeUser  = 1
	typeGroup = 2
)

func typeNumber(t directory.ObjectType) (int64, error) {
	switch t {
	case directory.User:
		return typeUser, nil
	case directory.Group:
		return typeGroup, nil
	default:
		return 0, fmt.Errorf("the state knows no object type %q", t)
	}
}

func typeOf(number int64) directory.ObjectType {
	if number == typeGroup {
		return directory.Group
	}
	return directory.User
}

// Instants are stored as microseconds of Unix time, which holds the zero time
// too and comes back in UTC.

func micros(t time.Time) int64 { return t.UnixMicro() }

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }
