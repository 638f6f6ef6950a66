package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/scimsync/scimsync/connectors/directory"
)

const (
	// maxAliased is how many nodes behind aliases one file may have, each
	// counted as often as it is used: a few lines of aliases of aliases could
	// stand for billions.
	maxAliased = 100_000
	// maxMerges is how deep merge keys may nest.
	maxMerges = 16
)

// check reads a node by its shape, and reports everything that is wrong with it.
func (d *document) check(n *yaml.Node, s *shape, path string) *value {
	if n.Kind == yaml.AliasNode {
		if n.Alias == nil {
			return d.wrong(n, path, "the alias *%s has no anchor", n.Value)
		}
		d.behindAlias++
		defer func() { d.behindAlias-- }()
		n = n.Alias
	}
	if !d.count(n) {
		return &value{path: path, node: n, given: true, faulty: true}
	}
	if isNull(n) {
		return d.wrong(n, path, "is empty: write %s, or leave the key out", s.describe())
	}
	switch s.kind {
	case object:
		return d.checkObject(n, s, path)
	case list:
		return d.checkList(n, s, path)
	default:
		return d.checkScalar(n, s, path)
	}
}

// count reports whether the file may have one node more.
func (d *document) count(n *yaml.Node) bool {
	if d.behindAlias == 0 {
		return true
	}
	d.aliased++
	if d.aliased == maxAliased {
		d.fail(n, "the aliases of this file stand for more than %d values: write them out, or less of them", maxAliased)
	}
	return d.aliased < maxAliased
}

// wrong reports an error at a value and returns it as faulty.
func (d *document) wrong(n *yaml.Node, path, format string, args ...any) *value {
	message := fmt.Sprintf(format, args...)
	switch {
	case path == "":
	case strings.HasPrefix(message, "is "):
		message = path + " " + message
	default:
		message = path + ": " + message
	}
	d.fail(n, "%s", message)
	return &value{path: path, node: n, given: true, faulty: true}
}

func (d *document) checkObject(n *yaml.Node, s *shape, path string) *value {
	if n.Kind != yaml.MappingNode {
		return d.wrong(n, path, "expected %s, found %s", s.describe(), found(n, s))
	}
	v := &value{path: path, node: n, given: true, fields: map[string]*value{}}
	members, ok := d.members(n, s, 0)
	v.faulty = !ok
	meant := map[string]bool{} // keys that a misspelled one stands for
	for _, m := range members {
		k := s.key(m.name)
		if k == nil {
			near := directory.Nearest(m.name, s.names())
			meant[near] = true
			d.fail(m.key, "%s", unknownKey(m.name, near, path, s))
			v.faulty = true
			continue
		}
		f := d.check(m.value, &k.shape, join(path, k.name))
		v.fields[k.name] = f
		v.faulty = v.faulty || f.faulty
	}
	d.checkKeys(v, s, meant)
	return v
}

// checkKeys reports keys that are missing or exclude each other.
func (d *document) checkKeys(v *value, s *shape, meant map[string]bool) {
	before := len(d.errors)
	for _, k := range s.keys {
		if k.required && !v.get(k.name).given && !meant[k.name] {
			d.fail(v.node, "%s is missing: %s", join(v.path, k.name), inShort(k.about))
		}
	}
	for _, names := range s.exclusive {
		var given []string
		for _, name := range names {
			if v.get(name).given {
				given = append(given, name)
			}
		}
		if len(given) > 1 {
			d.fail(v.get(given[1]).node, "%s exclude each other: leave all but one out", and(given))
		}
	}
	if len(s.atLeastOne) > 0 && !v.hasAny(s.atLeastOne) {
		d.fail(v.node, "%s: one of %s is needed", orRoot(v.path), strings.Join(s.atLeastOne, ", "))
	}
	v.faulty = v.faulty || len(d.errors) > before
}

func (v *value) hasAny(names []string) bool {
	for _, name := range names {
		if v.get(name).given {
			return true
		}
	}
	return false
}

func (d *document) checkList(n *yaml.Node, s *shape, path string) *value {
	if n.Kind != yaml.SequenceNode {
		return d.wrong(n, path, "expected %s, found %s", s.describe(), found(n, s))
	}
	v := &value{path: path, node: n, given: true}
	for i, e := range n.Content {
		item := d.check(e, s.items, element(path, i))
		v.items = append(v.items, item)
		v.faulty = v.faulty || item.faulty
	}
	if len(n.Content) < s.minItems {
		return d.wrong(n, path, "is an empty list: write at least one entry, or leave the key out")
	}
	return v
}

// member is one key of a mapping with its value.
type member struct {
	name       string
	key, value *yaml.Node
}

// members returns the keys of a mapping node in their order, those of merge
// keys after its own; ok is false if something is wrong, which was reported.
func (d *document) members(n *yaml.Node, s *shape, depth int) (all []member, ok bool) {
	ok = true
	seen := map[string]*yaml.Node{}
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind == yaml.AliasNode && k.Alias != nil && k.Alias.Kind == yaml.ScalarNode:
			k = k.Alias
		case k.Kind != yaml.ScalarNode:
			d.fail(k, "a key must be a word: known here are %s", strings.Join(s.names(), ", "))
			ok = false
			continue
		}
		if k.Tag == "!!merge" {
			merges = append(merges, v)
			continue
		}
		if first, twice := seen[k.Value]; twice {
			d.fail(k, "key %q stands here a second time, after line %d: leave one out", k.Value, first.Line)
			ok = false
			continue
		}
		seen[k.Value] = k
		all = append(all, member{name: k.Value, key: k, value: v})
	}
	for _, m := range merges {
		merged, fine := d.merged(m, s, depth)
		ok = ok && fine
		for _, e := range merged {
			if _, own := seen[e.name]; !own {
				seen[e.name] = e.key
				all = append(all, e)
			}
		}
	}
	return all, ok
}

// merged returns the members that a merge key brings in.
func (d *document) merged(n *yaml.Node, s *shape, depth int) (all []member, ok bool) {
	place := n
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		d.behindAlias++
		defer func() { d.behindAlias-- }()
		n = n.Alias
	}
	switch {
	case !d.count(n):
		return nil, false
	case depth >= maxMerges:
		d.fail(place, "merge keys nest more than %d deep, or lead back to themselves", maxMerges)
		return nil, false
	case n.Kind == yaml.MappingNode:
		return d.members(n, s, depth+1)
	case n.Kind == yaml.SequenceNode:
		ok = true
		for _, e := range n.Content {
			more, fine := d.merged(e, s, depth+1)
			all, ok = append(all, more...), ok && fine
		}
		return all, ok
	default:
		d.fail(place, "the merge key << takes a mapping or a list of mappings, found %s", found(n, &shape{}))
		return nil, false
	}
}

// inShort returns the first sentence of a description, to go on with after a
// colon.
func inShort(about string) string {
	about, _, _ = strings.Cut(about, "\n")
	about, _, _ = strings.Cut(about, ". ")
	return strings.ToLower(about[:1]) + strings.TrimSuffix(about[1:], ".")
}

func unknownKey(name, near, path string, s *shape) string {
	in := ""
	if path != "" {
		in = " in " + path
	}
	if near != "" {
		return fmt.Sprintf("unknown key %q%s: did you mean %s?", name, in, near)
	}
	return fmt.Sprintf("unknown key %q%s: known here are %s", name, in, strings.Join(s.names(), ", "))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func and(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func orRoot(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}
