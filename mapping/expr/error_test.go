package expr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// TestCompileErrors asserts whole messages: place, function, parameter, line
// and caret.
func TestCompileErrors(t *testing.T) {
	for src, want := range map[string]string{
		`Apend("a", "b")`: `line 1, column 1: there is no function Apend; did you mean Append?
  Apend("a", "b")
  ^`,
		"Join(\" \",\n  [a],\n\tLeft([b], \"x\"))": "line 3, column 12: Left: parameter NumChars: \"x\" is not a whole number\n" +
			"  \tLeft([b], \"x\"))\n  \t          ^",
		`Append("é日本", "x" "y")`: `line 1, column 19: a comma or a closing parenthesis is missing before this
  Append("é日本", "x" "y")
                      ^`,
		`DateAdd("dd", 1, Now())`: `line 1, column 9: DateAdd: parameter interval: "dd" is not allowed: it is one of yyyy, m, d, ww, h, n, s
  DateAdd("dd", 1, Now())
          ^`,
		`Append([a])`: `line 1, column 1: Append: takes 2 arguments and got 1: Append(source, suffix); suffix is missing
  Append([a])
  ^`,
		`Redact(Left("secret", "word"))`: `line 1, column 23: Left: parameter NumChars: [Redact] is not a whole number`,
		``:                               "line 1, column 1: the expression is empty",
		`"abc`:                           "line 1, column 1: this string has no closing quotation mark (in a string, \" is written \\\")\n  \"abc\n  ^",
		`[a`:                             "line 1, column 1: this attribute name has no closing bracket\n  [a\n  ^",
		`Now(`:                           "line 1, column 4: this opening parenthesis has no closing one\n  Now(\n     ^",
		`Now())`:                         "line 1, column 6: this closing parenthesis has no opening one\n  Now())\n       ^",
		`Now() Now()`:                    "line 1, column 7: the expression ends before this; functions are nested, not put side by side\n  Now() Now()\n        ^",
		`IIF([a] != "x", 1, 2)`:          "line 1, column 9: unexpected !: the operator for not equal is <>\n  IIF([a] != \"x\", 1, 2)\n          ^",
		`'x'`:                            "line 1, column 1: unexpected ': string constants stand in straight double quotes: \"...\"\n  'x'\n  ^",
		`"a" & "b"`:                      "line 1, column 5: & begins a hexadecimal number such as &HF7; to concatenate, use Append or Join\n  \"a\" & \"b\"\n      ^",
		`tru`:                            "line 1, column 1: tru is not a keyword: did you mean True?\n  tru\n  ^",
		`Now`:                            "line 1, column 1: Now is not a keyword: a call is written with parentheses: Now(...)\n  Now\n  ^",
		`99999999999999999999`:           "line 1, column 1: 99999999999999999999 does not fit in 64 bits\n  99999999999999999999\n  ^",
		`%x`:                             "line 1, column 1: % begins the name of a global parameter, such as %DomainFQDN%, but the closing % is missing\n  %x\n  ^",
	} {
		_, err := expr.Compile(src)
		var fault *expr.Error
		if !errors.As(err, &fault) {
			t.Errorf("%q: %v is no *Error", src, err)
			continue
		}
		if got := err.Error(); got != want {
			t.Errorf("%q:\n%s\nwant:\n%s", src, got, want)
		}
	}
}

func TestCompileReportsEveryFault(t *testing.T) {
	_, err := expr.Compile(`Join(Apend("x"), Mid("a"), DateAdd("x", 1, Now()))`)
	for _, want := range []string{"no function Apend", "Mid: takes 3 arguments", `"x" is not allowed`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestLimitsOfTheText(t *testing.T) {
	for src, want := range map[string]string{
		`"` + strings.Repeat("x", expr.MaxSource-1) + `"`:               "the expression has 10001 characters, and 10000 are allowed",
		`"` + strings.Repeat("x", expr.MaxSource-2) + `"`:               "",
		`"` + strings.Repeat("😀", expr.MaxSource/2-1) + `"`:             "",
		`"` + strings.Repeat("😀", expr.MaxSource/2) + `"`:               "the expression has 10002 characters",
		strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5):        "nested more than 500 deep",
		strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500):       "",
		strings.Repeat("Trim(", 400) + `"x"` + strings.Repeat(")", 400): "",
	} {
		_, err := expr.Compile(src)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s...: %v; want %q", src, err, want)
		}
	}
}

