// Package connectors holds the contracts between the engine and the systems
// on both of its sides: a Source that directory objects are read from and a
// Target that they are provisioned to. The implementations in the folders
// below know these contracts and never each other.
package connectors

import (
	"context"
	"errors"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Source is a directory that users and groups are read from.
type Source interface {
	// Read delivers every object that a cycle has to look at: all objects whose
	// content is not the one that the snapshot remembers, those that have left,
	// and those that the snapshot holds as due again. It delivers users before
	// groups, each object at most once, and objects of one type in an order that
	// is the same whenever the source is the same. It calls yield from one
	// goroutine; an error of yield ends the read and is returned.
	//
	// Read returns only once the whole source was read: any error, a *ReadError
	// where the source's content is at fault, means that the source could not be
	// read to its end and that nothing of it may be used. The result summarises
	// what was seen. Reading changes the snapshot and nothing else.
	Read(ctx context.Context, req ReadRequest, yield func(directory.Change) error) (ReadResult, error)

	// Find returns the objects that a person may mean by name: by object id,
	// userPrincipalName, mail or display name, compared without case, users
	// before groups. It returns none and no error when nothing has that name.
	Find(ctx context.Context, name string) ([]directory.Object, error)
}

// ReadRequest says what a cycle knows already.
type ReadRequest struct {
	Snapshot   *Snapshot     // what earlier cycles have seen; empty for the first
	Watermark  string        // as returned by the last completed read; "" for none
	Now        time.Time     // the clock of the cycle
	RecycleBin time.Duration // how long an object that is gone counts as soft-deleted
}

// ReadResult sums up a completed read.
type ReadResult struct {
	Watermark string // opaque; handed back on the next read
	Users     int    // objects present in the source, changed or not
	Groups    int
	// Newest is when the source was written, zero if not known. Of the lists of
	// users and of groups the one that was written earlier counts, and of the parts
	// of a list the newest.
	Newest time.Time
	// Written is when each list was written, by what people call it, where that is
	// known: one that is seldom written must not hide that another one is old.
	Written map[string]time.Time
	// Has counts the users who have an attribute, for those attributes without
	// which somebody gets something back or loses it: accountEnabled, manager, and
	// deletedDateTime, which those have who are listed as deleted. An attribute that
	// is not in it is not counted.
	Has map[string]int64

	// Warnings are sentences about what was read and yet is likely a mistake,
	// such as an export that lacks an attribute: what was seen, what it means and
	// what to do. The read counts all the same.
	Warnings []string
}

// ReadError says that what a source holds is wrong: which place, what was
// found and what would be right.
type ReadError struct {
	Place  string // file and position: users.json:12:4, users.csv line 7, byte 4711
	Object string // the object concerned, where known: an id or a name
	Reason string // what was found, and what would be right
	Err    error  // the cause, where there is one
}

// Error returns place, object, reason and cause in one line.
func (e *ReadError) Error() string {
	s := e.Place + ": "
	if e.Object != "" {
		s += oneLine(e.Object) + ": "
	}
	s += oneLine(e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// ErrSourceChanged says that a source changed while it was read. A later read
// may succeed.
var ErrSourceChanged = errors.New("the source changed while it was being read")
