package expr

import (
	"errors"
	"strings"
)

// Replace's parameters, by index.
const (
	replaceOld = 1 + iota
	replacePattern
	replaceGroup
	replaceValue
	replaceAttribute
	replaceTemplate
)

var replaceFunctions = []*builtin{
	{
		Function: Function{
			Name: "Replace", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("source", TypeString, "the string to change"),
				keyed(optional("oldValue", TypeString, "what to look for in source, or in template"), "Find"),
				keyed(optional("regexPattern", TypeString, "a .NET regular expression to look for"), "RegularExpression"),
				keyed(optional("regexGroupName", TypeString, "the group of regexPattern to replace, or to extract"), "RegularExpressionGroupName"),
				keyed(optional("replacementValue", TypeString, "what to put in its place; with regexPattern alone it may hold substitutions such as ${name}"), "Replacement"),
				keyed(optional("replacementAttributeName", TypeString, "where to extract regexGroupName from if source has no value"), "ReplacementPropertyName"),
				keyed(optional("template", TypeString, "a string in which oldValue is replaced by source"), "Template"),
			},
			Description: "Replaces, with case. oldValue and replacementValue: every occurrence. oldValue and template: every occurrence in the template, by source. " +
				"regexPattern and replacementValue: every match. regexPattern, regexGroupName and replacementValue: the group in every match. " +
				"regexPattern, regexGroupName and replacementAttributeName: source if it has a value, else the group in the other attribute.",
			Example:       `Replace("+1 737-626-8331", , "\\+(?<isd>\\d* )(?<number>.*)", , "${number}", , )`,
			ExampleResult: "737-626-8331",
		},
		prepare: prepareReplace,
		run:     runReplace,
	},
}

// replacing is what Replace can tell from its constant arguments.
type replacing struct {
	regex    *regex    // nil if the pattern is no constant
	replacer *replacer // nil unless the replacement is a constant too
}

func prepareReplace(k *checker, c *callOp) {
	pattern, constant := c.constant(replacePattern)
	if !constant || !c.given(replacePattern) {
		return
	}
	r, err := compileRegex(pattern.Text(), k.program.options.matchTimeout)
	if err != nil {
		k.argument(c, replacePattern, "not a valid .NET regular expression: %v", k.hide(err))
		return
	}
	prepared := &replacing{regex: r}
	if name, ok := c.constant(replaceGroup); ok && c.given(replaceGroup) {
		if r.group(name.Text()) < 0 {
			k.argument(c, replaceGroup, "the pattern has no group %s", k.quote(name))
			return
		}
	} else if value, ok := c.constant(replaceValue); ok {
		prepared.replacer = newReplacer(r, value.Text())
	}
	c.prepared = prepared
}

func runReplace(m *machine, c *callOp, args []result) (result, error) {
	source := str(args, 0)
	switch {
	case c.given(replaceOld) && c.present(replaceValue):
		return c.replaceAll(m, source, str(args, replaceOld), str(args, replaceValue))
	case c.given(replaceOld) && c.given(replaceTemplate):
		return c.replaceAll(m, str(args, replaceTemplate), str(args, replaceOld), source)
	case c.given(replacePattern) && (c.present(replaceValue) || c.given(replaceGroup) && c.given(replaceAttribute)):
		return c.replaceMatches(m, args)
	}
	return result{}, m.fault(c.node.At, c, nil,
		"takes oldValue with replacementValue or template, or regexPattern with replacementValue, or regexPattern and regexGroupName with replacementAttributeName; an old value alone is replaced by: Replace([source], \"old\", , , \"new\", , )")
}

// replaceAll replaces every occurrence of find; an empty one has none.
func (c *callOp) replaceAll(m *machine, s, find, value string) (result, error) {
	if find == "" {
		return text(s), nil
	}
	n := strings.Count(s, find)
	if n == 0 {
		return text(s), nil
	}
	if grown := len(value) - len(find); grown > 0 && n > (MaxText-len(s))/grown || !m.fits(len(s)+n*max(grown, 0)) {
		return result{}, c.tooLarge(m)
	}
	return text(strings.ReplaceAll(s, find, value)), nil
}

func (c *callOp) replaceMatches(m *machine, args []result) (result, error) {
	source, group := str(args, 0), str(args, replaceGroup)
	extracts := c.given(replaceGroup) && !c.present(replaceValue)
	if extracts && source != "" {
		return text(source), nil
	}
	r, rp, err := c.compiled(m, args)
	if err != nil || r == nil {
		return text(source), err
	}
	if c.given(replaceGroup) && group != "" && r.group(group) < 0 {
		return result{}, c.fault(m, replaceGroup, "the pattern has no group %s", m.quote(args[replaceGroup].v))
	}
	var s string
	switch {
	case extracts:
		s, ok, err := r.extract(m, str(args, replaceAttribute), group)
		if err != nil || !ok {
			return result{}, c.regexFault(m, err)
		}
		return text(s), nil
	case group != "":
		s, err = r.replaceGroup(m, source, group, str(args, replaceValue))
	case rp != nil:
		s, err = rp.replace(m, source)
	default:
		s, err = newReplacer(r, str(args, replaceValue)).replace(m, source)
	}
	if err != nil {
		return result{}, c.regexFault(m, err)
	}
	return text(s), nil
}

// compiled returns the regular expression, and the replacer if that is known
// already; nil for an empty pattern that came from an attribute.
func (c *callOp) compiled(m *machine, args []result) (*regex, *replacer, error) {
	if p, ok := c.prepared.(*replacing); ok {
		return p.regex, p.replacer, nil
	}
	pattern := str(args, replacePattern)
	if pattern == "" {
		return nil, nil, nil
	}
	r, err := compileRegex(pattern, m.program.options.matchTimeout)
	if err != nil {
		return nil, nil, c.fault(m, replacePattern, "not a valid .NET regular expression: %v", m.hide(err))
	}
	return r, nil, nil
}

// regexFault places an error of the regular expression; nil stays nil.
func (c *callOp) regexFault(m *machine, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTooLarge):
		return c.tooLarge(m)
	}
	fault := m.fault(c.argumentAt(replacePattern), c, c.params[replacePattern], "%v", err)
	fault.Err = err
	return fault
}
