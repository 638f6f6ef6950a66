package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// defaultAccess is the role id of an assignment without a role (Microsoft
// Graph, appRoleAssignment resource type: appRoleId).
const defaultAccess = "00000000-0000-0000-0000-000000000000"

// assignments is who is assigned to the application: for each assigned user,
// group, or member of an assigned group, what it was granted. An object takes a
// key and eight bytes a grant, whatever it looks like.
type assignments struct {
	roles   []directory.Value // the first is null: default access
	roleIDs map[string]uint32 // index in roles
	via     []string          // groups that confer access; the first is "": direct

	grants     []grant
	grantIndex map[grant]uint32

	direct  map[directory.ID]uint32 // assigned objects; the value is 1 + the first of their chain
	members map[directory.ID]uint32 // members of assigned groups
	chain   []link

	conferring []conferring            // groups of the export that are assigned
	missing    map[directory.ID]string // names of assigned groups that the export has not shown yet

	groups      bool   // some group is assigned
	resource    string // the application
	resourceOne string // its display name
}

// grant is a role and the group that confers it.
type grant struct{ role, via uint32 }

// conferring is a group whose members get what it was granted.
type conferring struct {
	group directory.ID
	first uint32 // 1 + the first of its chain
	via   uint32
}

// link is one grant of an object and 1 + the index of its next.
type link struct{ grant, next uint32 }

func newAssignments() *assignments {
	return &assignments{
		roles: []directory.Value{{}}, roleIDs: map[string]uint32{"": 0, defaultAccess: 0},
		via: []string{""}, grantIndex: map[grant]uint32{},
		direct: map[directory.ID]uint32{}, members: map[directory.ID]uint32{}, missing: map[directory.ID]string{},
	}
}

func (a *assignments) add(to map[directory.ID]uint32, key directory.ID, g grant) {
	n, known := a.grantIndex[g]
	if !known {
		n = uint32(len(a.grants))
		a.grantIndex[g] = n
		a.grants = append(a.grants, g)
	}
	a.chain = append(a.chain, link{grant: n, next: to[key]})
	to[key] = uint32(len(a.chain))
}

// confer gives the direct members of an assigned group what it was granted.
func (a *assignments) confer(group directory.Object) {
	id := directory.IDOf(group.Anchor)
	c := conferring{group: id, first: a.direct[id], via: uint32(len(a.via))}
	if c.first == 0 {
		return
	}
	delete(a.missing, id)
	a.conferring = append(a.conferring, c)
	a.via = append(a.via, strings.Clone(group.DisplayName())) // a part of its text would keep all of it
	for _, member := range group.Get("members").Elements() {
		a.hand(c, directory.IDOf(member.Anchor()))
	}
}

// conferNested gives the members of the groups in an assigned group, at any
// depth, what it was granted. These groups themselves get nothing by it.
func (a *assignments) conferNested(ctx context.Context, n *nesting) error {
	for _, c := range a.conferring {
		if err := ctx.Err(); err != nil {
			return err
		}
		for member := range n.under(c.group) {
			a.hand(c, member)
		}
	}
	return nil
}

// hand gives a member what its group was granted.
func (a *assignments) hand(c conferring, member directory.ID) {
	for at := c.first; at != 0; at = a.chain[at-1].next {
		a.add(a.members, member, grant{role: a.grants[a.chain[at-1].grant].role, via: c.via})
	}
}

// assign fills in the assignments of o, direct ones first, then by the name of
// the group, and the roles among them as attribute appRoleAssignments.
func (a *assignments) assign(o *directory.Object, named bool) {
	if !named && len(a.direct) == 0 {
		return
	}
	key := directory.IDOf(o.Anchor)
	var list []directory.Assignment
	if named {
		list = append(list, directory.Assignment{})
	}
	list = a.collect(list, a.direct[key])
	if o.Type == directory.User {
		list = a.collect(list, a.members[key])
	}
	if len(list) == 0 {
		return
	}
	slices.SortFunc(list, func(x, y directory.Assignment) int {
		return cmp.Or(cmp.Compare(x.Via, y.Via), cmp.Compare(x.Role.Field("id").Text(), y.Role.Field("id").Text()))
	})
	list = slices.CompactFunc(list, func(x, y directory.Assignment) bool {
		return x.Via == y.Via && x.Role.Equal(y.Role)
	})
	o.Assignments = list
	if roles := distinctRoles(list); len(roles) > 0 {
		o.Attributes["appRoleAssignments"] = directory.Of(roles...)
	}
}

func (a *assignments) collect(list []directory.Assignment, at uint32) []directory.Assignment {
	for ; at != 0; at = a.chain[at-1].next {
		g := a.grants[a.chain[at-1].grant]
		list = append(list, directory.Assignment{Role: a.roles[g.role], Via: a.via[g.via]})
	}
	return list
}

