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

// replaceUsage says which parameters go together.
const replaceUsage = `takes oldValue with replacementValue or template, or regexPattern with replacementValue, or regexPattern and regexGroupName with replacementAttributeName; an old value is replaced by Replace([source], "old", , , "new", , )`

// replaceMode is one of the ways in which Replace works, by the parameters
// that are given.
type replaceMode uint8

const (
	replaceNone       replaceMode = iota
	replaceInSource               // oldValue and replacementValue
	replaceInTemplate             // oldValue and template
	replaceMatching               // regexPattern and replacementValue, or the group in each match
	replaceExtracting             // regexPattern, regexGroupName and replacementAttributeName
)

func (c *callOp) replaceMode() replaceMode {
	switch {
	case c.given(replaceOld) && c.present(replaceValue):
		return replaceInSource
	case c.given(replaceOld) && c.given(replaceTemplate):
		return replaceInTemplate
	case c.given(replacePattern) && c.present(replaceValue):
		return replaceMatching
	case c.given(replacePattern) && c.given(replaceGroup) && c.given(replaceAttribute):
		return replaceExtracting
	}
	return replaceNone
}

// prepareReplace refuses what no description of Replace covers, but for three
// arguments: older pages show Replace([mail], "@contoso.com", ""), which is an
// error of the evaluation.
func prepareReplace(k *checker, c *callOp) {
	if c.replaceMode() == replaceNone && (len(c.nodes) != 3 || !c.given(replaceOld)) {
		k.fault(c.node.At, c.fn.Name, nil, "%s", replaceUsage)
		return
	}
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
	switch c.replaceMode() {
	case replaceInSource:
		return c.replaceAll(m, source, str(args, replaceOld), str(args, replaceValue))
	case replaceInTemplate:
		return c.replaceAll(m, str(args, replaceTemplate), str(args, replaceOld), source)
	case replaceMatching:
		return c.replaceMatches(m, source, args)
	case replaceExtracting:
		return c.replaceExtract(m, source, args)
	}
	return result{}, m.fault(c.node.At, c, nil, replaceUsage)
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

// replaceMatches replaces every match, or the text of a group in every match.
func (c *callOp) replaceMatches(m *machine, source string, args []result) (result, error) {
	r, rp, err := c.compiled(m, args)
	if err != nil || r == nil {
		return text(source), err
	}
	value := str(args, replaceValue)
	if group := str(args, replaceGroup); group != "" {
		source, err = r.replaceGroup(m, source, group, value)
	} else {
		if rp == nil {
			rp = newReplacer(r, value)
		}
		source, err = rp.replace(m, source)
	}
	if err != nil {
		return result{}, c.regexFault(m, err)
	}
	return text(source), nil
}

// replaceExtract returns source if it has a value, else the text of a group in
// the first match in the other attribute; null where nothing matches.
func (c *callOp) replaceExtract(m *machine, source string, args []result) (result, error) {
	if source != "" {
		return text(source), nil
	}
	r, _, err := c.compiled(m, args)
	if err != nil || r == nil {
		return result{}, err
	}
	s, ok, err := r.extract(m, str(args, replaceAttribute), str(args, replaceGroup))
	if err != nil || !ok {
		return result{}, c.regexFault(m, err)
	}
	return text(s), nil
}

// compiled returns the regular expression, and the replacer if that is known
// already; nil for an empty pattern that came from an attribute.
func (c *callOp) compiled(m *machine, args []result) (r *regex, rp *replacer, err error) {
	if p, ok := c.prepared.(*replacing); ok {
		r, rp = p.regex, p.replacer
	} else {
		pattern := str(args, replacePattern)
		if pattern == "" {
			return nil, nil, nil
		}
		if r, err = compileRegex(pattern, m.program.options.matchTimeout); err != nil {
			return nil, nil, c.fault(m, replacePattern, "not a valid .NET regular expression: %v", m.hide(err))
		}
	}
	if group := str(args, replaceGroup); group != "" && r.group(group) < 0 {
		return nil, nil, c.fault(m, replaceGroup, "the pattern has no group %s", m.quote(args[replaceGroup].v))
	}
	return r, rp, nil
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
