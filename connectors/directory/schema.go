package directory

import "strings"

// AttributeType is the type of a source attribute in Microsoft's provisioning
// schema.
type AttributeType string

// The attribute types that the source schema uses.
const (
	TypeString    AttributeType = "String"
	TypeBoolean   AttributeType = "Boolean"
	TypeInteger   AttributeType = "Integer"
	TypeReference AttributeType = "Reference"
	TypeDateTime  AttributeType = "DateTime"
)

// Attribute describes one attribute of the source schema.
type Attribute struct {
	Name        string
	Type        AttributeType
	Multivalued bool
}

// sourceSchema lists the attributes that Entra offers in the mapping editor
// for its own users and groups (Microsoft Learn, "Customize user provisioning
// attribute-mappings"), each under the name that expressions use.
var sourceSchema = map[ObjectType][]Attribute{
	User: {
		{Name: "objectId"}, {Name: "userPrincipalName"}, {Name: "originalUserPrincipalName"},
		{Name: "displayName"}, {Name: "givenName"}, {Name: "surname"}, {Name: "mail"},
		{Name: "mailNickname"}, {Name: "otherMails", Multivalued: true},
		{Name: "proxyAddresses", Multivalued: true}, {Name: "jobTitle"}, {Name: "department"},
		{Name: "companyName"}, {Name: "employeeId"}, {Name: "employeeType"},
		{Name: "employeeHireDate", Type: TypeDateTime}, {Name: "employeeLeaveDateTime", Type: TypeDateTime},
		{Name: "employeeOrgData.costCenter"}, {Name: "employeeOrgData.division"},
		{Name: "manager", Type: TypeReference}, {Name: "telephoneNumber"},
		{Name: "businessPhones", Multivalued: true}, {Name: "mobile"},
		{Name: "facsimileTelephoneNumber"}, {Name: "physicalDeliveryOfficeName"},
		{Name: "streetAddress"}, {Name: "city"}, {Name: "state"}, {Name: "postalCode"},
		{Name: "country"}, {Name: "usageLocation"}, {Name: "preferredLanguage"},
		{Name: "accountEnabled", Type: TypeBoolean}, {Name: "IsSoftDeleted", Type: TypeBoolean},
		{Name: "userType"}, {Name: "createdDateTime", Type: TypeDateTime}, {Name: "passwordPolicies"},
		{Name: "onPremisesSamAccountName"}, {Name: "onPremisesUserPrincipalName"},
		{Name: "onPremisesDomainName"}, {Name: "onPremisesDistinguishedName"},
		{Name: "onPremisesSecurityIdentifier"}, {Name: "onPremisesImmutableId"},
		{Name: "onPremisesSyncEnabled", Type: TypeBoolean}, {Name: "dirSyncEnabled", Type: TypeBoolean},
		{Name: "netBiosName"}, {Name: "sipProxyAddress"}, {Name: "showInAddressList", Type: TypeBoolean},
		{Name: "ageGroup"}, {Name: "consentProvidedForMinor"}, {Name: "legalAgeGroupClassification"},
		{Name: "aboutMe"}, {Name: "mySite"}, {Name: "creationType"}, {Name: "securityIdentifier"},
		{Name: "imAddresses", Multivalued: true}, {Name: "preferredDataLocation"},
		{Name: "appRoleAssignments", Multivalued: true},
		{Name: "extensionAttribute1"}, {Name: "extensionAttribute2"}, {Name: "extensionAttribute3"},
		{Name: "extensionAttribute4"}, {Name: "extensionAttribute5"}, {Name: "extensionAttribute6"},
		{Name: "extensionAttribute7"}, {Name: "extensionAttribute8"}, {Name: "extensionAttribute9"},
		{Name: "extensionAttribute10"}, {Name: "extensionAttribute11"}, {Name: "extensionAttribute12"},
		{Name: "extensionAttribute13"}, {Name: "extensionAttribute14"}, {Name: "extensionAttribute15"},
	},
	Group: {
		{Name: "objectId"}, {Name: "displayName"}, {Name: "description"}, {Name: "mail"},
		{Name: "mailNickname"}, {Name: "mailEnabled", Type: TypeBoolean},
		{Name: "securityEnabled", Type: TypeBoolean}, {Name: "groupTypes", Multivalued: true},
		{Name: "proxyAddresses", Multivalued: true}, {Name: "members", Type: TypeReference, Multivalued: true},
		{Name: "owners", Type: TypeReference, Multivalued: true}, {Name: "createdDateTime", Type: TypeDateTime},
		{Name: "IsSoftDeleted", Type: TypeBoolean}, {Name: "onPremisesSamAccountName"},
		{Name: "onPremisesSecurityIdentifier"}, {Name: "securityIdentifier"}, {Name: "onPremisesDomainName"},
		{Name: "onPremisesSyncEnabled", Type: TypeBoolean}, {Name: "dirSyncEnabled", Type: TypeBoolean},
		{Name: "netBiosName"}, {Name: "preferredLanguage"}, {Name: "preferredDataLocation"},
		{Name: "appRoleAssignments", Multivalued: true}, {Name: "visibility"}, {Name: "classification"},
	},
}

// graphNames are Microsoft Graph's names for attributes that the provisioning
// schema calls otherwise. Both work in a mapping.
var graphNames = map[string]string{
	"id":             "objectId",
	"mobilePhone":    "mobile",
	"faxNumber":      "facsimileTelephoneNumber",
	"officeLocation": "physicalDeliveryOfficeName",
}

const extensionPrefix = "onPremisesExtensionAttributes."

// SourceSchema returns the known source attributes of an object type, in the
// order of Microsoft's list. The result must not be changed.
func SourceSchema(t ObjectType) []Attribute { return sourceSchema[t] }

// SourceAttribute returns the description of a source attribute by any of its
// names, in any case.
func SourceAttribute(t ObjectType, name string) (Attribute, bool) {
	name = Canonical(t, name)
	for _, a := range sourceSchema[t] {
		if a.Name == name {
			if a.Type == "" {
				a.Type = TypeString
			}
			return a, true
		}
	}
	return Attribute{}, false
}

// Canonical returns the provisioning schema's spelling of a source attribute
// name: Graph's name translated, the case corrected. A name that the schema
// does not list (a directory extension, a column of one's own) is returned
// as it is: such names are case-sensitive (Microsoft Learn, "Customize user
// provisioning attribute-mappings").
func Canonical(t ObjectType, name string) string {
	if c, ok := canonicalNames[t][name]; ok {
		return c
	}
	if c, ok := canonicalNames[t][strings.ToLower(name)]; ok {
		return c
	}
	return name
}

// canonicalNames has, for each type, every known name both as spelled and in
// lower case.
var canonicalNames = func() map[ObjectType]map[string]string {
	all := make(map[ObjectType]map[string]string, len(sourceSchema))
	for t, attributes := range sourceSchema {
		names := make(map[string]string, 3*len(attributes))
		add := func(alias, name string) {
			names[alias], names[strings.ToLower(alias)] = name, name
		}
		for _, a := range attributes {
			add(a.Name, a.Name)
			if strings.HasPrefix(a.Name, "extensionAttribute") {
				add(extensionPrefix+a.Name, a.Name)
			}
		}
		for alias, name := range graphNames {
			add(alias, name)
		}
		all[t] = names
	}
	return all
}()
