package expr

import "github.com/scimsync/scimsync/connectors/directory"

// roleFunctions read [appRoleAssignments]: the app roles assigned to the user,
// each a value {id, value, displayName}, or the display name alone.
var roleFunctions = []*builtin{
	{
		Function: Function{
			Name: "SingleAppRoleAssignment", Result: TypeString, Page: pageReference,
			Parameters:  []Parameter{keyed(required("[appRoleAssignments]", TypeMulti, "the attribute appRoleAssignments"), "source")},
			Description: "Returns the display name of the user's one app role; null without a role. More than one is an error.",
			Example:     `SingleAppRoleAssignment("Editor")`, ExampleResult: "Editor",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			roles := args[0].v.Elements()
			switch len(roles) {
			case 0:
				return result{}, nil
			case 1:
				return result{v: roleName(roles[0])}, nil
			default:
				return result{}, c.fault(m, 0, "no more than one app role assignment was expected, but this many were found: %d; assign one role to each user, or use AppRoleAssignmentsComplex", len(roles))
			}
		},
	},
	{
		Function: Function{
			Name: "AppRoleAssignments", Result: TypeMulti, Page: pageGraph,
			Parameters:  []Parameter{required("source", TypeMulti, "the attribute appRoleAssignments")},
			Description: "Returns the display names of the user's app roles.",
			Example:     `AppRoleAssignments("Editor")`, ExampleResult: "Editor",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			return c.eachRole(m, args, roleName)
		},
	},
	{
		Function: Function{
			Name: "AppRoleAssignmentsComplex", Result: TypeMulti, Page: pageReference,
			Parameters:  []Parameter{keyed(required("[appRoleAssignments]", TypeMulti, "the attribute appRoleAssignments"), "source")},
			Description: "Returns the user's app roles, each as {id, value, displayName}. An update adds roles to those that the target has.",
			Example:     `Count(AppRoleAssignmentsComplex("Editor"))`, ExampleResult: "1",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			return c.eachRole(m, args, complexRole)
		},
	},
	{
		Function: Function{
			Name: "AssertiveAppRoleAssignmentsComplex", Result: TypeMulti, Page: "Tutorial - Customize user provisioning attribute-mappings for SaaS applications in Microsoft Entra ID",
			Parameters:  []Parameter{keyed(required("[appRoleAssignments]", TypeMulti, "the attribute appRoleAssignments"), "source")},
			Description: "Returns what AppRoleAssignmentsComplex returns. An update replaces all roles that the target has.",
			Example:     `Count(AssertiveAppRoleAssignmentsComplex("Editor"))`, ExampleResult: "1",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			return c.eachRole(m, args, complexRole)
		},
	},
}

// eachRole applies f to every role. Null stays null.
func (c *callOp) eachRole(m *machine, args []result, f func(directory.Value) directory.Value) (result, error) {
	roles := args[0].v.Elements()
	if args[0].v.IsNull() {
		return result{}, nil
	}
	if len(roles) > MaxElements {
		return result{}, c.tooLarge(m)
	}
	list := make([]directory.Value, len(roles))
	for i, role := range roles {
		list[i] = f(role)
	}
	return result{v: directory.Of(list...)}, nil
}

// roleName returns a role's display name, else its value, else its id.
func roleName(role directory.Value) directory.Value {
	if role.Kind() != directory.Complex {
		return role
	}
	for _, name := range roleFields {
		if v := role.Field(name); !v.IsEmpty() {
			return v
		}
	}
	return directory.Value{}
}

var roleFields = []string{"displayName", "value", "id"}

// complexRole returns the role with the fields in the order of Microsoft's
// samples. A name alone is both value and display name.
func complexRole(role directory.Value) directory.Value {
	if role.Kind() != directory.Complex {
		return directory.Struct(
			directory.Field{Name: "value", Value: role},
			directory.Field{Name: "displayName", Value: role},
		)
	}
	fields := make([]directory.Field, 0, len(roleFields))
	for _, name := range []string{"id", "value", "displayName"} {
		if v := role.Field(name); !v.IsNull() {
			fields = append(fields, directory.Field{Name: name, Value: v})
		}
	}
	return directory.Struct(fields...)
}
