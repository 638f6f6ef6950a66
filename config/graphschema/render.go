package graphschema

import (
	"strconv"
	"strings"

	objects "github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/scope"
)

// jobFile is what the job file says.
type jobFile struct {
	name, id, version string
	remarks           []string
	mappings          []imported
}

// render returns the job file.
func (j *jobFile) render() []byte {
	l := &lines{}
	l.comment(0, "A synchronization job, made of the schema of an Entra provisioning job.")
	for _, fact := range [][2]string{{"id     ", j.id}, {"version", j.version}} {
		if fact[1] != "" {
			l.comment(0, "  "+fact[0]+"  "+fact[1])
		}
	}
	l.comment(0, "A schema holds the mappings alone: what is marked CHANGE is a placeholder.")
	l.add(0, "name: %s", scalar(j.name))
	l.add(0, "source:")
	l.add(2, "kind: export")
	l.note("users: ../directory/users.json", "CHANGE: the export of the directory, Graph JSON or CSV")
	l.note("groups: ../directory/groups.json", "CHANGE")
	l.add(0, "target:")
	l.add(2, "kind: scim")
	l.note("tenantURL: https://app.example.com/scim", "CHANGE: Tenant URL in the portal")
	l.note("# secretToken: ${env:"+variable(j.name)+"}", "CHANGE: Secret Token in the portal")
	l.add(0, "settings:")
	l.note("scope: assigned", "CHANGE: assigned | all")
	l.note("assigned: {groups: [Sales]}", "CHANGE: who is assigned to the application")
	j.renderMappings(l)
	return []byte(l.b.String())
}

func (j *jobFile) renderMappings(l *lines) {
	usable := false
	for _, m := range j.mappings {
		usable = usable || m.unusable == ""
	}
	if usable {
		l.add(0, "mappings:")
	} else {
		l.add(0, "mappings: {}")
	}
	for _, r := range j.remarks {
		l.comment(2, r)
	}
	for _, m := range j.mappings {
		m.render(l)
	}
}

func (m *imported) render(l *lines) {
	key := map[objects.ObjectType]string{objects.User: "users", objects.Group: "groups"}[m.objectType]
	if m.unusable != "" {
		l.comment(2, "The "+key+" are not taken over: "+m.unusable+".")
		l.prefix = "# "
		defer func() { l.prefix = "" }()
	}
	l.add(2, "%s:", key)
	for _, r := range m.remarks {
		l.comment(4, r)
	}
	if !m.enabled {
		l.add(4, "enabled: false")
	}
	if len(m.actions) > 0 {
		l.add(4, "actions: [%s]", strings.Join(m.actions, ", "))
	}
	m.renderFilters(l)
	l.add(4, "attributes:")
	for _, a := range m.attributes {
		a.render(l)
	}
}

func (m *imported) renderFilters(l *lines) {
	if len(m.filters) > 0 {
		l.add(4, "scopingFilters:")
	}
	for _, f := range m.filters {
		if f.dropped {
			l.comment(6, "Not taken over:")
		}
		for _, r := range f.remarks {
			l.comment(6, r)
		}
		inner := &lines{}
		renderFilter(inner, f.Filter)
		for line := range strings.Lines(inner.b.String()) {
			line = strings.TrimSuffix(line, "\n")
			if f.dropped {
				l.comment(6, line)
			} else {
				l.add(6, "%s", line)
			}
		}
	}
}

func renderFilter(l *lines, f scope.Filter) {
	at := "- "
	if f.Title != "" {
		l.add(0, "- title: %s", scalar(f.Title))
		at = "  "
	}
	if len(f.Clauses) == 0 {
		l.add(0, "%sclauses: []", at)
		return
	}
	l.add(0, "%sclauses:", at)
	for _, c := range f.Clauses {
		fields := fields{}
		fields.add("attribute", scalar(c.Attribute))
		fields.add("operator", scalar(c.Operator))
		switch len(c.Values) {
		case 0:
		case 1:
			fields.add("value", scalar(c.Values[0]))
		default:
			values := make([]string, len(c.Values))
			for i, v := range c.Values {
				values[i] = scalar(v)
			}
			fields.add("values", "["+strings.Join(values, ", ")+"]")
		}
		l.add(4, "- {%s}", fields.inline())
	}
}

func (a *importedAttribute) render(l *lines) {
	for _, r := range a.remarks {
		l.comment(6, r)
	}
	if a.dropped == "" {
		if asBlock(a.Expression) {
			a.renderBlock(l)
			return
		}
		l.add(6, "- {%s}", a.fields().inline())
		return
	}
	l.comment(6, "Not taken over: "+a.dropped)
	l.comment(6, "- {"+a.fields().inline()+"}")
}

// renderBlock shows an expression of several lines as it is.
func (a *importedAttribute) renderBlock(l *lines) {
	l.add(6, "- expression: |-")
	for line := range strings.SplitSeq(a.Expression, "\n") {
		if line == "" {
			l.add(0, "")
			continue
		}
		l.add(10, "%s", line)
	}
	for _, f := range a.fields()[1:] {
		l.add(8, "%s", f)
	}
}

// fields are the keys of an attribute mapping or a clause with their values.
type fields []string

func (f *fields) add(key, value string) { *f = append(*f, key+": "+value) }

func (f fields) inline() string { return strings.Join(f, ", ") }

func (a *importedAttribute) fields() fields {
	var f fields
	switch {
	case a.Source != "":
		f.add("source", scalar(a.Source))
	case a.Expression != "":
		f.add("expression", quoted(a.Expression))
	case a.Constant != nil:
		f.add("constant", scalar(*a.Constant))
	}
	f.add("target", scalar(a.Target))
	if a.Default != nil {
		f.add("default", scalar(*a.Default))
	}
	if a.MatchingPrecedence > 0 {
		f.add("matchingPrecedence", strconv.Itoa(a.MatchingPrecedence))
	}
	if a.Apply == mapping.OnCreate {
		f.add("apply", string(a.Apply))
	}
	if a.FlowNullValues {
		f.add("flowNullValues", "true")
	}
	if a.Type != "" {
		f.add("type", typeName(a.Type))
	}
	return f
}

// typeName returns the name of a type in a job file: dateTime for DateTime.
func typeName(t objects.AttributeType) string {
	return strings.ToLower(string(t[:1])) + string(t[1:])
}

// variable suggests an environment variable for the token of a job.
func variable(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) + "_TOKEN"
}
