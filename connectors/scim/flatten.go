package scim

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// flatten returns the wanted attributes that a resource holds, by their target
// names and in their types.
func flatten(r map[string]any, wanted []*target) map[string]directory.Value {
	attributes := make(map[string]directory.Value, len(wanted))
	for _, p := range wanted {
		if v := valueOf(r, p); !v.IsNull() {
			attributes[p.raw] = v
		}
	}
	return attributes
}

// valueOf returns the value at a path, null if there is none. Only an element
// that its filter matches counts: one without a type is not the one for work.
func valueOf(r map[string]any, p *target) directory.Value {
	if p.urn != "" {
		extension, ok := lookup(r, p.urn).(map[string]any)
		if !ok {
			return directory.Value{}
		}
		r = extension
	}
	v := lookup(r, p.name)
	if p.filtered() {
		v = chosen(v, p.terms)
	}
	if p.sub != "" {
		m, ok := v.(map[string]any)
		if !ok {
			return directory.Value{}
		}
		v = lookup(m, p.sub)
	}
	elements, several := v.([]any)
	switch {
	case v == nil:
		return directory.Value{}
	case several:
		return listValue(elements, p)
	case p.multi:
		return listValue([]any{v}, p)
	default:
		return single(v, p)
	}
}

// chosen returns the first element that all terms hold for.
func chosen(v any, terms []term) any {
	elements, ok := v.([]any)
	if !ok {
		elements = []any{v}
	}
	for _, e := range elements {
		m, ok := e.(map[string]any)
		if ok && matches(m, terms) {
			return m
		}
	}
	return nil
}

func matches(element map[string]any, terms []term) bool {
	for _, t := range terms {
		text, ok := plainText(lookup(element, t.name))
		if !ok || !strings.EqualFold(text, t.value) {
			return false
		}
	}
	return true
}

func plainText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return directory.Bool(v).Text(), true
	case json.Number:
		return v.String(), true
	default:
		return "", false
	}
}

// listValue returns several values: references as such, roles whole, elements
// of other complex attributes by their value.
func listValue(elements []any, p *target) directory.Value {
	values := make([]directory.Value, 0, len(elements))
	for _, e := range elements {
		var v directory.Value
		if p.is("roles") {
			v = anyValue(e)
		} else {
			v = single(e, p)
		}
		if !v.IsNull() {
			values = append(values, v)
		}
	}
	return directory.Of(values...)
}

// single returns one value in the type of its attribute. What does not fit the
// type is returned as it reads, so that it differs from any value that does.
func single(v any, p *target) directory.Value {
	if m, ok := v.(map[string]any); ok {
		inner := lookup(m, "value")
		if p.reference() || inner != nil && (p.multi || p.schema == nil) {
			v = inner
		}
	}
	text, plain := plainText(v)
	if !plain {
		if p.reference() {
			return directory.Value{} // null, or an object without a value
		}
		return anyValue(v)
	}
	switch p.typ {
	case directory.TypeReference:
		if text == "" {
			return directory.Value{}
		}
		return directory.Ref(text)
	case directory.TypeBoolean:
		if truth, ok := directory.Str(text).Boolean(); ok {
			return directory.Bool(truth)
		}
	case directory.TypeInteger:
		if n, ok := directory.Str(text).Integer(); ok {
			return directory.Int(n)
		}
	case directory.TypeDateTime:
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return directory.Time(at)
		}
	}
	return directory.Str(text)
}

func anyValue(v any) directory.Value {
	value, err := directory.FromJSON(v)
	if err != nil {
		return directory.Value{}
	}
	return value
}
