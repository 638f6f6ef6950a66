package main

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
)

func TestVisibleWriter(t *testing.T) {
	yes := func() bool { return true }
	for _, tt := range []struct {
		name, in, want string
		json, colored  bool
	}{
		{"what is seen", "Ada Ito\t日本 é 👩‍👧\n", "Ada Ito\t日本 é 👩‍👧\n", false, false},
		{"an escape", "a\x1b[2Jb", "a<U+001B>[2Jb", false, false},
		{"an escape in JSON", "\"a\x7f\u009b\u202eb\"", `"a\u007f\u009b\u202eb"`, true, false},
		{"a line that is written over", "good\rbad", "good<U+000D>bad", false, false},
		{"text turned around", "a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d", false, false},
		{"colour", "\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", false, true},
		{"bold and bright colour", "\x1b[1;92mb\x1b[39m\x1b[0;2m", "\x1b[1;92mb\x1b[39m\x1b[0;2m", false, true},
		{"text that is hidden", "\x1b[8ma\x1b[30;40mb\x1b[1;7mc\x1b[38;5;0md\x1b[me\x1b[1;mf\x1b[+1m", "<U+001B>[8ma<U+001B>[30;40mb<U+001B>[1;7mc<U+001B>[38;5;0md<U+001B>[me<U+001B>[1;mf<U+001B>[+1m", false, true},
		{"colour that is not asked for", "\x1b[31mred", "<U+001B>[31mred", false, false},
		{"a title beside colour", "\x1b[1m\x1b]0;x\x07", "\x1b[1m<U+001B>]0;x<U+0007>", false, true},
		{"a cursor beside colour", "\x1b[1;1H\x1b[1", "<U+001B>[1;1H<U+001B>[1", false, true},
		{"no UTF-8", "a\x9b2Jb", "a\uFFFD2Jb", false, false},
		{"half a character at the end", "a\xe6\x97", "a\uFFFD\uFFFD", false, false},
	} {
		for _, size := range []int{1, 2, 3, 1000} { // it may come in parts
			if size < 3 && tt.colored {
				continue // the program writes its colours whole
			}
			var out bytes.Buffer
			v := &visibleWriter{w: &out}
			if tt.json {
				v.json = yes
			}
			if tt.colored {
				v.colored = yes
				size = 1000
			}
			for rest := tt.in; rest != ""; {
				n, err := v.Write([]byte(rest[:min(size, len(rest))]))
				if err != nil || n != min(size, len(rest)) {
					t.Fatalf("%d bytes, error %v", n, err)
				}
				rest = rest[n:]
			}
			if err := v.Flush(); err != nil || out.String() != tt.want {
				t.Errorf("%s, %d bytes at a time: %q, want %q, error %v", tt.name, size, out.String(), tt.want, err)
			}
		}
	}
}

// TestErrorsHaveNoColour of their own on a terminal that shows the program's: what
// an application answers must not paint over the rest.
func TestErrorsHaveNoColour(t *testing.T) {
	yes := func() bool { return true }
	var out bytes.Buffer
	masked := &maskWriter{w: &visibleWriter{w: &out, colored: yes}}
	answered := errors.New("HTTP 401: \x1b[92mall is well\x1b[2m")
	printError(masked, answered)
	contain(masked, func() int { panic(answered) })
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "<U+001B>[92mall is well<U+001B>[2m") != 2 {
		t.Errorf("%q", out.String())
	}
}

// TestSecurityPageKeepsItsPromises looks up the tests that SECURITY.md names for
// its promises: each has one, and each exists.
func TestSecurityPageKeepsItsPromises(t *testing.T) {
	page, tests := read(t, "../../SECURITY.md"), goTests(t)
	promises := 0
	for _, row := range regexp.MustCompile(`(?m)^\| .*\|$`).FindAllString(page, -1) {
		cells := strings.Split(row, "|")
		if strings.TrimSpace(cells[1]) == "promise" {
			continue
		}
		promises++
		named := quoted(cells[2])
		if len(named) == 0 {
			t.Errorf("%s\nhas no test", row)
		}
		for _, name := range named {
			if !strings.HasPrefix(name, "Test") || !strings.Contains(tests, "func "+name+"(") {
				t.Errorf("%s\nthere is no test %s", row, name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(page, -1) {
		exists(t, "../../"+m[1])
	}
	if promises < 15 {
		t.Errorf("%d promises were found", promises)
	}
}

// TestGuardsPage keeps docs/guards.md what the program does: each setting is
// there with its default, and none that there is not.
func TestGuardsPage(t *testing.T) {
	page, schema := read(t, docs+"/guards.md"), schemaText(t)
	keys := regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\| ([0-9]+)(h?) \\|").FindAllStringSubmatch(page, -1)
	if len(keys) != 10 {
		t.Errorf("%d settings are described", len(keys))
	}
	for _, m := range keys {
		value := m[2]
		if m[3] != "" {
			value = `"` + m[2] + m[3] + `"`
		}
		if !regexp.MustCompile(`(?s)"` + m[1] + `": \{[^}]*?"default": ` + value + `[,\n]`).MatchString(schema) {
			t.Errorf("there is no setting %s with the default %s", m[1], value)
		}
	}
	for _, key := range []string{"preventAccidentalDeletions", "sourceCheck"} {
		if !strings.Contains(page, "key of `"+key+"`") {
			t.Errorf("%s is not described", key)
		}
	}
}
