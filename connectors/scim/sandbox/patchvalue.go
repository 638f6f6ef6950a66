package sandbox

import (
	"encoding/json"
	"maps"
	"reflect"
	"strconv"

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

// elements changes the elements that a value filter chooses.
func (c change) elements() error {
	old := c.box[c.name]
	list, isList := old.([]any)
	if old != nil && !isList {
		return bad(invalidPath, "'%s' is a single value here: it has no elements for a value filter to choose from", c.name)
	}
	chosen := func(e any) bool { return len(scimpath.Select([]any{e}, c.filter)) > 0 }
	any := false
	for _, e := range list {
		any = any || chosen(e)
	}
	switch {
	case !any && c.verb == opRemove:
		return bad(noTarget, "no element of '%s' satisfies [%s], so there is nothing to remove", c.name, c.filter)
	case !any:
		return c.create(list)
	case c.subName != "":
		return c.subOf(list, chosen)
	}
	return c.whole(list, chosen)
}

// whole removes, merges into or replaces the elements chosen.
func (c change) whole(list []any, chosen func(any) bool) error {
	var v any
	if c.verb != opRemove {
		var err error
		if v, err = c.elementValue(); err != nil {
			return err
		}
	}
	kept, touched := []any{}, map[int]bool{}
	for _, e := range list {
		if !chosen(e) {
			kept = append(kept, e)
			continue
		}
		if c.verb == opRemove || v == nil {
			continue
		}
		touched[len(kept)] = true
		old, isMap := e.(map[string]any)
		given, both := v.(map[string]any)
		if c.verb == opAdd && isMap && both {
			maps.Copy(old, clone(given))
			kept = append(kept, old)
		} else {
			kept = append(kept, cloneAny(v))
		}
	}
	return c.store(kept, touched)
}

// elementValue is the operation's value as one element.
func (c change) elementValue() (any, error) {
	v := c.value
	if list, ok := v.([]any); ok && len(list) == 1 {
		v = list[0]
	}
	if c.attribute == nil {
		return prune(v), nil
	}
	return coercion{patch: true}.element(c.attribute, c.place.String(), v)
}

// create makes the element that a filter asks for and no element satisfies.
// RFC 7644 section 3.5.2.3 would have noTarget here; Entra sends
// emails[type eq "work"].value whether or not there is a work address, and
// counts on the application to make it.
func (c change) create(list []any) error {
	m := map[string]any{}
	if !c.fromFilter(c.filter, m) {
		return bad(noTarget, "no element of '%s' satisfies [%s], and none can be made from it: only eq comparisons joined by and say what it would be",
			c.name, c.filter)
	}
	if c.subName != "" {
		before := len(m)
		if err := c.setSub(m); err != nil {
			return err
		}
		if c.value == nil && len(m) == before {
			return nil // nothing to put into it
		}
	} else {
		v, err := c.elementValue()
		if err != nil {
			return err
		}
		given, ok := v.(map[string]any)
		if !ok {
			return bad(invalidValue, "an element of '%s' is an object, not %s", c.name, kind(c.value))
		}
		maps.Copy(m, given)
	}
	return c.store(append(list, m), map[int]bool{len(list): true})
}

// fromFilter puts what a filter of eq comparisons says into an element.
func (c change) fromFilter(f scimpath.Filter, m map[string]any) bool {
	switch f := f.(type) {
	case scimpath.And:
		return c.fromFilter(f.Left, m) && c.fromFilter(f.Right, m)
	case scimpath.Compare:
		if f.Op != scimpath.Eq || f.Value == nil || f.Path.Sub != "" || f.Path.URN != "" || f.Path.Filter != nil {
			return false
		}
		name, v := f.Path.Attribute, f.Value
		switch n := v.(type) {
		case int64:
			v = json.Number(strconv.FormatInt(n, 10))
		case float64:
			v = json.Number(strconv.FormatFloat(n, 'g', -1, 64))
		}
		if c.attribute != nil {
			sub := c.attribute.sub(name)
			if sub == nil {
				return false
			}
			stored, err := coercion{patch: true}.value(sub, sub.Name, v)
			if err != nil {
				return false
			}
			name, v = sub.Name, stored
		}
		if old, twice := m[name]; twice && !reflect.DeepEqual(old, v) {
			return false
		}
		m[name] = v
		return true
	}
	return false
}

// store sets the list, without empty elements. An element that has become
// primary takes that from the others (RFC 7644 section 3.5.2).
func (c change) store(list []any, touched map[int]bool) error {
	primaries := 0
	for i, e := range list {
		if touched[i] && isPrimary(e) {
			primaries++
		}
	}
	if primaries > 1 {
		return bad(invalidValue, "'%s' would have %d primary values: primary is true at most once", c.name, primaries)
	}
	kept := make([]any, 0, len(list))
	for i, e := range list {
		m, ok := e.(map[string]any)
		if ok && len(m) == 0 {
			continue
		}
		if ok && primaries == 1 && !touched[i] && isPrimary(e) {
			m["primary"] = false
		}
		kept = append(kept, e)
	}
	if len(kept) == 0 {
		delete(c.box, c.name)
		return nil
	}
	c.box[c.name] = kept
	return nil
}
