package sandbox

import (
	"maps"
	"slices"
	"strings"
)

// draft is a resource as a request wants it to be, not stored yet.
type draft struct {
	attributes map[string]any // without id, meta and members
	members    *memberEdit    // of a group
}

// read makes a draft of the body of a POST or a PUT. Attributes that are
// readOnly are ignored (RFC 7644 sections 3.3 and 3.5.1).
func (rt *resourceType) read(body map[string]any) (draft, error) {
	d := draft{attributes: make(map[string]any, len(body))}
	schemas, err := rt.schemas(body)
	if err != nil {
		return d, err
	}
	seen := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(body)) {
		if strings.EqualFold(key, "schemas") {
			continue
		}
		if err := rt.readKey(&d, key, body[key], seen); err != nil {
			return d, err
		}
	}
	d.attributes["schemas"] = schemas
	return d, nil
}

func (rt *resourceType) readKey(d *draft, key string, v any, seen map[string]string) error {
	once := func(name string) error {
		if other, twice := seen[name]; twice {
			return bad(invalidSyntax, "'%s' and '%s' are one attribute, given twice", other, key)
		}
		seen[name] = key
		return nil
	}
	if len(key) > 4 && strings.EqualFold(key[:4], "urn:") {
		ext := rt.extension(key)
		name := key
		if ext != nil {
			name = ext.ID
		}
		if err := once(strings.ToLower(name)); err != nil {
			return err
		}
		stored, err := rt.readExtension(ext, key, v)
		if err != nil || stored == nil {
			return err
		}
		d.attributes[name] = stored
		return nil
	}
	a := rt.attribute(key)
	if a == nil {
		return rt.unknown(invalidSyntax, key)
	}
	if err := once(a.Name); err != nil {
		return err
	}
	if a.readOnly() {
		return nil
	}
	if a.Name == "members" {
		ids, err := memberIDs(v, false)
		if err == nil {
			d.members = &memberEdit{}
			d.members.replace(ids)
		}
		return err
	}
	stored, err := coercion{}.value(a, a.Name, v)
	if err != nil || stored == nil || a.Returned == "never" {
		return err
	}
	d.attributes[a.Name] = stored
	return nil
}

func (rt *resourceType) readExtension(ext *schema, key string, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		if i := strings.LastIndexByte(key, ':'); i > 0 && rt.extension(key[:i]) != nil {
			return nil, bad(invalidSyntax, "'%s': in a resource the attributes of an extension stand within one object: \"%s\": {\"%s\": …}",
				key, rt.extension(key[:i]).ID, key[i+1:])
		}
		return nil, bad(invalidSyntax, "the extension '%s' is an object of its attributes, not %s", key, kind(v))
	}
	if ext == nil {
		if strings.EqualFold(key, rt.core.ID) {
			return nil, bad(invalidSyntax, "the attributes of %s stand at the top of the resource, not under its URN", rt.core.ID)
		}
		if err := rt.misplaced(key, invalidSyntax); err != nil {
			return nil, err
		}
		return prune(m), nil
	}
	stored := make(map[string]any, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		a := find(ext.Attributes, name)
		if a == nil {
			return nil, bad(invalidSyntax, "the attribute '%s' is not defined for %s%s", name, ext.ID,
				didYouMean(name, names(ext.Attributes, "")))
		}
		if _, twice := stored[a.Name]; twice {
			return nil, bad(invalidSyntax, "the attribute '%s' of %s is given twice, in different case", a.Name, ext.ID)
		}
		value, err := coercion{}.value(a, ext.ID+":"+a.Name, m[name])
		if err != nil {
			return nil, err
		}
		if value != nil {
			stored[a.Name] = value
		}
	}
	if len(stored) == 0 {
		return nil, nil
	}
	return stored, nil
}

// schemas checks the schemas that a body names. They have to include the
// core schema; an extension need not be named, because Entra does not name
// those of one's own. What is stored is made anew from the attributes.
func (rt *resourceType) schemas(body map[string]any) ([]any, error) {
	v, ok := lookup(body, "schemas")
	given, isList := v.([]any)
	if !ok || !isList {
		return nil, bad(invalidSyntax, `"schemas" is missing: a %s starts with "schemas": ["%s"]`, rt.name, rt.core.ID)
	}
	core := false
	for _, e := range given {
		urn, _ := e.(string)
		switch {
		case strings.EqualFold(urn, rt.core.ID):
			core = true
		case rt.extension(urn) != nil, rt.name == "Group" && urn == legacyGroupURN:
		case strings.HasPrefix(strings.ToLower(urn), "urn:"):
			if err := rt.misplaced(urn, invalidSyntax); err != nil {
				return nil, err
			}
		default:
			return nil, bad(invalidSyntax, `"schemas" holds %s, which is no URN of a schema`, kind(e))
		}
	}
	if !core {
		return nil, bad(invalidSyntax, `"schemas" does not name '%s', the schema of a %s`, rt.core.ID, rt.name)
	}
	return []any{rt.core.ID}, nil
}

// finish checks a draft as a whole and lists the schemas that it uses.
func (rt *resourceType) finish(d draft) error {
	for _, a := range rt.core.Attributes {
		if s, _ := d.attributes[a.Name].(string); a.Required && strings.TrimSpace(s) == "" {
			return bad(invalidValue, "a %s needs '%s', and it must not be empty", rt.name, a.Name)
		}
	}
	schemas := []any{rt.core.ID}
	for _, key := range slices.Sorted(maps.Keys(d.attributes)) {
		if isExtension(key) {
			schemas = append(schemas, key)
		}
	}
	d.attributes["schemas"] = schemas
	return nil
}

// isExtension tells the key of an extension from an attribute's name.
func isExtension(key string) bool { return strings.Contains(key, ":") }

// lookup returns a key of a request's object in any case.
func lookup(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if strings.EqualFold(key, name) {
			return m[key], true
		}
	}
	return nil, false
}
