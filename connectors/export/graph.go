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

// element takes one member of the group whose text graph takes next.
func (b *builder) element(json []byte) error {
	s := scanner{text: string(json)}
	id, err := b.referred(&s)
	if err == nil && id != "" {
		if len(b.members) == 0 {
			clear(b.seen)
		}
		b.members = b.once(b.members, strings.Clone(id)) // the text has more than the id
	}
	return err
}

// once appends a reference to a list that has not got it yet.
func (b *builder) once(list []directory.Value, id string) []directory.Value {
	if _, twice := b.seen[id]; twice {
		return list
	}
	b.seen[id] = struct{}{}
	return append(list, directory.Ref(id))
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

// refer takes references: an object with an id, an id, or a list of them in
// which each counts once.
func (b *builder) refer(e *entry, s *scanner, n name) error {
	if s.kind() != '[' {
		id, err := b.referred(s)
		if err != nil || id == "" {
			return err
		}
		v := directory.Ref(id)
		if n.role == references {
			v = directory.Of(v)
		}
		return b.set(e, n, v)
	}
	var list []directory.Value
	if n.canonical == "members" {
		list, b.members = b.members, nil
	}
	if len(list) == 0 {
		clear(b.seen)
	}
	s.enter()
	for s.more(']') {
		id, err := b.referred(s)
		if err != nil {
			return err
		}
		if id != "" {
			list = b.once(list, id)
		}
	}
	if n.role == references {
		return b.set(e, n, directory.Of(list...))
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return b.set(e, n, list[0])
	default:
		return fmt.Errorf("%d objects are named where one can be", len(list))
	}
}

// referred takes one reference and returns its id, "" for null and for one
// that is marked as removed.
func (b *builder) referred(s *scanner) (string, error) {
	switch s.kind() {
	case '"':
		id, err := s.str()
		return anchor(id), err
	case '{':
	case 'n':
		return "", s.skip()
	default:
		return "", errors.New("an object with an id, or an id, was expected")
	}
	id, gone := "", false
	s.enter()
	for s.more('}') {
		member, err := s.str()
		if err != nil {
			return "", err
		}
		if strings.EqualFold(member, "id") && s.kind() == '"' {
			if id, err = s.str(); err != nil {
				return "", err
			}
			continue
		}
		gone = gone || member == "@removed"
		if err := s.skip(); err != nil {
			return "", err
		}
	}
	switch {
	case gone:
		return "", nil
	case id == "":
		return "", errors.New("the object that is referred to has no id; select it in the export")
	default:
		return anchor(id), nil
	}
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
