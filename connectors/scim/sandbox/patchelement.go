package sandbox

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// elements changes the elements that a value filter chooses.
func (c change) elements() error {
	old := c.box[c.name]
	list, isList := old.([]any)
	if old != nil && !isList {
		return bad(invalidPath, "'%s' is a single value here: it has no elements for a value filter to choose from", c.name)
	}
	chosen := func(e any) bool { return len(scimpath.Select([]any{e}, c.filter)) > 0 }
	found := slices.ContainsFunc(list, chosen)
	switch {
	case !found && c.verb == opRemove:
		return bad(noTarget, "no element of '%s' satisfies [%s], so there is nothing to remove", c.name, c.filter)
	case !found:
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
