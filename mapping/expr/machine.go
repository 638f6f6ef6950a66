package expr

import (
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Limits of an evaluation.
const (
	// MaxText is the size in bytes of the longest string a function may return.
	MaxText = 1 << 20
	// MaxWork is how many bytes of text all functions of one evaluation may
	// read and write together.
	MaxWork = 64 << 20
	// MaxElements is the number of values that a function may return at most.
	MaxElements = 1 << 16
)

// result is a value on its way up the tree, or a signal in its place.
type result struct {
	v      directory.Value
	signal *signal
}

// signal is what takes effect only where it becomes the result of the whole
// expression: one of the keywords IgnoreAttributeFlow and IgnoreObjectFlow, or
// a call of Error. In a branch that is not taken it has no effect.
type signal struct {
	err error
}

var (
	ignoreAttribute = &signal{ErrIgnoreAttribute}
	ignoreObject    = &signal{ErrIgnoreObject}
)

func text(s string) result  { return result{v: directory.Str(s)} }
func boolean(b bool) result { return result{v: directory.Bool(b)} }
func number(n int64) result { return result{v: directory.Int(n)} }

// machine carries out one evaluation. Programs keep machines for reuse, so
// that an evaluation allocates nothing but its result.
type machine struct {
	program *Program
	env     Env
	stack   []result
	work    int           // bytes read and written by functions so far
	regex   time.Duration // time spent in regular expressions so far
	buf     []byte
	runes   []rune
}

// op is one operation of a compiled expression.
type op interface {
	eval(m *machine) (result, error)
}

type constantOp struct{ value result }

func (o *constantOp) eval(*machine) (result, error) { return o.value, nil }

type attributeOp struct{ name string }

func (o *attributeOp) eval(m *machine) (result, error) {
	if m.env.Attributes == nil {
		return result{}, nil
	}
	return result{v: m.env.Attributes.Get(o.name)}, nil
}

type globalOp struct{ node *Global }

func (o *globalOp) eval(m *machine) (result, error) {
	v, ok := m.env.Globals[o.node.Name]
	if !ok {
		return result{}, m.fault(o.node.At, nil, nil, "the global parameter %%%s%% is not set for this job", o.node.Name)
	}
	return text(v), nil
}

// callOp is a call with as many arguments as its text has; nil where one is
// left empty.
type callOp struct {
	fn       *builtin
	node     *Call
	nodes    []Node // arguments, in the order of the parameters
	args     []op
	params   []*Parameter
	prepared any // what fn.prepare made of constant arguments
}

func (c *callOp) eval(m *machine) (result, error) {
	base := len(m.stack)
	for _, a := range c.args {
		var r result
		if a != nil {
			var err error
			if r, err = a.eval(m); err != nil {
				m.stack = m.stack[:base]
				return result{}, err
			}
		}
		m.stack = append(m.stack, r)
	}
	r, err := c.apply(m, m.stack[base:])
	m.stack = m.stack[:base]
	return r, err
}

func (c *callOp) apply(m *machine, args []result) (result, error) {
	if !c.fn.selects {
		for i := range args {
			if args[i].signal != nil {
				return args[i], nil
			}
		}
	}
	if c.fn.each && args[0].v.Kind() == directory.List {
		return c.applyEach(m, args)
	}
	return c.applyOne(m, args)
}

// applyEach applies the function to each value of the first argument.
func (c *callOp) applyEach(m *machine, args []result) (result, error) {
	elements := args[0].v.Elements()
	if len(elements) > MaxElements {
		return result{}, c.tooLarge(m)
	}
	list := make([]directory.Value, len(elements))
	for i, e := range elements {
		args[0] = result{v: e}
		r, err := c.applyOne(m, args)
		if err != nil {
			return result{}, err
		}
		list[i] = r.v
	}
	return result{v: directory.Of(list...)}, nil
}

func (c *callOp) applyOne(m *machine, args []result) (result, error) {
	for i := range args {
		if err := c.convert(m, args, i); err != nil {
			return result{}, err
		}
	}
	r, err := c.fn.run(m, c, args)
	if err != nil {
		return result{}, err
	}
	if r.v.Kind() == directory.String {
		n := len(r.v.Text())
		if m.work += n; n > MaxText || m.work > MaxWork {
			return result{}, c.tooLarge(m)
		}
	}
	return r, nil
}

// fits accounts for n bytes that a function is about to write.
func (m *machine) fits(n int) bool { return n <= MaxText && m.work+n <= MaxWork }

func (c *callOp) tooLarge(m *machine) error {
	err := m.fault(c.node.At, c, nil, "the value grew beyond %d bytes, or all values of the expression together beyond %d", MaxText, MaxWork)
	err.Err = ErrTooLarge
	return err
}

// fault returns an error of this evaluation. Of a redacted expression it shows
// no text, for constants are values too.
func (m *machine) fault(at Position, c *callOp, p *Parameter, format string, args ...any) *Error {
	err := faultAt(m.program.src, at, format, args...)
	if m.program.redacted {
		err.Source = ""
	}
	if c != nil {
		err.Function = c.fn.Name
	}
	if p != nil {
		err.Parameter = p.Name
	}
	return err
}

// fault returns an error about the argument at index i.
func (c *callOp) fault(m *machine, i int, format string, args ...any) error {
	return m.fault(c.argumentAt(i), c, c.params[i], format, args...)
}

// argumentAt returns where the argument at index i stands in the text.
func (c *callOp) argumentAt(i int) Position {
	if i < len(c.nodes) {
		if at := c.nodes[i].Pos(); at.Line > 0 {
			return at
		}
	}
	return c.node.At
}

// quote returns a value as an error may show it.
func (m *machine) quote(v directory.Value) string { return m.program.quote(v) }

// hide returns an error as another may show it.
func (m *machine) hide(err error) error { return m.program.hide(err) }
