package scope

import (
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Every row decides one clause for one value, as Microsoft Learn, "Scoping
// users or groups to be provisioned with scoping filters" has it.
func TestClauses(t *testing.T) {
	null := directory.Value{}
	str, strs := directory.Str, directory.Strs
	for _, c := range []struct {
		value    directory.Value
		operator string
		operands string // separated by |
		want     bool
	}{
		{str("Sales"), "EQUALS", "sales", false},
		{str("sales"), "EQUALS", "sales", true},
		{str("sales "), "EQUALS", "sales", false},
		{null, "EQUALS", "sales", false},
		{str("b"), "EQUALS", "a|b", true},
		{str("c"), "EQUALS", "a|b", false},
		{directory.Bool(true), "EQUALS", "true", true},
		{directory.Bool(true), "EQUALS", "True", true},
		{directory.Bool(true), "EQUALS", "False", false},
		{directory.Int(7), "EQUALS", "7", true},
		{directory.Int(7), "EQUALS", "007", true},
		{str("7"), "EQUALS", "007", false},
		{directory.Int(7), "EQUALS", "x", false},

		{str("Sales"), "NOT EQUALS", "sales", true},
		{str("sales"), "NOT EQUALS", "sales", false},
		{null, "NOT EQUALS", "sales", false},
		{str(""), "NOT EQUALS", "sales", false},
		{str("b"), "NOT EQUALS", "a|b", false},
		{str("c"), "NOT EQUALS", "a|b", true},

		{directory.Bool(true), "IS TRUE", "", true},
		{directory.Bool(false), "IS TRUE", "", false},
		{str("TRUE"), "IS TRUE", "", true},
		{str("1"), "IS TRUE", "", false},
		{null, "IS TRUE", "", false},
		{directory.Bool(false), "IS FALSE", "", true},
		{str("false"), "IS FALSE", "", true},
		{directory.Bool(true), "IS FALSE", "", false},
		{null, "IS FALSE", "", false},

		{null, "IS NULL", "", true},
		{str(""), "IS NULL", "", true},
		{strs(), "IS NULL", "", true},
		{strs("", ""), "IS NULL", "", true},
		{str(" "), "IS NULL", "", false},
		{directory.Bool(false), "IS NULL", "", false},
		{null, "IS NOT NULL", "", false},
		{str(""), "IS NOT NULL", "", false},
		{str("x"), "IS NOT NULL", "", true},
		{directory.Int(0), "IS NOT NULL", "", true},

		{str("a@domain.com"), "REGEX MATCH", `.*\@domain.com`, true},
		{str("a@other.com"), "REGEX MATCH", `.*\@domain.com`, false},
		{str("a@domain.com.evil.org"), "REGEX MATCH", `.*\@domain.com`, true}, // a search, not a full match
		{str("1000000"), "REGEX MATCH", `(1[0-9]{6})`, true},
		{str("2000000"), "REGEX MATCH", `(1[0-9]{6})`, false},
		{directory.Int(1000000), "REGEX MATCH", `(1[0-9][0-9][0-9][0-9][0-9][0-9])`, true},
		{str("xx42"), "REGEX MATCH", `([1-9][0-9])`, true},
		{str("SALES"), "REGEX MATCH", `^sales$`, false},
		{str("SALES"), "REGEX MATCH", `(?i)^sales$`, true},
		{str("ab"), "REGEX MATCH", `^a(?=b)`, true},
		{str("b"), "REGEX MATCH", `^a$|^b$`, true},
		{null, "REGEX MATCH", `.*`, false},
		{str("CAS_{1}"), "NOT REGEX MATCH", `^CAS_([^{]*){`, false},
		{str("ada"), "NOT REGEX MATCH", `^CAS_([^{]*){`, true},
		{str(""), "NOT REGEX MATCH", `.*`, false},
		{null, "NOT REGEX MATCH", `x`, false},

		{directory.Int(11), "GREATER_THAN", "10", true},
		{str("11"), "Greater_Than", "10", true},
		{str("9"), "GREATER THAN", "10", false},
		{str("10"), "GREATER_THAN", "10", false},
		{str("ten"), "GREATER_THAN", "1", false},
		{null, "GREATER_THAN", "-1", false},
		{str("10"), "Greater_Than_OR_EQUALS", "10", true},
		{str("9"), "GREATER_THAN_OR_EQUALS", "10", false},

		{str("New York"), "INCLUDES", "York", true},
		{str("New York"), "Includes", "york", false},
		{null, "INCLUDES", "x", false},
		{str("a@contoso.com"), "ENDS_WITH", "@contoso.com", true},
		{str("a@contoso.com"), "ENDS WITH", "@CONTOSO.com", false},
		{null, "ENDS_WITH", "x", false},

		{str("US"), "&", "US,CA,MX", true},
		{str("DE"), "&", "US,CA,MX", false},
		{null, "&", "US,CA,MX", false},
		{str("US"), "!&", "US,CA,MX", false},
		{str("DE"), "!&", "US,CA,MX", true},
		{null, "!&", "US,CA,MX", false},

		// All values of a multi-valued attribute must satisfy a clause.
		{strs("smtp:a@x.com", "smtp:b@x.com"), "REGEX MATCH", `(?i)^smtp:`, true},
		{strs("smtp:a@x.com", "SIP:b@x.com"), "REGEX MATCH", `(?i)^smtp:`, false},
		{strs("a", "b"), "NOT EQUALS", "c", true},
		{strs("a", "c"), "NOT EQUALS", "c", false},
		{strs("a", ""), "EQUALS", "a", true},
		{strs(), "NOT EQUALS", "c", false},
	} {
		name := c.value.Text() + " " + c.operator + " " + c.operands
		t.Run(name, func(t *testing.T) {
			var operands []string
			if c.operands != "" {
				operands = strings.Split(c.operands, "|")
			}
			if strings.Contains(c.operator, "REGEX") {
				operands = []string{c.operands}
			}
			s, err := Compile(directory.User, Settings{}, []Filter{{Clauses: []Clause{{Attribute: "department", Operator: c.operator, Values: operands}}}})
			if err != nil {
				t.Fatal(err)
			}
			o := directory.Object{Type: directory.User, Attributes: map[string]directory.Value{"department": c.value}}
			if d := s.Decide(o); d.InScope != c.want {
				t.Errorf("in scope is %v (%s)", d.InScope, d.Reason)
			}
		})
	}
}
