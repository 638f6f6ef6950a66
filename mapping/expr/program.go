package expr

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// DefaultMatchTimeout is how long the regular expressions of one evaluation
// may take together.
const DefaultMatchTimeout = 250 * time.Millisecond

// Option changes how an expression is compiled.
type Option func(*options)

type options struct {
	matchTimeout time.Duration
}

// WithMatchTimeout sets how long the regular expressions of one evaluation may
// take together. The clock behind it ticks every 100 ms.
func WithMatchTimeout(d time.Duration) Option {
	return func(o *options) { o.matchTimeout = d }
}

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	src        string
	tree       Node
	root       op
	options    options
	attributes []string
	globals    []string
	calls      []string // names of the functions called, in lower case
	redacted   bool
	machines   sync.Pool
}

// Compile parses an expression and checks all that its text shows: functions,
// number and type of their arguments, regular expressions, intervals, date
// formats, cultures. Its error is an *Error, or joins several.
func Compile(src string, opts ...Option) (*Program, error) {
	o := options{matchTimeout: DefaultMatchTimeout}
	for _, set := range opts {
		set(&o)
	}
	tree, fault := parse(src)
	if fault != nil {
		return nil, hideSource(fault, src)
	}
	p := &Program{src: src, tree: tree, options: o}
	p.collect()
	k := &checker{program: p}
	p.root = k.compile(tree, true)
	switch len(k.faults) {
	case 0:
		return p, nil
	case 1:
		return nil, k.faults[0]
	}
	errs := make([]error, len(k.faults))
	for i, f := range k.faults {
		errs[i] = f
	}
	return nil, errors.Join(errs...)
}

// hideSource takes the text out of an error about an expression that redacts
// something, for a constant in it may be a secret.
func hideSource(err *Error, src string) *Error {
	if strings.Contains(strings.ToLower(src), "redact") {
		err.Source = ""
	}
	return err
}

// collect notes what the expression reads and calls.
func (p *Program) collect() {
	walk(p.tree, func(n Node) {
		switch n := n.(type) {
		case *Attribute:
			if !slices.Contains(p.attributes, n.Name) {
				p.attributes = append(p.attributes, n.Name)
			}
		case *Global:
			if !slices.Contains(p.globals, n.Name) {
				p.globals = append(p.globals, n.Name)
			}
		case *Call:
			if name := strings.ToLower(n.Name); !slices.Contains(p.calls, name) {
				p.calls = append(p.calls, name)
			}
		}
	})
	p.redacted = p.Calls("Redact")
}

// Attributes returns the names of the source attributes that the expression
// reads, as written, in order of first use, each once.
func (p *Program) Attributes() []string { return slices.Clone(p.attributes) }

// Globals returns the names of the global parameters that the expression
// reads, without percent signs, in order of first use, each once.
func (p *Program) Globals() []string { return slices.Clone(p.globals) }

// Calls reports whether the function is called anywhere, its name in any case.
func (p *Program) Calls(name string) bool {
	return slices.Contains(p.calls, strings.ToLower(name))
}

// Redacted reports whether the expression calls Redact anywhere. Its values
// then flow as they are, but are never to be shown.
func (p *Program) Redacted() bool { return p.redacted }

// Tree returns the tree of the expression. It must not be changed.
func (p *Program) Tree() Node { return p.tree }

// String returns the expression in canonical form: as Print writes it, with
// functions and keywords in the spelling of Microsoft's reference.
func (p *Program) String() string { return Print(canonical(p.tree)) }

func canonical(n Node) Node {
	switch n := n.(type) {
	case *Keyword:
		return &Keyword{At: n.At, Name: keywords[strings.ToLower(n.Name)].name}
	case *Comparison:
		return &Comparison{At: n.At, Operator: n.Operator, Left: canonical(n.Left), Right: canonical(n.Right)}
	case *Call:
		c := &Call{At: n.At, Name: n.Name, Arguments: make([]Node, len(n.Arguments))}
		if f, ok := Lookup(n.Name); ok {
			c.Name = f.Name
		}
		for i, a := range n.Arguments {
			c.Arguments[i] = canonical(a)
		}
		return c
	default:
		return n
	}
}

// Eval computes the value for one object. Instead of a value it may return
// ErrIgnoreAttribute or ErrIgnoreObject (compare with errors.Is). Any other
// error is an *Error with the place in the expression; its cause, if it has
// one, is a *UniqueError, ErrTimeout, ErrTooLarge or the error of Env.Unique.
func (p *Program) Eval(env Env) (directory.Value, error) {
	m, _ := p.machines.Get().(*machine)
	if m == nil {
		m = &machine{program: p, stack: make([]result, 0, 32)}
	}
	m.env = env
	r, err := p.root.eval(m)
	m.reset()
	p.machines.Put(m)
	switch {
	case err != nil:
		return directory.Value{}, err
	case r.signal != nil:
		return directory.Value{}, r.signal.err
	}
	return r.v, nil
}

// reset lets go of everything that belongs to one object.
func (m *machine) reset() {
	const keep = 64 << 10
	m.env, m.work, m.regex = Env{}, 0, 0
	clear(m.stack[:cap(m.stack)])
	m.stack = m.stack[:0]
	if cap(m.buf) > keep {
		m.buf = nil
	}
	if cap(m.runes) > keep {
		m.runes = nil
	}
}

// quote returns a value as an error may show it: shortened, and not at all
// where the expression is redacted.
func (p *Program) quote(v directory.Value) string {
	const most = 60
	switch {
	case p.redacted:
		return redactedText
	case v.IsNull():
		return "null"
	case v.Kind() == directory.List:
		return fmt.Sprintf("a list of %d values", len(v.Elements()))
	}
	s := v.Text()
	if utf16Len(s) > most {
		s = utf16Slice(s, 0, most) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// redactedText stands for what Redact hides.
const redactedText = "[Redact]"

// hide returns the error, or a bare one where it could quote a value that is
// never to be shown.
func (p *Program) hide(err error) error {
	if p.redacted {
		return errors.New(redactedText)
	}
	return err
}
