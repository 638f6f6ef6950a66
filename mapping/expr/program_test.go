package expr_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

func TestProgramDescribesItself(t *testing.T) {
	p, err := expr.Compile(`switch ( [Active],,"1",instr([a] , [Active] ),"0", iif(%Domain%="x" ,TRUE, (NULL) ))`)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Attributes(); !slices.Equal(got, []string{"Active", "a"}) {
		t.Errorf("attributes %v", got)
	}
	if got := p.Globals(); !slices.Equal(got, []string{"Domain"}) {
		t.Errorf("globals %v", got)
	}
	if !p.Calls("InStr") || !p.Calls("IIF") || p.Calls("Join") {
		t.Error("Calls is wrong")
	}
	const canonical = `Switch([Active], , "1", InStr([a], [Active]), "0", IIF(%Domain% = "x", True, NULL))`
	if p.String() != canonical {
		t.Errorf("%s\nwant\n%s", p, canonical)
	}
}

func TestPositionsOfNodes(t *testing.T) {
	tree := mustParse(t, "Append(\n  \"日本\", [a])")
	call, ok := tree.(*expr.Call)
	if !ok || len(call.Arguments) != 2 {
		t.Fatalf("%v is no call with two arguments", tree)
	}
	if at := call.Arguments[1].Pos(); at.Line != 2 || at.Column != 9 || at.Offset != 20 {
		t.Errorf("[a] stands at %+v", at)
	}
}

// TestWhiteSpaceFromWebPages: no-break spaces, byte order marks and line ends
// of any kind separate words.
func TestWhiteSpaceFromWebPages(t *testing.T) {
	p, err := expr.Compile("\ufeffAppend\u00a0(\r\n\u2003\"a\",\t\"b\"\u200b)")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := p.Eval(expr.Env{}); err != nil || v.Text() != "ab" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestProgramsRunConcurrently(t *testing.T) {
	p, err := expr.Compile(`Replace(Join("-", [a], [b]), , "(?<x>\\w+)-(?<y>\\w+)", , "${y}-${x}", , )`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := string(rune('a' + i))
			env := expr.Env{Attributes: attributes{"a": directory.Str(name), "b": directory.Str("z")}}
			for range 200 {
				if v, err := p.Eval(env); err != nil || v.Text() != "z-"+name {
					t.Errorf("%v, %v", v, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestEmptyEnvironment(t *testing.T) {
	p, err := expr.Compile(`Join(",", [a], Now())`)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := p.Eval(expr.Env{}); err != nil || v.Text() != "1/1/0001 12:00:00 AM" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestRandomSourceIsUsed(t *testing.T) {
	for src, want := range map[string]string{
		`Guid()`: "00000000-0000-4000-8000-000000000000", `RandomString(4, 1, 1, 1, 1)`: "'Aa0",
	} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := p.Eval(expr.Env{Random: zeros{}}); err != nil || v.Text() != want {
			t.Errorf("%s = %v, %v; want %s", src, v, err, want)
		}
		dry := errors.New("dry")
		if _, err := p.Eval(expr.Env{Random: iotest.ErrReader(dry)}); !errors.Is(err, dry) {
			t.Errorf("%s: %v; want the error of the source", src, err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestTable: the table is sorted and complete, and its examples do what it says.
func TestTable(t *testing.T) {
	all := expr.Functions()
	if !slices.IsSortedFunc(all, func(a, b expr.Function) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	}) {
		t.Error("not sorted")
	}
	for _, f := range all {
		if f.Description == "" || f.Page == "" || f.Result == "" || f.Example == "" {
			t.Errorf("%s: something is missing: %+v", f.Name, f)
		}
		for i, p := range f.Parameters {
			if p.Name == "" || p.Type == "" || p.Key == "" || p.Description == "" {
				t.Errorf("%s: something is missing of parameter %d: %+v", f.Name, i, p)
			}
			if p.Repeating && i+1 < len(f.Parameters) && !f.Parameters[i+1].Repeating {
				t.Errorf("%s: %s repeats, and another parameter follows", f.Name, p.Name)
			}
			if got, ok := f.Parameter(i); !ok || got.Name != p.Name {
				t.Errorf("%s: argument %d belongs to %s, not %s", f.Name, i, got.Name, p.Name)
			}
		}
		p, err := expr.Compile(f.Example)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		v, err := p.Eval(expr.Env{Globals: map[string]string{"DefaultDomain": "contoso.com"}})
		if err != nil || f.ExampleResult != "" && v.Text() != f.ExampleResult {
			t.Errorf("%s = %q, %v; the table says %q", f.Example, v.Text(), err, f.ExampleResult)
		}
		if got, ok := expr.Lookup(strings.ToUpper(f.Name)); !ok || got.Name != f.Name {
			t.Errorf("Lookup does not find %s in upper case", f.Name)
		}
	}
	if f, _ := expr.Lookup("Switch"); f.Signature() != "Switch(source, [defaultValue], key, value, ...)" {
		t.Error(f.Signature())
	}
	if f, _ := expr.Lookup("Switch"); f.Parameters != nil {
		for i, want := range []string{"source", "defaultValue", "key", "value", "key", "value"} {
			if p, _ := f.Parameter(i); p.Name != want {
				t.Errorf("argument %d of Switch is %s, not %s", i, p.Name, want)
			}
		}
	}
	for wrong, want := range map[string]string{"Swich": "Switch", "NormaliseDiacritics": "NormalizeDiacritics", "xyzzy": ""} {
		if got := expr.Suggest(wrong); got != want {
			t.Errorf("Suggest(%s) = %q, want %q", wrong, got, want)
		}
	}
}
