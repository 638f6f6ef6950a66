package scimpath

import (
	"slices"
	"strings"
)

// coreURN starts the URNs of the schemas whose attributes stand at the top of
// a resource instead of under a key of their own (RFC 7643 section 3.3).
const coreURN = "urn:ietf:params:scim:schemas:core:2.0:"

// Lookup returns the values that a path names in a resource as
// encoding/json decodes it: none if there is no such attribute or if it is
// null, one for a single value, one for each element of a multi-valued
// attribute. Names are compared without case (RFC 7643 section 2.1). The
// values are those of the resource, not copies.
func Lookup(resource map[string]any, p Path) []any {
	values := elements(attribute(resource, p))
	if p.Filter != nil {
		values = Select(values, p.Filter)
	}
	if p.Sub == "" {
		return values
	}
	var subs []any
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			subs = append(subs, elements(Get(m, p.Sub))...)
		}
	}
	return subs
}

// Select returns the elements of a multi-valued attribute that a value filter
// chooses. An element that is a simple value is one with the sub-attribute
// value alone (RFC 7643 section 2.4).
func Select(values []any, f Filter) []any {
	var chosen []any
	for _, v := range values {
		if Match(f, asElement(v)) {
			chosen = append(chosen, v)
		}
	}
	return chosen
}

// Get returns the value of a key, compared without case. Where several keys
// differ by case alone it takes the one spelled as asked for, else the first
// in order, so that the answer is always the same.
func Get(m map[string]any, name string) any {
	if key, ok := Key(m, name); ok {
		return m[key]
	}
	return nil
}

// Key returns the key under which Get finds a name.
func Key(m map[string]any, name string) (string, bool) {
	if _, ok := m[name]; ok {
		return name, true
	}
	var keys []string
	for k := range m {
		if strings.EqualFold(k, name) {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return "", false
	}
	return slices.Min(keys), true
}

func asElement(v any) map[string]any {
	if m, ok := v.(map[string]any); ok {
		return m
	}
	return map[string]any{"value": v}
}

// attribute finds what the URN and the attribute name, with everything in it.
func attribute(resource map[string]any, p Path) any {
	if p.URN == "" {
		return Get(resource, p.Attribute)
	}
	if extension, ok := Get(resource, p.URN).(map[string]any); ok {
		return Get(extension, p.Attribute)
	}
	if v := Get(resource, p.Qualified()); v != nil { // a whole extension
		return v
	}
	if len(p.URN) > len(coreURN) && strings.EqualFold(p.URN[:len(coreURN)], coreURN) {
		return Get(resource, p.Attribute)
	}
	return nil
}

func elements(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}
