package expr

import (
	"strings"
	"unicode"

	"github.com/scimsync/scimsync/connectors/directory"
)

func required(name string, t Type, description string) Parameter {
	return Parameter{Name: name, Type: t, Required: true, Key: name, Description: description}
}

func optional(name string, t Type, description string) Parameter {
	return Parameter{Name: name, Type: t, Key: name, Description: description}
}

func repeating(p Parameter) Parameter {
	p.Repeating = true
	return p
}

func keyed(p Parameter, key string) Parameter {
	p.Key = key
	return p
}

func oneOf(p Parameter, values ...string) Parameter {
	p.Values = values
	return p
}

// textFunctions take strings apart and put them together.
var textFunctions = []*builtin{
	{
		Function: Function{
			Name: "Append", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string to extend"),
				required("suffix", TypeString, "what to put after it"),
			},
			Description:   "Puts a suffix after a string. Null counts as the empty string.",
			Example:       `Append("adele", "@contoso.com")`,
			ExampleResult: "adele@contoso.com",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			return c.concat(m, str(args, 0), str(args, 1))
		},
	},
	{
		Function: Function{
			Name: "Prepend", Result: TypeString, Page: pageGraph,
			Parameters: []Parameter{
				required("prefix", TypeString, "what to put before the string"),
				required("source", TypeString, "the string to extend"),
			},
			Description:   "Puts a prefix before a string. Null counts as the empty string.",
			Example:       `Prepend("SMTP:", "adele@contoso.com")`,
			ExampleResult: "SMTP:adele@contoso.com",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			return c.concat(m, str(args, 0), str(args, 1))
		},
	},
	{
		Function: Function{
			Name: "Join", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("separator", TypeString, "what to put between the values; may be empty"),
				repeating(required("source", TypeString, "a value, or an attribute with several")),
			},
			Description:   "Joins values with a separator between them. Null and empty values are left out, with their separator; the values of a multi-valued attribute are joined one by one.",
			Example:       `Join(", ", "", "Doe", "John")`,
			ExampleResult: "Doe, John",
		},
		run: runJoin,
	},
	{
		Function: Function{
			Name: "Left", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("String", TypeString, "the string to take characters from"),
				required("NumChars", TypeInteger, "how many characters"),
			},
			Description:   "Returns the first characters of a string: none for 0, the whole string for a negative number.",
			Example:       `Left("John Doe", 3)`,
			ExampleResult: "Joh",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			s, n := str(args, 0), num(args, 1, 0)
			if n < 0 {
				return text(s), nil
			}
			return text(utf16Slice(s, 0, n)), nil
		},
	},
	{
		Function: Function{
			Name: "Mid", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string to take characters from"),
				required("start", TypeInteger, "the first character, counted from 1"),
				required("length", TypeInteger, "how many characters; cut to what is there"),
			},
			Description:   "Returns a part of a string. A start outside of the string gives the empty string.",
			Example:       `Mid("johnsmith", 5, 100)`,
			ExampleResult: "smith",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			start, length := num(args, 1, 0), num(args, 2, 0)
			if start < 1 {
				return text(""), nil
			}
			return text(utf16Slice(str(args, 0), start-1, length)), nil
		},
	},
	{
		Function: Function{
			Name: "Len", Result: TypeInteger, Page: pageConnect,
			Parameters:    []Parameter{required("source", TypeString, "the string to measure")},
			Description:   "Returns the number of characters of a string, as UTF-16 counts them.",
			Example:       `Len("John Doe")`,
			ExampleResult: "8",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return number(utf16Len(str(args, 0))), nil
		},
	},
	{
		Function: Function{
			Name: "InStr", Result: TypeInteger, Page: pageReference,
			Parameters: []Parameter{
				required("value1", TypeString, "the string to search"),
				required("value2", TypeString, "the string to find"),
				optional("start", TypeInteger, "where to begin, counted from 1; 1 if left out"),
				oneOf(optional("compareType", TypeInteger, "vbTextCompare ignores case, vbBinaryCompare, the default, does not"), "0", "1"),
			},
			Description:   "Returns where a string first occurs in another, counted from 1, and 0 where it does not.",
			Example:       `InStr("repEated", "e", 3, vbBinaryCompare)`,
			ExampleResult: "7",
		},
		prepare: func(k *checker, c *callOp) {
			if v, ok := c.constant(2); ok && !v.IsEmpty() {
				if n, _ := v.Integer(); n < 1 {
					k.argument(c, 2, "is %d, and the first character is 1", n)
				}
			}
		},
		run: runInStr,
	},
	{
		Function: Function{
			Name: "StripSpaces", Result: TypeString, Page: pageReference,
			Parameters:    []Parameter{required("source", TypeString, "the string, or an attribute with several")},
			Description:   "Removes every space (U+0020), and no other white space.",
			Example:       `StripSpaces("van der Berg")`,
			ExampleResult: "vanderBerg",
		},
		each: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(strings.ReplaceAll(str(args, 0), " ", "")), nil
		},
	},
	{
		Function: Function{
			Name: "Trim", Result: TypeString, Page: pageCloudSync,
			Parameters:    []Parameter{required("value", TypeString, "the string, or an attribute with several")},
			Description:   "Removes white space at both ends of a string, and of each value of a multi-valued attribute.",
			Example:       `Trim(" Test ")`,
			ExampleResult: "Test",
		},
		each: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(strings.TrimSpace(str(args, 0))), nil
		},
	},
	{
		Function: Function{
			Name: "Word", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("String", TypeString, "the string to take a word from"),
				required("WordNumber", TypeInteger, "which word, counted from 1"),
				required("delimiters", TypeString, "characters that separate words"),
			},
			Description:   "Returns one word of a string; the empty string if there are not as many. Delimiters in a row count as one.",
			Example:       `Word("This,string!has&many separators", 3, ",!&#")`,
			ExampleResult: "has",
		},
		run: runWord,
	},
}

