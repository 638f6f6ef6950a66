package scim

import (
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// compliantOps is the dialect of aadOptscim062020: lower-case verbs, JSON
// booleans, and all attributes of one verb that have no value filter together
// in one operation without a path, after those that have one.
func (b *builder) compliantOps(t directory.ObjectType, changes part) ([]patchOp, error) {
	var ops []patchOp
	merged := map[plan.Verb][]merge{}
	for _, c := range changes {
		p, err := b.resolver.resolve(t, c.Attribute)
		if err != nil {
			return nil, err
		}
		op := patchOp{op: string(c.Verb), path: p.raw}
		switch {
		case c.Verb == plan.Remove && p.multi && p.reference():
			for _, e := range c.New.Elements() {
				ops = append(ops, patchOp{op: op.op, path: p.raw + "[" + equals("value", referenceText(e)) + "]"})
			}
			continue
		case c.Verb == plan.Remove && p.reference() && b.behavior.ManagerRemoval == RemoveByEmptyValue:
			op.op, op.value = string(plan.Replace), []byte(`{"value":""}`)
		case c.Verb == plan.Remove:
		case p.multi || c.New.Kind() == directory.List:
			if op.value, err = elements(p, c.New, typed, b.behavior.MemberRefNull); err != nil {
				return nil, err
			}
			if verb := roleVerb(p, c); verb != "" {
				op.op = string(verb)
			}
		case p.reference():
			op.value = append(appendQuote([]byte(`{"value":`), referenceText(c.New)), '}')
		default:
			if op.value, err = appendScalar(nil, p, c.New, typed); err != nil {
				return nil, err
			}
			if !p.filtered() {
				merged[c.Verb] = append(merged[c.Verb], merge{p, op.value})
				continue
			}
		}
		ops = append(ops, op)
	}
	for _, verb := range []plan.Verb{plan.Add, plan.Replace} {
		if list := merged[verb]; len(list) > 0 {
			ops = append(ops, mergedOp(verb, list))
		}
	}
	return ops, nil
}

// merge is one attribute of a merged operation.
type merge struct {
	target *target
	value  []byte
}

// mergedOp puts attributes together, each keyed by its name in the mapping:
// dotted for a sub-attribute, the whole URN for an extension. One that is alone
// keeps its path if it is added, or if it is active: so Microsoft's page has it.
func mergedOp(verb plan.Verb, list []merge) patchOp {
	if len(list) == 1 && (verb == plan.Add || list[0].target.is("active")) {
		return patchOp{op: string(verb), path: list[0].target.raw, value: list[0].value}
	}
	value := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			value = append(value, ',')
		}
		value = append(appendQuote(value, m.target.raw), ':')
		value = append(value, m.value...)
	}
	return patchOp{op: string(verb), value: append(value, '}')}
}
