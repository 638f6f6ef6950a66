package sandbox

import (
	"fmt"
)

// idSet is a set of ids that keeps the order in which they came.
type idSet struct {
	ids   []string // "" where one was removed
	index map[string]int
}

func (s *idSet) has(id string) bool {
	if s == nil {
		return false
	}
	_, ok := s.index[id]
	return ok
}

func (s *idSet) len() int {
	if s == nil {
		return 0
	}
	return len(s.index)
}

// all returns the ids in order.
func (s *idSet) all() []string {
	if s == nil {
		return nil
	}
	ids := make([]string, 0, len(s.index))
	for _, id := range s.ids {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// page returns count ids from the one with this offset on.
func (s *idSet) page(offset, count int) []string {
	var ids []string
	for _, id := range s.ids {
		switch {
		case len(ids) >= count:
			return ids
		case id == "":
		case offset > 0:
			offset--
		default:
			ids = append(ids, id)
		}
	}
	return ids
}

func (s *idSet) add(id string) {
	if s.has(id) {
		return
	}
	if s.index == nil {
		s.index = map[string]int{}
	}
	s.index[id] = len(s.ids)
	s.ids = append(s.ids, id)
}

// remove leaves a gap and closes the gaps once they are the half: any number
// of removals costs no more than as many steps.
func (s *idSet) remove(id string) {
	i, ok := s.index[id]
	if !ok {
		return
	}
	s.ids[i] = ""
	delete(s.index, id)
	if len(s.ids) < 16 || len(s.index) > len(s.ids)/2 {
		return
	}
	s.ids = s.all()
	for i, id := range s.ids {
		s.index[id] = i
	}
}

// memberEdit is a change of a group's members that has not happened yet, so
// that a PATCH changes all or nothing and adding one member to a large group
// costs no copy of it.
type memberEdit struct {
	base    *idSet          // the members as they are; nil for a new group
	removed map[string]bool // of base
	added   idSet           // none of base, unless removed
}

func (e *memberEdit) empty() bool { return len(e.removed) == 0 && e.added.len() == 0 }

func (e *memberEdit) add(ids ...string) {
	for _, id := range ids {
		switch {
		case e.removed[id]:
			delete(e.removed, id)
		case !e.base.has(id):
			e.added.add(id)
		}
	}
}

func (e *memberEdit) remove(ids ...string) {
	for _, id := range ids {
		e.added.remove(id)
		if e.base.has(id) {
			if e.removed == nil {
				e.removed = map[string]bool{}
			}
			e.removed[id] = true
		}
	}
}

// replace makes ids the only members. Those that are members already keep
// their place.
func (e *memberEdit) replace(ids []string) {
	e.removed, e.added = nil, idSet{}
	e.remove(e.base.all()...)
	e.add(ids...)
}

// current returns the members as they would be.
func (e *memberEdit) current() []string {
	ids := make([]string, 0, e.base.len()+e.added.len())
	for _, id := range e.base.all() {
		if !e.removed[id] {
			ids = append(ids, id)
		}
	}
	return append(ids, e.added.all()...)
}

// memberIDs reads a value of members: a list of objects with value, or, in a
// PATCH, one such object.
func memberIDs(v any, patch bool) ([]string, error) {
	var given []any
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []any:
		given = v
	case map[string]any:
		if patch {
			given = []any{v}
		}
	}
	if given == nil && !isEmptyList(v) {
		return nil, bad(invalidValue, "'members' takes a list, such as [{\"value\": \"<id of a user>\"}], not %s", kind(v))
	}
	ids := make([]string, 0, len(given))
	for i, e := range given {
		name := fmt.Sprintf("members[%d]", i)
		m, ok := e.(map[string]any)
		if !ok {
			return nil, bad(invalidValue, "'%s' takes an object, such as {\"value\": \"<id of a user>\"}, not %s", name, kind(e))
		}
		id, err := reference(name, m)
		if err != nil {
			return nil, err
		}
		if id == "" {
			return nil, bad(invalidValue, "'%s' has an empty value: the id of a user or a group belongs there", name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func isEmptyList(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}
