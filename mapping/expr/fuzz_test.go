package expr_test

import (
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// FuzzParse: no text makes the parser panic, and what parses prints to a text
// that parses to the same tree.
func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Expression)
	}
	f.Add(strings.Repeat("(", 2000))
	f.Add(`Append("\q\\", [a[b]c]) <> %X%`)
	f.Fuzz(func(t *testing.T, src string) {
		tree, err := expr.Parse(src)
		if err != nil {
			_ = err.Error()
			return
		}
		printed := expr.Print(tree)
		again, err := expr.Parse(printed)
		if err != nil {
			if len(printed) > len(src) && len(printed) >= expr.MaxSource {
				return // escapes made it too long
			}
			t.Fatalf("%q prints as %q: %v", src, printed, err)
		}
		if !expr.Equal(tree, again) {
			t.Fatalf("%q prints as %q, which is another tree", src, printed)
		}
	})
}

// FuzzEval: no text and no attribute makes compilation or evaluation panic or
// run on.
func FuzzEval(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.Expression, "x", "2024-02-29")
	}
	f.Fuzz(func(t *testing.T, src, a, b string) {
		p, err := expr.Compile(src, expr.WithMatchTimeout(20*time.Millisecond))
		if err != nil {
			_ = err.Error()
			return
		}
		all := attributes{}
		for i, name := range p.Attributes() {
			all[name] = []directory.Value{directory.Str(a), directory.Str(b), directory.Strs(a, b)}[i%3]
		}
		began := time.Now()
		if _, err := p.Eval(expr.Env{Attributes: all, Now: began}); err != nil {
			_ = err.Error()
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Fatalf("%q took %v", src, took)
		}
	})
}

// FuzzDateFormat: no date, format or styles make FormatDateTime or CDate panic.
func FuzzDateFormat(f *testing.F) {
	f.Add("2024-03-05", "", "yyyy-MM-dd", "dddd, d MMMM yyyy")
	f.Add("Tue, 05 Mar 2024 14:07:09 GMT", "AllowWhiteSpaces", "r", "o")
	f.Add("20150123105347.1Z", "32", "yyyyMMddHHmmss.fZ", `h:mm:ss.FFF tt zzz K '\'' g`)
	f.Add("5-Mar-24 2:07pm +08:00", "7", "%d", "%")
	p, err := expr.Compile(`Join("|", FormatDateTime([s], [styles], [in], [out]), CDate([s]), NumFromDate([s]))`)
	if err != nil {
		f.Fatal(err)
	}
	format, err := expr.Compile(`FormatDateTime([s], [styles], [in], [out])`)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s, styles, in, out string) {
		a := attributes{"s": directory.Str(s), "styles": directory.Str(styles), "in": directory.Str(in), "out": directory.Str(out)}
		for _, p := range []*expr.Program{p, format} {
			if v, err := p.Eval(expr.Env{Attributes: a}); err == nil && len(v.Text()) > 100_000 {
				t.Fatalf("%d bytes", len(v.Text()))
			}
		}
	})
}
