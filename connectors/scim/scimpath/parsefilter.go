package scimpath

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// or reads terms joined by or; it stops at the end, ) or ].
func (p *parser) or() (Filter, error) {
	left, err := p.and()
	if err != nil {
		return nil, err
	}
	for p.keyword("or") {
		right, err := p.and()
		if err != nil {
			return nil, err
		}
		left = Or{left, right}
	}
	if c := p.peek(); c != 0 && c != ')' && c != ']' || c == 0 && p.pos < len(p.in) {
		return nil, p.fail(p.pos, `%q where "and", "or" or the end should be`, p.wordOrByte())
	}
	return left, nil
}

// and reads terms joined by and, which binds tighter than or.
func (p *parser) and() (Filter, error) {
	left, err := p.term()
	if err != nil {
		return nil, err
	}
	for p.keyword("and") {
		right, err := p.term()
		if err != nil {
			return nil, err
		}
		left = And{left, right}
	}
	return left, nil
}

// keyword moves past a logical operator if it is the next word.
func (p *parser) keyword(name string) bool {
	p.spaces()
	if w := p.word(); strings.EqualFold(w, name) {
		p.pos += len(w)
		return true
	}
	return false
}

func (p *parser) wordOrByte() string {
	if w := p.word(); w != "" {
		return shorten(w)
	}
	return p.in[p.pos : p.pos+1]
}

// term reads "(" filter ")", not "(" filter ")" or a comparison.
func (p *parser) term() (Filter, error) {
	p.spaces()
	start := p.pos
	if p.peek() == '(' {
		return p.parentheses()
	}
	if w := p.word(); strings.EqualFold(w, "not") {
		p.pos += len(w)
		p.spaces()
		if p.peek() == '(' {
			f, err := p.parentheses()
			if err != nil {
				return nil, err
			}
			return Not{f}, nil
		}
		p.pos = start // an attribute of that name
	}
	return p.comparison()
}

func (p *parser) parentheses() (Filter, error) {
	open := p.pos
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	p.pos++
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.peek() != ')' {
		return nil, p.fail(p.pos, "%s where the ) of the ( at character %d should be",
			p.found(p.pos), (&Error{Input: p.in, Offset: open}).column()+1)
	}
	p.pos++
	return f, nil
}

// comparison reads path "pr", path operator value, or a value path alone.
func (p *parser) comparison() (Filter, error) {
	p.terms++
	if p.terms > maxTerms {
		return nil, p.fail(p.pos, "more than %d comparisons in one filter", maxTerms)
	}
	path, err := p.path()
	if err != nil {
		return nil, err
	}
	end := p.pos
	spaced := p.spaces()
	at, word := p.pos, p.word()
	alone := word == "" || strings.EqualFold(word, "and") || strings.EqualFold(word, "or")
	if alone && path.Filter != nil && path.Sub == "" {
		return ValuePath{path}, nil
	}
	switch {
	case word == "":
		return nil, p.fail(at, "an operator is missing after %q: %s", path, operators)
	case !spaced:
		return nil, p.fail(end, "a space is missing after %q", path)
	}
	p.pos += len(word)
	if strings.EqualFold(word, "pr") {
		return Present{path}, nil
	}
	op := Op(strings.ToLower(word))
	switch op {
	case Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le:
	default:
		return nil, p.fail(at, "%q is no operator: %s", shorten(word), operators)
	}
	if !p.spaces() {
		return nil, p.fail(p.pos, "a space and a value are missing after %q", word)
	}
	value, err := p.value(op)
	if err != nil {
		return nil, err
	}
	return Compare{path, op, value}, nil
}

const operators = "the operators are eq, ne, co, sw, ew, gt, ge, lt, le and pr"

// value reads a JSON string, number, true, false or null that the operator
// can compare with (RFC 7644 table 3).
func (p *parser) value(op Op) (any, error) {
	at := p.pos
	if p.peek() == '"' {
		return p.quoted()
	}
	word := p.word()
	if word == "" {
		return nil, p.fail(at, "a value is missing after %q", op)
	}
	p.pos += len(word)
	ordering := op == Gt || op == Ge || op == Lt || op == Le
	textual := op == Co || op == Sw || op == Ew
	switch strings.ToLower(word) {
	case "true", "false", "null":
		if ordering || textual {
			return nil, p.fail(at, "%q cannot be compared by %q, only by eq and ne", word, op)
		}
		if strings.EqualFold(word, "null") {
			return nil, nil
		}
		return strings.EqualFold(word, "true"), nil
	}
	n, ok := number(word)
	switch {
	case !ok:
		return nil, p.fail(at, "%q is no value: text stands in double quotes", shorten(word))
	case textual:
		return nil, p.fail(at, "the number %s cannot be compared by %q: text stands in double quotes", shorten(word), op)
	}
	return n, nil
}

// number returns an int64 where it can hold the number, else a float64.
func number(word string) (any, bool) {
	if !json.Valid([]byte(word)) {
		return nil, false
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, false // too large for a float64
	}
	// 1.5e3 is 1500: a number has one form, and printing it gives it back.
	if f == math.Trunc(f) && math.Abs(f) < 1<<63 {
		return int64(f), true
	}
	return f, true
}

// quoted reads a JSON string.
func (p *parser) quoted() (string, error) {
	start, end := p.pos, p.pos+1
	for end < len(p.in) && p.in[end] != '"' {
		if p.in[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(p.in) {
		return "", p.fail(start, "the quotation mark that ends this text is missing")
	}
	p.pos = end + 1
	var s string
	if err := json.Unmarshal([]byte(p.in[start:p.pos]), &s); err != nil {
		return "", p.fail(start, `this text is no JSON string: inside of it write \" for a quotation mark and \\ for a backslash`)
	}
	if c := p.peek(); c != 0 && c != ' ' && c != '\t' && c != ')' && c != ']' {
		return "", p.fail(p.pos, "%s directly after the text's closing quotation mark", p.found(p.pos))
	}
	return s, nil
}
