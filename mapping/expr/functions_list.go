package expr

import (
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// listFunctions work on attributes with several values.
var listFunctions = []*builtin{
	{
		Function: Function{
			Name: "Count", Result: TypeInteger, Page: pageReference,
			Parameters:    []Parameter{required("attribute", TypeMulti, "the attribute whose values to count")},
			Description:   "Returns how many values an attribute has: 0 for null, 1 for a single value.",
			Example:       `Count(Split("a,b,c", ","))`,
			ExampleResult: "3",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			if args[0].v.Kind() == directory.List {
				return number(int64(len(args[0].v.Elements()))), nil
			}
			return number(int64(bit(!args[0].v.IsNull()))), nil
		},
	},
	{
		Function: Function{
			Name: "Item", Result: TypeAny, Page: pageReference,
			Parameters: []Parameter{
				required("attribute", TypeMulti, "the attribute to take a value from"),
				required("index", TypeInteger, "which value, counted from 1"),
			},
			Description:   "Returns one value of a multi-valued attribute. An index that it does not have is an error; null has no value at all, and gives null.",
			Example:       `Item(Split("adele@contoso.com", "@"), 1)`,
			ExampleResult: "adele",
		},
		prepare: func(k *checker, c *callOp) {
			if v, ok := c.constant(1); ok && !v.IsEmpty() {
				if n, _ := v.Integer(); n < 1 {
					k.argument(c, 1, "is %d, and the first value is 1", n)
				}
			}
		},
		run: runItem,
	},
	{
		Function: Function{
			Name: "RemoveDuplicates", Result: TypeMulti, Page: pageReference,
			Parameters:    []Parameter{required("attribute", TypeMulti, "the attribute to remove repeated values from")},
			Description:   "Removes values that occurred before, compared with case. The order stays.",
			Example:       `RemoveDuplicates(Split("a,b,a", ","))`,
			ExampleResult: "a, b",
		},
		run: runRemoveDuplicates,
	},
	{
		Function: Function{
			Name: "Split", Result: TypeMulti, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string to cut"),
				required("delimiter", TypeString, "where to cut it"),
			},
			Description:   "Cuts a string into several values, without white space around them. Null stays null.",
			Example:       `Split("PermissionSetOne, PermissionSetTwo", ",")`,
			ExampleResult: "PermissionSetOne, PermissionSetTwo",
		},
		run: runSplit,
	},
}

func runItem(m *machine, c *callOp, args []result) (result, error) {
	v, n := args[0].v, num(args, 1, 0)
	if absent(v) {
		return result{}, nil
	}
	if v.Kind() != directory.List {
		if n == 1 {
			return result{v: v}, nil
		}
		return result{}, c.fault(m, 1, "is %d, and there is 1 value", n)
	}
	elements := v.Elements()
	if n < 1 || n > int64(len(elements)) {
		return result{}, c.fault(m, 1, "is %d, and there are %d values, counted from 1", n, len(elements))
	}
	return result{v: elements[n-1]}, nil
}

func runRemoveDuplicates(m *machine, c *callOp, args []result) (result, error) {
	elements := args[0].v.Elements()
	if args[0].v.Kind() != directory.List || len(elements) < 2 {
		return args[0], nil
	}
	if len(elements) > MaxElements {
		return result{}, c.tooLarge(m)
	}
	seen := make(map[string]bool, len(elements))
	first := func(e directory.Value) bool {
		s := e.Text()
		m.work += len(s)
		before := seen[s]
		seen[s] = true
		return !before
	}
	var kept []directory.Value
	for i, e := range elements {
		switch fresh := first(e); {
		case !fresh && kept == nil:
			kept = slices.Clone(elements[:i])
		case fresh && kept != nil:
			kept = append(kept, e)
		}
	}
	if kept == nil {
		return args[0], nil
	}
	return result{v: directory.Of(kept...)}, nil
}

// runSplit takes white space off the parts: Microsoft's sample cuts
// "PermissionSetOne, PermissionSetTwo" at the comma and shows no blank.
func runSplit(m *machine, c *callOp, args []result) (result, error) {
	if args[0].v.IsNull() {
		return result{}, nil
	}
	source, delimiter := str(args, 0), str(args, 1)
	if delimiter == "" {
		return result{v: directory.Strs(strings.TrimSpace(source))}, nil
	}
	n := strings.Count(source, delimiter) + 1
	if n > MaxElements {
		return result{}, c.tooLarge(m)
	}
	list := make([]directory.Value, 0, n)
	for part := range strings.SplitSeq(source, delimiter) {
		list = append(list, directory.Str(strings.TrimSpace(part)))
	}
	return result{v: directory.Of(list...)}, nil
}
