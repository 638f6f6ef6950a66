package export

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// entry is one entry of a list, translated.
type entry struct {
	object  directory.Object
	removed bool   // the entry says that the object is not there
	kind    string // @odata.type, "" if not given
}

// builder makes directory objects of the entries of a list.
type builder struct {
	names *names
	spare map[string]directory.Value // taken back from an object that nobody kept
	size  int                        // attributes of the last object: the next one has about as many
	seen  map[string]struct{}        // for finding a reference that is listed twice

	members []directory.Value // of the group that is being read, taken one by one
	survey  func(referral)    // if set, takes the members, and groups have none
}

func newBuilder(t directory.ObjectType) *builder {
	return &builder{names: newNames(t), seen: map[string]struct{}{}}
}

// attributes returns an empty map.
func (b *builder) attributes() map[string]directory.Value {
	if m := b.spare; m != nil {
		b.spare = nil
		return m
	}
	return make(map[string]directory.Value, b.size)
}

// recycle takes back what entry made. The object must not be used any more.
func (b *builder) recycle(o directory.Object) {
	clear(o.Attributes)
	b.spare = o.Attributes
}

// graph translates an object of Graph JSON. Its error says what is wrong, not
// where; the entry then holds what was understood until there.
func (b *builder) graph(json []byte) (entry, error) {
	e := entry{object: directory.Object{Type: b.names.object, Attributes: b.attributes()}}
	s := scanner{text: string(json)}
	if s.kind() != '{' {
		return e, errSyntax
	}
	s.enter()
	for s.more('}') {
		raw, err := s.str()
		if err != nil {
			return e, err
		}
		if err := b.member(&e, &s, b.names.of(raw)); err != nil {
			return e, fmt.Errorf("member %q: %w", raw, err)
		}
	}
	return e, b.finish(&e)
}

// member takes the value of one member of the object.
func (b *builder) member(e *entry, s *scanner, n name) error {
	switch n.role {
	case ignored:
		return s.skip()
	case removed:
		e.removed = true
		return s.skip()
	case unfinished:
		return errors.New("the list goes on in another page; export it whole")
	case odataType:
		v, err := s.value(0)
		e.kind = v.Text()
		return err
	case prefixed:
		return b.parts(e, s, n)
	case reference, references:
		return b.refer(e, s, n)
	}
	v, err := s.value(0)
	if err != nil || v.IsNull() {
		return err
	}
	if n.role == dateTime && v.Kind() == directory.String {
		v = dateTimeValue(v.Text())
	}
	return b.set(e, n, v)
}

// set sets an attribute, which two names may give if they agree.
func (b *builder) set(e *entry, n name, v directory.Value) error {
	if n.role == identifier {
		if v.Kind() != directory.String {
			return errors.New("an object id is a string")
		}
		if strings.IndexByte(v.Text(), 0) >= 0 { // of a file that was not written to its end, as a rule
			return errors.New("the object id holds a NUL character: the file is damaged")
		}
		v = directory.Str(anchor(v.Text()))
	}
	before := len(e.object.Attributes)
	old := e.object.Attributes[n.canonical]
	e.object.Attributes[n.canonical] = v
	if len(e.object.Attributes) == before && !old.Equal(v) {
		return fmt.Errorf("the object has another %s under another name", n.canonical)
	}
	return nil
}

// parts takes an object whose members are attributes of their own.
func (b *builder) parts(e *entry, s *scanner, n name) error {
	if s.kind() != '{' {
		return s.skip()
	}
	s.enter()
	for s.more('}') {
		part, err := s.str()
		if err != nil {
			return err
		}
		v, err := s.value(0)
		if err != nil {
			return err
		}
		translated := b.names.part(n.canonical, part)
		if v.IsNull() || translated.role == ignored {
			continue
		}
		if err := b.set(e, translated, v); err != nil {
			return err
		}
	}
	return nil
}

// finish sets the anchor and the attributes that follow from others.
func (b *builder) finish(e *entry) error {
	o := &e.object
	b.size = len(o.Attributes) + 3 // those that follow from others
	o.Anchor = o.Attributes["objectId"].Text()
	if e.removed {
		return nil
	}
	if o.Anchor == "" {
		return errors.New(`the object has no id; every object of an export needs one ("id" in Graph's $select)`)
	}
	if phones := o.Attributes["businessPhones"].Elements(); len(phones) > 0 && o.Attributes["telephoneNumber"].IsNull() {
		o.Attributes["telephoneNumber"] = phones[0]
	}
	return nil
}

// signInNames splits a user's userPrincipalName as exported into the name that
// provisioning uses and the original one. Deleted users have lost neither.
func signInNames(o *directory.Object) {
	v := o.Attributes["userPrincipalName"]
	if v.Kind() != directory.String {
		return
	}
	original := v.Text()
	if o.Presence == directory.SoftDeleted {
		original = undeletedName(original, o.Anchor)
		v = directory.Str(original)
	}
	if o.Attributes["originalUserPrincipalName"].IsNull() {
		o.Attributes["originalUserPrincipalName"] = v
	}
	if name := memberName(original); name != original {
		v = directory.Str(name)
	}
	o.Attributes["userPrincipalName"] = v
}
