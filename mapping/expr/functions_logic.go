package expr

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// logicFunctions decide and choose.
var logicFunctions = []*builtin{
	{
		Function: Function{
			Name: "IIF", Result: TypeAny, Page: pageReference,
			Parameters: []Parameter{
				keyed(required("condition", TypeBoolean, "a comparison with = <> < <= > >=, or any value that is True or False"), "one"),
				required("valueIfTrue", TypeAny, "the result if the condition holds"),
				required("valueIfFalse", TypeAny, "the result if it does not"),
			},
			Description:   "Chooses between two values. Both are evaluated, and an error in either is an error of the whole. There are no operators AND and OR: nest IIF instead.",
			Example:       `IIF("USA" = "USA", "domestic", "abroad")`,
			ExampleResult: "domestic",
		},
		selects: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			if args[0].signal != nil {
				return args[0], nil
			}
			if holds, _ := args[0].v.Boolean(); holds {
				return args[1], nil
			}
			return args[2], nil
		},
	},
	{
		Function: Function{
			Name: "Switch", Result: TypeAny, Page: pageReference,
			Parameters: []Parameter{
				keyed(required("source", TypeAny, "the value to look up"), "source"),
				optional("defaultValue", TypeAny, "the result if no key equals source; null if left out"),
				repeating(keyed(required("key", TypeAny, "a value to compare source with"), "switchValue")),
				repeating(keyed(required("value", TypeAny, "the result if source equals the key before"), "switchValue")),
			},
			Description:   `Returns the value whose key equals source, with case. Null equals the key "".`,
			Example:       `Switch("QLD", "Australia/Sydney", "NSW", "Australia/Sydney", "QLD", "Australia/Brisbane")`,
			ExampleResult: "Australia/Brisbane",
		},
		selects: true, pairs: true,
		run: runSwitch,
	},
	{
		Function: Function{
			Name: "Coalesce", Result: TypeAny, Page: pageReference,
			Parameters: []Parameter{
				repeating(required("source", TypeAny, "a value; the last one serves as the default")),
			},
			Description:   "Returns the first value that is not null, and null if all are. The empty string is a value.",
			Example:       `Coalesce(NULL, "adele@contoso.com")`,
			ExampleResult: "adele@contoso.com",
		},
		selects: true,
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			for _, a := range args {
				if a.signal != nil || !absent(a.v) {
					return a, nil
				}
			}
			return result{}, nil
		},
	},
	{
		Function: Function{
			Name: "Not", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("source", TypeAny, "True or False")},
			Description:   "Returns False for True, and True for anything else.",
			Example:       `Not("False")`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			v := args[0].v
			if e := v.Elements(); v.Kind() == directory.List && len(e) == 1 {
				v = e[0]
			}
			holds, _ := v.Boolean()
			return boolean(!holds), nil
		},
	},
	{
		Function: Function{
			Name: "CBool", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("Expression", TypeBoolean, "a comparison, a number, or True or False")},
			Description:   "Returns True for a comparison that holds and for a number other than zero.",
			Example:       `CBool(BitAnd(6, 4))`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			holds, _ := args[0].v.Boolean()
			return boolean(holds), nil
		},
	},
	{
		Function: Function{
			Name: "BitAnd", Result: TypeInteger, Page: pageReference,
			Parameters: []Parameter{
				required("value1", TypeInteger, "a number, such as &HF7"),
				required("value2", TypeInteger, "another"),
			},
			Description:   "Returns the bits that are set in both numbers. Null counts as 0.",
			Example:       `BitAnd(&HF, &HF7)`,
			ExampleResult: "7",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return number(num(args, 0, 0) & num(args, 1, 0)), nil
		},
	},
	{
		Function: Function{
			Name: "IsNull", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("Expression", TypeAny, "the value to test")},
			Description:   "Reports whether a value is absent. The empty string is not.",
			Example:       `IsNull("")`,
			ExampleResult: "False",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return boolean(absent(args[0].v)), nil
		},
	},
	{
		Function: Function{
			Name: "IsNothing", Result: TypeBoolean, Page: pageGraph,
			Parameters:    []Parameter{required("source", TypeAny, "the value to test")},
			Description:   "Reports whether a value is absent, as IsNull does.",
			Example:       `IsNothing(NULL)`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return boolean(absent(args[0].v)), nil
		},
	},
	{
		Function: Function{
			Name: "IsNullOrEmpty", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("Expression", TypeAny, "the value to test")},
			Description:   "Reports whether a value is absent or the empty string. White space is neither.",
			Example:       `IsNullOrEmpty("")`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return boolean(args[0].v.IsEmpty()), nil
		},
	},
	{
		Function: Function{
			Name: "IsPresent", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("Expression", TypeAny, "the value to test")},
			Description:   "Reports whether a value is neither absent nor the empty string.",
			Example:       `IsPresent("x")`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return boolean(!args[0].v.IsEmpty()), nil
		},
	},
	{
		Function: Function{
			Name: "IsString", Result: TypeBoolean, Page: pageReference,
			Parameters:    []Parameter{required("Expression", TypeAny, "the value to test")},
			Description:   "Reports whether a value is a single string.",
			Example:       `IsString("abc")`,
			ExampleResult: "True",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			switch args[0].v.Kind() {
			case directory.String, directory.Reference, directory.Pending:
				return boolean(true), nil
			default:
				return boolean(false), nil
			}
		},
	},
}

// absent reports whether a value is null, or an attribute without any value.
func absent(v directory.Value) bool {
	return v.IsNull() || v.Kind() == directory.List && len(v.Elements()) == 0
}

// runSwitch compares texts by their bytes. A boolean source matches its
// spelling in any case, for guides write "True" and "true".
func runSwitch(m *machine, c *callOp, args []result) (result, error) {
	if args[0].signal != nil {
		return args[0], nil
	}
	source := args[0].v
	if source.Kind() == directory.List {
		switch e := source.Elements(); len(e) {
		case 0:
			source = directory.Value{}
		case 1:
			source = e[0]
		default:
			return result{}, c.fault(m, 0, "takes a single value and got %d: use Item or Join", len(e))
		}
	}
	truth := source.Kind() == directory.Boolean
	s := source.Text()
	if m.work += len(s); m.work > MaxWork {
		return result{}, c.tooLarge(m)
	}
	for i := 2; i+1 < len(args); i += 2 {
		if args[i].signal != nil {
			return args[i], nil
		}
		if key := args[i].v.Text(); key == s || truth && strings.EqualFold(key, s) {
			return args[i+1], nil
		}
	}
	return args[1], nil
}
