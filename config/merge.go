package config

import (
	"maps"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v4"
)

// merged is the daemon file with the environment and the command line laid
// over it.
type merged struct {
	*viper.Viper
	doc *document
	// from has, for each key that was given, the value that decided, with its
	// place: viper knows values, and not where they come from.
	from map[string]*value
}

// merge lets a fresh viper decide between the file, the environment and the
// flags. All three were checked against the shape before: what is wrong is
// reported at its place and left out here.
func merge(doc *document, s *shape, file *value) *merged {
	m := &merged{Viper: viper.New(), doc: doc, from: map[string]*value{}}
	layers := []map[string]any{{}, {}}
	var walk func(v *value, s *shape, path string)
	walk = func(v *value, s *shape, path string) {
		for i := range s.keys {
			k := &s.keys[i]
			name := join(path, k.name)
			if k.kind == object {
				if inner := v.get(k.name); inner.given {
					m.from[name] = inner
				}
				walk(v.get(k.name), &k.shape, name)
				continue
			}
			m.lay(layers[0], name, k, v.get(k.name))
			m.lay(layers[1], name, k, doc.fromEnvironment(name, &k.shape))
			m.layFlag(name, k)
		}
	}
	walk(file, s, "")
	for _, layer := range layers {
		if err := m.MergeConfigMap(layer); err != nil {
			doc.fail(nil, "%v", err) // the layers hold plain values: nothing to go wrong
		}
	}
	return m
}

// lay puts a value into a layer and notes that it decides.
func (m *merged) lay(layer map[string]any, name string, k *key, v *value) {
	if !v.given {
		return
	}
	m.from[name] = v
	if v.faulty {
		return
	}
	path := strings.Split(name, ".")
	for _, p := range path[:len(path)-1] {
		inner, ok := layer[p].(map[string]any)
		if !ok {
			inner = map[string]any{}
			layer[p] = inner
		}
		layer = inner
	}
	last := path[len(path)-1]
	switch k.kind {
	case list:
		layer[last] = v.texts()
	case integer:
		layer[last] = v.number
	case boolean:
		layer[last] = v.truth
	default:
		layer[last] = v.text
	}
}

// overrides returns the keys of which the file's value does not matter.
func overrides(in *inputs, s *shape, path string) map[string]bool {
	all := map[string]bool{}
	for i := range s.keys {
		name := join(path, s.keys[i].name)
		if s.keys[i].kind == object {
			maps.Copy(all, overrides(in, &s.keys[i].shape, name))
			continue
		}
		text, ok := in.env(envName(name))
		all[name] = ok && text != "" || in.flag(name) != nil
	}
	return all
}

// fromEnvironment returns the value that the environment gives a key. A
// variable that is set, but empty, gives none.
func (d *document) fromEnvironment(key string, s *shape) *value {
	name := envName(key)
	text, ok := d.in.env(name)
	if !ok || text == "" {
		return &value{path: key}
	}
	return d.checkText(name, key, text, s)
}

// layFlag binds the flag of a key, if it was given on the command line.
func (m *merged) layFlag(name string, k *key) {
	f := m.doc.in.flag(name)
	if f == nil || k.kind == list {
		return
	}
	v := m.doc.checkText("--"+f.Name, name, f.Value.String(), &k.shape)
	m.from[name] = v
	if v.faulty {
		return
	}
	if err := m.BindPFlag(name, &pflag.Flag{Name: f.Name, Changed: true, Value: flagText{f.Value, v.text}}); err != nil {
		m.doc.fail(nil, "--%s: %v", f.Name, err)
	}
}

// flagText is a flag's value after its references were replaced.
type flagText struct {
	pflag.Value
	text string
}

func (f flagText) String() string { return f.text }

// checkText reads a value that comes as text from the environment or the
// command line, as if it stood in the file.
func (d *document) checkText(origin, key, text string, s *shape) *value {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
	switch s.kind {
	case integer:
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			n.Tag = "!!int"
		}
	case boolean:
		if _, err := strconv.ParseBool(text); err == nil {
			n.Tag = "!!bool"
		}
	case list:
		n = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for part := range strings.SplitSeq(text, ",") {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: strings.TrimSpace(part)})
		}
	}
	// Errors name the variable or the flag instead of a place in the file.
	outside := newDocument(origin, d.dir, d.in)
	v := outside.check(n, s, key)
	v.origin = origin
	d.errors = append(d.errors, outside.errors...)
	d.warnings = append(d.warnings, outside.warnings...)
	return v
}
