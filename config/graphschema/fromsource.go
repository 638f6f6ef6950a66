package graphschema

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/mapping/expr"
)

// fromSource returns the tree of a Graph source: that of its expression text
// where there is one that parses and says the same as the nested parameters,
// else one that is put together from these. The remark says that the two
// differ, "" if not.
func fromSource(s *source) (tree expr.Node, text, remark string, err error) {
	parsed, parseErr := expr.Parse(s.Expression)
	if parseErr == nil && agree(s, parsed) {
		return parsed, s.Expression, "", nil
	}
	hasText := strings.TrimSpace(s.Expression) != ""
	if parseErr != nil && hasText && strings.EqualFold(s.Type, typeFunction) && len(s.Parameters) == 0 {
		return nil, s.Expression, "", parseErr // the text is all there is
	}
	built, err := build(s)
	if err == nil {
		text = expr.Print(built)
		if again, failed := expr.Parse(text); failed != nil || !expr.Equal(again, built) {
			err = fmt.Errorf("a name in it cannot be written in an expression: %s", short(text))
		}
	}
	switch {
	case err == nil && !hasText:
		return built, text, "", nil
	case err == nil:
		return built, text, "the schema's expression text says otherwise: " + short(s.Expression), nil
	case parseErr == nil:
		return parsed, s.Expression, fmt.Sprintf("taken from the expression text, for the nested parameters are incomplete: %v", err), nil
	case hasText:
		return nil, s.Expression, "", parseErr
	default:
		return nil, "", "", err
	}
}

// build puts a tree together from the nested parameters.
func build(s *source) (expr.Node, error) {
	if s == nil {
		return nil, errors.New("a parameter has no value")
	}
	switch {
	case strings.EqualFold(s.Type, typeAttribute):
		if strings.TrimSpace(s.Name) == "" {
			return nil, errors.New("a source of type Attribute has no name")
		}
		return &expr.Attribute{Name: s.Name}, nil
	case strings.EqualFold(s.Type, typeConstant):
		return buildConstant(s), nil
	case strings.EqualFold(s.Type, typeFunction):
		return buildCall(s)
	default:
		return nil, fmt.Errorf("there is no type %s: a source is an Attribute, a Constant or a Function", quote(s.Type))
	}
}

// buildConstant returns a constant, or the keyword, number or global parameter
// that its expression shows it to be.
func buildConstant(s *source) expr.Node {
	if n, err := expr.Parse(s.Expression); err == nil && agree(s, n) {
		return n
	}
	return &expr.String{Value: s.Name}
}

func buildCall(s *source) (expr.Node, error) {
	arguments := make([]expr.Node, len(s.Parameters))
	for i, p := range s.Parameters {
		a, err := build(p.Value)
		if err != nil {
			return nil, err
		}
		arguments[i] = a
	}
	if slices.Contains(operators, s.Name) {
		if len(arguments) != 2 {
			return nil, fmt.Errorf("the comparison %s has %d operands", s.Name, len(arguments))
		}
		return &expr.Comparison{Operator: s.Name, Left: arguments[0], Right: arguments[1]}, nil
	}
	f, known := expr.Lookup(s.Name)
	if !known {
		return &expr.Call{Name: s.Name, Arguments: arguments}, nil
	}
	return &expr.Call{Name: f.Name, Arguments: place(f, s.Parameters, arguments)}, nil
}

// place puts named arguments in the order of the parameters. Keys of repeating
// parameters keep their order. A key that the function table does not know
// (Graph's are only partly published) goes to the first parameter that is free,
// required ones before optional ones.
func place(f expr.Function, parameters []parameter, values []expr.Node) []expr.Node {
	first := firstRepeating(f)
	slots, repeated, rest := make([]expr.Node, first), []expr.Node(nil), []expr.Node(nil)
	for i, p := range parameters {
		at := slices.IndexFunc(f.Parameters, func(q expr.Parameter) bool { return isParameter(q, p.Key) })
		switch {
		case at >= first:
			repeated = append(repeated, values[i])
		case at >= 0 && slots[at] == nil:
			slots[at] = values[i]
		default:
			rest = append(rest, values[i])
		}
	}
	for _, wanted := range []bool{true, false} {
		for i := range slots {
			if len(rest) > 0 && slots[i] == nil && f.Parameters[i].Required == wanted && (wanted || first == len(f.Parameters)) {
				slots[i], rest = rest[0], rest[1:]
			}
		}
	}
	all := slices.Concat(slots, repeated, rest)
	for i, n := range all {
		if n == nil {
			all[i] = &expr.Omitted{}
		}
	}
	return trimOmitted(all)
}

