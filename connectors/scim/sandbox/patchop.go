package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// maxOperations is how many operations one PATCH may have.
const maxOperations = 1000

// The operations of a PATCH, in lower case. Entra's default dialect writes
// them with a capital.
const (
	opAdd     = "add"
	opReplace = "replace"
	opRemove  = "remove"
)

// operation is one operation of a PATCH (RFC 7644 section 3.5.2).
type operation struct {
	verb     string
	path     string // "" for none
	value    any
	hasValue bool
}

// String says which operation it is, for details of refusals.
func (o operation) String() string {
	if o.path == "" {
		return o.verb
	}
	return o.verb + " " + o.path
}

func readPatch(body map[string]any) ([]operation, error) {
	v, _ := lookup(body, "schemas")
	schemas, _ := v.([]any)
	if !slices.ContainsFunc(schemas, func(e any) bool { s, _ := e.(string); return strings.EqualFold(s, patchURN) }) {
		return nil, bad(invalidSyntax, `"schemas" does not name '%s', which a PATCH needs`, patchURN)
	}
	v, _ = lookup(body, "Operations")
	given, ok := v.([]any)
	switch {
	case !ok:
		return nil, bad(invalidSyntax, `"Operations" is missing: a PATCH has a list of them`)
	case len(given) == 0:
		return nil, bad(invalidSyntax, `"Operations" is empty: there is nothing to do`)
	case len(given) > maxOperations:
		return nil, bad(tooMany, "%d operations in one PATCH are too many: at most %d", len(given), maxOperations)
	}
	operations := make([]operation, len(given))
	for i, e := range given {
		o, err := readOperation(e)
		if err != nil {
			return nil, within(fmt.Sprintf("operation %d", i+1), err)
		}
		operations[i] = o
	}
	return operations, nil
}

func readOperation(v any) (operation, error) {
	var o operation
	m, ok := v.(map[string]any)
	if !ok {
		return o, bad(invalidSyntax, `an operation is an object with "op", "path" and "value", not %s`, kind(v))
	}
	verb, _ := lookup(m, "op")
	s, _ := verb.(string)
	switch o.verb = strings.ToLower(s); o.verb {
	case opAdd, opReplace, opRemove:
	default:
		return o, bad(invalidSyntax, `"op" is add, replace or remove, not %s`, kind(verb))
	}
	path, _ := lookup(m, "path")
	switch path := path.(type) {
	case nil:
	case string:
		o.path = path
		if path == "" {
			return o, bad(invalidPath, `the path is empty: leave "path" out for the resource as a whole`)
		}
	default:
		return o, bad(invalidPath, `"path" is text, not %s`, kind(path))
	}
	o.value, o.hasValue = lookup(m, "value")
	if o.verb != opRemove && !o.hasValue {
		return o, bad(invalidValue, `%s has no "value"`, o)
	}
	if o.verb == opRemove && o.path == "" {
		return o, bad(noTarget, `remove has no "path": it has to say what to remove`)
	}
	return o, nil
}

// patch carries out operations on a draft of a resource.
type patch struct {
	rt    *resourceType
	id    string
	draft draft
}

func (p *patch) apply(operations []operation) error {
	for i, o := range operations {
		err := p.operation(o)
		if err != nil {
			return within(fmt.Sprintf("operation %d (%s)", i+1, o), err)
		}
	}
	return nil
}

func (p *patch) operation(o operation) error {
	if o.path == "" {
		return p.pathless(o)
	}
	path, err := scimpath.Parse(o.path)
	if err != nil {
		return badPath(invalidPath, "path", err)
	}
	return p.at(path, o)
}

// pathless applies an operation whose value names the attributes: as a
// resource does, or in the dialect of Entra's flag aadOptscim062020 by dotted
// names and full URN paths.
func (p *patch) pathless(o operation) error {
	m, ok := o.value.(map[string]any)
	if !ok {
		return bad(invalidValue, "without a path the value is an object of attributes, not %s", kind(o.value))
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if strings.EqualFold(key, "schemas") {
			continue // follows from the attributes
		}
		if strings.EqualFold(key, "id") && m[key] == p.id {
			continue // says nothing new
		}
		path, err := scimpath.Parse(key)
		if err != nil {
			return badPath(invalidPath, "attribute name", err)
		}
		err = p.at(path, operation{verb: o.verb, path: key, value: m[key], hasValue: true})
		if err != nil {
			return err
		}
	}
	return nil
}

// at applies an operation to what a path names.
func (p *patch) at(path scimpath.Path, o operation) error {
	t, err := p.rt.resolve(path, invalidPath)
	if err != nil {
		return err
	}
	switch {
	case t.whole:
		return p.extension(t, o)
	case t.is("schemas"):
		return bad(mutability, "'schemas' follows from the attributes of the resource and cannot be changed")
	case t.is("members"):
		return p.members(t, o)
	}
	for _, a := range []*attribute{t.attribute, t.sub} {
		if a != nil && a.readOnly() {
			return bad(mutability, "'%s' is read-only: the application sets it", t)
		}
	}
	if t.attribute != nil && t.attribute.Required && (o.verb == opRemove || o.value == nil) {
		return bad(mutability, "'%s' is required and cannot be removed", t)
	}
	box := p.draft.attributes
	if t.extension != "" {
		if box, err = p.box(t.extension, o.verb); err != nil || box == nil {
			return err
		}
	}
	if t.attribute == nil { // the spelling that is there already
		if key, ok := scimpath.Key(box, t.name); ok {
			t.name = key
		}
	}
	c := change{place: t, operation: o, box: box}
	if err := c.apply(); err != nil {
		return err
	}
	p.tidy(t)
	return nil
}

// box returns the object of an extension, making it if there is none and the
// operation would put something into it.
func (p *patch) box(urn, verb string) (map[string]any, error) {
	key, ok := scimpath.Key(p.draft.attributes, urn)
	if !ok {
		if verb == opRemove {
			return nil, nil
		}
		key = urn
		p.draft.attributes[key] = map[string]any{}
	}
	ext, ok := p.draft.attributes[key].(map[string]any)
	if !ok {
		return nil, bad(invalidPath, "'%s' is no extension of this resource", key)
	}
	return ext, nil
}

// tidy removes the object of an extension that has nothing in it.
func (p *patch) tidy(t place) {
	if t.extension == "" {
		return
	}
	if key, ok := scimpath.Key(p.draft.attributes, t.extension); ok {
		if ext, _ := p.draft.attributes[key].(map[string]any); len(ext) == 0 {
			delete(p.draft.attributes, key)
		}
	}
}

// extension applies an operation to an extension as a whole: its attributes
// are those of the value.
func (p *patch) extension(t place, o operation) error {
	if o.verb == opRemove || o.verb == opReplace && o.value == nil {
		if key, ok := scimpath.Key(p.draft.attributes, t.extension); ok {
			delete(p.draft.attributes, key)
		}
		return nil
	}
	m, ok := o.value.(map[string]any)
	if !ok {
		return bad(invalidValue, "the extension '%s' is an object of its attributes, not %s", t.extension, kind(o.value))
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		path, err := scimpath.Parse(t.extension + ":" + key)
		if err != nil {
			return badPath(invalidPath, "attribute name", err)
		}
		if err := p.at(path, operation{verb: o.verb, path: key, value: m[key], hasValue: true}); err != nil {
			return err
		}
	}
	return nil
}
