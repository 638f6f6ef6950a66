package engine_test

import (
	"fmt"

	"github.com/scimsync/scimsync/connectors/directory"
)

// The directory of a random life, as the model and the source know it.

// where says where a source object is to be found.
type where int

const (
	nowhere where = iota // not in the export
	present
	listed // among the deleted users
)

// person is a user of the source. Its nickname never changes.
type person struct {
	nick                      string
	upn, display, title, dept string
	manager                   string // a nickname; "" for none
	where                     where
	blocked, unassigned       bool
	left                      bool // was not present at some time
}

// team is a group of the source. Its key never changes, its name does.
type team struct {
	key, name  string
	members    []string // nicknames and keys
	where      where
	unassigned bool
}

func (p *person) content() string {
	q := *p
	q.left = false
	return fmt.Sprintf("%+v", q)
}

func (g *team) content() string { return fmt.Sprintf("%+v", *g) }

// object is the user as the source delivers it.
func (p *person) object() directory.Object {
	o := directory.Object{Type: directory.User, Anchor: id(p.nick), Attributes: map[string]directory.Value{
		"objectId": directory.Str(id(p.nick)), "mailNickname": directory.Str(p.nick),
		"userPrincipalName": directory.Str(p.upn), "displayName": directory.Str(p.display),
		"accountEnabled": directory.Bool(!p.blocked),
	}}
	for name, value := range map[string]string{"jobTitle": p.title, "department": p.dept} {
		if value != "" {
			o.Attributes[name] = directory.Str(value)
		}
	}
	if p.manager != "" {
		o.Attributes["manager"] = directory.Ref(id(p.manager))
	}
	if !p.unassigned {
		o.Assignments = []directory.Assignment{{}}
	}
	if p.where == listed {
		o.Presence = directory.SoftDeleted
	}
	return o
}

// object is the group as the source delivers it.
func (g *team) object() directory.Object {
	members := []directory.Value{}
	for _, key := range g.members {
		members = append(members, directory.Ref(id(key)))
	}
	o := directory.Object{Type: directory.Group, Anchor: id(g.key), Attributes: map[string]directory.Value{
		"objectId": directory.Str(id(g.key)), "displayName": directory.Str(g.name), "members": directory.Of(members...),
	}}
	if !g.unassigned {
		o.Assignments = []directory.Assignment{{}}
	}
	return o
}
