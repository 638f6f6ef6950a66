package export

import (
	"errors"
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// referral is what one object says of another that it refers to.
type referral struct {
	id    string // "" for none
	group bool   // it is said to be a group
}

// element takes one member of the group whose text graph takes next.
func (b *builder) element(json []byte) error {
	s := scanner{text: string(json)}
	r, err := b.referred(&s)
	if err != nil || r.id == "" {
		return err
	}
	if b.survey != nil {
		b.survey(r)
		return nil
	}
	if len(b.members) == 0 {
		clear(b.seen)
	}
	b.members = b.once(b.members, strings.Clone(r.id)) // the text has more than the id
	return nil
}

// once appends a reference to a list that has not got it yet.
func (b *builder) once(list []directory.Value, id string) []directory.Value {
	if _, twice := b.seen[id]; twice {
		return list
	}
	b.seen[id] = struct{}{}
	return append(list, directory.Ref(id))
}

// refer takes references: an object with an id, an id, or a list of them in
// which each counts once.
func (b *builder) refer(e *entry, s *scanner, n name) error {
	members := n.canonical == "members"
	var list []directory.Value
	if members {
		list, b.members = b.members, nil
	}
	if len(list) == 0 {
		clear(b.seen)
	}
	take := func() error {
		r, err := b.referred(s)
		switch {
		case err != nil || r.id == "":
			return err
		case members && b.survey != nil:
			b.survey(r)
		default:
			list = b.once(list, r.id)
		}
		return nil
	}
	listed := s.kind() == '['
	if !listed {
		if err := take(); err != nil {
			return err
		}
	} else {
		s.enter()
		for s.more(']') {
			if err := take(); err != nil {
				return err
			}
		}
	}
	switch {
	case n.role == references && (listed || len(list) > 0):
		return b.set(e, n, directory.Of(list...))
	case len(list) == 0:
		return nil
	case len(list) == 1:
		return b.set(e, n, list[0])
	default:
		return fmt.Errorf("%d objects are named where one can be", len(list))
	}
}

// referred takes one reference. It returns no id for null and for one that is
// marked as removed.
func (b *builder) referred(s *scanner) (referral, error) {
	switch s.kind() {
	case '"':
		id, err := s.str()
		return referral{id: anchor(id)}, err
	case '{':
	case 'n':
		return referral{}, s.skip()
	default:
		return referral{}, errors.New("an object with an id, or an id, was expected")
	}
	var r referral
	gone := false
	s.enter()
	for s.more('}') {
		member, err := s.str()
		if err != nil {
			return r, err
		}
		text := ""
		if s.kind() == '"' {
			text, err = s.str()
		} else {
			err = s.skip()
		}
		switch {
		case err != nil:
			return r, err
		case strings.EqualFold(member, "id") && text != "":
			r.id = anchor(text)
		case member == "@odata.type":
			r.group = text == graphType(directory.Group)
		case member == "@removed":
			gone = true
		}
	}
	switch {
	case gone:
		return referral{}, nil
	case r.id == "":
		return referral{}, errors.New("the object that is referred to has no id; select it in the export")
	default:
		return r, nil
	}
}
