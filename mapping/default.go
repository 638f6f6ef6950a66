package mapping

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"

// SoftDeleteExpression is the expression by which Microsoft's default mapping
// disables those that leave scope.
const SoftDeleteExpression = `Switch([IsSoftDeleted], , "False", "True", "True", "False")`

// DefaultUsers returns the attribute mappings that Entra gives the users of a
// non-gallery SCIM application (Microsoft Learn, "Develop a SCIM endpoint for
// user provisioning"; the complete list stands in vendors' setup guides).
func DefaultUsers() []Attribute {
	return []Attribute{
		{Source: "userPrincipalName", Target: "userName", MatchingPrecedence: 1},
		{Expression: SoftDeleteExpression, Target: "active"},
		{Source: "displayName", Target: "displayName"},
		{Source: "jobTitle", Target: "title"},
		{Source: "mail", Target: `emails[type eq "work"].value`},
		{Source: "preferredLanguage", Target: "preferredLanguage"},
		{Source: "givenName", Target: "name.givenName"},
		{Source: "surname", Target: "name.familyName"},
		{Expression: `Join(" ", [givenName], [surname])`, Target: "name.formatted"},
		{Source: "physicalDeliveryOfficeName", Target: `addresses[type eq "work"].formatted`},
		{Source: "streetAddress", Target: `addresses[type eq "work"].streetAddress`},
		{Source: "city", Target: `addresses[type eq "work"].locality`},
		{Source: "state", Target: `addresses[type eq "work"].region`},
		{Source: "postalCode", Target: `addresses[type eq "work"].postalCode`},
		{Source: "country", Target: `addresses[type eq "work"].country`},
		{Source: "telephoneNumber", Target: `phoneNumbers[type eq "work"].value`},
		{Source: "mobile", Target: `phoneNumbers[type eq "mobile"].value`},
		{Source: "facsimileTelephoneNumber", Target: `phoneNumbers[type eq "fax"].value`},
		{Source: "mailNickname", Target: "externalId"},
		{Source: "employeeId", Target: enterprise + "employeeNumber"},
		{Source: "department", Target: enterprise + "department"},
		{Source: "manager", Target: enterprise + "manager"},
	}
}

// DefaultGroups returns the attribute mappings that Entra gives the groups of
// a non-gallery SCIM application (Microsoft Learn, "Develop a SCIM endpoint
// for user provisioning").
func DefaultGroups() []Attribute {
	return []Attribute{
		{Source: "displayName", Target: "displayName", MatchingPrecedence: 1},
		{Source: "objectId", Target: "externalId"},
		{Source: "members", Target: "members"},
	}
}
