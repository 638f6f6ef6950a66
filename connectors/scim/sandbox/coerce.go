package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// coercion turns what a request says into what is stored, by the definition
// of an attribute. Its patch makes the allowances that Entra's PATCH needs.
type coercion struct{ patch bool }

// value returns the stored form of an attribute's value; nil means that it is
// unassigned, which null and an empty list say (RFC 7643 section 2.5).
func (c coercion) value(a *attribute, name string, v any) (any, error) {
	if a == nil {
		return prune(v), nil
	}
	if a.Name == "manager" {
		return manager(name, v)
	}
	if v == nil {
		return nil, nil
	}
	if !a.Multi {
		return c.element(a, name, v)
	}
	given, ok := v.([]any)
	if !ok {
		if _, object := v.(map[string]any); !object || !c.patch {
			return nil, bad(invalidValue, "'%s' takes a list, such as %s, not %s", name, example(a), kind(v))
		}
		given = []any{v}
	}
	stored := make([]any, 0, len(given))
	primaries := 0
	for i, e := range given {
		e, err := c.element(a, fmt.Sprintf("%s[%d]", name, i), e)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		if isPrimary(e) {
			primaries++
		}
		stored = append(stored, e)
	}
	if primaries > 1 {
		return nil, bad(invalidValue, "'%s' has %d primary values: primary is true at most once", name, primaries)
	}
	if len(stored) == 0 {
		return nil, nil
	}
	return stored, nil
}

func isPrimary(element any) bool {
	m, ok := element.(map[string]any)
	return ok && m["primary"] == true
}

func example(a *attribute) string {
	if a.Type == "complex" {
		return `[{"` + a.Sub[0].Name + `": "…"}]`
	}
	return `["…"]`
}

// element is value for a single value.
func (c coercion) element(a *attribute, name string, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch a.Type {
	case "complex":
		m, ok := v.(map[string]any)
		if !ok {
			return nil, bad(invalidValue, "'%s' takes an object, such as {\"%s\": \"…\"}, not %s", name, a.Sub[0].Name, kind(v))
		}
		return c.complex(a, name, m)
	case "boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		s, isText := v.(string)
		// Without its flag Entra patches booleans as texts, and Microsoft's SCIM
		// Validator creates users with a role whose primary is "True".
		lenient := c.patch || a.Name == "primary"
		if isText && lenient && (strings.EqualFold(s, "true") || strings.EqualFold(s, "false")) {
			return strings.EqualFold(s, "true"), nil
		}
		if isText {
			return nil, bad(invalidValue, "'%s' takes true or false, not the text %q", name, s)
		}
		return nil, bad(invalidValue, "'%s' takes true or false, not %s", name, kind(v))
	case "dateTime":
		s, _ := v.(string)
		if _, err := time.Parse(time.RFC3339, s); err != nil {
			return nil, bad(invalidValue, "'%s' takes a date and time such as \"2011-05-13T04:42:34Z\", not %s", name, kind(v))
		}
		return s, nil
	default:
		s, ok := v.(string)
		if !ok {
			return nil, bad(invalidValue, "'%s' takes text in quotes, not %s", name, kind(v))
		}
		return s, nil
	}
}

func (c coercion) complex(a *attribute, name string, m map[string]any) (any, error) {
	stored := make(map[string]any, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		sub := a.sub(key)
		if sub == nil {
			return nil, bad(invalidSyntax, "the sub-attribute '%s' is not defined for '%s'%s", key, name,
				didYouMean(key, names(a.Sub, "")))
		}
		if sub.readOnly() {
			continue // RFC 7644 section 3.5.1: ignored
		}
		v, err := c.value(sub, name+"."+sub.Name, m[key])
		if err != nil {
			return nil, err
		}
		if _, twice := stored[sub.Name]; twice {
			return nil, bad(invalidSyntax, "'%s' has the sub-attribute '%s' twice, in different case", name, sub.Name)
		}
		if v != nil {
			stored[sub.Name] = v
		}
	}
	if len(stored) == 0 {
		return nil, nil
	}
	return stored, nil
}

// manager takes every form in which Entra has sent a manager: the id as text,
// {"value": id}, and a list of one of these; an empty id removes it.
func manager(name string, v any) (any, error) {
	switch given := v.(type) {
	case nil:
		return nil, nil
	case []any:
		if len(given) > 1 {
			return nil, bad(invalidValue, "'%s' takes one manager, not %d", name, len(given))
		}
		if len(given) == 0 {
			return nil, nil
		}
		if _, nested := given[0].([]any); !nested {
			return manager(name, given[0])
		}
	case string:
		if given == "" {
			return nil, nil
		}
		return map[string]any{"value": given}, nil
	case map[string]any:
		id, err := reference(name, given)
		if err != nil || id == "" {
			return nil, err
		}
		return map[string]any{"value": id}, nil
	}
	return nil, bad(invalidValue, "'%s' takes {\"value\": \"<id of a user>\"}, not %s", name, kind(v))
}

// reference returns the value of an object that refers to a resource.
func reference(name string, m map[string]any) (string, error) {
	var id any
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch strings.ToLower(key) {
		case "value":
			id = m[key]
		case "$ref", "display", "displayname", "type", "primary":
		default:
			return "", bad(invalidSyntax, "the sub-attribute '%s' is not defined for '%s'%s", key, name,
				didYouMean(key, []string{"value", "$ref", "display", "type"}))
		}
	}
	s, ok := id.(string)
	if !ok {
		return "", bad(invalidValue, "'%s' needs \"value\": the id of a resource as text, not %s", name, kind(id))
	}
	return s, nil
}

// prune returns a value without the nulls in it; an object or a list that is
// empty then is null too.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := make(map[string]any, len(v))
		for k, e := range v {
			if e = prune(e); e != nil {
				kept[k] = e
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	case []any:
		kept := make([]any, 0, len(v))
		for _, e := range v {
			if e = prune(e); e != nil {
				kept = append(kept, e)
			}
		}
		if len(kept) > 0 {
			return kept
		}
		return nil
	}
	return v
}

// kind names a JSON value for a person.
func kind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return "the number " + v.String()
	case string:
		if len(v) > 60 {
			return "a text"
		}
		return fmt.Sprintf("the text %q", v)
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("a %T", v)
}
