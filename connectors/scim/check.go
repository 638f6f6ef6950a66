package scim

import (
	"fmt"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// typeNames are the spellings of attribute types in a configuration, in lower case.
var typeNames = map[string]directory.AttributeType{
	"string": directory.TypeString, "boolean": directory.TypeBoolean, "integer": directory.TypeInteger,
	"reference": directory.TypeReference, "datetime": directory.TypeDateTime,
}

// CheckAttribute returns an error if Entra could not provision to this target
// attribute: its path does not parse, the core or the enterprise schema (RFC
// 7643 section 4) has no such attribute, the attribute is read-only or
// unsupported, or the path names a whole where a part is needed. The error says
// what would be right. Attributes of any other schema URN are the
// application's own, and are accepted.
func CheckAttribute(t directory.ObjectType, path string) error {
	p, err := resolve(t, path, nil)
	if err != nil {
		return err
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("target attribute %q: "+format, append([]any{path}, args...)...)
	}
	attributes, known := schemaOf(t, p.urn)
	if !known {
		return checkCustom(t, p, fail)
	}
	a := p.schema
	if a == nil {
		if known := wholeSchema(path); known {
			return fail("this is a whole schema: add a colon and an attribute of it")
		}
		return fail("the %s schema of a %s has no attribute %q%s", schemaTitle(p.urn), strings.ToLower(string(t)), p.name,
			didYouMean(suggestAttribute(t, p.name, attributes)))
	}
	switch {
	case a.refused != "":
		return fail("%s", a.refused)
	case a.readOnly:
		return fail("%s is set by the application and cannot be provisioned", a.name)
	case p.filtered() && !a.multi:
		return fail("%s has one value: it takes no filter", a.name)
	case p.sub != "" && len(a.sub) == 0:
		return fail("%s is a simple attribute without sub-attributes", a.name)
	case p.sub != "" && find(a.sub, p.sub) == nil:
		return fail("%s has no sub-attribute %q%s", a.name, p.sub, didYouMean(suggest(p.sub, names(a.sub))))
	case p.filtered() && p.sub == "":
		return fail("this names a whole element: add its sub-attribute, as in %s.%s", path, a.sub[0].name)
	case a.multi && !p.filtered() && p.sub != "":
		return fail("%s has several elements: choose one, as in %s[type eq \"work\"].%s", a.name, a.name, p.sub)
	case !a.multi && a.complex() && p.sub == "":
		return fail("%s is made of parts: name one, as in %s.%s", a.name, a.name, a.sub[0].name)
	}
	for _, term := range p.terms {
		if find(a.sub, term.name) == nil {
			return fail("%s has no sub-attribute %q to filter by%s", a.name, term.name, didYouMean(suggest(term.name, names(a.sub))))
		}
	}
	return nil
}

func checkCustom(t directory.ObjectType, p *target, fail func(string, ...any) error) error {
	switch {
	case !strings.HasPrefix(strings.ToLower(p.urn), "urn:") || strings.Count(p.urn, ":") < 2 || strings.Contains(p.urn, "::"):
		return fail("%q is no schema URN: write urn:ietf:params:scim:schemas:extension:NAME:2.0:%s:ATTRIBUTE", p.urn, t)
	case wholeSchema(p.raw):
		return fail("this is a whole schema: add a colon and an attribute of it")
	case strings.EqualFold(p.urn, schemaEnterprise):
		return fail("the enterprise extension is for users")
	case strings.EqualFold(p.urn, schemaUser) || strings.EqualFold(p.urn, schemaGroup):
		return fail("this schema is not the one of a %s", strings.ToLower(string(t)))
	case p.filtered() && p.sub == "":
		return fail("this names a whole element: add its sub-attribute, as in %s.value", p.raw)
	default:
		return nil
	}
}

func wholeSchema(path string) bool {
	for _, urn := range []string{schemaUser, schemaGroup, schemaEnterprise} {
		if strings.EqualFold(path, urn) {
			return true
		}
	}
	return false
}

func schemaTitle(urn string) string {
	if urn == "" {
		return "core"
	}
	return "enterprise"
}

// Describe returns the name, the type and whether there are several values of a
// target attribute, as the overrides (by target attribute name, see
// Options.Types) and else the SCIM schemas say. An attribute that neither knows
// is a single String. The error is one of a path that does not parse.
func Describe(t directory.ObjectType, path string, overrides map[string]string) (directory.Attribute, error) {
	p, err := resolve(t, path, overrides)
	if err != nil {
		return directory.Attribute{}, err
	}
	return directory.Attribute{Name: path, Type: p.typ, Multivalued: p.multi}, nil
}

// TypeOf returns the type of a target attribute as Describe does, and String
// for a path that does not parse.
func TypeOf(t directory.ObjectType, path string, overrides map[string]string) directory.AttributeType {
	a, err := Describe(t, path, overrides)
	if err != nil || a.Type == "" {
		return directory.TypeString
	}
	return a.Type
}

// suggestAttribute looks for what was meant by a name in the schema itself and,
// for users, in the enterprise extension, whose names need its URN.
func suggestAttribute(t directory.ObjectType, name string, attributes []attribute) string {
	all := names(attributes)
	if t == directory.User {
		if a := find(enterpriseSchema, name); a != nil {
			return schemaEnterprise + ":" + a.name
		}
		if a := find(userSchema, name); a != nil {
			return a.name
		}
		if a := find(find(userSchema, "name").sub, name); a != nil {
			return "name." + a.name
		}
		if best := suggest(name, all); best != "" {
			return best
		}
		if best := suggest(name, names(enterpriseSchema)); best != "" {
			return schemaEnterprise + ":" + best
		}
		return ""
	}
	return suggest(name, all)
}

func names(attributes []attribute) []string {
	var all []string
	for _, a := range attributes {
		if !a.readOnly && a.refused == "" {
			all = append(all, a.name)
		}
	}
	return all
}

func didYouMean(s string) string {
	if s == "" {
		return ""
	}
	return ": did you mean " + s + "?"
}
