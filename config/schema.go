package config

import (
	"bytes"
	"encoding/json"
)

// draft is the dialect of the schemas.
const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema returns the JSON Schema (draft 2020-12) of job files, for editors. It
// is made from the table that the reader checks files against.
func Schema() ([]byte, error) { return render(jobShape(), "scimsync job file") }

// DaemonSchema returns the JSON Schema (draft 2020-12) of the daemon file.
func DaemonSchema() ([]byte, error) { return render(daemonShape(), "scimsync daemon file") }

func render(s *shape, title string) ([]byte, error) {
	root := s.schema()
	root.Dialect, root.Title = draft, title
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// schema is a JSON Schema as far as it is used here.
type schema struct {
	Dialect     string     `json:"$schema,omitempty"`
	Title       string     `json:"title,omitempty"`
	Description string     `json:"description,omitempty"`
	Type        any        `json:"type,omitempty"`
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MinLength   int        `json:"minLength,omitempty"`
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	Above       *int64     `json:"exclusiveMinimum,omitempty"`
	Default     any        `json:"default,omitempty"`
	Examples    []any      `json:"examples,omitempty"`
	Items       *schema    `json:"items,omitempty"`
	MinItems    int        `json:"minItems,omitempty"`
	Properties  properties `json:"properties,omitempty"`
	Required    []string   `json:"required,omitempty"`
	AnyOf       []schema   `json:"anyOf,omitempty"`
	Not         *schema    `json:"not,omitempty"`
	AllOf       []schema   `json:"allOf,omitempty"`
	// Additional is false in objects: unknown keys are errors.
	Additional *bool `json:"additionalProperties,omitempty"`
}

// properties keep the order of the table, which is the one to read them in.
type properties []property

type property struct {
	name string
	*schema
}

// MarshalJSON writes the properties as an object, in their order.
func (p properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, one := range p {
		b.WriteByte("{,"[min(i, 1)])
		name, err := json.Marshal(one.name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.schema)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// durationPattern is what time.ParseDuration reads, without a sign.
const durationPattern = `^(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^0$`

// schema returns the JSON Schema of a shape.
func (s *shape) schema() *schema {
	out := &schema{Description: s.about, Default: s.fallback, Enum: s.enum}
	for _, e := range s.examples {
		if s.kind == list {
			out.Examples = append(out.Examples, []string{e})
			continue
		}
		out.Examples = append(out.Examples, e)
	}
	switch s.kind {
	case object:
		s.objectSchema(out)
	case list:
		out.Type, out.Items, out.MinItems = "array", s.items.schema(), s.minItems
	case boolean:
		out.Type = "boolean"
	case integer:
		least := s.min
		out.Type, out.Minimum = "integer", &least
		if most := s.max; most > 0 {
			out.Maximum = &most
		}
	case number:
		least := s.min
		out.Type, out.Above = "number", &least
		if most := s.max; most > 0 {
			out.Maximum = &most
		}
	case duration:
		out.Type, out.Pattern = "string", durationPattern
		if s.min == 0 {
			out.Type = []string{"string", "integer"} // 0 needs no unit
			zero := int64(0)
			out.Minimum, out.Maximum = &zero, &zero
		}
	default:
		s.textSchema(out)
	}
	return out
}

func (s *shape) objectSchema(out *schema) {
	closed := false
	out.Type, out.Additional = "object", &closed
	for i := range s.keys {
		k := &s.keys[i]
		out.Properties = append(out.Properties, property{k.name, k.schema()})
		if k.required {
			out.Required = append(out.Required, k.name)
		}
	}
	for _, name := range s.atLeastOne {
		out.AnyOf = append(out.AnyOf, schema{Required: []string{name}})
	}
	for _, names := range s.exclusive {
		for i, a := range names {
			for _, b := range names[i+1:] {
				out.AllOf = append(out.AllOf, schema{Not: &schema{Required: []string{a, b}}})
			}
		}
	}
}

func (s *shape) textSchema(out *schema) {
	if s.loose {
		out.Type = []string{"string", "number", "boolean"}
		return
	}
	out.Type, out.MinLength = "string", 1
	// A pattern is about the text after references were replaced.
	if s.pattern != nil && (!s.refers || s.secret) {
		out.Pattern = s.pattern.re.String()
	}
}
