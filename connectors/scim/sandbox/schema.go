package sandbox

import (
	"strings"
)

// The URNs of RFC 7643 sections 4 and 8.7 and RFC 7644 section 3.
const (
	userURN       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupURN      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listURN       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	patchURN      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	errorURN      = "urn:ietf:params:scim:api:messages:2.0:Error"

	// legacyGroupURN stands beside groupURN in Microsoft's example of the
	// request that creates a group (Microsoft Learn, "Develop and plan
	// provisioning for a SCIM endpoint").
	legacyGroupURN = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"

	mediaType = "application/scim+json"
)

// attribute is an attribute definition of RFC 7643 section 7.
type attribute struct {
	Name        string      `json:"name"`
	Type        string      `json:"type"`
	Sub         []attribute `json:"subAttributes,omitempty"`
	Multi       bool        `json:"multiValued"`
	Description string      `json:"description"`
	Required    bool        `json:"required"`
	Canonical   []string    `json:"canonicalValues,omitempty"`
	CaseExact   bool        `json:"caseExact"`
	Mutability  string      `json:"mutability"`
	Returned    string      `json:"returned"`
	Uniqueness  string      `json:"uniqueness"`
	References  []string    `json:"referenceTypes,omitempty"`

	hidden bool // taken from Entra, not announced in /Schemas
}

func (a *attribute) readOnly() bool { return a.Mutability == "readOnly" }

// sub returns a sub-attribute by its name in any case.
func (a *attribute) sub(name string) *attribute { return find(a.Sub, name) }

func find(attributes []attribute, name string) *attribute {
	for i := range attributes {
		if strings.EqualFold(attributes[i].Name, name) {
			return &attributes[i]
		}
	}
	return nil
}

type schema struct {
	ID, Name, Description string
	Attributes            []attribute
}

// resourceType is one of the two kinds of resources.
type resourceType struct {
	name, endpoint string
	description    string
	core           schema
	extensions     []schema
	unique         string // the attribute that no two resources share, besides id
}

// common are the attributes of every resource (RFC 7643 section 3.1), which
// no schema lists.
var common = []attribute{
	{Name: "schemas", Type: "reference", Multi: true, Required: true, Mutability: "readWrite", Returned: "always"},
	{Name: "id", Type: "string", CaseExact: true, Mutability: "readOnly", Returned: "always", Uniqueness: "server"},
	{Name: "externalId", Type: "string", CaseExact: true, Mutability: "readWrite", Returned: "default"},
	{Name: "meta", Type: "complex", Mutability: "readOnly", Returned: "default", Sub: []attribute{
		{Name: "resourceType", Type: "string"}, {Name: "created", Type: "dateTime"},
		{Name: "lastModified", Type: "dateTime"}, {Name: "location", Type: "reference"}, {Name: "version", Type: "string"},
	}},
}

// attribute finds an attribute of the core schema or a common one.
func (rt *resourceType) attribute(name string) *attribute {
	if a := find(rt.core.Attributes, name); a != nil {
		return a
	}
	return find(common, name)
}

// extension finds an extension schema by its URN in any case.
func (rt *resourceType) extension(urn string) *schema {
	for i := range rt.extensions {
		if strings.EqualFold(rt.extensions[i].ID, urn) {
			return &rt.extensions[i]
		}
	}
	return nil
}

var userType = resourceType{
	name: "User", endpoint: "/Users", description: "User account", unique: "userName",
	core:       schema{userURN, "User", "User account", userAttributes},
	extensions: []schema{{enterpriseURN, "EnterpriseUser", "Enterprise user", enterpriseAttributes}},
}

var groupType = resourceType{
	name: "Group", endpoint: "/Groups", description: "Group", unique: "displayName",
	core: schema{groupURN, "Group", "Group", groupAttributes},
}

func text(name, description string) attribute {
	return attribute{Name: name, Type: "string", Description: description,
		Mutability: "readWrite", Returned: "default", Uniqueness: "none"}
}

func (a attribute) as(typ string) attribute { a.Type = typ; return a }

func (a attribute) fixed() attribute { a.Mutability = "readOnly"; return a }

// list makes a multi-valued attribute with the sub-attributes of RFC 7643
// section 2.4.
func list(name, description, valueType string, types ...string) attribute {
	kind := text("type", "What the value is for.")
	kind.Canonical = types
	a := text(name, description).as("complex")
	a.Multi = true
	a.Sub = []attribute{
		text("value", "The value.").as(valueType),
		text("display", "A name for the value, for people."),
		kind,
		text("primary", "Whether this is the preferred value; true at most once.").as("boolean"),
	}
	return a
}
