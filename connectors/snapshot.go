package connectors

import (
	"crypto/sha256"
	"encoding/hex"
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

// objectKey is an object's type and its anchor: the bytes of a GUID, or a
// hash of any other anchor.
type objectKey [18]byte

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
//     passed, again soft-deleted if it is due;
//   - listed as deleted before and no longer: hard-deleted;
//   - hard-deleted and due: hard-deleted again.
func (s *Snapshot) Missing(t directory.ObjectType, now time.Time, recycleBin time.Duration) []Record {
	var gone []Record
	for key, e := range s.entries {
		if key[0] != typeByte(t) || e.flags&flagSeen != 0 {
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
	case r.Listed, !r.Since.IsZero() && now.Sub(r.Since) >= recycleBin:
		r.Presence = directory.HardDeleted
		return true
	default:
		return r.Due
	}
}

func (s *Snapshot) insert(t directory.ObjectType, anchor string) *entry {
	key := keyOf(t, anchor)
	if key[1] == anchorOther {
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

// How the anchor of a key is spelled.
const (
	anchorGUID uint8 = iota
	anchorOther
)

func keyOf(t directory.ObjectType, anchor string) objectKey {
	key := objectKey{typeByte(t)}
	if parseGUID(key[2:], anchor) {
		return key
	}
	key[1] = anchorOther
	sum := sha256.Sum256([]byte(anchor))
	copy(key[2:], sum[:])
	return key
}

func typeByte(t directory.ObjectType) byte {
	if t == directory.Group {
		return 'g'
	}
	return 'u'
}

func (s *Snapshot) anchor(key objectKey) string {
	if key[1] == anchorOther {
		return s.names[key]
	}
	h := hex.EncodeToString(key[2:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// parseGUID reads the lower-case form with dashes alone: any other spelling
// would not come back as it was.
func parseGUID(dst []byte, s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '-' {
			if i != 8 && i != 13 && i != 18 && i != 23 {
				return false
			}
			continue
		}
		var d byte
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = c - '0'
		case c >= 'a' && c <= 'f':
			d = c - 'a' + 10
		default:
			return false
		}
		if n%2 == 0 {
			dst[n/2] = d << 4
		} else {
			dst[n/2] |= d
		}
		n++
	}
	return true
}
