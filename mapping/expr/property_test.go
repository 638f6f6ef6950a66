package expr_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// words are texts that steer functions into their corners.
var words = []string{
	"", " ", "a", "b,c", "x@contoso.com", "True", "false", "0", "1", "-1", "2", "9223372036854775807", "1e9", "2024-02-29", "d", "m", "yyyy", "ww",
	"2024-03-05T10:00:00Z", "yyyy-MM-dd", "M/d/yyyy h:mm:ss tt", "o", "%d", "(a+)+$", "(?<n>.)", "n", "${n}$1$_", "[", "\\", "\"", "😀b", "İı", "Zoë ǆ",
	"\xff\xfe", "tr-TR", "xx", "32", "a\tb\nc", "123456789", "AAECAw==", "CN=a\\,b,OU=c",
}

var attributeNames = []string{"a", "b", "list", "role", `emails[type eq "work"].value`, "urn:x:2.0:User:y"}

// trees draws expressions: any function with any arguments.
func trees(depth int) *rapid.Generator[expr.Node] {
	return rapid.Custom(func(t *rapid.T) expr.Node {
		kinds := 14
		if depth == 0 {
			kinds = 5
		}
		switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
		case 0:
			return &expr.String{Value: rapid.OneOf(rapid.SampledFrom(words[:len(words)-5]), rapid.String()).Draw(t, "string")}
		case 1:
			n := rapid.OneOf(rapid.Int64Range(-2, 300), rapid.Int64()).Draw(t, "number")
			return &expr.Number{Value: n, Hex: rapid.Bool().Draw(t, "hex")}
		case 2:
			return &expr.Attribute{Name: rapid.SampledFrom(attributeNames).Draw(t, "attribute")}
		case 3:
			return &expr.Keyword{Name: rapid.SampledFrom([]string{"True", "false", "NULL", "vbTextCompare", "IgnoreAttributeFlow", "IgnoreObjectFlow", "UTF8"}).Draw(t, "keyword")}
		case 4:
			return &expr.Global{Name: rapid.SampledFrom([]string{"DomainFQDN", "DefaultDomain"}).Draw(t, "global")}
		case 5:
			return &expr.Comparison{
				Operator: rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "operator"),
				Left:     trees(depth-1).Draw(t, "left"), Right: trees(depth-1).Draw(t, "right"),
			}
		default:
			return call(t, depth)
		}
	})
}

func call(t *rapid.T, depth int) expr.Node {
	f := rapid.SampledFrom(expr.Functions()).Draw(t, "function")
	least := 0
	for i, p := range f.Parameters {
		if p.Required {
			least = i + 1
		}
	}
	n := rapid.IntRange(least, len(f.Parameters)+2).Draw(t, "arguments")
	c := &expr.Call{Name: f.Name}
	for i := range n {
		if i >= least && n > 1 && rapid.IntRange(0, 3).Draw(t, "omit") == 0 {
			c.Arguments = append(c.Arguments, &expr.Omitted{})
			continue
		}
		c.Arguments = append(c.Arguments, trees(depth-1).Draw(t, "argument"))
	}
	return c
}

func values() *rapid.Generator[directory.Value] {
	text := rapid.Map(rapid.OneOf(rapid.SampledFrom(words), rapid.String()), directory.Str)
	single := rapid.OneOf(
		text, rapid.Map(rapid.Bool(), directory.Bool), rapid.Map(rapid.Int64(), directory.Int),
		rapid.Just(directory.Value{}), rapid.Just(directory.Ref("anchor")),
		rapid.Just(directory.Time(time.Date(2024, 2, 29, 23, 59, 59, 999, time.UTC))),
		rapid.Just(directory.Struct(directory.Field{Name: "displayName", Value: directory.Str("Admin")})),
	)
	return rapid.OneOf(single, rapid.Map(rapid.SliceOfN(single, 0, 4), func(l []directory.Value) directory.Value { return directory.Of(l...) }))
}

func TestPrintedTreesParseToThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tree := trees(4).Draw(t, "tree")
		src := expr.Print(tree)
		again, err := expr.Parse(src)
		if err != nil {
			t.Fatalf("%s\n%v", src, err)
		}
		if !expr.Equal(tree, again) {
			t.Fatalf("%s\nparses to a tree that prints as\n%s", src, expr.Print(again))
		}
	})
}

// TestEvaluationIsBounded: whatever the expression and the attributes, an
// evaluation does not panic, ends in time, and gives a value of limited size
// or one of the documented errors.
func TestEvaluationIsBounded(t *testing.T) {
	const limit = 20 * time.Millisecond
	rapid.Check(t, func(t *rapid.T) {
		src := expr.Print(trees(4).Draw(t, "tree"))
		p, err := expr.Compile(src, expr.WithMatchTimeout(limit))
		if err != nil {
			return
		}
		a := attributes{}
		for _, name := range attributeNames {
			a[name] = values().Draw(t, name)
		}
		began := time.Now()
		v, err := p.Eval(expr.Env{Attributes: a, Now: began, Globals: map[string]string{"DomainFQDN": "contoso.com"}})
		if took := time.Since(began); took > time.Second {
			t.Fatalf("%s took %v", src, took)
		}
		var fault *expr.Error
		if err != nil && !errors.As(err, &fault) && !errors.Is(err, expr.ErrIgnoreAttribute) && !errors.Is(err, expr.ErrIgnoreObject) {
			t.Fatalf("%s: an error of type %T: %v", src, err, err)
		}
		if len(v.Text()) > 64<<20 {
			t.Fatalf("%s: %d bytes", src, len(v.Text()))
		}
	})
}
