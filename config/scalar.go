package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/scimsync/scimsync/connectors/directory"
)

// checkScalar reads a text, truth value, number or duration.
func (d *document) checkScalar(n *yaml.Node, s *shape, path string) *value {
	if n.Kind != yaml.ScalarNode {
		return d.wrong(n, path, "expected %s, found %s", s.describe(), found(n, s))
	}
	v := &value{path: path, node: n, given: true, text: n.Value}
	var reason string
	switch s.kind {
	case boolean:
		reason = v.readBoolean(s)
	case integer:
		reason = v.readInteger(s)
	case duration:
		reason = v.readDuration(s)
	case number:
		reason = v.readNumber(s)
	default:
		reason = d.readText(v, s)
	}
	if reason != "" {
		return d.wrong(n, path, "%s", v.mask(reason))
	}
	return v
}

func (v *value) readBoolean(s *shape) string {
	if v.node.Tag == "!!bool" {
		v.truth = strings.EqualFold(v.text, "true")
		return ""
	}
	reason := fmt.Sprintf("expected true or false, found %s", found(v.node, s))
	switch strings.ToLower(v.text) {
	case "true", "yes", "on", "y", "1":
		reason += ": write true, without quotation marks"
	case "false", "no", "off", "n", "0":
		reason += ": write false, without quotation marks"
	}
	return reason
}

func (v *value) readInteger(s *shape) string {
	if v.node.Tag == "!!int" {
		if err := v.node.Decode(&v.number); err != nil {
			return fmt.Sprintf("%s is no number that fits in 64 bits", v.text)
		}
		if v.number < s.min || s.max > 0 && v.number > s.max {
			return fmt.Sprintf("is %d: it must be %s", v.number, strings.TrimPrefix(s.limits(), "of "))
		}
		return ""
	}
	return fmt.Sprintf("expected %s, found %s", s.describe(), found(v.node, s))
}

func (v *value) readNumber(s *shape) string {
	if v.node.Tag != "!!int" && v.node.Tag != "!!float" {
		return fmt.Sprintf("expected %s, found %s", s.describe(), found(v.node, s))
	}
	err := v.node.Decode(&v.float)
	if least, most := float64(s.min), float64(s.max); err != nil || !(v.float > least) || !(s.max == 0 || v.float <= most) { // NaN is none of these
		return fmt.Sprintf("is %s: it must be %s", quoteNumber(v.text), strings.TrimPrefix(s.limits(), "of "))
	}
	return ""
}

// quoteNumber returns a number as it stands in the file: an explicit tag can
// call any text a number.
func quoteNumber(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return quote(text)
	}
	return text
}

var days = regexp.MustCompile(`^([0-9]{1,6})\s*(d|day|days)$`)

func (v *value) readDuration(s *shape) string {
	if v.node.Tag == "!!int" {
		if v.text == "0" && s.min == 0 {
			return ""
		}
		return fmt.Sprintf("%s has no unit: write %ss, %sm or %sh", v.text, v.text, v.text, v.text)
	}
	t, err := time.ParseDuration(v.text)
	if err != nil || v.node.Tag != "!!str" {
		if m := days.FindStringSubmatch(v.text); m != nil {
			n, _ := strconv.Atoi(m[1]) // six digits at most
			return fmt.Sprintf("expected %s, found %s: days have no unit of their own, write %dh", s.describe(), found(v.node, s), 24*n)
		}
		return fmt.Sprintf("expected %s, found %s", s.describe(), found(v.node, s))
	}
	if int64(t) < s.min {
		return fmt.Sprintf("is %s: it must be at least %s", v.text, time.Duration(s.min))
	}
	v.number = int64(t)
	return ""
}

func (d *document) readText(v *value, s *shape) string {
	switch v.node.Tag {
	case "!!str":
	case "!!int", "!!float", "!!bool", "!!timestamp":
		switch {
		case s.loose:
		case len(s.enum) > 0:
			return fmt.Sprintf("expected %s, found %s", s.describe(), found(v.node, s))
		default:
			return fmt.Sprintf("expected %s, found %s: put it in quotation marks", s.describe(), found(v.node, s))
		}
	default:
		if s.secret { // it may be the secret that begins with !
			return fmt.Sprintf("expected %s, found a YAML tag: a value that begins with ! needs quotation marks", s.describe())
		}
		return fmt.Sprintf("expected %s, found the YAML tag %s: leave the tag out", s.describe(), v.node.Tag)
	}
	if s.refers {
		if reason := d.replaceReferences(v, s); reason != "" {
			return reason
		}
		if v.unread {
			return ""
		}
	}
	switch {
	case v.text == "" && !s.loose:
		return "is empty: write " + s.describe() + ", or leave the key out"
	case !utf8.ValidString(v.text):
		return "is no UTF-8 text"
	case len(s.enum) > 0 && !slices.Contains(s.enum, v.text):
		return s.notInEnum(v)
	case s.pattern != nil && !s.pattern.re.MatchString(v.text):
		if s.secret {
			return "is not " + s.pattern.means
		}
		return fmt.Sprintf("%s is not %s", quote(v.text), s.pattern.means)
	}
	return ""
}

func (s *shape) notInEnum(v *value) string {
	if reason, ok := s.later[v.text]; ok {
		return fmt.Sprintf("%s is %s", v.text, reason)
	}
	if near := directory.Nearest(v.text, s.enum); near != "" {
		return fmt.Sprintf("unknown %s: did you mean %s?", quote(v.text), near)
	}
	return fmt.Sprintf("unknown %s: %s", quote(v.text), oneOf(s.enum))
}

func oneOf(words []string) string {
	if len(words) == 1 {
		return "it can only be " + words[0]
	}
	return "it is one of " + strings.Join(words, ", ")
}

// describe says what is right at a place.
func (s *shape) describe() string {
	switch s.kind {
	case object:
		return "a mapping with keys such as " + strings.Join(s.names()[:min(3, len(s.keys))], ", ")
	case list:
		return "a list"
	case boolean:
		return "true or false"
	case integer:
		return "a whole number " + s.limits()
	case duration:
		return "a duration such as 90s, 40m or 1h30m"
	case number:
		return "a number " + s.limits()
	default:
		if len(s.enum) > 1 {
			return "one of " + strings.Join(s.enum, ", ")
		}
		return "text"
	}
}

func (s *shape) limits() string {
	switch {
	case s.kind == number && s.max > 0:
		return fmt.Sprintf("above %d and up to %d", s.min, s.max)
	case s.kind == number:
		return fmt.Sprintf("above %d", s.min)
	case s.max > 0:
		return fmt.Sprintf("from %d to %d", s.min, s.max)
	}
	return fmt.Sprintf("of at least %d", s.min)
}

// found says what stands at a node, without its content if that is secret.
func found(n *yaml.Node, s *shape) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
	default:
		return "an alias"
	}
	what := "text"
	switch n.Tag {
	case "!!int", "!!float":
		what = "the number"
	case "!!bool":
		what = "the truth value"
	case "!!timestamp":
		what = "the date"
	}
	switch {
	case s.secret:
		return "another kind of value"
	case what == "text":
		return quote(n.Value)
	case strings.ContainsFunc(n.Value, func(r rune) bool { return !strconv.IsPrint(r) }):
		return what + " " + quote(n.Value) // an explicit tag can call any text a number
	default:
		return what + " " + n.Value
	}
}

const maxShown = 60 // characters of a value in an error

func quote(s string) string {
	if utf8.RuneCountInString(s) > maxShown {
		s = string([]rune(s)[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}
