package export

import (
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// role is what a member of an export's object means to the reader.
type role uint8

const (
	plain      role = iota
	ignored         // annotations of OData
	identifier      // id
	dateTime        // an attribute of type DateTime
	truth           // an attribute of type Boolean
	reference       // the id of another object: manager
	references      // several of them: members, owners
	prefixed        // an object whose members are attributes of their own: employeeOrgData
	odataType       // @odata.type
	removed         // @removed: the entry is not there
	unfinished      // members@odata.nextLink: there are more than these
)

// name is the translation of one name of an export.
type name struct {
	canonical string // the provisioning schema's
	role      role
	list      bool // the attribute has several values
}

// names translates and remembers: an export uses few names, many times.
type names struct {
	object directory.ObjectType
	known  map[string]name
	parts  map[[2]string]name
}

// maxNames bounds what is remembered: a file of nothing but different names
// must not fill the memory.
const maxNames = 4096

func newNames(t directory.ObjectType) *names {
	return &names{object: t, known: map[string]name{}, parts: map[[2]string]name{}}
}

// of returns the translation of a name of Graph JSON.
func (n *names) of(raw string) name {
	if t, ok := n.known[raw]; ok {
		return t
	}
	t := n.translate(raw)
	if len(n.known) < maxNames {
		n.known[strings.Clone(raw)] = t
	}
	return t
}

// part returns the translation of a member of an object whose members are
// attributes of their own.
func (n *names) part(whole, part string) name {
	key := [2]string{whole, part}
	if t, ok := n.parts[key]; ok {
		return t
	}
	t := name{role: ignored}
	if !strings.Contains(part, "@") {
		t = n.attribute(whole + "." + part)
	}
	if len(n.parts) < maxNames {
		n.parts[[2]string{whole, strings.Clone(part)}] = t
	}
	return t
}

func (n *names) translate(raw string) name {
	before, annotation, annotated := strings.Cut(raw, "@")
	if annotated {
		switch {
		case raw == "@odata.type":
			return name{role: odataType}
		case raw == "@removed":
			return name{role: removed}
		case annotation == "delta":
			raw = before
		case annotation == "odata.nextLink" && before != "":
			return name{canonical: before, role: unfinished}
		default:
			return name{role: ignored}
		}
	}
	for _, whole := range []string{"onPremisesExtensionAttributes", "employeeOrgData"} {
		if strings.EqualFold(raw, whole) {
			return name{canonical: whole, role: prefixed}
		}
	}
	return n.attribute(raw)
}

// attribute returns the translation of a name that is an attribute's.
func (n *names) attribute(raw string) name {
	t := name{canonical: strings.Clone(directory.Canonical(n.object, raw))}
	a, known := directory.SourceAttribute(n.object, t.canonical)
	if !known {
		return t
	}
	t.list = a.Multivalued
	switch {
	case t.canonical == "objectId":
		t.role = identifier
	case t.canonical == "appRoleAssignments":
		// Expanded in Graph it holds the roles of every application. Those of this
		// one come from the list of assignments.
		t.role = ignored
	case a.Type == directory.TypeReference && a.Multivalued:
		t.role = references
	case a.Type == directory.TypeReference:
		t.role = reference
	case a.Type == directory.TypeDateTime:
		t.role = dateTime
	case a.Type == directory.TypeBoolean:
		t.role = truth
	}
	return t
}

// anchor returns the spelling of an object id that is the same in every
// export: GUIDs in lower case, anything else as it is.
func anchor(id string) string {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		return strings.ToLower(id) // no copy where nothing changes
	}
	return id
}

const guestMark = "#EXT#"

// memberName returns a guest's userPrincipalName as provisioning knows it:
// alias_contoso.com#EXT#@tenant.onmicrosoft.com is alias@contoso.com. Other
// names are returned as they are (Microsoft Learn, "How Application
// Provisioning works in Microsoft Entra ID", B2B users).
func memberName(userPrincipalName string) string {
	i := strings.IndexByte(userPrincipalName, '#')
	if i < 0 || len(userPrincipalName) < i+len(guestMark) || !strings.EqualFold(userPrincipalName[i:i+len(guestMark)], guestMark) {
		return userPrincipalName
	}
	home := userPrincipalName[:i]
	at := strings.LastIndexByte(home, '_')
	if at < 0 {
		return userPrincipalName
	}
	return home[:at] + "@" + home[at+1:]
}

// undeletedName returns the userPrincipalName that a deleted user had: Entra
// puts the object id without dashes before it.
func undeletedName(userPrincipalName, id string) string {
	prefix := strings.ReplaceAll(id, "-", "")
	if len(userPrincipalName) > len(prefix) && strings.EqualFold(userPrincipalName[:len(prefix)], prefix) {
		return userPrincipalName[len(prefix):]
	}
	return userPrincipalName
}

// dateTimeValue reads a datetime of Graph (RFC 3339) or of the portal's CSV.
// Text that is neither stays text.
func dateTimeValue(s string) directory.Value {
	layout := time.RFC3339Nano
	switch {
	case strings.IndexByte(s, '/') >= 0:
		layout = "1/2/2006 3:04:05 PM"
	case len(s) == len(time.DateOnly):
		layout = time.DateOnly
	}
	if t, err := time.Parse(layout, s); err == nil {
		return directory.Time(t)
	}
	return directory.Str(s)
}
