package graphschema

import (
	"github.com/scimsync/scimsync/config"
	objects "github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/mapping"
)

const anchor = "objectId" // of Entra's objects

// sourceObject returns the definition of Entra's object: its anchor, and the
// attributes that mappings and scoping filters read.
func sourceObject(m *config.ObjectMapping) objectDefinition {
	o := objectDefinition{Name: string(m.Type), SupportedAPIs: []string{}, Metadata: []entry{
		{"PropertyNameSoftDeleted", "IsSoftDeleted"}, {"IsSoftDeletionSupported", "true"}, {"IsSynchronizeAllSupported", "true"},
	}}
	if m.Type == objects.User {
		o.Metadata = append(o.Metadata, entry{"PropertyNameAccountEnabled", "accountEnabled"})
	}
	seen := map[string]bool{}
	add := func(names ...string) {
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			a, _ := objects.SourceAttribute(m.Type, name)
			d := definition(name, a.Type, a.Multivalued)
			d.Anchor = name == anchor
			if a.Type == objects.TypeReference {
				d.ReferencedObjects = []referencedObject{{Name: string(objects.User)}}
			}
			o.Attributes = append(o.Attributes, d)
		}
	}
	add(anchor)
	add(m.Mapping.SourceAttributes()...)
	add(m.Scope.Attributes()...)
	return o
}

// targetObject returns the definition of the application's object: its id, and
// the attributes that are mapped. Those whose type the job file tells are marked
// as the customer's own, as those are that were added in the portal.
func targetObject(m *config.ObjectMapping) objectDefinition {
	o := objectDefinition{Name: targetObjects[m.Type], SupportedAPIs: []string{}, Metadata: []entry{}}
	id := definition("id", objects.TypeString, false)
	id.Anchor = true
	o.Attributes = append(o.Attributes, id)
	for i := range m.Attributes {
		o.Attributes = append(o.Attributes, targetAttribute(m.Type, &m.Attributes[i]))
	}
	return o
}

func targetAttribute(t objects.ObjectType, a *mapping.Attribute) attributeDefinition {
	described, _ := scim.Describe(t, a.Target, nil) // the target was checked when the job was loaded
	d := definition(a.Target, described.Type, described.Multivalued)
	if a.Type != "" {
		d.Type = string(a.Type)
		d.Metadata = append(d.Metadata, entry{"IsCustomerDefined", "true"})
	}
	d.Required = a.Target == "userName" || t == objects.Group && a.Target == "displayName"
	d.FlowNullValues = a.FlowNullValues
	if d.Type == string(objects.TypeReference) {
		d.ReferencedObjects = []referencedObject{{Name: targetObjects[objects.User]}}
	}
	return d
}

func definition(name string, t objects.AttributeType, multivalued bool) attributeDefinition {
	if t == "" {
		t = objects.TypeString
	}
	return attributeDefinition{
		Name: name, Type: string(t), Multivalued: multivalued, Mutability: "ReadWrite",
		APIExpressions: []entry{}, Metadata: []entry{}, ReferencedObjects: []referencedObject{},
	}
}
