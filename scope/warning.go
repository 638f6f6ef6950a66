package scope

import (
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// warnAttribute says what a person should know about an attribute in a
// clause, "" if nothing.
func warnAttribute(t directory.ObjectType, name string) string {
	a, known := directory.SourceAttribute(t, name)
	switch {
	case !known:
		return warnUnknown(t, name)
	case a.Name == "IsSoftDeleted":
		return "filters by IsSoftDeleted, which follows from the scope and is always empty here"
	case unsupported[a.Name], a.Type == directory.TypeReference, a.Type == directory.TypeDateTime:
		return fmt.Sprintf("filters by %s, which Microsoft's service does not support in a scoping filter: it works here, but not in Entra", a.Name)
	case a.Multivalued:
		return fmt.Sprintf("filters by %s, which has several values: the clause holds only if every value satisfies it", a.Name)
	default:
		return ""
	}
}

// unsupported are the attributes that Microsoft's pages name as such, beside
// references and dates (Microsoft Learn, "Known issues for provisioning").
var unsupported = map[string]bool{"appRoleAssignments": true, "userType": true}

func warnUnknown(t directory.ObjectType, name string) string {
	if strings.HasPrefix(strings.ToLower(name), "extension_") {
		return "" // a directory extension: only the tenant knows its name
	}
	s := fmt.Sprintf("filters by %q, which is no attribute of a %s in Entra", name, strings.ToLower(string(t)))
	if other, ok := directory.SourceAttribute(otherType(t), name); ok {
		return fmt.Sprintf("%s: %s is an attribute of a %s", s, other.Name, strings.ToLower(string(otherType(t))))
	}
	if near := directory.Nearest(name, attributeNames(t)); near != "" {
		return fmt.Sprintf("%s: did you mean %s?", s, near)
	}
	return s + ": it is empty unless the source has a column of that name"
}

func otherType(t directory.ObjectType) directory.ObjectType {
	if t == directory.Group {
		return directory.User
	}
	return directory.Group
}

func attributeNames(t directory.ObjectType) []string {
	schema := directory.SourceSchema(t)
	names := make([]string, len(schema))
	for i, a := range schema {
		names[i] = a.Name
	}
	return names
}

// unanchored reports whether a pattern has neither ^ nor $, \A, \z, \Z or \b:
// it then matches any part of a value, which is not what people mean who
// write ([1-9][0-9]) for the numbers from 10 to 99.
func unanchored(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '^', '$':
			if i == 0 || pattern[i-1] != '[' {
				return false
			}
		case '\\':
			i++
			if i < len(pattern) && strings.IndexByte("AzZGbB", pattern[i]) >= 0 {
				return false
			}
		}
	}
	return true
}
