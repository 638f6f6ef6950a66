package expr

import (
	"strconv"
	"strings"
)

// Print writes a tree as text: a comma and a blank between arguments, a blank
// around operators, strings escaped. Parsing the text gives an equal tree.
func Print(n Node) string {
	var b strings.Builder
	printNode(&b, n)
	return b.String()
}

func printNode(b *strings.Builder, n Node) {
	switch n := n.(type) {
	case *String:
		b.WriteByte('"')
		_, _ = escapes.WriteString(b, n.Value) // a Builder returns no error
		b.WriteByte('"')
	case *Number:
		if n.Hex {
			b.WriteString("&H" + strings.ToUpper(strconv.FormatUint(uint64(n.Value), 16)))
			return
		}
		b.WriteString(strconv.FormatInt(n.Value, 10))
	case *Attribute:
		b.WriteString("[" + n.Name + "]")
	case *Global:
		b.WriteString("%" + n.Name + "%")
	case *Keyword:
		b.WriteString(n.Name)
	case *Comparison:
		printOperand(b, n.Left)
		b.WriteString(" " + n.Operator + " ")
		printOperand(b, n.Right)
	case *Call:
		b.WriteString(n.Name)
		b.WriteByte('(')
		for i, a := range n.Arguments {
			if i > 0 {
				b.WriteString(", ")
			}
			printNode(b, a)
		}
		b.WriteByte(')')
	}
}

// printOperand puts a comparison inside a comparison in parentheses.
func printOperand(b *strings.Builder, n Node) {
	if _, nested := n.(*Comparison); !nested {
		printNode(b, n)
		return
	}
	b.WriteByte('(')
	printNode(b, n)
	b.WriteByte(')')
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
