package expr

import (
	"cmp"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// compareOp compares two operands: as dates if either is one, as truths if
// either is one and both spell one, as numbers if both look like one, and
// otherwise as strings, by their bytes and with case. Null is the empty string.
type compareOp struct {
	node        *Comparison
	left, right op
}

func (o *compareOp) eval(m *machine) (result, error) {
	l, err := o.left.eval(m)
	if err != nil || l.signal != nil {
		return l, err
	}
	r, err := o.right.eval(m)
	if err != nil || r.signal != nil {
		return r, err
	}
	a, err := o.single(m, l.v, o.node.Left)
	if err != nil {
		return result{}, err
	}
	b, err := o.single(m, r.v, o.node.Right)
	if err != nil {
		return result{}, err
	}
	if m.work += len(a.Text()) + len(b.Text()); m.work > MaxWork {
		fault := m.fault(o.node.At, nil, nil, "all values of the expression together grew beyond %d bytes", MaxWork)
		fault.Err = ErrTooLarge
		return result{}, fault
	}
	if a.IsEmpty() != b.IsEmpty() && (ordered(a) || ordered(b)) {
		return boolean(o.node.Operator == "<>"), nil
	}
	order, err := o.compare(m, a, b)
	if err != nil {
		return result{}, err
	}
	return boolean(o.holds(order)), nil
}

// ordered reports whether v is a number or a date. Nothing is neither before
// nor after one: "If the source attribute used within the IIF function is
// empty or null, the condition check fails", says Microsoft's reference.
func ordered(v directory.Value) bool {
	if v.Kind() == directory.DateTime || v.Kind() == directory.Integer {
		return true
	}
	_, ok := parseDecimal(v.Text())
	return ok
}

func (o *compareOp) holds(order int) bool {
	switch o.node.Operator {
	case "=":
		return order == 0
	case "<>":
		return order != 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default:
		return order >= 0
	}
}

func (o *compareOp) single(m *machine, v directory.Value, at Node) (directory.Value, error) {
	if v.Kind() != directory.List {
		return v, nil
	}
	switch e := v.Elements(); len(e) {
	case 0:
		return directory.Value{}, nil
	case 1:
		return e[0], nil
	default:
		return v, m.fault(at.Pos(), nil, nil, "a comparison takes single values and got %d: use Item or Join", len(e))
	}
}

func (o *compareOp) compare(m *machine, a, b directory.Value) (int, error) {
	if a.Kind() == directory.DateTime || b.Kind() == directory.DateTime {
		return o.compareDates(m, a, b)
	}
	if a.Kind() == directory.Integer && b.Kind() == directory.Integer {
		x, _ := a.Integer()
		y, _ := b.Integer()
		return cmp.Compare(x, y), nil
	}
	if a.Kind() == directory.Boolean || b.Kind() == directory.Boolean {
		x, isX := a.Boolean()
		y, isY := b.Boolean()
		if isX && isY {
			return cmp.Compare(bit(x), bit(y)), nil
		}
	}
	s, t := a.Text(), b.Text()
	if x, ok := parseDecimal(s); ok {
		if y, ok := parseDecimal(t); ok {
			return x.compare(y), nil
		}
	}
	return strings.Compare(s, t), nil
}

func (o *compareOp) compareDates(m *machine, a, b directory.Value) (int, error) {
	for _, side := range []struct {
		v  *directory.Value
		at Node
	}{{&a, o.node.Left}, {&b, o.node.Right}} {
		d, ok := toDate(*side.v, m)
		if !ok {
			return 0, m.fault(side.at.Pos(), nil, nil, "%s is not a date, and is compared with one", m.quote(*side.v))
		}
		*side.v = d
	}
	x, hasX := a.Time()
	y, hasY := b.Time()
	if !hasX || !hasY { // white space alone is no date
		return cmp.Compare(bit(hasX), bit(hasY)), nil
	}
	return x.Compare(y), nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// decimal is a decimal number of any length, kept as the digits of its text.
type decimal struct {
	negative        bool
	whole, fraction string // without leading, respectively trailing zeros
}

// parseDecimal reads an optional sign, digits and an optional fraction, with
// white space around them.
func parseDecimal(s string) (decimal, bool) {
	s = strings.TrimSpace(s)
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	whole, fraction, dotted := strings.Cut(s, ".")
	if whole == "" || dotted && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return d, false
	}
	d.whole, d.fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	d.negative = d.negative && !d.zero()
	return d, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (d decimal) zero() bool { return d.whole == "" && d.fraction == "" }

func (d decimal) compare(e decimal) int {
	if d.negative != e.negative {
		return cmp.Compare(bit(e.negative), bit(d.negative))
	}
	order := cmp.Compare(len(d.whole), len(e.whole))
	if order == 0 {
		order = strings.Compare(d.whole, e.whole)
	}
	if order == 0 {
		order = strings.Compare(d.fraction, e.fraction)
	}
	if d.negative {
		return -order
	}
	return order
}
