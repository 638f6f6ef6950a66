package mapping

import "github.com/scimsync/scimsync/connectors/directory"

// assertiveRoles returns the roles that AssertiveAppRoleAssignmentsComplex
// gave with their name as display, as Microsoft's samples have it: by that the
// target knows a list that replaces the roles it has, where
// AppRoleAssignmentsComplex adds to them (Microsoft Learn, "Customize user
// provisioning attribute-mappings").
func assertiveRoles(v directory.Value) directory.Value {
	if v.Kind() != directory.List {
		return v
	}
	roles := make([]directory.Value, 0, len(v.Elements()))
	for _, role := range v.Elements() {
		if role.Kind() == directory.Complex {
			fields := []directory.Field{}
			for _, f := range role.Fields() {
				if f.Name != "displayName" {
					fields = append(fields, f)
				}
			}
			// A role without a name has an empty one: the field is what counts.
			role = directory.Struct(append(fields, directory.Field{Name: "display", Value: directory.Str(role.Field("displayName").Text())})...)
		}
		roles = append(roles, role)
	}
	return directory.Of(roles...)
}
