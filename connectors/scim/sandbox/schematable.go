package sandbox

// The attributes of RFC 7643 sections 4.1, 4.2 and 4.3.

var userAttributes = []attribute{
	{Name: "userName", Type: "string", Description: "The name that the user signs in with, unique in any case.",
		Required: true, Mutability: "readWrite", Returned: "default", Uniqueness: "server"},
	{Name: "name", Type: "complex", Description: "The parts of the user's name.", Mutability: "readWrite",
		Returned: "default", Uniqueness: "none", Sub: []attribute{
			text("formatted", "The whole name, as it is shown."),
			text("familyName", "Family name."),
			text("givenName", "Given name."),
			text("middleName", "Middle names."),
			text("honorificPrefix", "Title in front of the name."),
			text("honorificSuffix", "What follows the name."),
		}},
	text("displayName", "The name shown to people."),
	text("nickName", "What the user is casually called."),
	text("profileUrl", "The user's page.").as("reference"),
	text("title", "Job title."),
	text("userType", "How the user relates to the organization."),
	text("preferredLanguage", "As in the header Accept-Language."),
	text("locale", "Locale, for dates, numbers and currency."),
	text("timezone", "Time zone, as in the IANA database."),
	text("active", "Whether the user may sign in.").as("boolean"),
	{Name: "password", Type: "string", Description: "Taken and forgotten: the sandbox has nothing to sign in to.",
		Mutability: "writeOnly", Returned: "never", Uniqueness: "none"},
	list("emails", "Mail addresses.", "string", "work", "home", "other"),
	list("phoneNumbers", "Phone numbers.", "string", "work", "home", "mobile", "fax", "pager", "other"),
	list("ims", "Instant messaging addresses.", "string"),
	list("photos", "Pictures of the user.", "reference", "photo", "thumbnail"),
	addresses,
	{Name: "groups", Type: "complex", Multi: true, Description: "The groups that the user is a direct member of.",
		Mutability: "readOnly", Returned: "default", Uniqueness: "none", Sub: []attribute{
			text("value", "id of the group.").fixed(),
			text("$ref", "URL of the group.").as("reference").fixed(),
			text("display", "Name of the group.").fixed(),
			text("type", "Kind of membership.").fixed(),
		}},
	list("entitlements", "What the user is entitled to.", "string"),
	roles,
	list("x509Certificates", "Certificates of the user.", "binary"),
}

var addresses = attribute{Name: "addresses", Type: "complex", Multi: true, Description: "Postal addresses.",
	Mutability: "readWrite", Returned: "default", Uniqueness: "none", Sub: []attribute{
		text("formatted", "The whole address, as it is shown."),
		text("streetAddress", "Street and number."),
		text("locality", "City."),
		text("region", "State or region."),
		text("postalCode", "Postal code."),
		text("country", "Country, as in ISO 3166-1 alpha-2."),
		text("type", "What the address is for."),
		text("primary", "Whether this is the preferred address; true at most once.").as("boolean"),
	}}

// roles also takes id and displayName, which Entra's function
// AppRoleAssignmentsComplex puts into its elements (Microsoft Learn,
// "Customize user provisioning attribute-mappings").
var roles = func() attribute {
	a := list("roles", "What the user is, to the application.", "string")
	id, name := text("id", ""), text("displayName", "")
	id.hidden, name.hidden = true, true
	a.Sub = append(a.Sub, id, name)
	return a
}()

var enterpriseAttributes = []attribute{
	text("employeeNumber", "The organization's number for the user."),
	text("costCenter", "Cost center."),
	text("organization", "Organization."),
	text("division", "Division."),
	text("department", "Department."),
	{Name: "manager", Type: "complex", Description: "The user's manager, a user of this application.",
		Mutability: "readWrite", Returned: "default", Uniqueness: "none", Sub: []attribute{
			text("value", "id of the manager."),
			text("$ref", "URL of the manager.").as("reference").fixed(),
			text("displayName", "Name of the manager.").fixed(),
		}},
}

var groupAttributes = []attribute{
	{Name: "displayName", Type: "string", Description: "The name of the group, unique in any case.",
		Required: true, Mutability: "readWrite", Returned: "default", Uniqueness: "server"},
	{Name: "members", Type: "complex", Multi: true, Description: "The users and groups in the group.",
		Mutability: "readWrite", Returned: "default", Uniqueness: "none", Sub: []attribute{
			text("value", "id of the member."),
			text("$ref", "URL of the member.").as("reference").fixed(),
			text("display", "Name of the member.").fixed(),
			text("type", "User or Group.").fixed(),
		}},
}
