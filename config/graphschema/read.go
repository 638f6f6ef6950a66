package graphschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/scimsync/scimsync/mapping/expr"
)

// maxSchema is the size in bytes of the largest schema that is read. Those of
// HR applications, the largest there are, have a few megabytes.
const maxSchema = 8 << 20

// read returns the schema in a JSON text. The error joins an *Error for each
// value that is of a wrong type.
func read(r io.Reader) (*schema, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSchema+1))
	if err != nil {
		return nil, fmt.Errorf("the schema cannot be read: %w", err)
	}
	if len(data) > maxSchema {
		return nil, &Error{Message: fmt.Sprintf("the schema is larger than %d MB, which none is", maxSchema>>20)}
	}
	root, err := decode(data)
	if err != nil {
		return nil, err
	}
	f := &faults{}
	v := value{faults: f, v: root}
	if !v.object() {
		return nil, f.err()
	}
	if !v.get("synchronizationRules").given() {
		return nil, &Error{Path: "synchronizationRules", Message: "is missing: this is no synchronizationSchema. " +
			"Graph has it at /servicePrincipals/{id}/synchronization/jobs/{id}/schema, and the portal at Edit attribute list, Review your schema here"}
	}
	s := readSchema(v)
	if err := f.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// decode returns the one JSON value in the data.
func decode(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}) {
		return nil, &Error{Message: "the file is UTF-16, and JSON is UTF-8: save it as UTF-8 (in PowerShell, Out-File -Encoding utf8)"}
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var root any
	err := d.Decode(&root)
	if err == nil {
		var next any
		if after := d.Decode(&next); !errors.Is(after, io.EOF) {
			return nil, &Error{Message: fmt.Sprintf("this is no JSON: line %d: there is more after the end", line(data, d.InputOffset()))}
		}
		return root, nil
	}
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil, &Error{Message: "the file is empty"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &Error{Message: "this is no JSON: it ends in the middle"}
	case errors.As(err, &syntax):
		return nil, &Error{Message: fmt.Sprintf("this is no JSON: line %d: %v", line(data, syntax.Offset), syntax)}
	default:
		return nil, fmt.Errorf("this is no JSON: %w", err)
	}
}

func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:max(0, min(offset, int64(len(data))))], []byte("\n"))
}

func readSchema(v value) *schema {
	s := &schema{ID: v.get("id").text(), Version: v.get("version").text()}
	for r := range v.get("synchronizationRules").objects() {
		s.Rules = append(s.Rules, readRule(r))
	}
	for d := range v.get("directories").objects() {
		s.Directories = append(s.Directories, readDirectory(d))
	}
	return s
}

func readRule(v value) rule {
	r := rule{
		ID: v.get("id").text(), Name: v.get("name").text(), Priority: v.get("priority").number(),
		SourceDirectory: v.get("sourceDirectoryName").text(), TargetDirectory: v.get("targetDirectoryName").text(),
		Metadata: readEntries(v.get("metadata")),
	}
	if f := v.get("containerFilter"); f.given() && f.object() {
		r.ContainerFilter = &containerFilter{Included: f.get("includedContainers").texts()}
	}
	if f := v.get("groupFilter"); f.given() && f.object() {
		r.GroupFilter = &groupFilter{Included: f.get("includedGroups").texts()}
	}
	for m := range v.get("objectMappings").objects() {
		r.ObjectMappings = append(r.ObjectMappings, readObjectMapping(m))
	}
	return r
}

func readEntries(v value) []entry {
	var all []entry
	for e := range v.objects() {
		all = append(all, entry{Key: e.get("key").text(), Value: e.get("value").text()})
	}
	return all
}

func readObjectMapping(v value) objectMapping {
	m := objectMapping{
		Enabled: v.get("enabled").truth(true), FlowTypes: "Add,Update,Delete", Name: v.get("name").text(),
		SourceObject: v.get("sourceObjectName").text(), TargetObject: v.get("targetObjectName").text(),
		Metadata: readEntries(v.get("metadata")),
	}
	if flow := v.get("flowTypes").optional(); flow != nil {
		m.FlowTypes = *flow
	}
	if f := v.get("scope"); f.given() && f.object() {
		m.Scope = &filter{
			Groups: readGroups(f.get("groups")), InputGroups: readGroups(f.get("inputFilterGroups")),
			CategoryGroups: readGroups(f.get("categoryFilterGroups")),
		}
	}
	for a := range v.get("attributeMappings").objects() {
		m.Attributes = append(m.Attributes, readAttribute(a))
	}
	return m
}

func readGroups(v value) []filterGroup {
	var all []filterGroup
	for g := range v.objects() {
		group := filterGroup{Name: g.get("name").text()}
		for c := range g.get("clauses").objects() {
			one := clause{Operator: c.get("operatorName").text(), Source: c.get("sourceOperandName").text()}
			if o := c.get("targetOperand"); o.given() && o.object() {
				one.Target = &operand{Values: o.get("values").texts()}
			}
			group.Clauses = append(group.Clauses, one)
		}
		all = append(all, group)
	}
	return all
}

func readAttribute(v value) attributeMapping {
	a := attributeMapping{
		Default: v.get("defaultValue").optional(), ExportMissingReferences: v.get("exportMissingReferences").truth(false),
		FlowBehavior: v.get("flowBehavior").text(), FlowType: v.get("flowType").text(),
		MatchingPriority: v.get("matchingPriority").number(), Target: v.get("targetAttributeName").text(),
	}
	if s := v.get("source"); s.given() && s.object() {
		a.Source = readSource(s, 0)
	}
	return a
}

func readSource(v value, depth int) *source {
	if depth > expr.MaxDepth {
		v.faults.add(v, "functions are nested more than %d deep", expr.MaxDepth)
		return nil
	}
	s := &source{Expression: v.get("expression").text(), Name: v.get("name").text(), Type: v.get("type").text()}
	for p := range v.get("parameters").objects() {
		one := parameter{Key: p.get("key").text()}
		if inner := p.get("value"); inner.given() && inner.object() {
			one.Value = readSource(inner, depth+1)
		}
		s.Parameters = append(s.Parameters, one)
	}
	return s
}

func readDirectory(v value) directoryDefinition {
	d := directoryDefinition{Name: v.get("name").text()}
	for o := range v.get("objects").objects() {
		object := objectDefinition{Name: o.get("name").text()}
		for a := range o.get("attributes").objects() {
			object.Attributes = append(object.Attributes, attributeDefinition{
				Name: a.get("name").text(), Type: a.get("type").text(), FlowNullValues: a.get("flowNullValues").truth(false),
				Metadata: readEntries(a.get("metadata")),
			})
		}
		d.Objects = append(d.Objects, object)
	}
	return d
}
