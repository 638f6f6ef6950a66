package expr

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// convert turns the argument at index i into the type of its parameter. Null
// stays null, so that each function says what it makes of it; where a number,
// a date or a truth is expected, an empty string is null too.
func (c *callOp) convert(m *machine, args []result, i int) error {
	p := c.params[i]
	if p.Type == TypeAny || p.Type == TypeMulti || args[i].signal != nil {
		return nil
	}
	v := args[i].v
	if v.Kind() == directory.List {
		if p.Repeating {
			return nil // the function deals with lists itself
		}
		switch elements := v.Elements(); len(elements) {
		case 0:
			v = directory.Value{}
		case 1:
			v = elements[0]
		default:
			return c.fault(m, i, "takes a single value and got %d: use Item or Join", len(elements))
		}
	}
	v, ok := convertTo(p.Type, v, m)
	if !ok {
		return c.fault(m, i, "%s is not %s", m.quote(v), article(p.Type))
	}
	if p.Type == TypeString {
		if m.work += len(v.Text()); m.work > MaxWork {
			return c.tooLarge(m)
		}
	}
	args[i].v = v
	return nil
}

func article(t Type) string {
	switch t {
	case TypeInteger:
		return "a whole number"
	case TypeBoolean:
		return "True or False"
	case TypeDateTime:
		return "a date"
	default:
		return "a string"
	}
}

// convertTo returns v as type t; ok is false where it has no such form.
func convertTo(t Type, v directory.Value, m *machine) (_ directory.Value, ok bool) {
	if v.IsNull() {
		return v, true
	}
	switch t {
	case TypeString:
		if v.Kind() != directory.String {
			v = directory.Str(v.Text())
		}
	case TypeInteger:
		if v.Kind() == directory.Integer {
			return v, true
		}
		if v.Kind() == directory.String && strings.TrimSpace(v.Text()) == "" {
			return directory.Value{}, true
		}
		n, ok := v.Integer()
		if !ok {
			return v, false
		}
		return directory.Int(n), true
	case TypeBoolean:
		b, ok := truth(v)
		if !ok {
			return v, false
		}
		return directory.Bool(b), true
	case TypeDateTime:
		return toDate(v, m)
	}
	return v, true
}

// toDate returns v as a datetime: what is one already, or what .NET parses in
// a string; null for an empty string.
func toDate(v directory.Value, m *machine) (_ directory.Value, ok bool) {
	switch v.Kind() {
	case directory.DateTime, directory.Null:
		return v, true
	case directory.String:
		if strings.TrimSpace(v.Text()) == "" {
			return directory.Value{}, true
		}
		t, err := parseDate(v.Text(), m.env.Now)
		if err != nil {
			return v, false
		}
		return directory.Time(t), true
	}
	return v, false
}

// truth returns whether a value counts as true in a condition: booleans and
// their spellings, numbers other than zero; null and "" are false.
func truth(v directory.Value) (b, ok bool) {
	if v.IsEmpty() {
		return false, true
	}
	if b, ok := v.Boolean(); ok {
		return b, true
	}
	if v.Kind() == directory.Integer || v.Kind() == directory.String {
		if d, ok := parseDecimal(v.Text()); ok {
			return !d.zero(), true
		}
	}
	return false, false
}

// str returns the text of a converted string argument, "" for null and for an
// argument that is not there.
func str(args []result, i int) string {
	if i >= len(args) {
		return ""
	}
	return args[i].v.Text()
}

// num returns a converted integer argument, or otherwise if it is null.
func num(args []result, i int, otherwise int64) int64 {
	if i < len(args) {
		if n, ok := args[i].v.Integer(); ok {
			return n
		}
	}
	return otherwise
}