func trimOmitted(nodes []expr.Node) []expr.Node {
	for len(nodes) > 0 {
		if _, omitted := nodes[len(nodes)-1].(*expr.Omitted); !omitted {
			break
		}
		nodes = nodes[:len(nodes)-1]
	}
	return nodes
}

// agree reports whether a tree says what the source says. Where the source says
// little, nothing contradicts the tree: a function without parameters, or the
// place of a comparison, whose form in Graph is not published.
func agree(s *source, n expr.Node) bool {
	if s == nil {
		return false
	}
	switch n := n.(type) {
	case *expr.Attribute:
		return strings.EqualFold(s.Type, typeAttribute) && strings.EqualFold(strings.TrimSpace(s.Name), n.Name)
	case *expr.Comparison:
		return !strings.EqualFold(s.Type, typeAttribute) && agreeOperands(s, n)
	case *expr.Call:
		return strings.EqualFold(s.Type, typeFunction) && agreeCall(s, n)
	case *expr.Omitted:
		return strings.EqualFold(s.Type, typeConstant) && s.Name == ""
	default:
		return strings.EqualFold(s.Type, typeConstant) && isConstant(n, s.Name)
	}
}

func isConstant(n expr.Node, name string) bool {
	switch n := n.(type) {
	case *expr.String:
		return n.Value == name
	case *expr.Number:
		return name == strconv.FormatInt(n.Value, 10) || strings.EqualFold(name, expr.Print(n))
	case *expr.Keyword:
		return strings.EqualFold(n.Name, name)
	case *expr.Global:
		return strings.EqualFold(n.Name, strings.Trim(name, "%"))
	default:
		return false
	}
}

func agreeOperands(s *source, n *expr.Comparison) bool {
	if !slices.Contains(operators, s.Name) || len(s.Parameters) != 2 {
		return true
	}
	return s.Name == n.Operator && agree(s.Parameters[0].Value, n.Left) && agree(s.Parameters[1].Value, n.Right)
}

func agreeCall(s *source, n *expr.Call) bool {
	switch {
	case !strings.EqualFold(s.Name, n.Name):
		return false
	case len(s.Parameters) == 0:
		return true
	}
	f, _ := expr.Lookup(n.Name)
	arguments := modern(f, n.Arguments)
	indexes := place(f, s.Parameters, numbered(len(s.Parameters)))
	allKnown := !slices.ContainsFunc(s.Parameters, func(p parameter) bool {
		return !slices.ContainsFunc(f.Parameters, func(q expr.Parameter) bool { return isParameter(q, p.Key) })
	})
	if !allKnown { // the order is all there is to go by
		indexes, arguments = numbered(len(s.Parameters)), withoutOmitted(arguments)
	}
	for i := range max(len(arguments), len(indexes)) {
		var a expr.Node = &expr.Omitted{}
		if i < len(arguments) {
			a = arguments[i]
		}
		var index *expr.Number
		if i < len(indexes) {
			index, _ = indexes[i].(*expr.Number)
		}
		_, omitted := a.(*expr.Omitted)
		if index == nil && !omitted || index != nil && !agree(s.Parameters[index.Value].Value, a) {
			return false
		}
	}
	return true
}

// numbered returns the numbers below n, for place to sort.
func numbered(n int) []expr.Node {
	all := make([]expr.Node, n)
	for i := range all {
		all[i] = &expr.Number{Value: int64(i)}
	}
	return all
}

func withoutOmitted(nodes []expr.Node) []expr.Node {
	var all []expr.Node
	for _, n := range nodes {
		if _, omitted := n.(*expr.Omitted); !omitted {
			all = append(all, n)
		}
	}
	return all
}
