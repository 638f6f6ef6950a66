package export

import (
	"context"
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

// checkEvery is how many entries and members are read between two looks at the context.
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
		if err := t.end(err); err != nil {
			return err
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

func (l *lister) read(f *file, t *text) (nextLink string, err error) {
	if f.format == formatCSV {
		if l.builder.names.object != directory.User {
			return "", &connectors.ReadError{Place: f.path, Reason: "a CSV holds no members; groups are read from Graph JSON alone"}
		}
		return "", readCSV(t, l.builder, func(e entry, line int, err error) error {
			return l.entry(e, place{file: f, line: line}, err)
		})
	}
	handler := jsonHandler{
		each: func(json []byte, offset int64) error {
			e, err := l.builder.graph(json)
			return l.entry(e, place{file: f, offset: offset}, err)
		},
		foreign: "groups",
	}
	if l.builder.names.object == directory.Group {
		handler.foreign = "users"
		handler.element = func(json []byte, offset int64) error {
			if err := l.builder.element(json); err != nil {
				return &connectors.ReadError{Place: f.at(offset), Reason: "member: " + err.Error()}
			}
			return l.pause()
		}
	}
	return readJSON(t, handler)
}

// pause returns the context's error, now and then.
func (l *lister) pause() error {
	if l.count++; l.count%checkEvery == 0 {
		return l.ctx.Err()
	}
	return nil
}

func (l *lister) entry(e entry, p place, err error) error {
	if cancelled := l.pause(); cancelled != nil {
		return cancelled
	}
	if err != nil {
		return p.wrong(e.object, err.Error())
	}
	if want := graphType(e.object.Type); e.kind != "" && e.kind != want {
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

// graphType returns the @odata.type of Graph's objects of this type.
func graphType(t directory.ObjectType) string {
	if t == directory.Group {
		return "#microsoft.graph.group"
	}
	return "#microsoft.graph.user"
}
