package graphschema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/scimsync/scimsync/mapping/expr"
)

// toSource returns the tree of an expression as Graph has it: calls whose
// parameters are named, arguments left empty left out. Numbers are constants in
// quotes, as in the service's own schemas. Keywords and global parameters are
// constants as well, and a comparison is a function with the name of its
// operator: how Graph writes these is not published, and their expression, which
// every source carries, tells them from text.
func toSource(n expr.Node) *source {
	switch n := n.(type) {
	case *expr.Attribute:
		return leaf(typeAttribute, n.Name, expr.Print(n))
	case *expr.String:
		return leaf(typeConstant, n.Value, expr.Print(n))
	case *expr.Number:
		text := strconv.FormatInt(n.Value, 10)
		return leaf(typeConstant, text, expr.Print(&expr.String{Value: text}))
	case *expr.Comparison:
		return function(n, n.Operator, []parameter{
			{Key: "left", Value: toSource(n.Left)}, {Key: "right", Value: toSource(n.Right)},
		})
	case *expr.Call:
		return callSource(n)
	default: // a keyword or a global parameter
		text := expr.Print(n)
		return leaf(typeConstant, text, text)
	}
}

func leaf(kind, name, expression string) *source {
	return &source{Expression: expression, Name: name, Type: kind, Parameters: []parameter{}}
}

func function(n expr.Node, name string, parameters []parameter) *source {
	return &source{Expression: expr.Print(n), Name: name, Type: typeFunction, Parameters: parameters}
}

func callSource(n *expr.Call) *source {
	f, known := expr.Lookup(n.Name)
	name, arguments := n.Name, n.Arguments
	if known {
		name, arguments = f.Name, modern(f, arguments)
	}
	parameters := []parameter{}
	for i, a := range arguments {
		if _, omitted := a.(*expr.Omitted); omitted {
			if !known || i < firstRepeating(f) {
				continue
			}
			a = &expr.String{} // or those that follow would move up
		}
		key := fmt.Sprintf("argument%d", i+1)
		if p := parameterAt(f, i); p != nil {
			key = p.Key
		}
		parameters = append(parameters, parameter{Key: key, Value: toSource(a)})
	}
	return function(n, name, parameters)
}

// modern puts the arguments of FormatDateTime's older signature, which has no
// dateTimeStyles, in the order of its parameters.
func modern(f expr.Function, arguments []expr.Node) []expr.Node {
	if f.Name != "FormatDateTime" || len(arguments) != 3 {
		return arguments
	}
	return slices.Insert(slices.Clone(arguments), 1, expr.Node(&expr.Omitted{}))
}

// parameterAt returns the parameter that the argument at index i belongs to,
// nil if there is none. Several repeating parameters take turns.
func parameterAt(f expr.Function, i int) *expr.Parameter {
	if i < len(f.Parameters) {
		return &f.Parameters[i]
	}
	first := firstRepeating(f)
	if first == len(f.Parameters) {
		return nil
	}
	return &f.Parameters[first+(i-first)%(len(f.Parameters)-first)]
}

// firstRepeating returns the index of the first parameter that repeats, and the
// number of parameters if none does.
func firstRepeating(f expr.Function) int {
	if i := slices.IndexFunc(f.Parameters, func(p expr.Parameter) bool { return p.Repeating }); i >= 0 {
		return i
	}
	return len(f.Parameters)
}

// isParameter reports whether a key of Graph's names the parameter: by the key
// of the function table, or as Microsoft's reference calls it.
func isParameter(p expr.Parameter, key string) bool {
	return strings.EqualFold(p.Key, key) || strings.EqualFold(p.Name, key)
}

var operators = []string{"=", "<>", "<", "<=", ">", ">="}
