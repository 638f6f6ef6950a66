package main

import (
	"io"
	"strings"
	"testing"
)

// said is what go test -json says of a package.
const said = `{"Action":"run","Test":"TestA"}
{"Action":"attr","Test":"TestA","Key":"tries","Value":"200"}
{"Action":"attr","Test":"TestA","Key":"color","Value":"7"}
{"Action":"pass","Test":"TestA"}
{"Action":"pass","Test":"TestAB"}
{"Action":"pass","Test":"TestB/one"}
{"Action":"pass","Test":"TestB/two/deep"}
{"Action":"pass","Test":"TestB/two/deeper"}
{"Action":"pass","Test":"TestB/two"}
{"Action":"skip","Test":"TestB/three"}
{"Action":"pass","Test":"TestB"}
{"Action":"attr","Test":"TestC/x","Key":"tries","Value":"3"}
{"Action":"attr","Test":"TestC/y","Key":"tries","Value":"4"}
{"Action":"pass","Test":"TestC/x"}
{"Action":"pass","Test":"TestC/y"}
{"Action":"pass","Test":"TestC"}
{"Action":"skip","Test":"TestD"}
{"Action":"output","Test":"TestE","Output":"it broke\n"}
{"Action":"fail","Test":"TestE"}
{"Action":"run","Test":"TestF"}
# no JSON
{"Action":"fail"}
`

func TestJudge(t *testing.T) {
	var log strings.Builder
	tests, err := readEvents(strings.NewReader(said), &log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "it broke") || !strings.Contains(log.String(), "# no JSON") {
		t.Errorf("the log: %q", log.String())
	}
	seen := seenTests{"p": tests}
	for _, tt := range []struct {
		names  []string
		result string
		tries  int
	}{
		{[]string{"TestA"}, "holds", 200},
		{[]string{"TestB"}, "holds", 3},
		{[]string{"TestB/two"}, "holds", 2},
		{[]string{"TestA", "TestC"}, "holds", 207},
		{[]string{"TestD"}, "not tried", 0},
		{[]string{"TestA", "TestD"}, "not tried", 200},
		{[]string{"TestA", "TestE"}, "**broken**", 200},
		{[]string{"TestF"}, "**broken**", 0},
		{[]string{"TestNowhere"}, "**broken**", 0},
	} {
		v := judge([]promise{{Tests: of("p", tt.names...)}}, seen)[0]
		if v.result() != tt.result || v.tries != tt.tries || v.holds() != (tt.result == "holds") {
			t.Errorf("%v: %s, %d tries; want %s, %d", tt.names, v.result(), v.tries, tt.result, tt.tries)
		}
	}
}

func TestRun(t *testing.T) {
	for args, want := range map[string]string{
		"-run (":         "missing closing",
		"-run xyzzy":     "no promise",
		"-run . -o page": "leave out -run",
		"-x":             "flag provided but not defined",
	} {
		if err := run(t.Context(), strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
