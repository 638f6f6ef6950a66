package export

import (
	"context"
	"errors"
	"fmt"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// place is where an entry of a list begins.
type place struct {
	file   *file
	offset int64 // of JSON
	line   int   // of CSV
}

func (p place) String() string {
	if p.file.format == formatCSV {
		return p.file.atLine(p.line)
	}
	return p.file.at(p.offset)
}

// wrong returns a *connectors.ReadError about the entry.
func (p place) wrong(o directory.Object, reason string) error {
	return &connectors.ReadError{Place: p.String(), Object: subject(o), Reason: reason}
}

// subject names an object that may not be read to its end.
func subject(o directory.Object) string {
	for _, name := range []string{"objectId", "userPrincipalName", "displayName", "mail"} {
		if v := o.Get(name); !v.IsEmpty() {
			return v.Text()
		}
	}
	return ""
}

// lister reads the entries of one list, file by file.
type lister struct {
	ctx      context.Context
	set      *fileSet
	builder  *builder
	presence directory.Presence
	each     func(e entry, p place) error
	count    int
}

// checkEvery is how many entries are read between two looks at the context.
const checkEvery = 256

// list calls each with every entry that is there. The entry's object may be
// kept only if it is not recycled.
func (l *lister) list() error {
	nextLink := ""
	for i := range l.set.files {
		f := &l.set.files[i]
		t, err := f.open()
		if err != nil {
			return err
		}
		nextLink, err = l.read(f, t)
		if err := errors.Join(err, t.Close()); err != nil {
			return unjoined(err)
		}
	}
	return l.set.complete(nextLink)
}

// complete returns nil if the last page has no @odata.nextLink.
func (s fileSet) complete(nextLink string) error {
	if nextLink == "" {
		return nil
	}
	last := s.files[len(s.files)-1]
	return &connectors.ReadError{Place: last.path, Reason: "the export is incomplete: this last page has an @odata.nextLink, so that more pages exist than there are files"}
}

// unjoined returns the only error of a join itself, for its type is part of
// the contract.
func unjoined(err error) error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && len(joined.Unwrap()) == 1 {
		return joined.Unwrap()[0]
	}
	return err
}

func (l *lister) read(f *file, t *text) (nextLink string, err error) {
	if f.format == formatCSV {
		if l.builder.names.object != directory.User {
			return "", &connectors.ReadError{Place: f.path, Reason: "a CSV holds no members; groups are read from Graph JSON alone"}
		}
		return "", readCSV(t, l.builder, func(e entry, line int, err error) error {
			return l.entry(e, place{file: f, line: line}, err)
		})
	}
	return readJSON(t, foreign[l.builder.names.object], func(json []byte, offset int64) error {
		e, err := l.builder.graph(json)
		return l.entry(e, place{file: f, offset: offset}, err)
	})
}

var foreign = map[directory.ObjectType]string{directory.User: "groups", directory.Group: "users"}

func (l *lister) entry(e entry, p place, err error) error {
	if l.count++; l.count%checkEvery == 0 && l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	if err != nil {
		return p.wrong(e.object, err.Error())
	}
	if want := graphType[e.object.Type]; e.kind != "" && e.kind != want {
		if l.presence == directory.SoftDeleted { // directory/deletedItems lists other objects too
			l.builder.recycle(e.object)
			return nil
		}
		return p.wrong(e.object, fmt.Sprintf("the list holds an object of type %s, and %s was expected", e.kind, want))
	}
	if e.removed {
		l.builder.recycle(e.object)
		return nil
	}
	e.object.Presence = l.presence
	if e.object.Type == directory.User {
		signInNames(&e.object)
	}
	return l.each(e, p)
}

var graphType = map[directory.ObjectType]string{
	directory.User: "#microsoft.graph.user", directory.Group: "#microsoft.graph.group",
}
