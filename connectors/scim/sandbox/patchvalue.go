package sandbox

import (
	"maps"
	"reflect"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// change is an operation on one attribute of the object that holds it.
type change struct {
	place
	operation
	box map[string]any // changed in place: a copy of what is stored
}

func (c change) apply() error {
	switch {
	case c.filter != nil:
		return c.elements()
	case c.subName != "":
		return c.subAttribute()
	case c.verb == opRemove:
		return c.remove()
	}
	return c.set()
}

// coerce returns the stored form of the operation's value for an attribute.
func (c change) coerce(a *attribute, name string) (any, error) {
	if s, ok := c.value.(string); ok && a != nil && a.Required && s == "" {
		return nil, bad(invalidValue, "'%s' is required and must not be empty", name)
	}
	return coercion{patch: true}.value(a, name, c.value)
}

// set adds to or replaces the attribute as a whole. Of a complex attribute the
// sub-attributes that are not named stay as they are (RFC 7644 sections
// 3.5.2.1 and 3.5.2.3).
func (c change) set() error {
	v, err := c.coerce(c.attribute, c.place.String())
	if err != nil {
		return err
	}
	if c.attribute != nil && c.attribute.Returned == "never" {
		return nil
	}
	old := c.box[c.name]
	oldMap, isMap := old.(map[string]any)
	_, wasList := old.([]any)
	given, isObject := c.value.(map[string]any)
	multi := c.attribute != nil && c.attribute.Multi || c.attribute == nil && wasList
	switch {
	case c.isManager() && v != nil:
		c.box[c.name] = v
	case isMap && isObject && !c.isManager():
		stored, _ := v.(map[string]any)
		maps.Copy(oldMap, stored)
		c.unassign(oldMap, given)
		if len(oldMap) == 0 {
			delete(c.box, c.name)
		}
	case v == nil:
		if c.verb == opReplace || c.isManager() {
			delete(c.box, c.name)
		}
	case c.verb == opAdd && multi:
		return c.append(v)
	default:
		c.box[c.name] = v
	}
	return nil
}

// unassign removes the sub-attributes that a replace gave as null.
func (c change) unassign(m, given map[string]any) {
	for key, v := range given {
		if v == nil && c.verb == opReplace {
			if k, ok := scimpath.Key(m, key); ok {
				delete(m, k)
			}
		}
	}
}

// append adds elements that are not there yet.
func (c change) append(v any) error {
	list, _ := c.box[c.name].([]any)
	added, ok := v.([]any)
	if !ok {
		added = []any{v}
	}
	touched := map[int]bool{}
	for _, e := range added {
		at := -1
		for i := range list {
			if reflect.DeepEqual(list[i], e) {
				at = i
			}
		}
		if at < 0 {
			at = len(list)
			list = append(list, e)
		}
		touched[at] = true
	}
	return c.store(list, touched)
}

// remove removes the attribute, or the elements that the value lists: Entra
// removes one of several values so.
func (c change) remove() error {
	list, isList := c.box[c.name].([]any)
	if !c.hasValue || c.value == nil || !isList {
		delete(c.box, c.name)
		return nil
	}
	unwanted, ok := c.value.([]any)
	if !ok {
		unwanted = []any{c.value}
	}
	var kept []any
	for _, e := range list {
		if !listed(unwanted, e) {
			kept = append(kept, e)
		}
	}
	return c.store(kept, nil)
}

// listed reports whether an element is among those that a value lists: equal
// to it, or having everything that it says.
func listed(unwanted []any, element any) bool {
	for _, u := range unwanted {
		want, isObject := u.(map[string]any)
		have, both := element.(map[string]any)
		if !isObject || !both {
			if reflect.DeepEqual(valueOf(u), valueOf(element)) {
				return true
			}
			continue
		}
		all := len(want) > 0
		for key, v := range want {
			if v != nil && !reflect.DeepEqual(scimpath.Get(have, key), v) {
				all = false
			}
		}
		if all {
			return true
		}
	}
	return false
}

func valueOf(v any) any {
	if m, ok := v.(map[string]any); ok {
		return scimpath.Get(m, "value")
	}
	return v
}

// subAttribute changes a sub-attribute of a complex attribute, or of every
// element of a multi-valued one.
func (c change) subAttribute() error {
	switch old := c.box[c.name].(type) {
	case map[string]any:
		if err := c.setSub(old); err != nil {
			return err
		}
		if len(old) == 0 || c.isManager() && old["value"] == nil {
			delete(c.box, c.name)
		}
		return nil
	case []any:
		return c.subOf(old, func(any) bool { return true })
	case nil:
	default:
		return bad(invalidPath, "'%s' is a simple value here: it has no sub-attribute '%s'", c.name, c.subName)
	}
	if c.verb == opRemove {
		return nil
	}
	m := map[string]any{}
	if err := c.setSub(m); err != nil || len(m) == 0 {
		return err
	}
	if c.attribute != nil && c.attribute.Multi {
		return c.store([]any{m}, map[int]bool{0: true})
	}
	c.box[c.name] = m
	return nil
}

// setSub changes the sub-attribute in one object.
func (c change) setSub(m map[string]any) error {
	key := c.subName
	if k, ok := scimpath.Key(m, key); ok {
		key = k
	}
	if c.verb == opRemove {
		delete(m, key)
		return nil
	}
	v, err := c.coerce(c.sub, c.place.String())
	if err != nil {
		return err
	}
	if c.isManager() && v == "" { // an empty id removes the manager
		v = nil
	}
	switch {
	case v != nil:
		m[key] = v
	case c.verb == opReplace || c.isManager():
		delete(m, key)
	}
	return nil
}

// subOf changes the sub-attribute of the elements chosen.
func (c change) subOf(list []any, chosen func(any) bool) error {
	touched := map[int]bool{}
	for i, e := range list {
		m, ok := e.(map[string]any)
		if !ok || !chosen(e) {
			continue
		}
		if err := c.setSub(m); err != nil {
			return err
		}
		touched[i] = true
	}
	return c.store(list, touched)
}
