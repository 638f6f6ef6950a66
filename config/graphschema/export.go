package graphschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/scimsync/scimsync/config"
	objects "github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/mapping/expr"
	"github.com/scimsync/scimsync/scope"
)

// The directories of a job that provisions from Entra ID to a non-gallery SCIM
// application, the id of the first as every tenant has it.
const (
	sourceDirectory   = "Azure Active Directory"
	sourceDirectoryID = "66e4a8cc-1b7b-435e-95f8-f06cea133828"
	targetDirectory   = "customappsso"
)

// targetObjects are the names of the application's objects (Microsoft Learn,
// "Develop a SCIM endpoint for user provisioning").
var targetObjects = map[objects.ObjectType]string{
	objects.User:  "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
	objects.Group: "urn:ietf:params:scim:schemas:core:2.0:Group",
}

// Export returns the synchronizationSchema, in JSON, of a job that was loaded:
// its object mappings as one synchronization rule, and the definitions of the
// attributes that they use. Source attributes get the names of Microsoft's
// provisioning schema, and operators Graph's. The result is the same for the
// same job; its ids are derived from the job's name, and it has no version, for
// the service gives one to every change.
//
// Import gives the same object mappings back: only a mapping whose expression
// is a lone attribute or constant comes back as a direct or constant one.
// What only a job file has (source, target, settings) is not in a schema.
func Export(job *config.Job) ([]byte, error) {
	r := rule{
		ID: id(job, "rule"), Name: "USER_OUTBOUND_USER", Editable: true, Priority: 1,
		SourceDirectory: sourceDirectory, TargetDirectory: targetDirectory,
		Metadata:       []entry{{Key: "supportsProvisionOnDemand", Value: "true"}},
		ObjectMappings: []objectMapping{},
	}
	source := directoryDefinition{ID: sourceDirectoryID, Name: sourceDirectory, ReadOnly: true, Discoverabilities: "None"}
	target := directoryDefinition{ID: id(job, targetDirectory), Name: targetDirectory, Discoverabilities: "None"}
	for _, m := range job.Mappings() {
		if m.Type == objects.Group {
			r.Name = "USERGROUP_OUTBOUND_USERGROUP"
		}
		one, err := exportMapping(m)
		if err != nil {
			return nil, fmt.Errorf("job %s: %ss: %w", job.Name, strings.ToLower(string(m.Type)), err)
		}
		r.ObjectMappings = append(r.ObjectMappings, one)
		source.Objects = append(source.Objects, sourceObject(m))
		target.Objects = append(target.Objects, targetObject(m))
	}
	if len(r.ObjectMappings) == 0 {
		return nil, fmt.Errorf("job %s: provisions neither users nor groups: there is nothing to export", job.Name)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(schema{ID: "scim." + job.Name, Rules: []rule{r}, Directories: []directoryDefinition{source, target}})
	return b.Bytes(), err
}

// id returns an id that is the same for the same thing of the same job (RFC
// 9562 section 5.5).
func id(job *config.Job, thing string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("scimsync:"+job.Name+":"+thing)).String()
}

func exportMapping(m *config.ObjectMapping) (objectMapping, error) {
	out := objectMapping{
		Enabled: true, FlowTypes: flowTypes(m.Actions), Name: "Provision Microsoft Entra ID " + string(m.Type) + "s",
		Scope: exportScope(m.Type, m.Filters), SourceObject: string(m.Type), TargetObject: targetObjects[m.Type],
		Attributes: []attributeMapping{},
		Metadata: []entry{
			{"IsCustomerDefined", "false"}, {"DisableMonitoringForChanges", "false"}, {"Disposition", `"Normal"`},
			{"ExcludeFromReporting", "false"}, {"EscrowBehavior", `"Default"`}, {"Unsynchronized", "false"},
		},
	}
	var first *mapping.Attribute
	for i := range m.Attributes {
		a := &m.Attributes[i]
		one, err := exportAttribute(m.Type, a)
		if err != nil {
			return out, fmt.Errorf("attribute mapping %d (%s): %w", i+1, a.Target, err)
		}
		out.Attributes = append(out.Attributes, one)
		if a.MatchingPrecedence > 0 && (first == nil || a.MatchingPrecedence < first.MatchingPrecedence) {
			first = a
		}
	}
	if first != nil && first.Source != "" {
		out.Metadata = append(out.Metadata, entry{"OriginalJoiningProperty", canonical(m.Type, first.Source)})
	}
	return out, nil
}