// concat returns a and b in one string, without copying if one is empty.
func (c *callOp) concat(m *machine, a, b string) (result, error) {
	switch {
	case a == "":
		return text(b), nil
	case b == "":
		return text(a), nil
	case !m.fits(len(a) + len(b)):
		return result{}, c.tooLarge(m)
	}
	return text(a + b), nil
}

func runJoin(m *machine, c *callOp, args []result) (result, error) {
	separator := str(args, 0)
	m.buf = m.buf[:0]
	count, last := 0, ""
	add := func(v directory.Value) bool {
		if v.IsEmpty() {
			return true
		}
		s := v.Text()
		if count == 0 {
			count, last = 1, s // a single value needs no copy
			return true
		}
		if count == 1 {
			m.buf = append(m.buf, last...)
		}
		count++
		if !m.fits(len(m.buf) + len(separator) + len(s)) {
			return false
		}
		m.buf = append(append(m.buf, separator...), s...)
		return true
	}
	for _, a := range args[1:] {
		if a.v.Kind() != directory.List {
			if !add(a.v) {
				return result{}, c.tooLarge(m)
			}
			continue
		}
		for _, e := range a.v.Elements() {
			if !add(e) {
				return result{}, c.tooLarge(m)
			}
		}
	}
	if count <= 1 {
		return text(last), nil
	}
	return text(string(m.buf)), nil
}

// runInStr follows Visual Basic's InStr: nothing is found in an empty string,
// and an empty string is found where the search begins.
func runInStr(m *machine, c *callOp, args []result) (result, error) {
	s, find, start := str(args, 0), str(args, 1), num(args, 2, 1)
	if start < 1 {
		return result{}, c.fault(m, 2, "is %d, and the first character is 1", start)
	}
	if s == "" || start > utf16Len(s) {
		return number(0), nil
	}
	if find == "" {
		return number(start), nil
	}
	if num(args, 3, binaryCompare) == textCompare {
		s, find = foldCase(s), foldCase(find)
	}
	tail := utf16Slice(s, start-1, int64(len(s)))
	i := strings.Index(tail, find)
	if i < 0 {
		return number(0), nil
	}
	return number(start + utf16Len(tail[:i])), nil
}

// foldCase maps each character to upper case, as OrdinalIgnoreCase does.
func foldCase(s string) string { return strings.Map(upperInvariant, s) }

// runWord splits at white space where no delimiters are given, as .NET's
// String.Split does.
func runWord(_ *machine, _ *callOp, args []result) (result, error) {
	s, n := str(args, 0), num(args, 1, 0)
	if n < 1 {
		return text(""), nil
	}
	delimiters := separators(str(args, 2))
	start := -1
	for i, r := range s {
		switch {
		case !delimiters.has(r):
			if start < 0 {
				start = i
			}
		case start >= 0:
			if n--; n == 0 {
				return text(s[start:i]), nil
			}
			start = -1
		}
	}
	if start >= 0 && n == 1 {
		return text(s[start:]), nil
	}
	return text(""), nil
}

// charset is a set of characters: of separators, mostly.
type charset struct {
	set     string
	members map[rune]bool // for large sets, so that each test takes the same time
}

// separators returns the characters of set, or white space if it is empty.
func separators(set string) charset {
	s := charset{set: set}
	if len(set) > 32 {
		s.members = make(map[rune]bool, len(set))
		for _, r := range set {
			s.members[r] = true
		}
	}
	return s
}

func (s charset) has(r rune) bool {
	switch {
	case s.set == "":
		return unicode.IsSpace(r)
	case s.members != nil:
		return s.members[r]
	default:
		return strings.ContainsRune(s.set, r)
	}
}
