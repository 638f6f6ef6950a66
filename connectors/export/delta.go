package export

import (
	"errors"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// delta delivers what a snapshot does not know yet.
type delta struct {
	*reading
	request connectors.ReadRequest
	yield   func(directory.Change) error

	present    int // of the list that is being read
	userCount  int
	groupCount int
}

func (d *delta) run() error {
	if err := d.eachUser(d.observer(d.user)); err != nil {
		return err
	}
	d.userCount, d.present = d.present, 0
	if err := d.missing(directory.User); err != nil {
		return err
	}
	if d.opts.Groups == "" {
		// A source without groups knows nothing of them, not that they are gone.
		return nil
	}
	if err := d.eachGroup(d.observer(d.group)); err != nil {
		return err
	}
	d.groupCount = d.present
	return d.missing(directory.Group)
}

// observer returns a function that delivers an object if it is new or changed.
func (d *delta) observer(b *builder) func(entry, place) error {
	return func(e entry, p place) error {
		o := e.object
		listed := o.Presence == directory.SoftDeleted
		if !listed {
			d.present++
		}
		hash := o.Hash()
		switch status := d.request.Snapshot.Observe(o, hash); status {
		case connectors.Duplicate:
			return d.duplicate(o, p)
		case connectors.Unchanged:
			b.recycle(o)
			return nil
		default:
			return d.yield(directory.Change{Object: o, Hash: hash, New: status == connectors.New, Listed: listed})
		}
	}
}

// missing delivers the objects that have left.
func (d *delta) missing(t directory.ObjectType) error {
	for _, r := range d.request.Snapshot.Missing(t, d.request.Now, d.request.RecycleBin) {
		if r.Listed && d.opts.DeletedUsers == "" {
			// It was last seen in a list that the source no longer has: that list
			// cannot say that the object is purged, so its time begins now.
			r.Presence, r.Listed, r.Since = directory.SoftDeleted, false, d.request.Now
		}
		err := d.yield(directory.Change{
			Object: directory.Object{Type: r.Type, Anchor: r.Anchor, Presence: r.Presence, Tombstone: true},
			Hash:   r.Hash, Listed: r.Listed, Since: r.Since,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

var errFound = errors.New("found")

// duplicate returns the error for the second object with an id. It reads on
// from the start to say where the first one is.
func (d *delta) duplicate(o directory.Object, second place) error {
	first := ""
	look := func(b *builder) func(entry, place) error {
		return func(e entry, p place) error {
			if e.object.Anchor == o.Anchor {
				first = p.String()
				return errFound
			}
			b.recycle(e.object)
			return nil
		}
	}
	set, b := &d.users, newBuilder(directory.User)
	if o.Type == directory.Group {
		set, b = &d.groups, newBuilder(directory.Group)
	}
	err := d.list(set, b, directory.Present, look(b))
	if err == nil && o.Type == directory.User {
		err = d.list(&d.deleted, b, directory.SoftDeleted, look(b))
	}
	reason := "another object of the export has the same id"
	if errors.Is(err, errFound) {
		reason += ": " + first
	}
	return second.wrong(o, reason)
}
