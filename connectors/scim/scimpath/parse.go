package scimpath

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of what is read. They are far above anything that a provisioning
// service sends and keep hostile input from using up the stack.
const (
	maxInput = 64 << 10 // bytes
	maxDepth = 50       // parentheses, not and brackets inside each other
	maxTerms = 500      // comparisons in one filter
)

// Parse reads an attribute path (RFC 7644 figures 1 and 7): userName,
// name.givenName, emails[type eq "work"].value, members[value eq "u1"], each
// of them with a schema URN and a colon in front. The error is an *Error.
func Parse(s string) (Path, error) {
	p := &parser{in: s}
	if err := p.begin("path"); err != nil {
		return Path{}, err
	}
	path, err := p.path()
	if err != nil {
		return Path{}, err
	}
	if p.pos < len(s) {
		if s[p.pos] == ' ' {
			return Path{}, p.fail(p.pos, "a path has no spaces outside of its value filter")
		}
		return Path{}, p.fail(p.pos, "%s does not belong here: the path ends before it", p.found(p.pos))
	}
	return path, nil
}

// ParseFilter reads a filter (RFC 7644 figure 1). The error is an *Error.
func ParseFilter(s string) (Filter, error) {
	p := &parser{in: s}
	if err := p.begin("filter"); err != nil {
		return nil, err
	}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.pos < len(s) {
		return nil, p.fail(p.pos, "%s closes nothing that was opened", p.found(p.pos))
	}
	return f, nil
}

// parser is a recursive descent parser over bytes: everything that has a
// meaning in the grammar is ASCII.
type parser struct {
	in         string
	pos        int
	depth      int
	terms      int
	inBrackets bool
}

func (p *parser) begin(what string) error {
	switch {
	case len(p.in) > maxInput:
		return p.fail(maxInput, "a %s of more than %d bytes is not read", what, maxInput)
	case !utf8.ValidString(p.in):
		return p.fail(invalidAt(p.in), "the text is not valid UTF-8")
	case strings.TrimSpace(p.in) == "":
		return p.fail(0, "the %s is empty", what)
	}
	return nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

func (p *parser) fail(offset int, format string, args ...any) error {
	return &Error{Input: p.in, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// found names what stands at an offset, for error messages.
func (p *parser) found(at int) string {
	if at >= len(p.in) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.in[at:])
	return fmt.Sprintf("%q", r)
}

func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) spaces() bool {
	start := p.pos
	for p.peek() == ' ' || p.peek() == '\t' {
		p.pos++
	}
	return p.pos > start
}

// word returns what stands at the position up to a space, bracket, parenthesis
// or quotation mark, without moving on.
func (p *parser) word() string {
	end := p.pos
	for end < len(p.in) && !strings.ContainsRune(" \t[]()\"", rune(p.in[end])) {
		end++
	}
	return p.in[p.pos:end]
}

// deeper counts a level of nesting; the caller calls p.depth-- when it is done.
func (p *parser) deeper() error {
	p.depth++
	if p.depth > maxDepth {
		return p.fail(p.pos, "nested more than %d levels deep", maxDepth)
	}
	return nil
}

// path reads [URN ":"] name ["[" filter "]"] ["." name].
func (p *parser) path() (Path, error) {
	start, word := p.pos, p.word()
	if word == "" {
		return Path{}, p.fail(start, "an attribute name is missing before %s", p.found(start))
	}
	var path Path
	rest := start // where the attribute name starts
	if colon := strings.LastIndexByte(word, ':'); colon >= 0 {
		path.URN, rest = word[:colon], start+colon+1
		if err := p.checkURN(start, path.URN, word); err != nil {
			return Path{}, err
		}
	}
	name, sub, dotted := strings.Cut(p.in[rest:start+len(word)], ".")
	if err := p.checkName(rest, name, "attribute"); err != nil {
		return Path{}, err
	}
	path.Attribute, p.pos = name, start+len(word)
	if p.peek() == '[' {
		if dotted {
			return Path{}, p.fail(p.pos, "a value filter stands after the attribute (%s[…].%s), not after its sub-attribute", name, sub)
		}
		filter, err := p.brackets()
		if err != nil {
			return Path{}, err
		}
		path.Filter = filter
		after := p.pos
		word = p.word()
		p.pos += len(word)
		switch {
		case word == "":
			return path, nil
		case word[0] != '.':
			return Path{}, p.fail(after, "after ] comes the end, or a dot and a sub-attribute, not %s", p.found(after))
		}
		dotted, sub = true, word[1:]
	}
	if dotted {
		if err := p.checkName(p.pos-len(sub), sub, "sub-attribute"); err != nil {
			return Path{}, err
		}
		path.Sub = sub
	}
	return path, nil
}

// brackets reads a value filter.
func (p *parser) brackets() (Filter, error) {
	open := p.pos
	if p.inBrackets {
		return nil, p.fail(open, "a value filter cannot hold another one")
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.inBrackets = true
	p.pos++
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	p.inBrackets = false
	if p.peek() != ']' {
		return nil, p.fail(p.pos, "%s where the ] of the value filter should be", p.found(p.pos))
	}
	p.pos++
	return f, nil
}

// checkURN accepts urn:, a namespace and something in it.
func (p *parser) checkURN(at int, urn, word string) error {
	if len(urn) < 4 || !strings.EqualFold(urn[:4], "urn:") {
		return p.fail(at, "%q is no attribute name: a name with a colon starts with the URN of its schema (urn:…:attribute)", word)
	}
	namespace, rest, _ := strings.Cut(urn[4:], ":")
	if namespace == "" || rest == "" {
		return p.fail(at, "%q is no schema URN followed by a colon and an attribute name", word)
	}
	for i := range len(urn) {
		if !isName(urn[i]) && !strings.ContainsRune(":.%/+,=@;!*'~", rune(urn[i])) {
			return p.fail(at+i, "%s cannot be part of a schema URN", p.found(at+i))
		}
	}
	return nil
}

// checkName accepts ATTRNAME of RFC 7643 section 2.1, and $ref.
func (p *parser) checkName(at int, name, what string) error {
	if name == "" {
		return p.fail(at, "the name of the %s is missing", what)
	}
	for i := range len(name) {
		switch c := name[i]; {
		case isLetter(c), i > 0 && isName(c), i == 0 && c == '$' && len(name) > 1:
		case i > 0 && c == '.':
			return p.fail(at+i, "a sub-attribute has no sub-attributes of its own")
		case i == 0 && isName(c):
			return p.fail(at, "the name of an attribute starts with a letter, not with %s", p.found(at))
		default:
			return p.fail(at+i, "%s cannot be part of an attribute name", p.found(at+i))
		}
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isName(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '_' }
