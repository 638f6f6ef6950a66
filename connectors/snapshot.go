package connectors

import (
	"sort"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Record is what a cycle remembers of one source object.
type Record struct {
	Type     directory.ObjectType
	Anchor   string
	Hash     directory.Hash
	Presence directory.Presence
	// Listed says that a soft-deleted object was last seen in the source's list
	// of deleted objects, rather than missing from the source.
	Listed bool
	// Since is when the object was first found missing; zero while it is there.
	Since time.Time
	// Due says that the object is to be delivered again whatever its content:
	// it failed before, or a new initial cycle began.
	Due bool
}

// Snapshot is what earlier cycles have seen of a source, for sources that
// cannot say themselves what has changed: a record of fixed size per object.
// It finds out what is new, changed, unchanged, listed twice, or gone.
// A Snapshot is for one read, by one goroutine.
type Snapshot struct {
	entries map[objectKey]*entry
	names   map[objectKey]string // anchors that are no GUID, which a key cannot be turned back into
	slab    []entry
}

// objectKey is an object's type and its anchor.
type objectKey struct {
	kind byte
	id   directory.ID
}

type entry struct {
	hash     directory.Hash
	since    int64 // seconds of Unix time; 0 for none
	presence directory.Presence
	flags    uint8
}

const (
	flagListed uint8 = 1 << iota
	flagDue
	flagSeen // in this read
	flagNew  // first seen in this read
)

// NewSnapshot returns an empty snapshot: every object is new to it.
func NewSnapshot() *Snapshot {
	return &Snapshot{entries: map[objectKey]*entry{}, names: map[objectKey]string{}}
}

// Len returns the number of objects in the snapshot.
func (s *Snapshot) Len() int { return len(s.entries) }

// Add puts in what an earlier cycle recorded.
func (s *Snapshot) Add(r Record) {
	e := s.insert(r.Type, r.Anchor)
	*e = entry{hash: r.Hash, presence: r.Presence}
	if !r.Since.IsZero() {
		e.since = r.Since.Unix()
	}
	if r.Listed {
		e.flags |= flagListed
	}
	if r.Due {
		e.flags |= flagDue
	}
}

// Status is what a snapshot says of an object that a read has come across.
type Status uint8

// The statuses of an observed object.
const (
	Unchanged Status = iota
	Changed          // or due again
	New
	Duplicate // this read has already come across it
)

// Observe records that the object is in the source, in the list of deleted
// objects if its presence is SoftDeleted, and says what that means. An object
// that was missing and is back counts as changed.
func (s *Snapshot) Observe(o directory.Object, h directory.Hash) Status {
	key := keyOf(o.Type, o.Anchor)
	e, known := s.entries[key]
	if !known {
		e = s.insert(o.Type, o.Anchor)
		*e = entry{hash: h, presence: o.Presence, flags: flagSeen | flagNew}
		return New
	}
	if e.flags&flagSeen != 0 {
		return Duplicate
	}
	e.flags |= flagSeen
	if e.flags&flagDue != 0 || e.hash != h || e.presence != o.Presence {
		return Changed
	}
	return Unchanged
}

// Missing delivers the records of the objects of one type that this read has
// not come across and that a cycle has to look at, as they now stand, sorted
// by anchor:
//
//   - present before: soft-deleted since now;
//   - soft-deleted because it was missing: hard-deleted once recycleBin has
//     passed, again soft-deleted if it is due, and since now if it went missing
//     more than a day from now: the clock was ahead then;
//   - listed as deleted before and no longer: hard-deleted;
//   - hard-deleted and due: hard-deleted again.
func (s *Snapshot) Missing(t directory.ObjectType, now time.Time, recycleBin time.Duration) []Record {
	var gone []Record
	for key, e := range s.entries {
		if key.kind != typeByte(t) || e.flags&flagSeen != 0 {
			continue
		}
		r := Record{
			Type: t, Anchor: s.anchor(key), Hash: e.hash, Presence: e.presence,
			Listed: e.flags&flagListed != 0, Due: e.flags&flagDue != 0,
		}
		if e.since != 0 {
			r.Since = time.Unix(e.since, 0).UTC()
		}
		if r.leave(now, recycleBin) {
			gone = append(gone, r)
		}
	}
	sort.Slice(gone, func(i, j int) bool { return gone[i].Anchor < gone[j].Anchor })
	return gone
}

// leave moves the record of a missing object on and reports whether a cycle
// has to look at it.
func (r *Record) leave(now time.Time, recycleBin time.Duration) bool {
	switch {
	case r.Presence == directory.Present:
		r.Presence, r.Since, r.Listed = directory.SoftDeleted, now, false
		return true
	case r.Presence == directory.HardDeleted:
		return r.Due
	case r.Since.Sub(now) > 24*time.Hour:
		r.Since = now
		return true
	case r.Listed, !r.Since.IsZero() && now.Sub(r.Since) >= recycleBin:
		r.Presence = directory.HardDeleted
		return true
	default:
		return r.Due
	}
}

func (s *Snapshot) insert(t directory.ObjectType, anchor string) *entry {
	key := keyOf(t, anchor)
	if _, ok := key.id.GUID(); !ok {
		s.names[key] = anchor
	}
	// Entries come from slabs: one allocation for many, none that moves.
	if len(s.slab) == 0 {
		s.slab = make([]entry, 1024)
	}
	e := &s.slab[0]
	s.slab = s.slab[1:]
	s.entries[key] = e
	return e
}

func keyOf(t directory.ObjectType, anchor string) objectKey {
	return objectKey{kind: typeByte(t), id: directory.IDOf(anchor)}
}

func typeByte(t directory.ObjectType) byte {
	if t == directory.Group {
		return 'g'
	}
	return 'u'
}

func (s *Snapshot) anchor(key objectKey) string {
	if anchor, ok := key.id.GUID(); ok {
		return anchor
	}
	return s.names[key]
}
