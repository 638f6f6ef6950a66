package mapping

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/mapping/expr"
)

// Kind is the type of an attribute mapping (Microsoft Learn, "Customize user
// provisioning attribute-mappings").
type Kind string

// The kinds of an attribute mapping.
const (
	Direct     Kind = "Direct"
	Constant   Kind = "Constant"
	Expression Kind = "Expression"
	None       Kind = "None"
)

// The source attributes that take access away, and with it the only ones that
// flow when an object leaves scope.
const (
	isSoftDeleted  = "IsSoftDeleted"
	accountEnabled = "accountEnabled"
	roles          = "appRoleAssignments"
	selectUnique   = "SelectUniqueValue"
	assertRoles    = "AssertiveAppRoleAssignmentsComplex"
)

// row is an Attribute made ready.
type row struct {
	target     string
	kind       Kind
	source     string // canonical source attribute, or the expression; for people
	program    *expr.Program
	constant   directory.Value
	fallback   directory.Value // the default; null if there is none
	precedence int
	rank       int // place among the matching rows
	onCreate   bool
	flowNull   bool
	reference  bool
	redacted   bool
	unique     bool     // calls SelectUniqueValue
	assertive  bool     // calls AssertiveAppRoleAssignmentsComplex
	reads      []string // canonical source attributes
	// deprovisions: reads IsSoftDeleted or accountEnabled, and so flows when an
	// object leaves scope.
	deprovisions bool
}

// compileRow returns the attribute mapping made ready, or all that is wrong
// with it.
func compileRow(t directory.ObjectType, a Attribute) (row, []error) {
	r := row{
		target: strings.TrimSpace(a.Target), precedence: a.MatchingPrecedence,
		onCreate: a.Apply == OnCreate, flowNull: a.FlowNullValues,
	}
	if a.Default != nil {
		r.fallback = directory.Str(*a.Default)
	}
	errs := r.setSource(t, a)
	if r.target == "" {
		errs = append(errs, errors.New("no target is given: name the attribute of the application"))
	}
	if a.Apply != "" && a.Apply != Always && a.Apply != OnCreate {
		errs = append(errs, fmt.Errorf("unknown apply %q: it is %s or %s", a.Apply, Always, OnCreate))
	}
	if err := checkType(a.Type); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return r, errs // what follows would only echo these
	}
	errs = append(errs, r.checkReference(t, a)...)
	errs = append(errs, r.checkMatching()...)
	if r.unique && !r.onCreate {
		errs = append(errs, fmt.Errorf("%s looks for a value that nobody has yet, which is done on creation alone: add apply %s", selectUnique, OnCreate))
	}
	return r, errs
}

// setSource fills in the kind of the mapping and where its value comes from.
func (r *row) setSource(t directory.ObjectType, a Attribute) []error {
	given := 0
	for _, is := range []bool{a.Source != "", a.Expression != "", a.Constant != nil} {
		if is {
			given++
		}
	}
	if given > 1 {
		return []error{errors.New("source, expression and constant exclude each other: give one of them")}
	}
	switch {
	case a.Constant != nil:
		r.kind, r.constant = Constant, directory.Str(*a.Constant)
		if r.constant.IsEmpty() {
			return []error{errors.New("maps nothing: the constant is empty")}
		}
	case a.Source != "":
		if err := checkSourceName(a.Source); err != nil {
			return []error{err}
		}
		r.setDirect(t, a.Source)
	case strings.TrimSpace(a.Expression) != "":
		return r.setExpression(t, a.Expression)
	default:
		r.kind = None
		if r.fallback.IsEmpty() {
			return []error{errors.New("maps nothing: give a source, an expression, a constant or a default")}
		}
	}
	return nil
}

func (r *row) setDirect(t directory.ObjectType, name string) {
	r.kind, r.source = Direct, directory.Canonical(t, strings.TrimSpace(name))
	r.setReads(t, []string{r.source})
}

func (r *row) setExpression(t directory.ObjectType, source string) []error {
	program, err := expr.Compile(source)
	if err != nil {
		return []error{err}
	}
	if bare, ok := program.Tree().(*expr.Attribute); ok {
		r.setDirect(t, bare.Name)
		return nil
	}
	r.kind, r.source, r.program = Expression, source, program
	r.redacted, r.unique = program.Redacted(), program.Calls(selectUnique)
	r.assertive = program.Calls(assertRoles)
	if r.redacted {
		r.source = RedactedText // a constant in it may be the secret
	}
	r.setReads(t, program.Attributes())
	return nil
}

func (r *row) setReads(t directory.ObjectType, names []string) {
	for _, name := range names {
		name = directory.Canonical(t, name)
		r.reads = append(r.reads, name)
		r.deprovisions = r.deprovisions || name == isSoftDeleted || name == accountEnabled
	}
}

var looksLikeCall = regexp.MustCompile(`(?s)^[A-Za-z0-9]+\s*\(.*\)$`)

// checkSourceName catches expressions that were given as a source.
func checkSourceName(name string) error {
	name = strings.TrimSpace(name)
	if bare, ok := strings.CutPrefix(name, "["); ok && strings.HasSuffix(bare, "]") {
		bare = strings.TrimSuffix(bare, "]")
		return fmt.Errorf("source %q has brackets, which belong to an expression: write source %s", name, bare)
	}
	if looksLikeCall.MatchString(name) {
		return fmt.Errorf("source %q is an expression: give it as the expression", name)
	}
	return nil
}

func checkType(t directory.AttributeType) error {
	types := []directory.AttributeType{
		directory.TypeString, directory.TypeBoolean, directory.TypeInteger, directory.TypeReference, directory.TypeDateTime,
	}
	names := make([]string, len(types))
	for i, known := range types {
		if t == known || t == "" {
			return nil
		}
		names[i] = string(known)
	}
	return fmt.Errorf("unknown type %q: it is one of %s", t, strings.Join(names, ", "))
}

// checkReference finds out whether the value refers to other objects. Such
// values are translated anchor by anchor, which leaves room for neither
// expression nor default.
func (r *row) checkReference(t directory.ObjectType, a Attribute) []error {
	var errs []error
	for _, name := range r.reads {
		if s, ok := directory.SourceAttribute(t, name); ok && s.Type == directory.TypeReference {
			if r.kind == Expression {
				errs = append(errs, fmt.Errorf("an expression cannot work on %s, which refers to other objects: map it with source %s", name, name))
				continue
			}
			r.reference = true
		}
	}
	if a.Type == directory.TypeReference {
		if r.kind != Direct {
			errs = append(errs, fmt.Errorf("a target of type %s needs a source attribute that holds object ids", a.Type))
		}
		r.reference = r.kind == Direct
	}
	if r.reference && !r.fallback.IsNull() {
		errs = append(errs, errors.New("a reference cannot have a default: it is the anchor of another object"))
	}
	return errs
}

// checkMatching says why the row cannot find an object of the target. A
// constant or a default would find the same object for everybody.
func (r *row) checkMatching() []error {
	switch {
	case r.precedence == 0:
		return nil
	case r.precedence < 0:
		return []error{fmt.Errorf("matching precedence %d: the first is 1, and 0 does not match", r.precedence)}
	case r.kind == Constant, r.kind == None:
		return []error{fmt.Errorf("a mapping of type %s cannot match: it has the same value for every object", r.kind)}
	case r.reference:
		return []error{errors.New("a reference cannot match: it is written after the object was found")}
	case r.unique:
		return []error{fmt.Errorf("%s cannot match: it gives a value that no object has", selectUnique)}
	default:
		return nil
	}
}
