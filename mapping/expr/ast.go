package expr

// Position is a place in the text of an expression. Line and Column count from
// 1, Column in characters; Offset counts bytes from 0. The zero Position
// belongs to a node that was built and not parsed.
type Position struct {
	Offset, Line, Column int
}

// Node is one node of the tree of an expression: *String, *Number, *Attribute,
// *Global, *Keyword, *Comparison, *Call or *Omitted.
type Node interface {
	// Pos returns where the node begins in the text.
	Pos() Position
}

// String is a string constant. Value is what it stands for, without escapes.
type String struct {
	At    Position
	Value string
}

// Number is an integer constant, decimal or, with Hex, in Visual Basic's
// notation &HF7.
type Number struct {
	At    Position
	Value int64
	Hex   bool
}

// Attribute is a source attribute. Name is what stands between the brackets.
type Attribute struct {
	At   Position
	Name string
}

// Global is a parameter of the synchronization job, written %Name%.
type Global struct {
	At   Position
	Name string
}

// Keyword is a word that stands for itself, such as True or IgnoreObjectFlow.
// Name is as it was written; its case carries no meaning.
type Keyword struct {
	At   Position
	Name string
}

// Comparison compares two operands. Operator is one of = <> < <= > >=.
type Comparison struct {
	At          Position // of the operator
	Operator    string
	Left, Right Node
}

// Call is a function call. Name is as it was written; its case carries no
// meaning. Arguments left empty are *Omitted.
type Call struct {
	At        Position
	Name      string
	Arguments []Node
}

// Omitted is an argument left empty, as in Replace([a], "x", , , "y", , ).
type Omitted struct {
	At Position
}

// Pos returns where the constant begins.
func (n *String) Pos() Position { return n.At }

// Pos returns where the number begins.
func (n *Number) Pos() Position { return n.At }

// Pos returns where the opening bracket stands.
func (n *Attribute) Pos() Position { return n.At }

// Pos returns where the first percent sign stands.
func (n *Global) Pos() Position { return n.At }

// Pos returns where the word begins.
func (n *Keyword) Pos() Position { return n.At }

// Pos returns where the operator stands.
func (n *Comparison) Pos() Position { return n.At }

// Pos returns where the name of the function begins.
func (n *Call) Pos() Position { return n.At }

// Pos returns where the argument would stand.
func (n *Omitted) Pos() Position { return n.At }

// Equal reports whether two trees say the same, wherever their nodes stand in
// a text. Names are compared exactly.
func Equal(a, b Node) bool {
	switch a := a.(type) {
	case *String:
		b, ok := b.(*String)
		return ok && a.Value == b.Value
	case *Number:
		b, ok := b.(*Number)
		return ok && a.Value == b.Value && a.Hex == b.Hex
	case *Attribute:
		b, ok := b.(*Attribute)
		return ok && a.Name == b.Name
	case *Global:
		b, ok := b.(*Global)
		return ok && a.Name == b.Name
	case *Keyword:
		b, ok := b.(*Keyword)
		return ok && a.Name == b.Name
	case *Comparison:
		b, ok := b.(*Comparison)
		return ok && a.Operator == b.Operator && Equal(a.Left, b.Left) && Equal(a.Right, b.Right)
	case *Call:
		b, ok := b.(*Call)
		if !ok || a.Name != b.Name || len(a.Arguments) != len(b.Arguments) {
			return false
		}
		for i := range a.Arguments {
			if !Equal(a.Arguments[i], b.Arguments[i]) {
				return false
			}
		}
		return true
	case *Omitted:
		_, ok := b.(*Omitted)
		return ok
	default:
		return a == nil && b == nil
	}
}

// walk calls visit for n and everything below it, parents first.
func walk(n Node, visit func(Node)) {
	visit(n)
	switch n := n.(type) {
	case *Comparison:
		walk(n.Left, visit)
		walk(n.Right, visit)
	case *Call:
		for _, a := range n.Arguments {
			walk(a, visit)
		}
	}
}
