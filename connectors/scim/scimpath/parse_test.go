package scimpath

import (
	"errors"
	"strings"
	"testing"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

func typeIs(v string) Filter { return Compare{Path{Attribute: "type"}, Eq, v} }

func TestParse(t *testing.T) {
	for in, want := range map[string]Path{
		"userName":                       {Attribute: "userName"},
		"name.givenName":                 {Attribute: "name", Sub: "givenName"},
		"members.$ref":                   {Attribute: "members", Sub: "$ref"},
		"x-custom_1":                     {Attribute: "x-custom_1"},
		`emails[type eq "work"].value`:   {Attribute: "emails", Filter: typeIs("work"), Sub: "value"},
		`emails[type eq "work"]`:         {Attribute: "emails", Filter: typeIs("work")},
		`members[value eq "u1"]`:         {Attribute: "members", Filter: Compare{Path{Attribute: "value"}, Eq, "u1"}},
		`roles[primary eq "True"].value`: {Attribute: "roles", Filter: Compare{Path{Attribute: "primary"}, Eq, "True"}, Sub: "value"},
		enterprise + ":department":       {URN: enterprise, Attribute: "department"},
		enterprise + ":manager.value":    {URN: enterprise, Attribute: "manager", Sub: "value"},
		enterprise:                       {URN: strings.TrimSuffix(enterprise, ":User"), Attribute: "User"},
		"URN:a:b:c":                      {URN: "URN:a:b", Attribute: "c"},
		"urn:x:y:2.0:U:emails[type eq \"work\"].value": {URN: "urn:x:y:2.0:U", Attribute: "emails", Filter: typeIs("work"), Sub: "value"},
		`addresses[type eq "work" and not (primary eq true)].formatted`: {
			Attribute: "addresses", Sub: "formatted",
			Filter: And{typeIs("work"), Not{Compare{Path{Attribute: "primary"}, Eq, true}}},
		},
	} {
		got, err := Parse(in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got != want {
			t.Errorf("Parse(%q) = %#v, want %#v", in, got, want)
		}
		if got.String() != in {
			t.Errorf("Parse(%q) prints as %q", in, got.String())
		}
	}
}

// The filters of RFC 7644 figure 2, what Entra sends, and what its mappings
// write. The key is the input, the value how it prints if that differs.
var filters = map[string]string{
	`userName eq "bjensen"`:         "",
	`name.familyName co "O'Malley"`: "",
	`userName sw "J"`:               "",
	`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`: "",
	`title pr`: "",
	`meta.lastModified gt "2011-05-13T04:42:34Z"`:                                                       "",
	`meta.lastModified ge "2011-05-13T04:42:34Z"`:                                                       "",
	`title pr and userType eq "Employee"`:                                                               "",
	`title pr or userType eq "Intern"`:                                                                  "",
	`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`:                           "",
	`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`:             "",
	`userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")`:         "",
	`userType eq "Employee" and (emails.type eq "work")`:                                                `userType eq "Employee" and emails.type eq "work"`,
	`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`:                     "",
	`emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]`: "",
	`emails[type eq "work"].value eq "a@b.c"`:                                                           "",
	`emails[type eq "work"].value pr`:                                                                   "",
	`id eq "u1" and manager eq "m1"`:                                                                    "",
	`userName EQ "x" AND active Eq True`:                                                                `userName eq "x" and active eq true`,
	`a eq 1 or b eq 2 and c eq 3`:                                                                       "",
	`(a eq 1 or b eq 2) and c eq 3`:                                                                     "",
	`a eq 1 and (b eq 2 and c eq 3)`:                                                                    "",
	`(a eq 1 and b eq 2) and c eq 3`:                                                                    `a eq 1 and b eq 2 and c eq 3`,
	`not(a pr)`:                                                                                         `not (a pr)`,
	`not eq "x"`:                                                                                        "",
	`  a   eq   null  `:                                                                                 `a eq null`,
	`a eq -1.5e3`:                                                                                       `a eq -1500`,
	`a lt 12345678901234567890`:                                                                         `a lt 12345678901234567000`,
	`a eq "q\"\\\u00e9\n<&>"`:                                                                           `a eq "q\"\\é\n<&>"`,
	`((((a pr))))`:                                                                                      `a pr`,
}

func TestParseFilterPrints(t *testing.T) {
	for in, want := range filters {
		if want == "" {
			want = in
		}
		f, err := ParseFilter(in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got := f.String(); got != want {
			t.Errorf("%q prints as %q, want %q", in, got, want)
		}
		again, err := ParseFilter(f.String())
		if err != nil || again != f {
			t.Errorf("%q does not survive printing: %#v, %v", in, again, err)
		}
	}
}

func TestPrecedence(t *testing.T) {
	f, err := ParseFilter(`a pr or b pr and not (c pr)`)
	if err != nil {
		t.Fatal(err)
	}
	pr := func(name string) Filter { return Present{Path{Attribute: name}} }
	if want := (Or{pr("a"), And{pr("b"), Not{pr("c")}}}); f != Filter(want) {
		t.Errorf("got %#v, want %#v", f, want)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ in, caret string }{
		{``, "\n^\nthe path is empty"},
		{`emails[type eq "work"`, "emails[type eq \"work\"\n                     ^\nthe end where the ] of the value filter should be"},
		{`emails[type eq work].value`, "emails[type eq work].value\n               ^\n\"work\" is no value: text stands in double quotes"},
		{`name.given.x`, "name.given.x\n          ^\na sub-attribute has no sub-attributes of its own"},
		{`name.`, "name.\n     ^\nthe name of the sub-attribute is missing"},
		{`.value`, ".value\n^\nthe name of the attribute is missing"},
		{`display name`, "display name\n       ^\na path has no spaces outside of its value filter"},
		{`1st`, "1st\n^\nthe name of an attribute starts with a letter, not with '1'"},
		{`nämé`, "nämé\n ^\n'ä' cannot be part of an attribute name"},
		{`urn:ietf:department`, "urn:ietf:department\n^\n\"urn:ietf:department\" is no schema URN followed by a colon and an attribute name"},
		{`http://x:y`, "http://x:y\n^\n\"http://x:y\" is no attribute name: a name with a colon starts with the URN of its schema (urn:…:attribute)"},
		{`a[b[c pr]]`, "a[b[c pr]]\n   ^\na value filter cannot hold another one"},
		{`a.b[c pr]`, "a.b[c pr]\n   ^\na value filter stands after the attribute (a[…].b), not after its sub-attribute"},
		{`a[b pr]c`, "a[b pr]c\n       ^\nafter ] comes the end, or a dot and a sub-attribute, not 'c'"},
		{`a[]`, "a[]\n  ^\nan attribute name is missing before ']'"},
		{`a]`, "a]\n ^\n']' does not belong here: the path ends before it"},
	} {
		_, err := Parse(c.in)
		check(t, c.in, err, c.caret)
	}
	for _, c := range []struct{ in, caret string }{
		{` `, " \n^\nthe filter is empty"},
		{`userName`, "userName\n        ^\nan operator is missing after \"userName\": " + operators},
		{`userName eq`, "userName eq\n           ^\na space and a value are missing after \"eq\""},
		{`userName eq `, "userName eq \n            ^\na value is missing after \"eq\""},
		{`userName = "x"`, "userName = \"x\"\n         ^\n\"=\" is no operator: " + operators},
		{`userName eq "x`, "userName eq \"x\n            ^\nthe quotation mark that ends this text is missing"},
		{`userName eq "x"y`, "userName eq \"x\"y\n               ^\n'y' directly after the text's closing quotation mark"},
		{`userName eq "\x"`, "userName eq \"\\x\"\n            ^\nthis text is no JSON string: inside of it write \\\" for a quotation mark and \\\\ for a backslash"},
		{`(a pr`, "(a pr\n     ^\nthe end where the ) of the ( at character 1 should be"},
		{`a pr)`, "a pr)\n    ^\n')' closes nothing that was opened"},
		{`a pr b pr`, "a pr b pr\n     ^\n\"b\" where \"and\", \"or\" or the end should be"},
		{`a pr and`, "a pr and\n        ^\nan attribute name is missing before the end"},
		{`active gt true`, "active gt true\n          ^\n\"true\" cannot be compared by \"gt\", only by eq and ne"},
		{`a co 1`, "a co 1\n     ^\nthe number 1 cannot be compared by \"co\": text stands in double quotes"},
		{`a eq 1e999`, "a eq 1e999\n     ^\n\"1e999\" is no value: text stands in double quotes"},
		{"ä eq \xff", "ä eq \uFFFD\n     ^\nthe text is not valid UTF-8"},
		{"a\tpr\tx", "a pr x\n     ^\n\"x\" where \"and\", \"or\" or the end should be"},
	} {
		_, err := ParseFilter(c.in)
		check(t, c.in, err, c.caret)
	}
}

func check(t *testing.T, in string, err error, caret string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%q: no *Error but %v", in, err)
		return
	}
	if e.Caret() != caret {
		t.Errorf("%q:\n%s\nwant\n%s", in, e.Caret(), caret)
	}
}

func TestErrorIsOneLine(t *testing.T) {
	_, err := Parse(`emails[typé eq 1]`)
	if want := `"emails[typé eq 1]", character 11: 'é' cannot be part of an attribute name`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = ParseFilter(strings.Repeat("ä", 300))
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("a long input makes a long error: %v", err)
	}
}

func TestLimits(t *testing.T) {
	deep := strings.Repeat("(", maxDepth) + "a pr" + strings.Repeat(")", maxDepth)
	if _, err := ParseFilter(deep); err != nil {
		t.Errorf("%d levels: %v", maxDepth, err)
	}
	for name, in := range map[string]string{
		"parentheses": strings.Repeat("(", 30000),
		"not":         strings.Repeat("not (", 10000),
		"terms":       strings.Repeat("a pr and ", maxTerms) + "a pr",
		"bytes":       `a eq "` + strings.Repeat("x", maxInput) + `"`,
	} {
		if _, err := ParseFilter(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, s := range []string{"userName", `emails[type eq "work"].value`, enterprise + ":manager.value", "a[b pr and (c eq 1 or d ne null)]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			checkError(t, err)
			return
		}
		again, err := Parse(p.String())
		if err != nil || again != p || !again.EqualFold(p) {
			t.Fatalf("%q prints as %q, which is %#v, %v", s, p.String(), again, err)
		}
		Lookup(map[string]any{p.Attribute: []any{map[string]any{p.Sub: s}, s, nil}}, p)
	})
}

func FuzzFilter(f *testing.F) {
	for s := range filters {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		filter, err := ParseFilter(s)
		if err != nil {
			checkError(t, err)
			return
		}
		again, err := ParseFilter(filter.String())
		if err != nil || again != filter {
			t.Fatalf("%q prints as %q, which is %#v, %v", s, filter.String(), again, err)
		}
		resource := map[string]any{"a": s, "type": []any{1.0, true, nil, map[string]any{"value": s}}}
		if Match(filter, resource) == Match(Not{filter}, resource) {
			t.Fatalf("%q and its negation agree", s)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(e.Input) || e.Caret() == "" || e.Reason == "" {
		t.Fatalf("not a usable error: %#v", err)
	}
}
