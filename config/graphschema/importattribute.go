package graphschema

import (
	"fmt"
	"strings"

	objects "github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim"
	"github.com/scimsync/scimsync/mapping"
	"github.com/scimsync/scimsync/mapping/expr"
)

func (a *importedAttribute) remark(s string) {
	if s != "" {
		a.remarks = append(a.remarks, s)
	}
}

// importAttribute returns an attribute mapping without its matching precedence.
func importAttribute(t objects.ObjectType, from attributeMapping, d *attributeDefinition) importedAttribute {
	a := importedAttribute{Attribute: mapping.Attribute{Target: from.Target}}
	if from.Default != nil && *from.Default != "" {
		a.Default = from.Default
	}
	if err := a.setSource(from.Source); err != nil {
		a.dropped = err.Error()
	}
	switch {
	case from.FlowType == "", strings.EqualFold(from.FlowType, flowAlways):
	case strings.EqualFold(from.FlowType, flowOnCreate):
		a.Apply = mapping.OnCreate
	default:
		a.remark(fmt.Sprintf("flowType %s has no counterpart: the attribute flows always", short(from.FlowType)))
	}
	if from.FlowBehavior != "" && !strings.EqualFold(from.FlowBehavior, flowWhenChanged) {
		a.remark(fmt.Sprintf("flowBehavior %s has no counterpart: the attribute flows when it has changed", short(from.FlowBehavior)))
	}
	if from.ExportMissingReferences {
		a.remark("exportMissingReferences has no counterpart: a reference waits until its object is in the application")
	}
	if d != nil {
		a.setDefinition(t, d)
	}
	return a
}

// setSource fills in where the value comes from. In a schema, no source and a
// default value are a constant; a constant that is empty flows never, and its
// default value does on creation.
func (a *importedAttribute) setSource(s *source) error {
	if s == nil {
		if a.Default == nil {
			return fmt.Errorf("maps nothing: the schema has neither a source nor a default value")
		}
		a.Constant, a.Default = a.Default, nil
		a.remark("no source and a default value, in the schema: a constant")
		return nil
	}
	if strings.EqualFold(s.Type, typeAttribute) && strings.TrimSpace(s.Name) != "" {
		a.Source = s.Name
		if n, err := expr.Parse(s.Expression); err == nil && !agree(s, n) {
			a.remark("the schema's expression text says otherwise: " + short(s.Expression))
		}
		return nil
	}
	if strings.EqualFold(s.Type, typeConstant) {
		if text, ok := buildConstant(s).(*expr.String); ok {
			a.setConstant(text.Value)
			return nil
		}
	}
	tree, text, remark, err := fromSource(s)
	if err != nil {
		a.Expression = text
		return err
	}
	a.remark(remark)
	switch n := tree.(type) {
	case *expr.Attribute:
		a.Source = n.Name
	case *expr.String:
		a.setConstant(n.Value)
	default:
		a.Expression = text
	}
	return nil
}

func (a *importedAttribute) setConstant(text string) {
	if text != "" || a.Default == nil {
		a.Constant = &text
	}
}

// setDefinition takes over what the target's definition of the attribute says
// and SCIM's own schemas do not.
func (a *importedAttribute) setDefinition(t objects.ObjectType, d *attributeDefinition) {
	a.FlowNullValues = d.FlowNullValues
	known := scim.TypeOf(t, a.Target, nil)
	if d.Type == "" || strings.EqualFold(d.Type, string(known)) || !ownAttribute(a.Target) && !d.customerDefined() {
		return
	}
	for _, typ := range []objects.AttributeType{
		objects.TypeString, objects.TypeBoolean, objects.TypeInteger, objects.TypeReference, objects.TypeDateTime,
	} {
		if strings.EqualFold(d.Type, string(typ)) {
			a.Type = typ
			return
		}
	}
	a.remark(fmt.Sprintf("the type %s has no counterpart: the attribute is a string", short(d.Type)))
}

// ownAttribute reports whether a target attribute belongs to a schema of the
// application's own.
func ownAttribute(target string) bool {
	const scimSchemas = "urn:ietf:params:scim:schemas:"
	s := strings.ToLower(strings.TrimSpace(target))
	return strings.HasPrefix(s, "urn:") && !strings.HasPrefix(s, scimSchemas+"core:2.0:") &&
		!strings.HasPrefix(s, scimSchemas+"extension:enterprise:2.0:")
}

// check drops the attribute mapping if a job file would not allow it. What is
// wrong with its matching or its default alone costs only these.
func (a *importedAttribute) check(t objects.ObjectType, from attributeMapping) {
	fault := faultOf(t, a.Attribute)
	if fault == nil {
		return
	}
	less := a.Attribute
	less.MatchingPrecedence = 0
	if a.MatchingPrecedence > 0 && faultOf(t, less) == nil {
		a.remark(fmt.Sprintf("matchingPriority %d is left out: %v", from.MatchingPriority, fault))
		a.Attribute = less
		return
	}
	less = a.Attribute
	less.Default = nil
	if a.Default != nil && faultOf(t, less) == nil {
		a.remark(fmt.Sprintf("defaultValue %s is left out: %v", quote(*a.Default), fault))
		a.Attribute = less
		return
	}
	a.dropped = fault.Error()
}

func (d *attributeDefinition) customerDefined() bool {
	for _, e := range d.Metadata {
		if e.Key == "IsCustomerDefined" {
			return strings.EqualFold(unquoted(e.Value), "true")
		}
	}
	return false
}

// definitions returns the attributes of an object of a directory by their names
// in lower case.
func (s *schema) definitions(directory, object string) map[string]*attributeDefinition {
	all := map[string]*attributeDefinition{}
	for _, d := range s.Directories {
		if !strings.EqualFold(d.Name, directory) {
			continue
		}
		for _, o := range d.Objects {
			if !strings.EqualFold(o.Name, object) {
				continue
			}
			for i := range o.Attributes {
				all[strings.ToLower(o.Attributes[i].Name)] = &o.Attributes[i]
			}
		}
	}
	return all
}
