package graphschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is one thing that is wrong with a schema.
type Error struct {
	Path    string // where, as in synchronizationRules[0].objectMappings[1].enabled; "" for the whole
	Message string // what was found, and what would be right
}

// Error returns the path and the message in one line.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return e.Path + ": " + e.Message
}

// maxFaults is how many errors one Import reports.
const maxFaults = 10

// faults collects what is wrong while a schema is read.
type faults struct {
	list []error
	more int
}

func (f *faults) add(at value, format string, args ...any) {
	if len(f.list) == maxFaults {
		f.more++
		return
	}
	f.list = append(f.list, &Error{Path: at.path(), Message: fmt.Sprintf(format, args...)})
}

func (f *faults) err() error {
	if f.more > 0 {
		return errors.Join(append(f.list, fmt.Errorf("and %d more of this kind", f.more))...)
	}
	return errors.Join(f.list...)
}

// value is one place of the JSON. A member that is missing, null or of a wrong
// type gives zero values to every reader; a wrong type is noted.
type value struct {
	faults *faults
	parent *value
	name   string // of the member
	index  int    // in the list, where there is no name
	v      any
}

// path returns the place as errors name it. It is put together when it is
// needed, for most values are right.
func (v value) path() string {
	switch {
	case v.parent == nil:
		return ""
	case v.name == "":
		return fmt.Sprintf("%s[%d]", v.parent.path(), v.index)
	case v.parent.parent == nil:
		return v.name
	default:
		return v.parent.path() + "." + v.name
	}
}

// given reports whether there is a value other than null.
func (v value) given() bool { return v.v != nil }

// get returns a member of an object. PowerShell writes names with a capital
// letter, which is read too.
func (v value) get(name string) value {
	at := value{faults: v.faults, parent: &v, name: name}
	m, _ := v.v.(map[string]any)
	if member, ok := m[name]; ok {
		at.v = member
		return at
	}
	at.v = m[strings.ToUpper(name[:1])+name[1:]]
	return at
}

// object reports whether the value is an object, and notes if it is none.
func (v value) object() bool {
	_, ok := v.v.(map[string]any)
	if !ok {
		v.wrong("an object")
	}
	return ok
}

// maxEntries is how many entries a list may have: several times those that the
// richest directories have attributes.
const maxEntries = 10_000

// elements gives the elements of a list, none for null.
func (v value) elements() iter.Seq[value] {
	return func(yield func(value) bool) {
		if v.v == nil {
			return
		}
		l, ok := v.v.([]any)
		if !ok {
			v.wrong("a list")
		}
		if len(l) > maxEntries {
			v.faults.add(v, "has %d entries, and %d are allowed", len(l), maxEntries)
			return
		}
		for i, e := range l {
			if !yield(value{faults: v.faults, parent: &v, index: i, v: e}) {
				return
			}
		}
	}
}

// objects gives the elements of a list that are objects.
func (v value) objects() iter.Seq[value] {
	return func(yield func(value) bool) {
		for e := range v.elements() {
			if e.object() && !yield(e) {
				return
			}
		}
	}
}

func (v value) texts() []string {
	var all []string
	for e := range v.elements() {
		if !e.given() {
			e.wrong("text")
		}
		all = append(all, e.text())
	}
	return all
}

func (v value) text() string {
	if s := v.optional(); s != nil {
		return *s
	}
	return ""
}

// optional returns the text of a value, nil for null.
func (v value) optional() *string {
	if v.v == nil {
		return nil
	}
	s, ok := v.v.(string)
	if !ok {
		v.wrong("text")
		return nil
	}
	return &s
}

func (v value) truth(fallback bool) bool {
	if v.v == nil {
		return fallback
	}
	b, ok := v.v.(bool)
	if !ok {
		v.wrong("true or false")
		return fallback
	}
	return b
}

func (v value) number() int {
	if v.v == nil {
		return 0
	}
	if n, ok := v.v.(json.Number); ok {
		if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil {
			return int(i)
		}
	}
	v.wrong("a whole number that fits in 32 bits")
	return 0
}

func (v value) wrong(expected string) {
	v.faults.add(v, "expected %s, found %s", expected, found(v.v))
}

// found says what stands at a place.
func found(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return "the number " + short(v.String())
	case string:
		return "the text " + quote(v)
	default:
		return fmt.Sprintf("%T", v)
	}
}

const maxShown = 60 // characters of a text in an error or a comment

func quote(s string) string { return strconv.Quote(short(s)) }

// short returns the beginning of a text in one line.
func short(s string) string {
	s = oneLine(s)
	if utf8.RuneCountInString(s) > maxShown {
		return string([]rune(s)[:maxShown]) + "…"
	}
	return s
}

// oneLine returns a text for a comment: control characters and line breaks, by
// which it could leave the comment, replaced.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}