func distinctRoles(list []directory.Assignment) []directory.Value {
	var roles []directory.Value
	for _, assignment := range list {
		role := assignment.Role
		if !role.IsNull() && !slices.ContainsFunc(roles, role.Equal) {
			roles = append(roles, role)
		}
	}
	return roles
}

// read adds what the list of assignments says (Microsoft Graph, List
// appRoleAssignments granted for a service principal).
func (a *assignments) read(ctx context.Context, set *fileSet) error {
	nextLink := ""
	count := 0
	for i := range set.files {
		f := &set.files[i]
		if f.format == formatCSV {
			return &connectors.ReadError{Place: f.path, Reason: "assignments are read from Graph JSON alone"}
		}
		t, err := f.open()
		if err != nil {
			return err
		}
		nextLink, err = readJSON(t, jsonHandler{each: func(json []byte, offset int64) error {
			if count++; count%checkEvery == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			if err := a.entry(json); err != nil {
				return &connectors.ReadError{Place: f.at(offset), Reason: err.Error()}
			}
			return nil
		}})
		if err := t.end(err); err != nil {
			return err
		}
	}
	return set.complete(nextLink)
}

// entry adds one appRoleAssignment. Its error says what is wrong, not where.
func (a *assignments) entry(json []byte) error {
	s := scanner{text: string(json)}
	v, err := s.value(0)
	if err != nil {
		return err
	}
	if !v.Field("@removed").IsNull() {
		return nil
	}
	principal := anchor(v.Field("principalId").Text())
	if principal == "" {
		return errors.New("the assignment has no principalId, the object id of the assigned user or group")
	}
	if err := a.sameResource(v); err != nil {
		return err
	}
	switch kind := v.Field("principalType").Text(); {
	case strings.EqualFold(kind, "ServicePrincipal"):
		return nil
	case strings.EqualFold(kind, "User"):
	case strings.EqualFold(kind, "Group"):
		a.groups = true
		a.missing[directory.IDOf(principal)] = strings.Clone(cmp.Or(v.Field("principalDisplayName").Text(), principal))
	case kind == "":
		a.groups = true
	default:
		return fmt.Errorf("the assignment's principalType is %q, which is none of User, Group and ServicePrincipal", brief([]byte(kind)))
	}
	role, err := a.role(v)
	if err != nil {
		return err
	}
	a.add(a.direct, directory.IDOf(principal), grant{role: role})
	return nil
}

// sameResource refuses a list that mixes applications: users of one would be
// provisioned to the other.
func (a *assignments) sameResource(v directory.Value) error {
	id, name := v.Field("resourceId").Text(), v.Field("resourceDisplayName").Text()
	switch {
	case id == "" || strings.EqualFold(id, a.resource):
	case a.resource == "":
		a.resource, a.resourceOne = strings.Clone(id), strings.Clone(name)
	default:
		return fmt.Errorf("the list holds assignments to two applications, %s %q and %s %q; export appRoleAssignedTo of one service principal",
			a.resource, a.resourceOne, id, name)
	}
	return nil
}

// role returns the index of the assignment's role, with the value and display
// name that the list gives it in any of its entries.
func (a *assignments) role(v directory.Value) (uint32, error) {
	def := v.Field("appRole")
	id := anchor(v.Field("appRoleId").Text())
	if id == "" {
		id = anchor(def.Field("id").Text())
	}
	value := cmp.Or(v.Field("appRoleValue").Text(), def.Field("value").Text())
	display := cmp.Or(v.Field("appRoleDisplayName").Text(), def.Field("displayName").Text())
	n, known := a.roleIDs[id]
	switch {
	case known && n == 0:
		return 0, nil
	case !known:
		n = uint32(len(a.roles))
		a.roleIDs[strings.Clone(id)] = n
		a.roles = append(a.roles, roleValue(id, value, display))
		return n, nil
	}
	oldValue, oldDisplay := a.roles[n].Field("value").Text(), a.roles[n].Field("displayName").Text()
	if value != "" && oldValue != "" && value != oldValue {
		return 0, fmt.Errorf("the role %s has the value %q here and %q before", id, value, oldValue)
	}
	if value != oldValue || display != oldDisplay {
		a.roles[n] = roleValue(id, cmp.Or(oldValue, value), cmp.Or(oldDisplay, display))
	}
	return n, nil
}

// roleValue returns an app role as {id, value, displayName}; what is not known
// is null.
func roleValue(id, value, display string) directory.Value {
	text := func(s string) directory.Value {
		if s == "" {
			return directory.Value{}
		}
		return directory.Str(strings.Clone(s))
	}
	return directory.Struct(
		directory.Field{Name: "id", Value: text(id)},
		directory.Field{Name: "value", Value: text(value)},
		directory.Field{Name: "displayName", Value: text(display)},
	)
}
