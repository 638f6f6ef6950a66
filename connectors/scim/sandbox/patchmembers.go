package sandbox

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// members applies an operation to the members of a group, in every shape that
// Entra sends: a list with add, replace or remove, and remove of
// members[value eq "…"]. Removing one who is no member changes nothing and is
// no error, so that a request may be repeated.
func (p *patch) members(t place, o operation) error {
	edit := p.draft.members
	if t.subName != "" {
		return bad(mutability, "'%s': a member is added and removed as a whole", t)
	}
	if t.filter != nil {
		return p.filteredMembers(t, o)
	}
	ids, err := memberIDs(o.value, true)
	if err != nil {
		return err
	}
	switch {
	case o.verb == opReplace:
		edit.replace(ids)
	case o.verb == opAdd:
		edit.add(ids...)
	case o.hasValue && o.value != nil:
		edit.remove(ids...)
	default:
		edit.replace(nil)
	}
	return nil
}

func (p *patch) filteredMembers(t place, o operation) error {
	id, known := memberOfFilter(t.filter)
	if o.verb != opRemove {
		if !known || id == "" {
			return bad(noTarget, `members[%s] does not name a member to add: use the path members and the value [{"value": "<id>"}]`, t.filter)
		}
		p.draft.members.add(id)
		return nil
	}
	if known {
		p.draft.members.remove(id)
		return nil
	}
	if !onlyValue(t.filter) {
		return bad(invalidFilter, "members[%s]: members are chosen by value, the id of the member", t.filter)
	}
	for _, id := range p.draft.members.current() {
		if scimpath.Match(t.filter, map[string]any{"value": id}) {
			p.draft.members.remove(id)
		}
	}
	return nil
}

// onlyValue reports whether a filter names the sub-attribute value alone.
func onlyValue(f scimpath.Filter) bool {
	only := true
	_, _ = mapPaths(f, func(p scimpath.Path) (scimpath.Path, error) {
		only = only && strings.EqualFold(p.Attribute, "value")
		return p, nil
	})
	return only
}

// memberOfFilter returns the id of value eq "id".
func memberOfFilter(f scimpath.Filter) (string, bool) {
	c, ok := f.(scimpath.Compare)
	if !ok || c.Op != scimpath.Eq || !strings.EqualFold(c.Path.Attribute, "value") || c.Path.Sub != "" || c.Path.URN != "" {
		return "", false
	}
	id, ok := c.Value.(string)
	return id, ok
}