func flowTypes(a plan.Actions) string {
	var flows []string
	for _, f := range []struct {
		allowed bool
		name    string
	}{{a.Create, "Add"}, {a.Update, "Update"}, {a.Delete, "Delete"}} {
		if f.allowed {
			flows = append(flows, f.name)
		}
	}
	return strings.Join(flows, ",")
}

func exportScope(t objects.ObjectType, filters []scope.Filter) *filter {
	if len(filters) == 0 {
		return nil
	}
	out := &filter{InputGroups: []filterGroup{}, CategoryGroups: []filterGroup{}}
	for _, f := range filters {
		g := filterGroup{Name: f.Title, Clauses: []clause{}}
		for _, c := range f.Clauses {
			one := clause{Operator: c.Operator, Source: canonical(t, c.Attribute)}
			if op, known := operatorNamed(c.Operator); known {
				one.Operator = op.Name
			}
			if len(c.Values) > 0 {
				one.Target = &operand{Values: c.Values}
			}
			g.Clauses = append(g.Clauses, one)
		}
		out.Groups = append(out.Groups, g)
	}
	return out
}

func exportAttribute(t objects.ObjectType, a *mapping.Attribute) (attributeMapping, error) {
	out := attributeMapping{
		Default: a.Default, FlowBehavior: flowWhenChanged, FlowType: flowAlways,
		MatchingPriority: a.MatchingPrecedence, Target: a.Target,
	}
	if a.Apply == mapping.OnCreate {
		out.FlowType = flowOnCreate
	}
	switch {
	case a.Source != "":
		out.Source = toSource(&expr.Attribute{Name: canonical(t, a.Source)})
	case a.Constant != nil:
		out.Source = toSource(&expr.String{Value: *a.Constant})
	case a.Expression == "":
		// In a schema, no source and a default value are a constant. An empty
		// constant never flows, and leaves the default value for creation.
		out.Source = toSource(&expr.String{})
	default:
		tree, err := expr.Parse(a.Expression)
		if err != nil {
			return out, err
		}
		renamed := rename(t, tree)
		out.Source = toSource(renamed)
		if expr.Equal(renamed, tree) {
			out.Source.Expression = a.Expression
		}
	}
	return out, nil
}

// canonical returns the name that Microsoft's provisioning schema has for a
// source attribute. A name that differs in case alone stays as it is written:
// the service knows it too.
func canonical(t objects.ObjectType, name string) string {
	if c := objects.Canonical(t, strings.TrimSpace(name)); !strings.EqualFold(c, name) {
		return c
	}
	return name
}

// rename gives the attributes of an expression the names of Microsoft's
// provisioning schema.
func rename(t objects.ObjectType, n expr.Node) expr.Node {
	switch n := n.(type) {
	case *expr.Attribute:
		return &expr.Attribute{Name: canonical(t, n.Name)}
	case *expr.Comparison:
		return &expr.Comparison{Operator: n.Operator, Left: rename(t, n.Left), Right: rename(t, n.Right)}
	case *expr.Call:
		c := &expr.Call{Name: n.Name, Arguments: make([]expr.Node, len(n.Arguments))}
		for i, a := range n.Arguments {
			c.Arguments[i] = rename(t, a)
		}
		return c
	default:
		return n
	}
}
