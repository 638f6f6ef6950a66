package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// checker turns a tree into operations and notes every fault on the way.
type checker struct {
	program *Program
	faults  []*Error
}

// fault notes a fault. The parameter may be nil.
func (k *checker) fault(at Position, function string, p *Parameter, format string, args ...any) {
	err := faultAt(k.program.src, at, format, args...)
	err.Function = function
	if p != nil {
		err.Parameter = p.Name
	}
	if k.program.redacted {
		err.Source = ""
	}
	k.faults = append(k.faults, err)
}

// argument notes a fault of the argument at index i.
func (k *checker) argument(c *callOp, i int, format string, args ...any) {
	k.fault(c.argumentAt(i), c.fn.Name, c.params[i], format, args...)
}

func (k *checker) compile(n Node, top bool) op {
	switch n := n.(type) {
	case *String:
		return &constantOp{text(n.Value)}
	case *Number:
		return &constantOp{number(n.Value)}
	case *Keyword:
		return &constantOp{keywords[strings.ToLower(n.Name)].value}
	case *Attribute:
		return &attributeOp{n.Name}
	case *Global:
		return &globalOp{n}
	case *Comparison:
		return &compareOp{node: n, left: k.compile(n.Left, false), right: k.compile(n.Right, false)}
	case *Call:
		return k.call(n, top)
	}
	return &constantOp{}
}

func (k *checker) call(n *Call, top bool) op {
	fn, ok := byName[strings.ToLower(n.Name)]
	if !ok {
		k.unknown(n)
		for _, a := range n.Arguments {
			k.compileArgument(a)
		}
		return &constantOp{}
	}
	c := &callOp{fn: fn, node: n, nodes: fn.arrange(n.Arguments)}
	if fn.top && !top {
		k.fault(n.At, fn.Name, nil, "must be the outermost function: put everything else inside its rules")
	}
	counted := k.count(c)
	for i, a := range c.nodes {
		c.args = append(c.args, k.compileArgument(a))
		c.params = append(c.params, fn.parameter(i))
	}
	if !counted {
		return &constantOp{}
	}
	faults := len(k.faults)
	for i := range c.nodes {
		k.constant(c, i)
	}
	if fn.prepare != nil && len(k.faults) == faults {
		fn.prepare(k, c)
	}
	return c
}

func (k *checker) compileArgument(a Node) op {
	if _, omitted := a.(*Omitted); omitted {
		return nil
	}
	return k.compile(a, false)
}

func (k *checker) unknown(n *Call) {
	hint := ""
	if near := Suggest(n.Name); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	k.fault(n.At, "", nil, "there is no function %s%s", n.Name, hint)
}

// arrange puts the arguments of an older signature in the order of the
// parameters.
func (f *builtin) arrange(args []Node) []Node {
	if f.legacy == 0 || len(args) != f.legacy {
		return args
	}
	return slices.Insert(slices.Clone(args), 1, Node(&Omitted{At: args[0].Pos()}))
}

// count checks the number of arguments, and that no required one is empty.
func (k *checker) count(c *callOp) bool {
	fn, got := c.fn, len(c.nodes)
	least, most := fn.bounds()
	switch {
	case fn.pairs && got%2 != 0:
		k.fault(c.node.At, fn.Name, nil, "takes an even number of arguments, for keys and values come in pairs, and got %d: %s", got, fn.Signature())
		return false
	case got < least || most >= 0 && got > most:
		k.fault(c.node.At, fn.Name, nil, "%s", fn.wrongCount(got, least, most))
		return false
	}
	ok := true
	for i, a := range c.nodes {
		p := fn.parameter(i)
		if _, omitted := a.(*Omitted); omitted && p.Required && (!p.Repeating || i < len(fn.Parameters)) {
			k.fault(a.Pos(), fn.Name, p, "is required, but left empty")
			ok = false
		}
	}
	return ok
}

// bounds returns the least and the largest number of arguments; most is -1
// where there is no bound.
func (f *builtin) bounds() (least, most int) {
	for i, p := range f.Parameters {
		if p.Required {
			least = i + 1
		}
	}
	if f.twice {
		least++
	}
	if f.variadic() {
		return least, -1
	}
	return least, len(f.Parameters)
}

func (f *builtin) wrongCount(got, least, most int) string {
	var b strings.Builder
	switch {
	case most < 0:
		fmt.Fprintf(&b, "takes at least %s", arguments(least))
	case least == most:
		fmt.Fprintf(&b, "takes %s", arguments(least))
	default:
		fmt.Fprintf(&b, "takes %d to %s", least, arguments(most))
	}
	fmt.Fprintf(&b, " and got %d: %s", got, f.Signature())
	if got < least && got < len(f.Parameters) {
		fmt.Fprintf(&b, "; %s is missing", f.Parameters[got].Name)
	}
	return b.String()
}

func arguments(n int) string {
	switch n {
	case 0:
		return "no argument"
	case 1:
		return "1 argument"
	default:
		return fmt.Sprintf("%d arguments", n)
	}
}

// constant checks an argument that is a constant against the type of its
// parameter.
func (k *checker) constant(c *callOp, i int) {
	v, ok := c.constant(i)
	if !ok || v.IsEmpty() {
		return
	}
	p := c.params[i]
	switch p.Type {
	case TypeInteger:
		if _, ok := v.Integer(); !ok {
			k.argument(c, i, "%s is not a whole number", k.quote(v))
			return
		}
	case TypeBoolean:
		if _, ok := truth(v); !ok {
			k.argument(c, i, "%s is neither True nor False", k.quote(v))
			return
		}
	case TypeDateTime:
		if v.Kind() != directory.String {
			k.argument(c, i, "%s is not a date", k.quote(v))
			return
		}
		if _, err := parseDate(v.Text(), epoch); err != nil {
			k.argument(c, i, "%s is not a date: %v", k.quote(v), k.hide(err))
			return
		}
	}
	if len(p.Values) > 0 && !slices.ContainsFunc(p.Values, func(w string) bool { return strings.EqualFold(w, v.Text()) }) {
		k.argument(c, i, "%s is not allowed: it is one of %s", k.quote(v), strings.Join(p.Values, ", "))
	}
}

// quote returns a constant as an error may show it.
func (k *checker) quote(v directory.Value) string { return k.program.quote(v) }

// hide returns an error as another may show it.
func (k *checker) hide(err error) error { return k.program.hide(err) }

// given reports whether the argument at index i is in the text and neither
// empty nor NULL nor "".
func (c *callOp) given(i int) bool {
	if i >= len(c.args) || c.args[i] == nil {
		return false
	}
	v, ok := c.constant(i)
	return !ok || !v.IsEmpty()
}

// present reports whether the argument at index i is in the text, be it "".
func (c *callOp) present(i int) bool {
	if i >= len(c.args) || c.args[i] == nil {
		return false
	}
	v, ok := c.constant(i)
	return !ok || !v.IsNull()
}

// constant returns the value of the argument at index i if it is a constant.
func (c *callOp) constant(i int) (directory.Value, bool) {
	if i >= len(c.args) {
		return directory.Value{}, false
	}
	o, ok := c.args[i].(*constantOp)
	if !ok || o.value.signal != nil {
		return directory.Value{}, false
	}
	if _, isCall := c.nodes[i].(*Call); isCall { // a call with a fault of its own
		return directory.Value{}, false
	}
	return o.value.v, true
}
