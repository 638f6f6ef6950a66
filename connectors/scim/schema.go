package scim

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// The schemas and message types of RFC 7643 and RFC 7644.
const (
	schemaUser        = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaGroup       = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaEnterprise  = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaLegacyGroup = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
	messagePatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// attribute describes one attribute of a SCIM schema.
type attribute struct {
	name     string
	typ      directory.AttributeType // String if empty
	multi    bool                    // multi-valued: its elements are complex unless sub is nil
	sub      []attribute             // sub-attributes of a complex attribute
	readOnly bool                    // set by the application alone
	refused  string                  // why it cannot be a target attribute; "" if it can
}

// complex reports whether the attribute has sub-attributes to be named.
// A reference is complex on the wire and simple in a mapping.
func (a *attribute) complex() bool { return len(a.sub) > 0 && a.typ != directory.TypeReference }

// find returns the attribute of this name, compared without case.
func find(list []attribute, name string) *attribute {
	for i := range list {
		if strings.EqualFold(list[i].name, name) {
			return &list[i]
		}
	}
	return nil
}

// multiValued lists the sub-attributes that RFC 7643 section 2.4 gives to every
// multi-valued attribute.
var multiValued = []attribute{
	{name: "value"}, {name: "display"}, {name: "type"}, {name: "primary", typ: directory.TypeBoolean},
}

// common are the attributes of every resource (RFC 7643 section 3.1).
var common = []attribute{
	{name: "id"}, {name: "externalId"},
	{name: "meta", readOnly: true, sub: []attribute{{name: "resourceType"}, {name: "created"}, {name: "lastModified"}, {name: "location"}, {name: "version"}}},
}

// userSchema is the core user (RFC 7643 section 4.1).
var userSchema = append([]attribute{
	{name: "userName"},
	{name: "name", sub: []attribute{
		{name: "formatted"}, {name: "familyName"}, {name: "givenName"}, {name: "middleName"},
		{name: "honorificPrefix"}, {name: "honorificSuffix"},
	}},
	{name: "displayName"}, {name: "nickName"}, {name: "profileUrl"}, {name: "title"}, {name: "userType"},
	{name: "preferredLanguage"}, {name: "locale"}, {name: "timezone"},
	{name: "active", typ: directory.TypeBoolean}, {name: "password"},
	{name: "emails", multi: true, sub: multiValued},
	{name: "phoneNumbers", multi: true, sub: multiValued},
	{name: "ims", multi: true, sub: multiValued},
	{name: "photos", multi: true, sub: multiValued},
	{name: "addresses", multi: true, sub: []attribute{
		{name: "formatted"}, {name: "streetAddress"}, {name: "locality"}, {name: "region"},
		{name: "postalCode"}, {name: "country"}, {name: "type"}, {name: "primary", typ: directory.TypeBoolean},
	}},
	{name: "groups", multi: true, readOnly: true, sub: []attribute{{name: "value"}, {name: "$ref"}, {name: "display"}, {name: "type"}}},
	{name: "entitlements", multi: true, sub: multiValued, refused: "Entra does not support it"},
	// Microsoft's role samples have displayName beside display.
	{name: "roles", multi: true, sub: append([]attribute{{name: "displayName"}}, multiValued...)},
	{name: "x509Certificates", multi: true, sub: multiValued},
}, common...)

// groupSchema is the core group (RFC 7643 section 4.2).
var groupSchema = append([]attribute{
	{name: "displayName"},
	{name: "members", typ: directory.TypeReference, multi: true,
		sub: []attribute{{name: "value", typ: directory.TypeReference}, {name: "$ref"}, {name: "display"}, {name: "type"}}},
}, common...)

// enterpriseSchema is the enterprise user extension (RFC 7643 section 4.3).
var enterpriseSchema = []attribute{
	{name: "employeeNumber"}, {name: "costCenter"}, {name: "organization"}, {name: "division"}, {name: "department"},
	{name: "manager", typ: directory.TypeReference,
		sub: []attribute{{name: "value", typ: directory.TypeReference}, {name: "$ref"}, {name: "displayName"}}},
}

// schemaOf returns the attributes of a schema, "" for the core schema of the
// object type, and whether the schema is known.
func schemaOf(t directory.ObjectType, urn string) (attributes []attribute, known bool) {
	switch {
	case urn == "", isCore(t, urn):
		if t == directory.Group {
			return groupSchema, true
		}
		return userSchema, true
	case strings.EqualFold(urn, schemaEnterprise) && t == directory.User:
		return enterpriseSchema, true
	default:
		return nil, false
	}
}

func isCore(t directory.ObjectType, urn string) bool {
	if t == directory.Group {
		return strings.EqualFold(urn, schemaGroup)
	}
	return strings.EqualFold(urn, schemaUser)
}

// collection is the path of the resources of a type, below the tenant URL.
func collection(t directory.ObjectType) string {
	if t == directory.Group {
		return "/Groups"
	}
	return "/Users"
}
