package config

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// readMappings fills in how users and groups are provisioned.
func readMappings(d *document, root *value, j *Job) {
	all, source := root.get("mappings"), root.get("source")
	if all.given && all.fields == nil {
		return // no mapping at all, which was reported
	}
	users, groups := all.get("users"), all.get("groups")
	if users.given || !all.given {
		j.Users = readObjectMapping(d, users, directory.User, j)
	}
	noFile := groups.given && groups.get("enabled").truthOr(true) && !source.get("groups").given && !source.faulty
	switch {
	case noFile:
		d.fail(groups.node, "mappings.groups provisions groups, but source.groups is missing: name the file with the groups, or write enabled: false")
	case groups.given, !all.given && source.get("groups").given:
		j.Groups = readObjectMapping(d, groups, directory.Group, j)
	}
	if j.Users == nil && j.Groups == nil && !all.faulty && !noFile {
		d.warn(all.node, "mappings provisions neither users nor groups: the job does nothing")
	}
}

// readObjectMapping returns how objects of a type are provisioned, nil if that
// is switched off; it is checked all the same.
func readObjectMapping(d *document, v *value, t directory.ObjectType, j *Job) *ObjectMapping {
	m := &ObjectMapping{Type: t, Actions: readActions(v.get("actions"))}
	for _, f := range v.get("scopingFilters").items {
		m.Filters = append(m.Filters, readFilter(f))
	}
	attributes := v.get("attributes")
	for _, a := range attributes.items {
		m.Attributes = append(m.Attributes, readAttribute(a, j.Target.profile))
	}
	if !attributes.given {
		m.Attributes = mapping.DefaultUsers()
		if t == directory.Group {
			m.Attributes = mapping.DefaultGroups()
		}
		for i, a := range m.Attributes {
			m.Attributes[i].FlowNullValues = j.Target.profile.clears(a)
		}
	}
	compile(d, v, m, j.Settings)
	if !v.get("enabled").truthOr(true) {
		return nil
	}
	j.Target.addAttributes(m)
	return m
}

func readActions(v *value) plan.Actions {
	if !v.given {
		return plan.Actions{Create: true, Update: true, Delete: true}
	}
	var a plan.Actions
	for _, action := range v.texts() {
		switch action {
		case "create":
			a.Create = true
		case "update":
			a.Update = true
		case "delete":
			a.Delete = true
		}
	}
	return a
}

func readFilter(v *value) scope.Filter {
	f := scope.Filter{Title: v.get("title").textOr("")}
	for _, c := range v.get("clauses").items {
		clause := scope.Clause{
			Attribute: c.get("attribute").textOr(""), Operator: c.get("operator").textOr(""), Values: c.get("values").texts(),
		}
		if one := c.get("value").optional(); one != nil {
			clause.Values = []string{*one}
		}
		f.Clauses = append(f.Clauses, clause)
	}
	return f
}

func readAttribute(v *value, p profile) mapping.Attribute {
	a := mapping.Attribute{
		Source:             v.get("source").textOr(""),
		Expression:         strings.TrimRight(v.get("expression").textOr(""), "\r\n"), // of a block scalar
		Constant:           v.get("constant").optional(),
		Default:            v.get("default").optional(),
		Target:             v.get("target").textOr(""),
		MatchingPrecedence: v.get("matchingPrecedence").numberOr(0),
		Apply:              mapping.Apply(v.get("apply").textOr("")),
		Type:               attributeType(v.get("type").textOr("")),
	}
	a.FlowNullValues = v.get("flowNullValues").truthOr(p.clears(a))
	return a
}

// attributeType returns the type by its name in a job file.
func attributeType(name string) directory.AttributeType {
	for _, t := range []directory.AttributeType{
		directory.TypeString, directory.TypeBoolean, directory.TypeInteger, directory.TypeReference, directory.TypeDateTime,
	} {
		if strings.EqualFold(name, string(t)) {
			return t
		}
	}
	return ""
}

// addAttributes tells the target what it has to know of an object mapping:
// the types that no schema tells, and the first matching attribute.
func (t *Target) addAttributes(m *ObjectMapping) {
	first := 0
	for _, a := range m.Attributes {
		if a.Type != "" {
			t.SCIM.Types[a.Target] = strings.ToLower(string(a.Type))
		}
		if p := a.MatchingPrecedence; p > 0 && (first == 0 || p < first) {
			first, t.SCIM.Matching[m.Type] = p, a.Target
		}
	}
}
