package sandbox

import (
	"reflect"
	"time"
)

// data is everything in the sandbox.
type data struct {
	users, groups *table
	memberOf      map[string]*idSet // groups, by the id of a member
	reports       map[string]*idSet // users, by the id of their manager
}

func newData() data {
	return data{
		users: newTable(&userType), groups: newTable(&groupType),
		memberOf: map[string]*idSet{}, reports: map[string]*idSet{},
	}
}

func (d *data) table(rt *resourceType) *table {
	if rt.name == "Group" {
		return d.groups
	}
	return d.users
}

// check refuses a draft that contradicts what is stored.
func (d *data) check(rt *resourceType, id string, want draft) error {
	if err := rt.finish(want); err != nil {
		return err
	}
	if err := d.table(rt).taken(id, want.attributes); err != nil {
		return err
	}
	if m := managerOf(want.attributes); m != "" && d.users.rows[m] == nil {
		return bad(invalidValue, "the manager '%s' is no user here: create the manager first", m)
	}
	if want.members == nil {
		return nil
	}
	for _, m := range want.members.added.all() {
		if m == id {
			return bad(invalidValue, "the group '%s' cannot be a member of itself", id)
		}
		if d.users.rows[m] == nil && d.groups.rows[m] == nil {
			return bad(invalidValue, "the member '%s' is neither a user nor a group here: create it first", m)
		}
	}
	return nil
}

// commit stores a draft that check has let pass. One that changes nothing
// makes no new version.
func (d *data) commit(rt *resourceType, r *row, want draft, now time.Time) {
	if r.revision > 0 {
		want.attributes["id"], want.attributes["meta"] = r.id, r.attributes["meta"]
		if reflect.DeepEqual(want.attributes, r.attributes) && (want.members == nil || want.members.empty()) {
			return
		}
	}
	before := managerOf(r.attributes)
	if r.revision == 0 {
		r.created = now
	}
	r.revision++
	r.modified = now
	want.attributes["id"] = r.id
	want.attributes["meta"] = map[string]any{
		"resourceType": rt.name, "version": r.version(),
		"created": stamp(r.created), "lastModified": stamp(r.modified),
	}
	d.table(rt).put(r, want.attributes)
	if after := managerOf(want.attributes); after != before {
		unlink(d.reports, before, r.id)
		link(d.reports, after, r.id)
	}
	if want.members == nil {
		return
	}
	if r.members == nil {
		r.members = &idSet{}
	}
	for id := range want.members.removed {
		r.members.remove(id)
		unlink(d.memberOf, id, r.id)
	}
	for _, id := range want.members.added.all() {
		r.members.add(id)
		link(d.memberOf, id, r.id)
	}
}

// drop deletes a resource and every reference to it.
func (d *data) drop(rt *resourceType, r *row, now time.Time) {
	for _, id := range d.memberOf[r.id].all() {
		edit := &memberEdit{base: d.groups.rows[id].members}
		edit.remove(r.id)
		d.touch(&groupType, d.groups.rows[id], edit, now)
	}
	for _, id := range r.members.all() {
		unlink(d.memberOf, id, r.id)
	}
	for _, id := range d.reports[r.id].all() {
		d.touch(&userType, d.users.rows[id], nil, now)
	}
	unlink(d.reports, managerOf(r.attributes), r.id)
	delete(d.memberOf, r.id)
	delete(d.reports, r.id)
	d.table(rt).remove(r)
}

// touch commits the loss of members, or of the manager if there is no edit.
func (d *data) touch(rt *resourceType, r *row, edit *memberEdit, now time.Time) {
	want := draft{attributes: clone(r.attributes), members: edit}
	if edit == nil {
		removeManager(want.attributes)
		// finish fails only where something required is missing.
		_ = rt.finish(want)
	}
	d.commit(rt, r, want, now)
}

func managerOf(attributes map[string]any) string {
	ext, _ := attributes[enterpriseURN].(map[string]any)
	m, _ := ext["manager"].(map[string]any)
	id, _ := m["value"].(string)
	return id
}

func removeManager(attributes map[string]any) {
	ext, _ := attributes[enterpriseURN].(map[string]any)
	delete(ext, "manager")
	if len(ext) == 0 {
		delete(attributes, enterpriseURN)
	}
}

func link(to map[string]*idSet, key, id string) {
	if key == "" {
		return
	}
	if to[key] == nil {
		to[key] = &idSet{}
	}
	to[key].add(id)
}

func unlink(from map[string]*idSet, key, id string) {
	set := from[key]
	if set == nil {
		return
	}
	set.remove(id)
	if set.len() == 0 {
		delete(from, key)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// clone copies a JSON value deeply.
func clone[T any](v T) T {
	c, _ := cloneAny(v).(T)
	return c
}

func cloneAny(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = cloneAny(e)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, e := range v {
			l[i] = cloneAny(e)
		}
		return l
	}
	return v
}
