package config

import "regexp"

// kind is what may stand at one place of a file.
type kind uint8

const (
	object   kind = iota // a mapping with known keys
	list                 // a sequence
	text                 // a string; see shape.loose
	boolean              // true or false
	integer              // a whole number
	duration             // 40m, 1h30m: a string that time.ParseDuration reads
	number               // a number, with or without a fraction, above shape.min
)

// shape describes one place of a file. The reader checks nodes against it,
// and the JSON Schema is made from it, so that the two cannot disagree.
type shape struct {
	kind  kind
	about string // what it is for, as an editor shows it

	keys       []key      // of an object, in the order in which people write them
	exclusive  [][]string // keys of which at most one may be given
	atLeastOne []string   // keys of which one must be given

	items    *shape // of a list
	minItems int    // of a list

	enum    []string          // the texts that are right
	later   map[string]string // texts that are refused, with the reason
	pattern *pattern          // what a text must look like
	min     int64             // of an integer; a number has to be above it
	max     int64             // of an integer or a number; 0 for no limit
	loose   bool              // a text that may be written as a number or a truth value

	refers bool // ${env:NAME} and ${file:PATH} are replaced
	secret bool // the value is never repeated

	fallback any      // the default, for the schema
	examples []string // for the schema
}

// key is one key of an object.
type key struct {
	name     string
	required bool
	shape
}

// pattern is a regular expression that Go and ECMA 262 read alike, with what
// it means for people.
type pattern struct {
	re    *regexp.Regexp
	means string
}

func (s *shape) key(name string) *key {
	for i := range s.keys {
		if s.keys[i].name == name {
			return &s.keys[i]
		}
	}
	return nil
}

func (s *shape) names() []string {
	names := make([]string, len(s.keys))
	for i, k := range s.keys {
		names[i] = k.name
	}
	return names
}
