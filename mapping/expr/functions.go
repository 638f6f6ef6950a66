package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Type is the type of a parameter or of a result. A value of another type is
// converted where that makes sense: numbers may be written in quotes, and a
// single value passes where several are expected.
type Type string

// The types of the function table.
const (
	TypeString   Type = "String"
	TypeInteger  Type = "Integer"
	TypeBoolean  Type = "Boolean"
	TypeDateTime Type = "DateTime"
	TypeAny      Type = "Any"         // any value, as it is
	TypeMulti    Type = "MultiValued" // an attribute with several values
)

// Parameter is one parameter of a function.
type Parameter struct {
	Name        string
	Type        Type
	Required    bool
	Repeating   bool     // this and every following parameter come any number of times, in turn
	Key         string   // the parameter's key in a Graph attributeMappingSource
	Values      []string // the only values allowed, if not empty; their case carries no meaning
	Description string
}

// Function describes one function of the language.
type Function struct {
	Name          string
	Parameters    []Parameter
	Result        Type
	Description   string
	Page          string // title of Microsoft's page that describes it
	Example       string // a call with constants alone
	ExampleResult string // what the example gives; "" where that is random or changes
}

// Titles of Microsoft's pages that describe functions.
const (
	pageReference = "Reference for writing expressions for attribute mappings in Microsoft Entra Application Provisioning"
	pageCloudSync = "Microsoft Entra Cloud Sync expressions and function reference"
	pageConnect   = "Microsoft Entra Connect Sync: Functions Reference"
	pageGraph     = "synchronizationSchema: functions"
)

// builtin is a row of the function table: what a function is, and how it runs.
type builtin struct {
	Function
	// prepare checks constant arguments and keeps what run can use again; may be nil.
	prepare func(k *checker, c *callOp)
	run     func(m *machine, c *callOp, args []result) (result, error)
	selects bool // run deals with arguments that carry a signal
	each    bool // applied to each value of a multi-valued first argument
	pairs   bool // takes an even number of arguments
	twice   bool // the repeating parameter comes at least twice
	top     bool // must not be nested
	legacy  int  // number of arguments of the older signature that lacks the second parameter; 0: none
}

// Functions returns the table of all functions, sorted by name. The result is
// the caller's; what it points to must not be changed.
func Functions() []Function {
	list := make([]Function, len(table))
	for i, f := range table {
		list[i] = f.Function
	}
	return list
}

// Lookup returns the function of this name, in any case.
func Lookup(name string) (Function, bool) {
	f, ok := byName[strings.ToLower(name)]
	if !ok {
		return Function{}, false
	}
	return f.Function, true
}

// Suggest returns the function that a mistyped name most likely meant, and ""
// if none is near.
func Suggest(name string) string { return directory.Nearest(name, functionNames) }

// Signature returns the call with the names of the parameters, optional ones
// in brackets: Mid(source, start, length).
func (f Function) Signature() string {
	names := make([]string, 0, len(f.Parameters)+1)
	repeating := false
	for _, p := range f.Parameters {
		name := p.Name
		if !p.Required {
			name = "[" + name + "]"
		}
		repeating = repeating || p.Repeating
		names = append(names, name)
	}
	if repeating {
		names = append(names, "...")
	}
	return fmt.Sprintf("%s(%s)", f.Name, strings.Join(names, ", "))
}

// Parameter returns the parameter that the argument at index i, counted from
// 0, belongs to; ok is false beyond the last. With several repeating
// parameters they take turns.
func (f Function) Parameter(i int) (p Parameter, ok bool) {
	if at := f.parameter(i); at != nil {
		return *at, true
	}
	return Parameter{}, false
}

func (f *Function) parameter(i int) *Parameter {
	if i < 0 {
		return nil
	}
	if i < len(f.Parameters) {
		return &f.Parameters[i]
	}
	first := slices.IndexFunc(f.Parameters, func(p Parameter) bool { return p.Repeating })
	if first < 0 {
		return nil
	}
	turn := len(f.Parameters) - first
	return &f.Parameters[first+(i-first)%turn]
}

// variadic reports whether the last parameters repeat.
func (f *Function) variadic() bool {
	return len(f.Parameters) > 0 && f.Parameters[len(f.Parameters)-1].Repeating
}

// table holds every function, sorted by name.
var table = sorted(textFunctions, caseFunctions, replaceFunctions, logicFunctions, listFunctions,
	dateFunctions, encodingFunctions, roleFunctions, flowFunctions)

var byName = index(table)

var functionNames = names(table)

func sorted(groups ...[]*builtin) []*builtin {
	all := slices.Concat(groups...)
	slices.SortFunc(all, func(a, b *builtin) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return all
}

func index(all []*builtin) map[string]*builtin {
	m := make(map[string]*builtin, len(all))
	for _, f := range all {
		m[strings.ToLower(f.Name)] = f
	}
	return m
}

func names(all []*builtin) []string {
	list := make([]string, len(all))
	for i, f := range all {
		list[i] = f.Name
	}
	return list
}
