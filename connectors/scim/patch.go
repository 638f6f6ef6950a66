package scim

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// part is what one PATCH request changes.
type part []plan.Change

// parts says which changes share a request: all plain attributes do, each
// reference attribute has requests of its own after them (Microsoft Learn,
// "How application provisioning works"), and members go MembersPerPatch to a
// request.
func (b *builder) parts(t directory.ObjectType, changes []plan.Change) ([]part, error) {
	var plain part
	var references []part
	for _, c := range changes {
		p, err := b.resolver.resolve(t, c.Attribute)
		if err != nil {
			return nil, err
		}
		elements := c.New.Elements()
		switch {
		case !isReference(p, c.New):
			plain = append(plain, c)
		case !p.multi && c.New.Kind() != directory.List:
			references = append(references, part{c})
		default:
			for len(elements) > 0 {
				n := min(b.membersPerPatch, len(elements))
				batch := c
				batch.New = directory.Of(elements[:n:n]...)
				references = append(references, part{batch})
				elements = elements[n:]
			}
		}
	}
	if len(plain) > 0 {
		return append([]part{plain}, references...), nil
	}
	return references, nil
}

func isReference(p *target, v directory.Value) bool {
	if p.reference() {
		return true
	}
	if v.Kind() == directory.List && len(v.Elements()) > 0 {
		v = v.Elements()[0]
	}
	return v.Kind() == directory.Reference || v.Kind() == directory.Pending
}

// patchOp is one operation of a PATCH request (RFC 7644 section 3.5.2).
type patchOp struct {
	op    string
	path  string // "" for none
	value []byte // nil for none
}

// patchBody returns the body of a PATCH in the dialect of the target.
func (b *builder) patchBody(t directory.ObjectType, changes part) ([]byte, error) {
	var ops []patchOp
	var err error
	if b.compliant {
		ops, err = b.compliantOps(t, changes)
	} else {
		ops, err = b.standardOps(t, changes)
	}
	if err != nil {
		return nil, err
	}
	body := []byte(`{"schemas":["` + messagePatch + `"],"Operations":[`)
	for i, op := range ops {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendQuote(append(body, `{"op":`...), op.op)
		if op.path != "" {
			body = appendQuote(append(body, `,"path":`...), op.path)
		}
		if op.value != nil {
			body = append(append(body, `,"value":`...), op.value...)
		}
		body = append(body, '}')
	}
	return append(body, `]}`...), nil
}

// standardOps is the dialect without a flag: capitalised verbs, one operation
// an attribute, always with its path, booleans as strings.
func (b *builder) standardOps(t directory.ObjectType, changes part) ([]patchOp, error) {
	ops := make([]patchOp, 0, len(changes))
	for _, c := range changes {
		p, err := b.resolver.resolve(t, c.Attribute)
		if err != nil {
			return nil, err
		}
		op := patchOp{op: capitalised(c.Verb), path: p.raw}
		switch {
		case c.Verb == plan.Remove && p.multi && p.reference():
			op.value = appendReferences(nil, c.New, b.behavior.MemberRefNull)
		case c.Verb == plan.Remove && p.reference() && b.behavior.ManagerRemoval == RemoveByEmptyValue:
			op.op, op.value = "Replace", []byte(`""`)
		case c.Verb == plan.Remove:
		case p.multi || c.New.Kind() == directory.List:
			if op.value, err = elements(p, c.New, asString, b.behavior.MemberRefNull); err != nil {
				return nil, err
			}
			op.op = listVerb(p, c)
		case p.reference():
			op.value = appendQuote(nil, referenceText(c.New))
		default:
			if op.value, err = appendScalar(nil, p, c.New, asString); err != nil {
				return nil, err
			}
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// listVerb is the verb for several values in the standard dialect. Values are
// added even when the old ones should vanish, but for members, where what the
// application showed decides. Roles have the verb of their function, and a
// complete list of them is replaced in lower case, as Microsoft's sample has it.
func listVerb(p *target, c plan.Change) string {
	if p.reference() {
		return capitalised(c.Verb)
	}
	if verb := roleVerb(p, c); verb == plan.Replace {
		return string(verb)
	}
	return capitalised(plan.Add)
}

// roleVerb is the verb for a list of app roles: AppRoleAssignmentsComplex adds
// and leaves the old roles, AssertiveAppRoleAssignmentsComplex replaces all. It
// is "" for anything else.
func roleVerb(p *target, c plan.Change) plan.Verb {
	var verb plan.Verb
	if !p.is("roles") {
		return verb
	}
	for _, e := range c.New.Elements() {
		r, ok := roleOf(e)
		switch {
		case ok && r.assertive:
			return plan.Replace
		case ok:
			verb = plan.Add
		}
	}
	return verb
}

func capitalised(v plan.Verb) string {
	s := string(v)
	return strings.ToUpper(s[:1]) + s[1:]
}
