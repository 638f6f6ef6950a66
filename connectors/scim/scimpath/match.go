package scimpath

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// Match reports whether a resource, as encoding/json decodes it, satisfies a
// filter (RFC 7644 section 3.4.2.2).
//
// A multi-valued attribute satisfies a comparison if any of its values does;
// a complex value is compared by its sub-attribute value, so that emails co
// "x" means emails.value co "x" and manager eq "m1" means manager.value.
// Text is compared without case, except for id, externalId and the
// sub-attributes of meta, which RFC 7643 section 3.1 makes caseExact. An
// attribute without a value equals null and differs from everything else. A
// boolean equals the text of it: Entra writes roles[primary eq "True"].value.
// gt, ge, lt and le compare two instants as instants.
func Match(f Filter, resource map[string]any) bool {
	switch f := f.(type) {
	case Compare:
		return f.match(resource)
	case Present:
		for _, v := range Lookup(resource, f.Path) {
			if !isEmpty(v) {
				return true
			}
		}
		return false
	case ValuePath:
		return len(Lookup(resource, f.Path)) > 0
	case And:
		return Match(f.Left, resource) && Match(f.Right, resource)
	case Or:
		return Match(f.Left, resource) || Match(f.Right, resource)
	case Not:
		return !Match(f.Filter, resource)
	}
	return false
}

func (f Compare) match(resource map[string]any) bool {
	exact := caseExact(f.Path)
	found := false // a value to compare with
	for _, v := range Lookup(resource, f.Path) {
		if m, ok := v.(map[string]any); ok {
			v = Get(m, "value")
		}
		switch {
		case v == nil:
		case f.Value == nil:
			found = found || !isEmpty(v)
		case compare(f.Op, v, f.Value, exact):
			return true
		default:
			found = true
		}
	}
	if f.Value == nil {
		return found == (f.Op == Ne)
	}
	return !found && f.Op == Ne
}

func caseExact(p Path) bool {
	switch strings.ToLower(p.Attribute) {
	case "id", "externalid", "meta":
		return true
	}
	return false
}

// isEmpty reports a value that counts as no value (RFC 7643 section 2.5).
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		for _, sub := range v {
			if !isEmpty(sub) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	}
	return false
}

// compare holds one value of the resource against one of a filter. Values of
// kinds that have nothing in common are different, and neither is greater.
func compare(op Op, have, want any, exact bool) bool {
	switch want := want.(type) {
	case string:
		return compareText(op, have, want, exact)
	case bool:
		b, ok := asBool(have)
		if op == Ne {
			return !ok || b != want
		}
		return ok && op == Eq && b == want
	default:
		w, isNumber := asFloat(want)
		h, ok := asFloat(have)
		if !ok || !isNumber {
			return op == Ne
		}
		return holds(op, cmp.Compare(h, w))
	}
}

func compareText(op Op, have any, want string, exact bool) bool {
	text, ok := have.(string)
	if b, isBool := have.(bool); isBool {
		w, known := asBool(want)
		switch op {
		case Eq:
			return known && b == w
		case Ne:
			return !known || b != w
		}
		return false
	}
	if !ok {
		return op == Ne
	}
	if op != Co && op != Sw && op != Ew {
		if h, w, both := instants(text, want); both {
			return holds(op, h.Compare(w))
		}
	}
	if !exact {
		text, want = strings.ToLower(text), strings.ToLower(want)
	}
	switch op {
	case Co:
		return strings.Contains(text, want)
	case Sw:
		return strings.HasPrefix(text, want)
	case Ew:
		return strings.HasSuffix(text, want)
	}
	return holds(op, cmp.Compare(text, want))
}

func holds(op Op, order int) bool {
	switch op {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Gt:
		return order > 0
	case Ge:
		return order >= 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	}
	return false
}

func asBool(v any) (value, ok bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
			return strings.EqualFold(v, "true"), true
		}
	}
	return false, false
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// instants reads two texts as the DateTime of RFC 7643 section 2.3.5.
func instants(a, b string) (x, y time.Time, both bool) {
	// A cheap look first: nearly no text is an instant.
	if len(a) < 20 || len(b) < 20 || a[4] != '-' || b[4] != '-' || a[10] != 'T' || b[10] != 'T' {
		return x, y, false
	}
	x, err := time.Parse(time.RFC3339, a)
	if err != nil {
		return x, y, false
	}
	y, err = time.Parse(time.RFC3339, b)
	return x, y, err == nil
}