// TestLimitsOfTheResult: nested calls that multiply a text end with an error,
// and before they take the memory.
func TestLimitsOfTheResult(t *testing.T) {
	grow := func(call string, times int) string {
		src := `"aaaaaaaaaa"`
		for range times {
			src = strings.ReplaceAll(call, "@", src)
		}
		return src
	}
	for _, src := range []string{
		grow(`Replace(@, "a", , , "aaaaaaaaaa", , )`, 100),
		grow(`Replace(@, , "a", , "$_", , )`, 60),
		grow(`ConvertToBase64(@)`, 100),
		grow(`ConvertToUTF8Hex(@)`, 100),
		grow(`Replace("a", "a", , , , , Replace(@, "a", , , "aaaaaaaaaa", , ))`, 60),
		`Split(` + grow(`Replace(@, "a", , , "a,a,a,a,a,", , )`, 12) + `, ",")`,
	} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Eval(expr.Env{}); !errors.Is(err, expr.ErrTooLarge) {
			t.Errorf("%.60s...: %v; want ErrTooLarge", src, err)
		}
	}
	large := attributes{"a": directory.Str(strings.Repeat("x", 900_000))}
	p, err := expr.Compile(`Join("", ` + strings.Repeat("[a], ", 1000) + `[a])`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Eval(expr.Env{Attributes: large}); !errors.Is(err, expr.ErrTooLarge) {
		t.Errorf("Join: %v; want ErrTooLarge", err)
	}
}

func TestCatastrophicPatternIsAnError(t *testing.T) {
	p, err := expr.Compile(`Replace([a], , [pattern], , "", , )`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Eval(expr.Env{Attributes: attributes{
		"a": directory.Str(strings.Repeat("a", 40) + "!"), "pattern": directory.Str("^(a+)+$"),
	}})
	var fault *expr.Error
	if !errors.Is(err, expr.ErrTimeout) || !errors.As(err, &fault) || fault.Function != "Replace" || fault.Parameter != "regexPattern" {
		t.Errorf("%v; want ErrTimeout of Replace's regexPattern", err)
	}
}

func TestRedactedExpressionsShowNoValue(t *testing.T) {
	const secret = "hunter2"
	for _, src := range []string{
		`Redact(Left("x", [s]))`, `Left("x", Redact([s]))`, `Redact(CDate([s]))`, `Redact(Replace("a", , [s], , "", , ))`,
		`Redact(FormatDateTime([s], , "yyyy", "yyyy"))`, `redact(FormatDateTime("2024", , [s], "yyyy"))`, `Redact(Error([s]))`,
		`Redact(ToLower("x", [s]))`, `Redact(DateAdd([s], 1, Now()))`, `IIF([s], Redact("` + secret + `"), 1)`,
		`SelectUniqueValue([s], Redact("` + secret + `"))`, `Redact(Item("` + secret + `", [two]))`,
	} {
		p, err := expr.Compile(src)
		if err != nil {
			t.Errorf("%s: %v", src, err)
			continue
		}
		if !p.Redacted() {
			t.Errorf("%s is not redacted", src)
		}
		_, err = p.Eval(expr.Env{
			Attributes: attributes{"s": directory.Str(secret + "["), "two": directory.Int(2)},
			Unique:     func(string) (bool, error) { return false, nil },
		})
		var none *expr.UniqueError
		if err == nil || strings.Contains(err.Error(), secret) || errors.As(err, &none) && len(none.Candidates) > 0 {
			t.Errorf("%s: %v; want an error without the value", src, err)
		}
	}
	if p, err := expr.Compile(`Append("Redact(", [s])`); err != nil || p.Redacted() {
		t.Errorf("a text is taken for a call of Redact: %v", err)
	}
}

func TestSelectUniqueValueErrors(t *testing.T) {
	p, err := expr.Compile(`SelectUniqueValue("a", "b", "a")`)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	_, err = p.Eval(expr.Env{Unique: func(s string) (bool, error) { asked = append(asked, s); return false, nil }})
	var none *expr.UniqueError
	if !errors.As(err, &none) || !slices.Equal(none.Candidates, []string{"a", "b"}) || !slices.Equal(asked, none.Candidates) {
		t.Errorf("%v after asking for %v", err, asked)
	}
	lost := errors.New("connection lost")
	_, err = p.Eval(expr.Env{Unique: func(string) (bool, error) { return false, lost }})
	var fault *expr.Error
	if !errors.Is(err, lost) || !errors.As(err, &fault) || fault.Function != "SelectUniqueValue" {
		t.Errorf("%v; want the target's error, placed", err)
	}
}

func TestExcerptOfALongLine(t *testing.T) {
	src := `Join("", ` + strings.Repeat(`[attribute], `, 50) + `Left([b], "x"), ` + strings.Repeat(`[attribute], `, 50) + `[c])`
	_, err := expr.Compile(src)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 {
		t.Fatalf("%q has %d lines", err, len(lines))
	}
	at := len([]rune(lines[2])) - 1
	if shown := []rune(lines[1]); len(shown) > 150 || !strings.HasPrefix(string(shown[at:]), `"x"`) {
		t.Errorf("the caret is not under the place:\n%s\n%s", lines[1], lines[2])
	}
}
