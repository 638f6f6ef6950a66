package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// Users returns the users as they are stored, sorted by userName: as
// encoding/json would decode a GET, but without groups, with URLs relative to
// the server, and with the manager's id alone. The result is a copy.
func (s *Server) Users() []map[string]any { return s.snapshot(&userType) }

// Groups returns the groups as they are stored, sorted by displayName. members
// is in the order in which they came and absent for a group without any. The
// result is a copy.
func (s *Server) Groups() []map[string]any { return s.snapshot(&groupType) }

func (s *Server) snapshot(rt *resourceType) []map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	table := s.data.table(rt)
	all := make([]map[string]any, 0, len(table.rows))
	for _, id := range table.order.all() {
		r := table.rows[id]
		m := plainNumbers(r.attributes).(map[string]any)
		m["meta"].(map[string]any)["location"] = s.base + rt.endpoint + "/" + id
		if r.members.len() > 0 {
			m["members"] = s.data.memberList(r, view{base: s.base})
		}
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b map[string]any) int {
		x, _ := a[rt.unique].(string)
		y, _ := b[rt.unique].(string)
		return cmp.Or(strings.Compare(strings.ToLower(x), strings.ToLower(y)), strings.Compare(x, y))
	})
	return all
}

// plainNumbers copies a JSON value deeply, with float64 for numbers.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, e := range v {
			m[key] = plainNumbers(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = plainNumbers(e)
		}
		return l
	}
	return v
}

// Reset forgets every user, group and recorded request.
func (s *Server) Reset() {
	s.mu.Lock()
	s.data = newData()
	s.mu.Unlock()
	s.recorder.mu.Lock()
	s.recorder.last, s.recorder.count = nil, 0
	s.recorder.mu.Unlock()
}

// Seed puts in users and groups, each as the body of a POST; unlike there, an
// id is kept, schemas may be missing, and managers may come after those they
// manage. It puts in all of them or, with an error, none.
func (s *Server) Seed(users, groups []map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var done []func()
	undo := func() {
		for _, f := range slices.Backward(done) {
			f()
		}
	}
	managers := map[*row]string{}
	for _, part := range []struct {
		rt   *resourceType
		list []map[string]any
	}{{&userType, users}, {&groupType, groups}} {
		for i, body := range part.list {
			r, err := s.seed(part.rt, body, managers)
			if err != nil {
				undo()
				return fmt.Errorf("%s %d of the seed: %w", strings.ToLower(part.rt.name), i+1, err)
			}
			done = append(done, func() { s.data.drop(part.rt, r, s.options.Now()) })
		}
		for _, r := range slices.SortedFunc(maps.Keys(managers), func(a, b *row) int { return cmp.Compare(a.sequence, b.sequence) }) {
			if err := s.seedManager(r, managers[r]); err != nil {
				undo()
				return fmt.Errorf("user '%v' of the seed: %w", r.attributes["userName"], err)
			}
		}
		clear(managers)
	}
	return nil
}

func (s *Server) seed(rt *resourceType, body map[string]any, managers map[*row]string) (*row, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, err
	}
	if scimpath.Get(m, "schemas") == nil {
		if m == nil {
			m = map[string]any{}
		}
		m["schemas"] = []any{rt.core.ID}
	}
	want, err := rt.read(m)
	if err != nil {
		return nil, err
	}
	id, _ := scimpath.Get(m, "id").(string)
	if id == "" {
		id = s.options.NewID()
	}
	if s.data.users.rows[id] != nil || s.data.groups.rows[id] != nil {
		return nil, refuse(http.StatusConflict, uniqueness, "the id '%s' exists already", id)
	}
	manager := managerOf(want.attributes)
	removeManager(want.attributes)
	if err := s.data.check(rt, id, want); err != nil {
		return nil, err
	}
	r := &row{id: id}
	s.data.commit(rt, r, want, s.options.Now())
	if manager != "" {
		managers[r] = manager
	}
	return r, nil
}

// seedManager sets the manager without making a new version of the user.
func (s *Server) seedManager(r *row, manager string) error {
	want := draft{attributes: clone(r.attributes)}
	ext, _ := want.attributes[enterpriseURN].(map[string]any)
	if ext == nil {
		ext = map[string]any{}
		want.attributes[enterpriseURN] = ext
	}
	ext["manager"] = map[string]any{"value": manager}
	if err := s.data.check(&userType, r.id, want); err != nil {
		return err
	}
	r.revision--
	s.data.commit(&userType, r, want, s.options.Now())
	return nil
}
