package scim

import (
	"fmt"
	"strings"
	"sync"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// target is a target attribute name, resolved against the schemas.
type target struct {
	raw    string // as the mapping writes it
	urn    string // "" for the core schema
	name   string // in the schema's spelling, where the schema knows it
	terms  []term // of the value filter; all must hold
	sub    string // sub-attribute; "" for none
	schema *attribute
	typ    directory.AttributeType
	multi  bool // the name stands for several values
}

// term is one comparison of a value filter.
type term struct{ name, value string }

func (p *target) filtered() bool  { return len(p.terms) > 0 }
func (p *target) reference() bool { return p.typ == directory.TypeReference }

// is reports whether p is the core attribute of this name, as a whole.
func (p *target) is(name string) bool {
	return p.urn == "" && p.sub == "" && !p.filtered() && strings.EqualFold(p.name, name)
}

// resolve parses a target attribute name. What it lets through can be read and
// written; CheckAttribute refuses more.
func resolve(t directory.ObjectType, raw string, types map[string]string) (*target, error) {
	path, err := scimpath.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("target attribute %q: %w", raw, err)
	}
	p := &target{raw: raw, urn: path.URN, name: path.Attribute, sub: path.Sub, typ: directory.TypeString}
	if path.Filter != nil {
		if p.terms, err = termsOf(path.Filter); err != nil {
			return nil, fmt.Errorf("target attribute %q: %w", raw, err)
		}
	}
	switch {
	case isCore(t, p.urn):
		p.urn = ""
	case strings.EqualFold(p.urn, schemaEnterprise):
		p.urn = schemaEnterprise
	}
	attributes, _ := schemaOf(t, p.urn)
	if a := find(attributes, p.name); a != nil {
		p.schema, p.name, p.typ = a, a.name, a.typ
		p.multi = a.multi && !p.filtered() && p.sub == ""
		if p.sub != "" {
			p.typ = ""
			if s := find(a.sub, p.sub); s != nil {
				p.sub, p.typ = s.name, s.typ
			}
		}
	}
	if name, ok := types[raw]; ok {
		p.typ = typeNames[strings.ToLower(name)]
	}
	if p.typ == "" {
		p.typ = directory.TypeString
	}
	return p, nil
}

// termsOf takes a value filter apart. Entra's own are one comparison.
func termsOf(f scimpath.Filter) ([]term, error) {
	switch f := f.(type) {
	case scimpath.And:
		left, err := termsOf(f.Left)
		if err != nil {
			return nil, err
		}
		right, err := termsOf(f.Right)
		return append(left, right...), err
	case scimpath.Compare:
		if f.Op == scimpath.Eq && f.Value != nil && f.Path.Sub == "" && f.Path.Filter == nil {
			return []term{{name: f.Path.Attribute, value: literal(f.Value)}}, nil
		}
	}
	return nil, fmt.Errorf("[%s] is no filter that chooses one element: write comparisons with eq, joined by and, as in [type eq \"work\"]", f)
}

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return directory.Bool(v).Text()
	default:
		return fmt.Sprint(v)
	}
}

// resolver remembers resolved names: a job has a fixed set of them, and each is
// used for every object.
type resolver struct {
	types map[string]string
	known sync.Map // of nameKey to *target
}

type nameKey struct {
	t    directory.ObjectType
	name string
}

func (r *resolver) resolve(t directory.ObjectType, name string) (*target, error) {
	key := nameKey{t, name}
	if p, ok := r.known.Load(key); ok {
		return p.(*target), nil
	}
	p, err := resolve(t, name, r.types)
	if err != nil {
		return nil, err
	}
	r.known.Store(key, p)
	return p, nil
}

func (r *resolver) resolveAll(t directory.ObjectType, names []string) ([]*target, error) {
	all := make([]*target, len(names))
	for i, name := range names {
		p, err := r.resolve(t, name)
		if err != nil {
			return nil, err
		}
		all[i] = p
	}
	return all, nil
}
