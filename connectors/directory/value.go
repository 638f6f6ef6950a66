package directory

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind says what a Value holds. The names follow the attribute types of
// Microsoft's provisioning schema (Graph attributeDefinition.type).
type Kind uint8

// The kinds of value. Null is the zero value: an absent attribute.
const (
	Null Kind = iota
	String
	Boolean
	Integer
	DateTime
	Reference // the anchor of another object, on the side of the object that holds it
	Complex   // an ordered list of named values, such as an app role assignment
	List      // several values of one attribute
	Pending   // known only after an earlier operation of the same plan was carried out
)

// PendingText is how a value reads that is known only after an earlier create.
const PendingText = "(known after create)"

// Value is one attribute's value. The zero Value is null. Values are
// immutable; copying one is cheap and shares what it holds.
type Value struct {
	kind Kind
	num  int64
	text string
	list []Value // elements of a List; names and values in turn of a Complex
}

// Str returns a string value.
func Str(s string) Value { return Value{kind: String, text: s} }

// Bool returns a boolean value.
func Bool(b bool) Value {
	if b {
		return Value{kind: Boolean, num: 1}
	}
	return Value{kind: Boolean}
}

// Int returns an integer value.
func Int(i int64) Value { return Value{kind: Integer, num: i} }

// Time returns a datetime value: t in UTC, cut to the 100 nanoseconds that
// .NET's DateTime counts in.
func Time(t time.Time) Value { return Value{kind: DateTime, num: ticks(t)} }

// Ref returns a reference to the object with this anchor.
func Ref(anchor string) Value { return Value{kind: Reference, text: anchor} }

// Of returns a multi-valued value with these elements, in this order.
// The slice is kept, not copied.
func Of(elements ...Value) Value { return Value{kind: List, list: elements} }

// Strs returns a multi-valued value of strings.
func Strs(s ...string) Value {
	list := make([]Value, len(s))
	for i, e := range s {
		list[i] = Str(e)
	}
	return Of(list...)
}

// Field is one named value of a Complex value.
type Field struct {
	Name  string
	Value Value
}

// Struct returns a complex value with these fields, in this order.
func Struct(fields ...Field) Value {
	list := make([]Value, 0, 2*len(fields))
	for _, f := range fields {
		list = append(list, Str(f.Name), f.Value)
	}
	return Value{kind: Complex, list: list}
}

// KnownAfterCreate stands for the target anchor of the source object anchor,
// which an earlier operation of the same plan would create.
func KnownAfterCreate(anchor string) Value { return Value{kind: Pending, text: anchor} }

// Kind returns what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is absent.
func (v Value) IsNull() bool { return v.kind == Null }

// IsEmpty reports whether v is null, the empty string, or a list in which
// every element is empty. Entra calls both "null or empty".
func (v Value) IsEmpty() bool {
	switch v.kind {
	case Null:
		return true
	case String, Reference:
		return v.text == ""
	case List:
		return !slices.ContainsFunc(v.list, func(e Value) bool { return !e.IsEmpty() })
	default:
		return false
	}
}

// Text returns v as Entra prints it: booleans as True and False, integers in
// decimal, datetimes as M/d/yyyy h:mm:ss tt in UTC, lists joined by ", ",
// null as "".
func (v Value) Text() string {
	switch v.kind {
	case String, Reference:
		return v.text
	case Boolean:
		if v.num != 0 {
			return "True"
		}
		return "False"
	case Integer:
		return strconv.FormatInt(v.num, 10)
	case DateTime:
		return fromTicks(v.num).Format("1/2/2006 3:04:05 PM")
	case List:
		texts := make([]string, len(v.list))
		for i, e := range v.list {
			texts[i] = e.Text()
		}
		return strings.Join(texts, ", ")
	case Complex:
		b, _ := v.MarshalJSON()
		return string(b)
	case Pending:
		return PendingText
	default:
		return ""
	}
}

// String is Text: it makes a Value readable in errors and test failures.
func (v Value) String() string { return v.Text() }

// Boolean returns the truth of a boolean, or of a string that spells one in
// any case ("True", "false"); ok is false for anything else.
func (v Value) Boolean() (truth, ok bool) {
	switch {
	case v.kind == Boolean:
		return v.num != 0, true
	case v.kind == String && strings.EqualFold(v.text, "true"):
		return true, true
	case v.kind == String && strings.EqualFold(v.text, "false"):
		return false, true
	default:
		return false, false
	}
}

// Integer returns the number of an integer, or of a string of decimal digits
// with an optional sign; ok is false for anything else.
func (v Value) Integer() (n int64, ok bool) {
	switch v.kind {
	case Integer:
		return v.num, true
	case String:
		n, err := strconv.ParseInt(strings.TrimSpace(v.text), 10, 64)
		return n, err == nil
	default:
		return 0, false
	}
}

// Time returns the instant of a datetime, in UTC; ok is false for anything else.
func (v Value) Time() (t time.Time, ok bool) {
	if v.kind != DateTime {
		return time.Time{}, false
	}
	return fromTicks(v.num), true
}

// Anchor returns the anchor that a Reference or a Pending value holds, and ""
// for anything else.
func (v Value) Anchor() string {
	if v.kind == Reference || v.kind == Pending {
		return v.text
	}
	return ""
}

// Elements returns the elements of a list, v itself alone for a single value,
// and nothing for null. The result must not be changed.
func (v Value) Elements() []Value {
	switch v.kind {
	case Null:
		return nil
	case List:
		return v.list
	default:
		return []Value{v}
	}
}

// Fields returns the fields of a complex value, in order, and nil for anything else.
func (v Value) Fields() []Field {
	if v.kind != Complex {
		return nil
	}
	fields := make([]Field, 0, len(v.list)/2)
	for i := 0; i+1 < len(v.list); i += 2 {
		fields = append(fields, Field{Name: v.list[i].text, Value: v.list[i+1]})
	}
	return fields
}

// Field returns the value of the named field of a complex value, its name
// compared without case, and null where there is none.
func (v Value) Field(name string) Value {
	if v.kind != Complex {
		return Value{}
	}
	for i := 0; i+1 < len(v.list); i += 2 {
		if strings.EqualFold(v.list[i].text, name) {
			return v.list[i+1]
		}
	}
	return Value{}
}

// Equal reports whether v and w hold the same: same kind, same content, the
// elements of a list in the same order.
func (v Value) Equal(w Value) bool {
	return v.kind == w.kind && v.num == w.num && v.text == w.text &&
		slices.EqualFunc(v.list, w.list, Value.Equal)
}

const (
	ticksPerSecond = 10_000_000
	// unixEpochTicks is 1970-01-01 in .NET ticks (100 ns since 0001-01-01).
	unixEpochTicks = 621_355_968_000_000_000
)

func ticks(t time.Time) int64 {
	return unixEpochTicks + t.Unix()*ticksPerSecond + int64(t.Nanosecond()/100)
}

func fromTicks(n int64) time.Time {
	n -= unixEpochTicks
	sec, rest := n/ticksPerSecond, n%ticksPerSecond
	return time.Unix(sec, rest*100).UTC()
}
