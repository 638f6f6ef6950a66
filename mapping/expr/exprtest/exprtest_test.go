package exprtest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/mapping/expr/exprtest"
)

func TestVectorsPass(t *testing.T) {
	content, err := os.ReadFile("../testdata/expression-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := exprtest.Load("vectors", content)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if err := c.Run(); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
}

func TestRunTellsRightFromWrong(t *testing.T) {
	for yaml, want := range map[string]string{
		`[{expression: 'ToUpper([a])', attributes: {a: x}, expected: X}]`:                                       "",
		`[{expression: 'ToUpper([a])', attributes: {a: x}, expected: x}]`:                                       "want \"x\"\ngot  \"X\"",
		`[{expression: 'Len([a])', attributes: {a: four}, expected: 4}]`:                                        "",
		`[{expression: 'Split([a], ",")', attributes: {a: 'x,y'}, expected: [x, y]}]`:                           "",
		`[{expression: 'Split([a], ",")', attributes: {a: 'x,y'}, expected: [y, x]}]`:                           "want [\"y\",\"x\"]\ngot  [\"x\",\"y\"]",
		`[{expression: 'Coalesce([a], [b])', attributes: {}, expected: null}]`:                                  "",
		`[{expression: 'IgnoreFlowIfNullOrEmpty([a])', attributes: {}, resultType: drop}]`:                      "",
		`[{expression: 'IgnoreFlowIfNullOrEmpty([a])', attributes: {a: x}, resultType: drop}]`:                  "want IgnoreAttributeFlow",
		`[{expression: 'Nope([a])', attributes: {}, expectedError: true}]`:                                      "",
		`[{expression: 'ToUpper([a])', attributes: {a: x}, expectedError: true}]`:                               "want an error\ngot  \"X\"",
		`[{expression: 'Guid()', expectedPattern: '^[0-9a-f-]{36}$'}]`:                                          "",
		`[{expression: 'ToUpper("a")', expectedPattern: '^[a-z]$'}]`:                                            "want a match of ^[a-z]$\ngot  \"A\"",
		`[{expression: 'Now()', now: '2026-11-23T10:00:00Z', expected: '11/23/2026 10:00:00 AM'}]`:              "",
		`[{expression: 'Join("", [mobilePhone], %D%)', attributes: {mobile: '1', '%D%': '2'}, expected: '12'}]`: "",
		`[{expression: 'Nope()', expected: x}]`:                                                                 "got  an error: ",
		`[{expression: 'Now()', now: 'yesterday'}]`:                                                             "now is \"yesterday\"",
	} {
		cases, err := exprtest.Load("test", []byte(yaml))
		if err != nil {
			t.Errorf("%s: %v", yaml, err)
			continue
		}
		err = cases[0].Run()
		if got := ""; err != nil {
			got = err.Error()
			if want == "" || !strings.Contains(got, want) {
				t.Errorf("%s:\n%s\nwant %s", yaml, got, want)
			}
		} else if want != "" {
			t.Errorf("%s passed; want %s", yaml, want)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		`[]`:                      "holds no tests",
		`{"expression": "Now()"}`: "it should be a list",
		`[{"expression": "Now()", "expect": "x"}]`:   "did you mean expected?",
		`[{"expression": " ", "expected": "x"}]`:     "has no expression",
		`[{"expression": "Now()", "taken": "x"}]`:    "test 1",
		"- expression: Now()\n  expression: Now()\n": "expression",
	} {
		_, err := exprtest.Load("file", []byte(content))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}
