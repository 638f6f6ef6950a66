package scope

import (
	"strings"

	"github.com/dlclark/regexp2/v2"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Operator describes one operator of a scoping filter's clause.
type Operator struct {
	Name    string // as Graph spells it, where that is known, else as the portal does
	Unary   bool   // takes no value
	Meaning string // when a clause holds, for people
}

// operator is a row of the table of operators. Exactly one of unary and
// binary is set.
type operator struct {
	Operator
	unary   func(v directory.Value) bool // v is empty for onEmpty operators alone
	binary  func(v directory.Value, w operand) verdict
	negated bool // binary holds for no operand, rather than for any
	onEmpty bool // what the clause says of an empty attribute
	integer bool // operands are integers
	regex   bool // operands are patterns
}

// operand is one value of a clause, read once.
type operand struct {
	text    string
	number  int64
	numeric bool
	pattern *regexp2.Regexp
}

// verdict is the answer of a clause.
type verdict uint8

const (
	fails verdict = iota
	holds
	undecided // matching a pattern took longer than matchTimeout
)

func verdictOf(b bool) verdict {
	if b {
		return holds
	}
	return fails
}

// operators are all operators that the portal offers and documents, in the
// order of Microsoft Learn, "Scoping users or groups to be provisioned with
// scoping filters". The Graph names of the first eight are published
// (filterOperatorSchema); of the others only the portal's spelling is.
//
// Comparisons are ordinal and case-sensitive. Every operator but IS NULL is
// false for an empty attribute, its negations included, as that page says.
var operators = []operator{
	{Operator: Operator{Name: "EQUALS", Meaning: "the attribute is exactly the value"}, binary: equals},
	{Operator: Operator{Name: "NOT EQUALS", Meaning: "the attribute has a value, and not this one"}, binary: equals, negated: true},
	{Operator: Operator{Name: "IS TRUE", Unary: true, Meaning: "the attribute is the boolean true"}, unary: is(true)},
	{Operator: Operator{Name: "IS FALSE", Unary: true, Meaning: "the attribute is the boolean false"}, unary: is(false)},
	{Operator: Operator{Name: "IS NULL", Unary: true, Meaning: "the attribute is null or empty"}, unary: never, onEmpty: true},
	{Operator: Operator{Name: "IS NOT NULL", Unary: true, Meaning: "the attribute has a value"}, unary: always},
	{Operator: Operator{Name: "REGEX MATCH", Meaning: "the .NET regular expression matches some part of the attribute"}, binary: matches, regex: true},
	{Operator: Operator{Name: "NOT REGEX MATCH", Meaning: "the attribute has a value, and the .NET regular expression matches no part of it"}, binary: matches, regex: true, negated: true},
	{Operator: Operator{Name: "GREATER_THAN", Meaning: "the attribute is an integer greater than the value"}, binary: greater(1), integer: true},
	{Operator: Operator{Name: "GREATER_THAN_OR_EQUALS", Meaning: "the attribute is an integer not less than the value"}, binary: greater(0), integer: true},
	{Operator: Operator{Name: "INCLUDES", Meaning: "the value is a part of the attribute"}, binary: includes},
	{Operator: Operator{Name: "ENDS_WITH", Meaning: "the attribute ends with the value"}, binary: endsWith},
	{Operator: Operator{Name: "&", Meaning: "the attribute is a part of the value"}, binary: partOf},
	{Operator: Operator{Name: "!&", Meaning: "the attribute has a value that is no part of the value"}, binary: partOf, negated: true},
}

// Operators returns all operators in the order of Microsoft's list.
func Operators() []Operator {
	all := make([]Operator, len(operators))
	for i, o := range operators {
		all[i] = o.Operator
	}
	return all
}

// lookup finds an operator by its name; case does not matter, and "_" and
// blanks are alike.
func lookup(name string) (*operator, bool) {
	name = normal(name)
	for i := range operators {
		if normal(operators[i].Name) == name {
			return &operators[i], true
		}
	}
	return nil, false
}

func normal(name string) string {
	return strings.ToUpper(strings.Join(strings.Fields(strings.ReplaceAll(name, "_", " ")), " "))
}

func always(directory.Value) bool { return true }
func never(directory.Value) bool  { return false }

func is(want bool) func(directory.Value) bool {
	return func(v directory.Value) bool {
		b, ok := v.Boolean()
		return ok && b == want
	}
}

// equals compares booleans without case, because the service prints them as
// True and False and people write true and false, and integers as numbers.
func equals(v directory.Value, w operand) verdict {
	switch v.Kind() {
	case directory.Boolean:
		return verdictOf(strings.EqualFold(v.Text(), w.text))
	case directory.Integer:
		n, _ := v.Integer()
		return verdictOf(w.numeric && n == w.number)
	default:
		return verdictOf(v.Text() == w.text)
	}
}

// matches searches, as .NET's Regex.IsMatch does: a pattern without anchors
// may match any part of the attribute.
func matches(v directory.Value, w operand) verdict {
	ok, err := w.pattern.MatchString(v.Text())
	if err != nil {
		return undecided
	}
	return verdictOf(ok)
}

func greater(by int64) func(directory.Value, operand) verdict {
	return func(v directory.Value, w operand) verdict {
		n, ok := v.Integer()
		return verdictOf(ok && (n > w.number || by == 0 && n == w.number))
	}
}

func includes(v directory.Value, w operand) verdict {
	return verdictOf(strings.Contains(v.Text(), w.text))
}

func endsWith(v directory.Value, w operand) verdict {
	return verdictOf(strings.HasSuffix(v.Text(), w.text))
}

// partOf follows the words of Microsoft's page, by which & asks whether the
// attribute exists in the value of the clause: the reverse of INCLUDES. The
// name suggests a bitwise operator, which no published text bears out.
func partOf(v directory.Value, w operand) verdict {
	return verdictOf(strings.Contains(w.text, v.Text()))
}
