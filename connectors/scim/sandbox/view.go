package sandbox

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// view says which attributes an answer shows (RFC 7644 section 3.9).
type view struct {
	base    string  // URL of the endpoint, for meta.location and $ref
	only    []place // nil for all
	without []place
}

// shows reports whether anything of an attribute can be in the answer.
func (v view) shows(name string) bool {
	for _, p := range v.without {
		if p.is(name) && p.subName == "" {
			return false
		}
	}
	return v.only == nil || slices.ContainsFunc(v.only, func(p place) bool { return p.is(name) })
}

// places reads a list of attribute names. Names that no schema has are left
// out: they cannot be in the answer anyway.
func (rt *resourceType) places(list string) ([]place, error) {
	var all []place
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		path, err := scimpath.Parse(name)
		if err != nil {
			return nil, badPath(invalidValue, "attribute name", err)
		}
		if p, err := rt.resolve(path, invalidValue); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// render returns the resource as an answer shows it. The caller holds the
// lock. What it returns shares values with the store and must not be changed.
func (d *data) render(rt *resourceType, r *row, v view) map[string]any {
	m := maps.Clone(r.attributes)
	if meta, ok := m["meta"].(map[string]any); ok {
		meta = maps.Clone(meta)
		meta["location"] = v.base + rt.endpoint + "/" + r.id
		m["meta"] = meta
	}
	if rt.name == "Group" && v.shows("members") && r.members.len() > 0 {
		m["members"] = d.memberList(r, v)
	}
	if groups := d.memberOf[r.id]; rt.name == "User" && v.shows("groups") && groups.len() > 0 {
		list := make([]any, 0, groups.len())
		for _, id := range groups.all() {
			list = append(list, map[string]any{
				"value": id, "$ref": v.base + groupType.endpoint + "/" + id,
				"display": d.groups.rows[id].attributes["displayName"], "type": "direct",
			})
		}
		m["groups"] = list
	}
	if id := managerOf(m); id != "" {
		ext := maps.Clone(m[enterpriseURN].(map[string]any))
		manager := map[string]any{"value": id, "$ref": v.base + userType.endpoint + "/" + id}
		if name := d.users.rows[id].attributes["displayName"]; name != nil {
			manager["displayName"] = name
		}
		ext["manager"] = manager
		m[enterpriseURN] = ext
	}
	return v.project(m)
}

func (d *data) memberList(r *row, v view) []any {
	list := make([]any, 0, r.members.len())
	for _, id := range r.members.all() {
		rt, member := &userType, d.users.rows[id]
		if member == nil {
			rt, member = &groupType, d.groups.rows[id]
		}
		m := map[string]any{"value": id, "type": rt.name, "$ref": v.base + rt.endpoint + "/" + id}
		name := member.attributes["displayName"]
		if name == nil {
			name = member.attributes[rt.unique]
		}
		m["display"] = name
		list = append(list, m)
	}
	return list
}

// project keeps what the view shows. schemas and id are always returned.
func (v view) project(m map[string]any) map[string]any {
	if v.only != nil {
		kept := map[string]any{"schemas": m["schemas"], "id": m["id"]}
		for _, p := range v.only {
			include(kept, m, p)
		}
		m = kept
	}
	for _, p := range v.without {
		if !p.is("id") && !p.is("schemas") {
			m = exclude(m, p)
		}
	}
	return m
}

// include copies what a place names from one resource into another.
func include(into, from map[string]any, p place) {
	if p.extension != "" {
		key, ok := scimpath.Key(from, p.extension)
		if !ok {
			return
		}
		ext, _ := from[key].(map[string]any)
		if p.whole {
			into[key] = ext
			return
		}
		kept, _ := into[key].(map[string]any)
		kept = maps.Clone(kept)
		if kept == nil {
			kept = map[string]any{}
		}
		p.extension = ""
		include(kept, ext, p)
		if len(kept) > 0 {
			into[key] = kept
		}
		return
	}
	key, ok := scimpath.Key(from, p.name)
	if !ok {
		return
	}
	if p.subName == "" {
		into[key] = from[key]
		return
	}
	into[key] = mergeSub(into[key], from[key], p.subName)
}

// mergeSub adds one sub-attribute of a complex value, or of each element, to
// what is kept of it already.
func mergeSub(kept, from any, name string) any {
	switch from := from.(type) {
	case map[string]any:
		m, _ := kept.(map[string]any)
		m = maps.Clone(m)
		if m == nil {
			m = map[string]any{}
		}
		if key, ok := scimpath.Key(from, name); ok {
			m[key] = from[key]
		}
		return m
	case []any:
		before, _ := kept.([]any)
		list := make([]any, len(from))
		for i := range from {
			var k any
			if i < len(before) {
				k = before[i]
			}
			list[i] = mergeSub(k, from[i], name)
		}
		return list
	}
	return kept
}

// exclude returns a resource without what a place names.
func exclude(m map[string]any, p place) map[string]any {
	name := p.name
	if p.extension != "" {
		name = p.extension
	}
	key, ok := scimpath.Key(m, name)
	if !ok {
		return m
	}
	m = maps.Clone(m)
	switch ext, _ := m[key].(map[string]any); {
	case p.extension != "" && !p.whole:
		p.extension = ""
		if rest := exclude(ext, p); len(rest) > 0 {
			m[key] = rest
		} else {
			delete(m, key)
		}
	case p.subName == "" || p.whole:
		delete(m, key)
	default:
		m[key] = withoutSub(m[key], p.subName)
	}
	return m
}

func withoutSub(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		if key, ok := scimpath.Key(v, name); ok {
			v = maps.Clone(v)
			delete(v, key)
		}
		return v
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = withoutSub(v[i], name)
		}
		return list
	}
	return v
}

// resource is a resource that encodes in the order people read it in: what it
// is first, extensions and meta last.
type resource map[string]any

var first = []string{"schemas", "id", "externalId", "userName", "displayName", "name", "active"}

// MarshalJSON returns the resource as one JSON object.
func (r resource) MarshalJSON() ([]byte, error) {
	keys := slices.SortedFunc(maps.Keys(r), func(a, b string) int {
		if x, y := rank(a), rank(b); x != y {
			return x - y
		}
		return strings.Compare(a, b)
	})
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(key))
		b.WriteByte(':')
		b.Write(encode(r[key]))
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func rank(key string) int {
	if i := slices.Index(first, key); i >= 0 {
		return i
	}
	switch {
	case key == "meta":
		return len(first) + 2
	case isExtension(key):
		return len(first) + 1
	}
	return len(first)
}
