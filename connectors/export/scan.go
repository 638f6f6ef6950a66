package export

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/scimsync/scimsync/connectors/directory"
)

// scanner walks one JSON value whose syntax a jsontext.Decoder has already
// checked, names and encoding included. Strings are parts of the text: one
// allocation an object, where a token reader needs one a member.
type scanner struct {
	text string
	pos  int
}

var (
	errTooDeep = errors.New("the object is nested too deep")
	errSyntax  = errors.New("invalid JSON")
)

// maxDepth is how deep lists and objects in an attribute may be nested; Graph
// has two levels.
const maxDepth = 12

// kind returns the first byte of the next token, 0 at the end.
func (s *scanner) kind() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// enter takes the bracket that the scanner stands at.
func (s *scanner) enter() { s.pos++ }

// more reports whether another element or member follows before the closing
// bracket, which it takes.
func (s *scanner) more(closing byte) bool {
	switch s.kind() {
	case closing:
		s.pos++
		return false
	case 0:
		return false
	default:
		return true
	}
}

// str takes a string. It must stand at one.
func (s *scanner) str() (string, error) {
	start := s.pos + 1
	end := strings.IndexByte(s.text[min(start, len(s.text)):], '"')
	if end < 0 {
		return "", errSyntax
	}
	if part := s.text[start : start+end]; strings.IndexByte(part, '\\') < 0 {
		s.pos = start + end + 1
		return part, nil
	}
	for i := start; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
		case '"':
			quoted := s.text[s.pos : i+1]
			s.pos = i + 1
			b, err := jsontext.AppendUnquote(nil, quoted)
			return string(b), err
		}
	}
	return "", errSyntax
}

// word takes a number or a literal.
func (s *scanner) word() string {
	start := s.pos
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n', ',', ':', ']', '}':
			return s.text[start:s.pos]
		}
		s.pos++
	}
	return s.text[start:]
}

// value takes any value: whole numbers become integers, other numbers
// strings, and members and elements that are null are left out.
func (s *scanner) value(depth int) (directory.Value, error) {
	if depth > maxDepth {
		return directory.Value{}, errTooDeep
	}
	switch s.kind() {
	case '"':
		text, err := s.str()
		return directory.Str(text), err
	case '[':
		var list []directory.Value
		s.enter()
		for s.more(']') {
			v, err := s.value(depth + 1)
			if err != nil {
				return directory.Value{}, err
			}
			if !v.IsNull() {
				list = append(list, v)
			}
		}
		return directory.Of(list...), nil
	case '{':
		var fields []directory.Field
		s.enter()
		for s.more('}') {
			field, err := s.str()
			if err != nil {
				return directory.Value{}, err
			}
			v, err := s.value(depth + 1)
			if err != nil {
				return directory.Value{}, err
			}
			if !v.IsNull() && !strings.Contains(field, "@odata.") {
				fields = append(fields, directory.Field{Name: field, Value: v})
			}
		}
		return directory.Struct(fields...), nil
	case 0:
		return directory.Value{}, errSyntax
	default:
		return literal(s.word())
	}
}

func literal(word string) (directory.Value, error) {
	switch word {
	case "null":
		return directory.Value{}, nil
	case "true":
		return directory.Bool(true), nil
	case "false":
		return directory.Bool(false), nil
	case "":
		return directory.Value{}, errSyntax
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return directory.Int(i), nil
	}
	return directory.Str(word), nil
}

// skip takes any value without looking at it.
func (s *scanner) skip() error {
	depth := 0
	for {
		switch s.kind() {
		case 0:
			return errSyntax
		case '"':
			if _, err := s.str(); err != nil {
				return err
			}
		case '{', '[':
			depth++
			s.pos++
		case '}', ']':
			depth--
			s.pos++
		default:
			s.word()
		}
		if depth <= 0 {
			return nil
		}
	}
}
