package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	tokenEnd kind = iota
	tokenString
	tokenNumber
	tokenHex
	tokenName
	tokenAttribute
	tokenGlobal
	tokenOperator
	tokenOpen
	tokenClose
	tokenComma
)

// token is a word of an expression. text is what it stands for: of a string
// without quotes and escapes, of an attribute without brackets.
type token struct {
	kind kind
	text string
	at   Position
}

// lexer cuts an expression into tokens.
type lexer struct {
	src string
	at  Position
}

func newLexer(src string) *lexer { return &lexer{src: src, at: Position{Line: 1, Column: 1}} }

func (l *lexer) fault(at Position, format string, args ...any) *Error {
	return faultAt(l.src, at, format, args...)
}

// peek returns the next character without taking it, and 0 at the end.
func (l *lexer) peek() rune {
	if l.at.Offset >= len(l.src) {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.at.Offset:])
	return r
}

func (l *lexer) ended() bool { return l.at.Offset >= len(l.src) }

// take takes the next character.
func (l *lexer) take() rune {
	r, size := utf8.DecodeRuneInString(l.src[l.at.Offset:])
	l.at.Offset += size
	l.at.Column++
	if r == '\n' {
		l.at.Line++
		l.at.Column = 1
	}
	return r
}

// takeWhile takes characters as long as they satisfy f and returns them.
func (l *lexer) takeWhile(f func(rune) bool) string {
	start := l.at.Offset
	for !l.ended() && f(l.peek()) {
		l.take()
	}
	return l.src[start:l.at.Offset]
}

// isSpace includes the no-break space and the byte order mark, which texts
// copied from web pages and files carry.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' }

func isNameStart(r rune) bool { return r == '_' || r < utf8.RuneSelf && unicode.IsLetter(r) }

func isNamePart(r rune) bool { return isNameStart(r) || isDigit(r) }

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

func isHexDigit(r rune) bool {
	return isDigit(r) || 'a' <= r && r <= 'f' || 'A' <= r && r <= 'F'
}

// next returns the next token.
func (l *lexer) next() (token, *Error) {
	l.takeWhile(isSpace)
	t := token{at: l.at}
	if l.ended() {
		return t, nil
	}
	r := l.peek()
	switch {
	case r == '"':
		return l.stringToken(t)
	case r == '[':
		return l.attributeToken(t)
	case r == '%':
		return l.globalToken(t)
	case isNameStart(r):
		t.kind, t.text = tokenName, l.takeWhile(isNamePart)
		return t, nil
	case isDigit(r) || r == '-':
		return l.numberToken(t)
	case r == '&':
		return l.hexToken(t)
	}
	l.take()
	t.text = string(r)
	switch r {
	case '(':
		t.kind = tokenOpen
	case ')':
		t.kind = tokenClose
	case ',':
		t.kind = tokenComma
	case '=':
		t.kind = tokenOperator
	case '<', '>':
		t.kind = tokenOperator
		if n := l.peek(); n == '=' || r == '<' && n == '>' {
			t.text += string(l.take())
		}
	default:
		return t, l.unexpected(t.at, r)
	}
	return t, nil
}

func (l *lexer) unexpected(at Position, r rune) *Error {
	switch r {
	case '“', '”', '„', '‘', '’', '\'':
		return l.fault(at, "unexpected %c: string constants stand in straight double quotes: \"...\"", r)
	case '!':
		return l.fault(at, "unexpected !: the operator for not equal is <>")
	case '+', '*', '/', '|', '^':
		return l.fault(at, "unexpected %c: the only operators are = <> < <= > >=; to concatenate, use Append or Join", r)
	case '{', '}', ']', ';', ':', '.', '#', '$', '?', '@', '\\', '`', '~':
		return l.fault(at, "unexpected %c: attribute names stand in brackets, string constants in double quotes", r)
	case utf8.RuneError:
		return l.fault(at, "the expression is not valid UTF-8 here")
	}
	return l.fault(at, "unexpected character %q", r)
}

// stringToken reads "...". Only \\ and \" are escapes; any other backslash
// stands for itself, for Microsoft's guides write "\+(?<isd>" too.
func (l *lexer) stringToken(t token) (token, *Error) {
	t.kind = tokenString
	l.take()
	start := l.at.Offset
	plain := true
	var b strings.Builder
	for !l.ended() {
		offset := l.at.Offset
		switch r := l.take(); r {
		case '"':
			if t.text = b.String(); plain {
				t.text = l.src[start:offset]
			}
			return t, nil
		case '\\':
			if n := l.peek(); !l.ended() && (n == '"' || n == '\\') {
				if plain {
					plain = false
					b.WriteString(l.src[start:offset])
				}
				b.WriteRune(l.take())
				continue
			}
			fallthrough
		default:
			if !plain {
				b.WriteString(l.src[offset:l.at.Offset])
			}
		}
	}
	return t, l.fault(t.at, "this string has no closing quotation mark (in a string, \" is written \\\")")
}

// attributeToken reads [...]; brackets inside the name are matched, as in
// [emails[type eq "work"].value].
func (l *lexer) attributeToken(t token) (token, *Error) {
	t.kind = tokenAttribute
	start, depth := l.at.Offset+1, 0
	for !l.ended() {
		switch l.take() {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			t.text = strings.TrimFunc(l.src[start:l.at.Offset-1], isSpace)
			if t.text == "" {
				return t, l.fault(t.at, "the brackets hold no attribute name")
			}
			return t, nil
		}
	}
	return t, l.fault(t.at, "this attribute name has no closing bracket")
}

func (l *lexer) globalToken(t token) (token, *Error) {
	t.kind = tokenGlobal
	l.take()
	t.text = l.takeWhile(func(r rune) bool { return isNamePart(r) || r == '.' || r == '-' })
	if t.text == "" || l.peek() != '%' {
		return t, l.fault(t.at, "%% begins the name of a global parameter, such as %%DomainFQDN%%, but the closing %% is missing")
	}
	l.take()
	return t, nil
}

func (l *lexer) numberToken(t token) (token, *Error) {
	t.kind = tokenNumber
	start := l.at.Offset
	l.take()
	l.takeWhile(isDigit)
	t.text = l.src[start:l.at.Offset]
	switch {
	case t.text == "-":
		return t, l.fault(t.at, "unexpected -: there is no subtraction; a negative number is written -1")
	case l.peek() == '.':
		return t, l.fault(t.at, "numbers are whole; write any other number in quotes")
	case isNameStart(l.peek()):
		return t, l.fault(t.at, "%s%c is neither a number nor a name; string constants stand in double quotes", t.text, l.peek())
	}
	return t, nil
}

// hexToken reads &HF7.
func (l *lexer) hexToken(t token) (token, *Error) {
	t.kind = tokenHex
	l.take()
	if r := l.peek(); r == 'H' || r == 'h' {
		l.take()
		t.text = l.takeWhile(isHexDigit)
	}
	if t.text == "" || isNamePart(l.peek()) {
		return t, l.fault(t.at, "& begins a hexadecimal number such as &HF7; to concatenate, use Append or Join")
	}
	return t, nil
}
