package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Limits of an expression's text.
const (
	// MaxSource is the length of the longest expression, in UTF-16 units
	// (Microsoft Learn, "Known issues for provisioning in Microsoft Entra ID").
	MaxSource = 10_000
	// MaxDepth is the deepest nesting of calls and parentheses.
	MaxDepth = 500
)

// Parse reads an expression into a tree, with names and constants as they are
// written. It checks the grammar alone: whether functions exist and have the
// right arguments is Compile's to say. Its error is an *Error.
func Parse(src string) (Node, error) {
	n, err := parse(src)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func parse(src string) (Node, *Error) {
	if n := utf16Len(src); n > MaxSource {
		return nil, &Error{Line: 1, Column: 1, Message: fmt.Sprintf("the expression has %d characters, and %d are allowed", n, MaxSource)}
	}
	p := parser{lexer: newLexer(src)}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenEnd {
		return nil, p.fault(p.token.at, "the expression is empty")
	}
	n, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.trailing()
	}
	return n, nil
}

type parser struct {
	*lexer
	token token
}

func (p *parser) advance() *Error {
	t, err := p.next()
	p.token = t
	return err
}

// trailing says what is wrong with text after a complete expression.
func (p *parser) trailing() *Error {
	switch p.token.kind {
	case tokenClose:
		return p.fault(p.token.at, "this closing parenthesis has no opening one")
	case tokenOperator:
		return p.fault(p.token.at, "only one comparison at a time: put the first in parentheses, or nest IIF")
	case tokenName:
		if w := strings.ToUpper(p.token.text); w == "AND" || w == "OR" {
			return p.fault(p.token.at, "there is no operator %s: nest IIF instead", w)
		}
	}
	return p.fault(p.token.at, "the expression ends before this; functions are nested, not put side by side")
}

// expression reads operand [ operator operand ].
func (p *parser) expression(depth int) (Node, *Error) {
	left, err := p.operand(depth)
	if err != nil || p.token.kind != tokenOperator {
		return left, err
	}
	c := &Comparison{At: p.token.at, Operator: p.token.text, Left: left}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenOperator {
		return nil, p.fault(p.token.at, "unexpected %s after %s: the operators are = <> < <= > >=", p.token.text, c.Operator)
	}
	c.Right, err = p.operand(depth)
	return c, err
}

func (p *parser) operand(depth int) (Node, *Error) {
	t := p.token
	if depth > MaxDepth {
		return nil, p.fault(t.at, "nested more than %d deep", MaxDepth)
	}
	switch t.kind {
	case tokenString:
		return &String{At: t.at, Value: t.text}, p.advance()
	case tokenAttribute:
		return &Attribute{At: t.at, Name: t.text}, p.advance()
	case tokenGlobal:
		return &Global{At: t.at, Name: t.text}, p.advance()
	case tokenNumber, tokenHex:
		return p.number(t)
	case tokenName:
		return p.name(t, depth)
	case tokenOpen:
		return p.parenthesis(t, depth)
	case tokenEnd:
		return nil, p.fault(t.at, "the expression ends where a value is expected")
	}
	return nil, p.fault(t.at, "unexpected %s where a value is expected", t.text)
}

func (p *parser) parenthesis(t token, depth int) (Node, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expression(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenClose {
		return nil, p.unclosed(t.at)
	}
	return n, p.advance()
}

func (p *parser) number(t token) (Node, *Error) {
	if t.kind == tokenHex {
		n, err := strconv.ParseUint(t.text, 16, 64)
		if err != nil {
			return nil, p.fault(t.at, "&H%s does not fit in 64 bits", t.text)
		}
		return &Number{At: t.at, Value: int64(n), Hex: true}, p.advance()
	}
	n, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		return nil, p.fault(t.at, "%s does not fit in 64 bits", t.text)
	}
	return &Number{At: t.at, Value: n}, p.advance()
}

// name reads a call or a keyword.
func (p *parser) name(t token, depth int) (Node, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenOpen {
		return p.call(t, depth)
	}
	if !isKeyword(t.text) {
		return nil, p.unknownWord(t)
	}
	return &Keyword{At: t.at, Name: t.text}, nil
}

func (p *parser) unknownWord(t token) *Error {
	hint := "attribute names stand in brackets, string constants in double quotes"
	if f, ok := Lookup(t.text); ok {
		hint = fmt.Sprintf("a call is written with parentheses: %s(...)", f.Name)
	} else if near := directory.Nearest(t.text, keywordNames()); near != "" {
		hint = fmt.Sprintf("did you mean %s?", near)
	}
	return p.fault(t.at, "%s is not a keyword: %s", t.text, hint)
}

func (p *parser) call(t token, depth int) (Node, *Error) {
	c := &Call{At: t.at, Name: t.text}
	open := p.token.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == tokenClose {
		return c, p.advance()
	}
	for {
		var a Node = &Omitted{At: p.token.at}
		if p.token.kind != tokenComma && p.token.kind != tokenClose {
			if p.token.kind == tokenEnd {
				return nil, p.unclosed(open)
			}
			n, err := p.expression(depth + 1)
			if err != nil {
				return nil, err
			}
			a = n
		}
		c.Arguments = append(c.Arguments, a)
		switch p.token.kind {
		case tokenClose:
			return c, p.advance()
		case tokenComma:
			if err := p.advance(); err != nil {
				return nil, err
			}
		default:
			return nil, p.betweenArguments(open)
		}
	}
}

func (p *parser) betweenArguments(open Position) *Error {
	t := p.token
	switch t.kind {
	case tokenEnd:
		return p.unclosed(open)
	case tokenOperator:
		return p.fault(t.at, "only one comparison at a time: nest IIF instead")
	case tokenName:
		if w := strings.ToUpper(t.text); w == "AND" || w == "OR" {
			return p.fault(t.at, "there is no operator %s: nest IIF instead", w)
		}
	}
	return p.fault(t.at, "a comma or a closing parenthesis is missing before this")
}

func (p *parser) unclosed(open Position) *Error {
	return p.fault(open, "this opening parenthesis has no closing one")
}
