package sandbox

import (
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// place is what a path means for one type of resource.
type place struct {
	extension string     // key of the extension object; "" for the resource itself
	whole     bool       // the extension as a whole
	attribute *attribute // nil within an extension whose schema is not known
	name      string     // of the attribute, in the schema's spelling
	filter    scimpath.Filter
	subName   string
	sub       *attribute // nil without a sub-attribute, or without a schema
}

// String returns the place without its filter, for details of refusals.
func (p place) String() string {
	return scimpath.Path{URN: p.extension, Attribute: p.name, Sub: p.subName}.String()
}

func (p place) is(name string) bool { return p.extension == "" && p.name == name }

func (p place) isManager() bool { return p.extension == enterpriseURN && p.name == "manager" }

// resolve finds what a path names. A name that no schema has is refused with
// this scimType and, where there is one, the name that was probably meant.
func (rt *resourceType) resolve(path scimpath.Path, scimType string) (place, error) {
	p := place{filter: path.Filter, name: path.Attribute, subName: path.Sub}
	if path.URN != "" {
		if done, err := rt.resolveURN(&p, path, scimType); done || err != nil {
			return p, err
		}
	} else {
		p.attribute = rt.attribute(path.Attribute)
		if p.attribute == nil {
			// Entra's reference check filters by manager without a URN.
			ext := rt.extension(enterpriseURN)
			if ext == nil || !strings.EqualFold(path.Attribute, "manager") {
				return p, rt.unknown(scimType, path.Attribute)
			}
			p.extension, p.attribute = ext.ID, find(ext.Attributes, "manager")
		}
	}
	if p.attribute == nil {
		return p, nil
	}
	p.name = p.attribute.Name
	return p, rt.resolveSub(&p, scimType)
}

// resolveURN sets extension and attribute of a path with a URN. It reports
// done if there is nothing more to find out.
func (rt *resourceType) resolveURN(p *place, path scimpath.Path, scimType string) (done bool, err error) {
	whole := path.Qualified()
	ext := rt.extension(path.URN)
	switch {
	case rt.extension(whole) != nil:
		p.extension, p.whole = rt.extension(whole).ID, true
		return true, wholeOnly(*p, path, scimType)
	case strings.EqualFold(path.URN, rt.core.ID):
		if p.attribute = rt.attribute(path.Attribute); p.attribute == nil {
			return false, rt.unknown(scimType, path.Attribute)
		}
	case ext != nil:
		p.extension = ext.ID
		if p.attribute = find(ext.Attributes, path.Attribute); p.attribute == nil {
			return false, bad(scimType, "the attribute '%s' is not defined for %s%s", path.Attribute, ext.ID,
				didYouMean(path.Attribute, names(ext.Attributes, "")))
		}
	default:
		for _, urn := range []string{path.URN, whole} {
			if err := rt.misplaced(urn, scimType); err != nil {
				return false, err
			}
		}
		p.extension = path.URN
		// An extension of one's own has no schema here. Its URN ends with the
		// name of the resource type, so that it can be told from an attribute.
		if strings.EqualFold(path.Attribute, rt.name) {
			p.extension, p.whole = whole, true
			return true, wholeOnly(*p, path, scimType)
		}
		return true, nil
	}
	return false, nil
}

func wholeOnly(p place, path scimpath.Path, scimType string) error {
	if path.Filter == nil && path.Sub == "" {
		return nil
	}
	if path.Sub != "" {
		return bad(scimType, "'%s': an attribute of an extension is joined to its URN by a colon: '%s:%s'", path, p.extension, path.Sub)
	}
	return bad(scimType, "'%s': the extension %s is one object and has no elements for a value filter", path, p.extension)
}

// misplaced refuses a URN that is of the other type of resource, or nearly one
// of those of this type.
func (rt *resourceType) misplaced(urn, scimType string) error {
	for _, other := range []*resourceType{&userType, &groupType} {
		if other.name != rt.name && (strings.EqualFold(urn, other.core.ID) || other.extension(urn) != nil) {
			return bad(scimType, "the schema '%s' is one of a %s, not of a %s", urn, other.name, rt.name)
		}
	}
	for _, known := range append([]schema{rt.core}, rt.extensions...) {
		if d := distance(strings.ToLower(urn), strings.ToLower(known.ID), 3); d > 0 && d <= 2 {
			return bad(scimType, "the schema '%s' is not defined; did you mean '%s'?", urn, known.ID)
		}
	}
	return nil
}

// resolveSub checks filter and sub-attribute against the attribute.
func (rt *resourceType) resolveSub(p *place, scimType string) error {
	a := p.attribute
	if p.filter != nil {
		if a.Type != "complex" && !a.Multi {
			return bad(scimType, "'%s' is a single value: it has no elements for a value filter to choose from", p.name)
		}
		checked, err := mapPaths(p.filter, func(sub scimpath.Path) (scimpath.Path, error) {
			_, err := subAttribute(*p, sub.Attribute, scimType)
			return sub, err
		})
		if err != nil {
			return err
		}
		p.filter = checked
	}
	if p.subName == "" {
		return nil
	}
	sub, err := subAttribute(*p, p.subName, scimType)
	if err == nil {
		p.sub, p.subName = sub, sub.Name
	}
	return err
}

func subAttribute(p place, name, scimType string) (*attribute, error) {
	if p.attribute.Type != "complex" {
		return nil, bad(scimType, "'%s' is a simple value: it has no sub-attribute '%s'", p.name, name)
	}
	if sub := p.attribute.sub(name); sub != nil {
		return sub, nil
	}
	return nil, bad(scimType, "the sub-attribute '%s' is not defined for '%s'%s", name, p.name,
		didYouMean(name, names(p.attribute.Sub, "")))
}

// unknown refuses an attribute name of the core schema.
func (rt *resourceType) unknown(scimType, name string) error {
	candidates := names(rt.core.Attributes, "")
	candidates = append(candidates, names(common, "")...)
	for _, ext := range rt.extensions {
		candidates = append(candidates, names(ext.Attributes, ext.ID+":")...)
	}
	return bad(scimType, "the attribute '%s' is not defined for %s%s", name, rt.name, didYouMean(name, candidates))
}

func names(attributes []attribute, prefix string) []string {
	var all []string
	for _, a := range attributes {
		if !a.hidden {
			all = append(all, prefix+a.Name)
		}
	}
	return all
}

// resolveFilter checks the names of a filter and writes them as the schema
// places them.
func (rt *resourceType) resolveFilter(f scimpath.Filter) (scimpath.Filter, error) {
	return mapPaths(f, func(path scimpath.Path) (scimpath.Path, error) {
		p, err := rt.resolve(path, invalidFilter)
		if err != nil || p.whole || p.attribute == nil {
			return path, err
		}
		return scimpath.Path{URN: p.extension, Attribute: p.name, Filter: p.filter, Sub: p.subName}, nil
	})
}

// mapPaths rebuilds a filter with other paths.
func mapPaths(f scimpath.Filter, change func(scimpath.Path) (scimpath.Path, error)) (scimpath.Filter, error) {
	var err error
	switch f := f.(type) {
	case scimpath.Compare:
		f.Path, err = change(f.Path)
		return f, err
	case scimpath.Present:
		f.Path, err = change(f.Path)
		return f, err
	case scimpath.ValuePath:
		f.Path, err = change(f.Path)
		return f, err
	case scimpath.Not:
		f.Filter, err = mapPaths(f.Filter, change)
		return f, err
	case scimpath.And:
		f.Left, f.Right, err = mapBoth(f.Left, f.Right, change)
		return f, err
	case scimpath.Or:
		f.Left, f.Right, err = mapBoth(f.Left, f.Right, change)
		return f, err
	}
	return f, nil
}

func mapBoth(left, right scimpath.Filter, change func(scimpath.Path) (scimpath.Path, error)) (l, r scimpath.Filter, err error) {
	if l, err = mapPaths(left, change); err != nil {
		return l, right, err
	}
	r, err = mapPaths(right, change)
	return l, r, err
}

// mentions reports whether a filter names one of these attributes.
func mentions(f scimpath.Filter, attributes ...string) bool {
	found := false
	_, _ = mapPaths(f, func(p scimpath.Path) (scimpath.Path, error) {
		found = found || slices.Contains(attributes, p.Attribute)
		return p, nil
	})
	return found
}
