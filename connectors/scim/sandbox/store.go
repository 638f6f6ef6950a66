package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// row is a stored resource. Its attributes are never changed in place: a
// change stores a new map, so that they may be read outside of the lock.
type row struct {
	id         string
	sequence   int            // in the order of creation
	attributes map[string]any // with id and meta, without what refers to other resources' names
	members    *idSet         // of a group; guarded by the lock of the server
	revision   int
	created    time.Time
	modified   time.Time
}

func (r *row) version() string { return `W/"` + strconv.Itoa(r.revision) + `"` }

// table holds the resources of one type.
type table struct {
	rt    *resourceType
	rows  map[string]*row
	order idSet
	next  int
	// index finds the ids of the resources that have a value, by attribute and
	// value. Entra looks objects up by these again and again.
	index map[string]map[string][]string
}

// indexed are the attributes with an index, and how their values are compared.
var indexed = map[string]func(string) string{
	"userName":    strings.ToLower,
	"displayName": strings.ToLower,
	"externalId":  func(s string) string { return s },
}

func newTable(rt *resourceType) *table {
	t := &table{rt: rt, rows: map[string]*row{}, index: map[string]map[string][]string{}}
	for name := range indexed {
		t.index[name] = map[string][]string{}
	}
	return t
}

// put stores new attributes of a row, which may be new itself.
func (t *table) put(r *row, attributes map[string]any) {
	t.unindex(r)
	r.attributes = attributes
	if _, ok := t.rows[r.id]; !ok {
		t.next++
		r.sequence = t.next
		t.rows[r.id] = r
		t.order.add(r.id)
	}
	for name, fold := range indexed {
		if s, ok := attributes[name].(string); ok {
			t.index[name][fold(s)] = append(t.index[name][fold(s)], r.id)
		}
	}
}

func (t *table) remove(r *row) {
	t.unindex(r)
	delete(t.rows, r.id)
	t.order.remove(r.id)
}

func (t *table) unindex(r *row) {
	for name, fold := range indexed {
		s, ok := r.attributes[name].(string)
		if !ok {
			continue
		}
		key := fold(s)
		ids := t.index[name][key]
		if i := slices.Index(ids, r.id); i >= 0 {
			ids = slices.Delete(ids, i, i+1)
		}
		if len(ids) == 0 {
			delete(t.index[name], key)
		} else {
			t.index[name][key] = ids
		}
	}
}

// candidates returns the rows that may satisfy a filter, in the order of
// creation: those that an index gives for an eq that has to hold, else all.
func (t *table) candidates(f scimpath.Filter) []*row {
	ids, ok := t.lookup(f)
	if !ok {
		ids = t.order.all()
	}
	rows := make([]*row, 0, len(ids))
	for _, id := range ids {
		if r := t.rows[id]; r != nil {
			rows = append(rows, r)
		}
	}
	if ok {
		slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.sequence, b.sequence) })
	}
	return rows
}

func (t *table) lookup(f scimpath.Filter) (ids []string, ok bool) {
	switch f := f.(type) {
	case scimpath.And:
		if ids, ok = t.lookup(f.Left); ok {
			return ids, true
		}
		return t.lookup(f.Right)
	case scimpath.Compare:
		s, text := f.Value.(string)
		if f.Op != scimpath.Eq || !text || f.Path.URN != "" || f.Path.Sub != "" || f.Path.Filter != nil {
			return nil, false
		}
		if f.Path.Attribute == "id" {
			return []string{s}, true
		}
		if fold, known := indexed[f.Path.Attribute]; known {
			return t.index[f.Path.Attribute][fold(s)], true
		}
	}
	return nil, false
}

// taken refuses a value of the unique attribute that another resource has.
func (t *table) taken(id string, attributes map[string]any) error {
	name := t.rt.unique
	s, _ := attributes[name].(string)
	for _, other := range t.index[name][indexed[name](s)] {
		if other != id {
			return refuse(http.StatusConflict, uniqueness, "a %s with the %s '%s' exists already: %s",
				t.rt.name, name, s, other)
		}
	}
	return nil
}
