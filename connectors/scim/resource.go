package scim

import (
	"cmp"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// node is a JSON value that is being put together: raw JSON, an object, or an
// array of objects.
type node struct {
	name   string
	raw    []byte
	fields []*node // of an object
	array  []*node // of objects
	origin []term  // of an element: the value filter that it was made for
}

// child returns the field of this name, made if there is none.
func (n *node) child(name string) *node {
	for _, f := range n.fields {
		if strings.EqualFold(f.name, name) {
			return f
		}
	}
	f := &node{name: name}
	n.fields = append(n.fields, f)
	return f
}

func (n *node) has(name string) bool {
	return slices.ContainsFunc(n.fields, func(f *node) bool { return strings.EqualFold(f.name, name) })
}

// element returns the element that was made for this filter, made if there is none.
func (n *node) element(terms []term) *node {
	for _, e := range n.array {
		if slices.Equal(e.origin, terms) {
			return e
		}
	}
	e := &node{origin: terms}
	n.array = append(n.array, e)
	return e
}

// createBody returns the body of the POST that creates an object (Microsoft
// Learn, "Develop and plan provisioning for a SCIM endpoint"): empty values
// left out, booleans as booleans, attributes in the order of Microsoft's sample.
func (b *builder) createBody(t directory.ObjectType, changes []plan.Change) ([]byte, error) {
	root := &node{}
	for _, c := range changes {
		if c.New.IsEmpty() {
			continue
		}
		p, err := b.resolver.resolve(t, c.Attribute)
		if err != nil {
			return nil, err
		}
		if err := b.place(root, p, c.New); err != nil {
			return nil, err
		}
	}
	for _, f := range root.fields {
		for _, e := range f.array {
			e.describe(f.name)
		}
	}
	b.addFixed(root, t)
	root.sort()
	return root.appendTo(nil), nil
}

// place puts one value where its path says.
func (b *builder) place(root *node, p *target, v directory.Value) (err error) {
	at := root
	if p.urn != "" {
		at = at.child(p.urn)
	}
	at = at.child(p.name)
	if p.filtered() {
		at = at.element(p.terms)
	}
	if p.sub != "" {
		at = at.child(p.sub)
	}
	switch {
	case p.multi || v.Kind() == directory.List:
		at.raw, err = elements(p, v, typed, b.behavior.MemberRefNull)
	case p.reference():
		at.raw = appendQuote(nil, referenceText(v)) // a manager on create is its plain id
	default:
		at.raw, err = appendScalar(nil, p, v, typed)
	}
	return err
}

// describe adds to an element what its value filter says of it. An e-mail or
// postal address for work is the primary one, and an app role has its type.
func (n *node) describe(list string) {
	work := false
	for _, t := range n.origin {
		if n.has(t.name) {
			continue
		}
		f := n.child(t.name)
		if truth, ok := directory.Str(t.value).Boolean(); ok && strings.EqualFold(t.name, "primary") {
			f.raw, _ = directory.Bool(truth).MarshalJSON()
		} else {
			f.raw = appendQuote(nil, t.value)
		}
		work = work || strings.EqualFold(t.name, "type") && strings.EqualFold(t.value, "work")
	}
	switch {
	case work && (list == "emails" || list == "addresses") && !n.has("primary"):
		n.child("primary").raw = []byte("true")
	case list == "roles" && !n.has("type"):
		n.child("type").raw = appendQuote(nil, roleType)
	}
}

// addFixed adds what every created object has.
func (b *builder) addFixed(root *node, t directory.ObjectType) {
	add := func(name, raw string) {
		if !root.has(name) {
			root.child(name).raw = []byte(raw)
		}
	}
	if t == directory.Group {
		if b.behavior.LegacyGroupSchema {
			add("schemas", `["`+schemaGroup+`","`+schemaLegacyGroup+`"]`)
		} else {
			add("schemas", `["`+schemaGroup+`"]`)
			add("members", `[]`)
		}
		add("meta", `{"resourceType":"Group"}`)
		return
	}
	// Both schemas, whether or not there is an enterprise value; the URN of an
	// extension of the application's own is never listed.
	add("schemas", `["`+schemaUser+`","`+schemaEnterprise+`"]`)
	add("meta", `{"resourceType":"User"}`)
	if !b.behavior.OmitEmptyRoles {
		add("roles", `[]`)
	}
}

// The order of names in Microsoft's sample; names between them are sorted.
var (
	firstNames = []string{"schemas", "externalId", "userName", "active", "primary", "type", "formatted", "familyName", "givenName"}
	lastNames  = []string{"members", "meta", "roles", schemaEnterprise}
)

func rank(name string) int {
	if i := slices.Index(firstNames, name); i >= 0 {
		return i
	}
	if i := slices.Index(lastNames, name); i >= 0 {
		return 101 + i
	}
	if strings.Contains(name, ":") {
		return 200
	}
	return 100
}

func (n *node) sort() {
	slices.SortStableFunc(n.fields, func(a, b *node) int {
		if d := cmp.Compare(rank(a.name), rank(b.name)); d != 0 {
			return d
		}
		return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	for _, f := range n.fields {
		f.sort()
	}
	for _, e := range n.array {
		e.sort()
	}
}

func (n *node) appendTo(b []byte) []byte {
	switch {
	case n.raw != nil:
		return append(b, n.raw...)
	case n.array != nil:
		b = append(b, '[')
		for i, e := range n.array {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.appendTo(b)
		}
		return append(b, ']')
	}
	b = append(b, '{')
	for i, f := range n.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuote(b, f.name), ':')
		b = f.appendTo(b)
	}
	return append(b, '}')
}
