package config

import "github.com/scimsync/scimsync/scope"

// mappingsShape describes the object mappings of a job.
func mappingsShape() shape {
	return shape{
		kind:  object,
		about: "What is provisioned, and how. Without mappings, a job has those that Entra gives a non-gallery SCIM application. Object types that are left out are not provisioned.",
		keys: []key{
			{name: "users", shape: objectMappingShape("users")},
			{name: "groups", shape: objectMappingShape("groups")},
		},
	}
}

func objectMappingShape(objects string) shape {
	return shape{
		kind: object, about: "How " + objects + " are provisioned.",
		keys: []key{
			{name: "enabled", shape: shape{kind: boolean, fallback: true, about: "Whether " + objects + " are provisioned."}},
			{name: "actions", shape: shape{
				kind: list, minItems: 1, items: &shape{kind: text, enum: []string{"create", "update", "delete"}},
				about: "What may be done to " + objects + " in the application. Without it, all three.",
			}},
			{name: "scopingFilters", shape: shape{
				kind: list, items: filterShape(),
				about: "Which " + objects + " are in scope: any filter may let an object in, and all clauses of that filter must hold.",
			}},
			{name: "attributes", shape: shape{
				kind: list, minItems: 1, items: attributeShape(),
				about: "The attribute mappings. One at least needs a matchingPrecedence. Without it, Entra's default mapping.",
			}},
		},
	}
}

func filterShape() *shape {
	return &shape{
		kind: object, about: "A scoping filter.",
		keys: []key{
			{name: "title", shape: shape{kind: text, about: "What the filter is called in the log."}},
			{name: "clauses", required: true, shape: shape{
				kind: list, about: "The clauses, all of which must hold.",
				items: &shape{
					kind: object, about: "A clause: compares one source attribute.", exclusive: [][]string{{"value", "values"}},
					keys: []key{
						{name: "attribute", required: true, shape: shape{kind: text, about: "A source attribute.", examples: []string{"department"}}},
						{name: "operator", required: true, shape: shape{kind: text, about: operatorHelp(), examples: operatorNames()}},
						{name: "value", shape: shape{kind: text, loose: true, about: "What the attribute is compared with. Operators such as IS NULL take none."}},
						{name: "values", shape: shape{
							kind: list, minItems: 1, items: &shape{kind: text, loose: true}, about: "Several values, any of which may hold.",
						}},
					},
				},
			}},
		},
	}
}

func operatorNames() []string {
	var names []string
	for _, o := range scope.Operators() {
		names = append(names, o.Name)
	}
	return names
}

func operatorHelp() string {
	help := "The operator, in any case, its words joined by a blank or by _."
	for _, o := range scope.Operators() {
		help += "\n" + o.Name + ": " + o.Meaning + "."
	}
	return help
}

func attributeShape() *shape {
	return &shape{
		kind: object, about: "An attribute mapping.",
		exclusive:  [][]string{{"source", "expression", "constant"}},
		atLeastOne: []string{"source", "expression", "constant", "default"},
		keys: []key{
			{name: "source", shape: shape{kind: text, about: "The source attribute whose value flows: a direct mapping.", examples: []string{"userPrincipalName"}}},
			{name: "expression", shape: shape{
				kind: text, about: "An expression in Microsoft's language whose value flows.",
				examples: []string{`Join(" ", [givenName], [surname])`},
			}},
			{name: "constant", shape: shape{kind: text, loose: true, about: "A value that flows for every object."}},
			{name: "default", shape: shape{kind: text, loose: true, about: "The value on creation where the source gives none."}},
			{name: "target", required: true, shape: shape{
				kind: text, about: "The attribute of the application.", examples: []string{"userName", `emails[type eq "work"].value`},
			}},
			{name: "matchingPrecedence", shape: shape{
				kind: integer, max: 100, fallback: 0, about: "Objects are matched by this attribute; 1 is tried first, 0 does not match.",
			}},
			{name: "apply", shape: shape{
				kind: text, enum: []string{"always", "onCreate"}, fallback: "always",
				about: "always: on creation and on updates. onCreate: on creation alone.",
			}},
			{name: "flowNullValues", shape: shape{
				kind: boolean, fallback: false, about: "Clear the target attribute when the source's value has become empty.",
			}},
			{name: "type", shape: shape{
				kind: text, enum: []string{"string", "boolean", "integer", "reference", "dateTime"},
				about: "The type of a target attribute that is in no SCIM schema.",
			}},
		},
	}
}
