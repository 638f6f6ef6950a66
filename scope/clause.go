package scope

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"

	"github.com/scimsync/scimsync/connectors/directory"
)

// matchTimeout bounds one match of a regular expression against one value.
// Patterns that backtrack catastrophically would otherwise hang a cycle.
const matchTimeout = 250 * time.Millisecond

// clause is a Clause made ready.
type clause struct {
	attribute string // canonical
	op        *operator
	operands  []operand
	wants     string // operator and values, for people: EQUALS "Sales"
	key       string // JSON string of its name in ScopeEvaluationResult
}

// evaluate says whether the clause holds for an attribute's value. Every
// element of a multi-valued attribute must satisfy it (Graph
// filterOperatorSchema.multivaluedComparisonType, whose default is All).
func (c *clause) evaluate(v directory.Value) verdict {
	if v.IsEmpty() {
		return verdictOf(c.op.onEmpty)
	}
	if v.Kind() != directory.List {
		return c.one(v)
	}
	result := holds
	for _, e := range v.Elements() {
		if e.IsEmpty() {
			continue
		}
		switch c.one(e) {
		case fails:
			return fails
		case undecided:
			result = undecided
		}
	}
	return result
}

// one says whether the clause holds for one value. Of several operands any
// may satisfy a positive operator, and none may satisfy what a negative one
// negates.
func (c *clause) one(v directory.Value) verdict {
	if c.op.unary != nil {
		return verdictOf(c.op.unary(v))
	}
	result := fails
	for _, w := range c.operands {
		switch c.op.binary(v, w) {
		case holds:
			return verdictOf(!c.op.negated)
		case undecided:
			result = undecided
		}
	}
	if c.op.negated && result == fails {
		return holds
	}
	return result
}

// because says why the clause does not hold for the object.
func (c *clause) because(o directory.Object, result verdict, label string) string {
	slow := ""
	if result == undecided {
		slow = fmt.Sprintf(" (matching it took longer than %v)", matchTimeout)
	}
	return fmt.Sprintf("%s is %s%s, and %s wants %s", c.attribute, show(o.Get(c.attribute)), slow, label, c.wants)
}

// show prints an attribute's value for a person: cut to a readable length,
// control characters escaped.
func show(v directory.Value) string {
	switch {
	case v.IsEmpty():
		return "empty"
	case v.Kind() == directory.Boolean, v.Kind() == directory.Integer, v.Kind() == directory.DateTime:
		return v.Text()
	default:
		return quote(v.Text())
	}
}

const maxShown = 100 // letters of a value in a reason

func quote(s string) string {
	if utf8.RuneCountInString(s) > maxShown {
		s = string([]rune(s)[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}

// compileClause returns the clause made ready, or what is wrong with it.
func compileClause(t directory.ObjectType, c Clause) (clause, string) {
	attribute := strings.TrimSpace(c.Attribute)
	if attribute == "" {
		return clause{}, "no attribute is given: name the source attribute to compare"
	}
	op, ok := lookup(c.Operator)
	if !ok {
		return clause{}, unknownOperator(c.Operator)
	}
	if op.Unary && len(c.Values) > 0 {
		return clause{}, fmt.Sprintf("operator %s takes no value, found %s", op.Name, quoteAll(c.Values))
	}
	if !op.Unary && len(c.Values) == 0 {
		return clause{}, fmt.Sprintf("operator %s needs a value, found none", op.Name)
	}
	ready := clause{attribute: directory.Canonical(t, attribute), op: op, wants: op.Name}
	for _, value := range c.Values {
		w, reason := compileOperand(op, value)
		if reason != "" {
			return clause{}, reason
		}
		ready.operands = append(ready.operands, w)
	}
	if len(c.Values) > 0 {
		ready.wants += " " + quoteAll(c.Values)
	}
	return ready, ""
}

func compileOperand(op *operator, value string) (operand, string) {
	if value == "" {
		return operand{}, fmt.Sprintf("operator %s needs a value, found an empty one: an empty attribute is asked for with IS NULL, any other with IS NOT NULL", op.Name)
	}
	w := operand{text: value}
	w.number, w.numeric = directory.Str(value).Integer()
	if op.integer && !w.numeric {
		return operand{}, fmt.Sprintf("operator %s compares integers, found %s", op.Name, quote(value))
	}
	if !op.regex {
		return w, ""
	}
	pattern, err := regexp2.Compile(value)
	if err != nil {
		return operand{}, fmt.Sprintf("%s is no .NET regular expression: %v", quote(value), err)
	}
	pattern.MatchTimeout = matchTimeout
	w.pattern = pattern
	return w, ""
}

func unknownOperator(name string) string {
	switch strings.ReplaceAll(normal(name), " ", "") {
	case "":
		return "no operator is given: it is one of " + operatorNames()
	case "ISMEMBEROF":
		return "operator IsMemberOf is not supported: assign the group to the application instead"
	}
	names := make([]string, len(operators))
	for i, o := range operators {
		names[i] = o.Name
	}
	if near := directory.Nearest(strings.ReplaceAll(name, "_", " "), names); near != "" {
		return fmt.Sprintf("unknown operator %q: did you mean %s?", name, near)
	}
	return fmt.Sprintf("unknown operator %q: it is one of %s", name, operatorNames())
}

func operatorNames() string {
	names := make([]string, len(operators))
	for i, o := range operators {
		names[i] = o.Name
	}
	return strings.Join(names, ", ")
}

func quoteAll(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return strings.Join(quoted, " or ")
}
