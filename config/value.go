package config

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v4"
)

// value is one place of a file, checked against its shape. A value that is
// not there, or that was wrong, gives its zero value to every reader.
type value struct {
	path  string     // settings.interval, mappings.users.attributes[2]
	node  *yaml.Node // where it stands; of an absent one, the object around it
	given bool       // it is there, right or wrong
	// faulty: something at it or below is wrong, and was reported. What follows
	// from its content would only echo that.
	faulty bool
	// origin is the environment variable or the flag that gave it, "" for the file.
	origin string

	text   string
	truth  bool
	number int64 // nanoseconds of a duration
	float  float64
	// refs are the texts that references in it gave; none for a literal.
	refs []Secret
	// unread: it has references that were not read, because they are secret and
	// not needed, or because another value takes its place.
	unread bool

	fields map[string]*value
	items  []*value
}

// mask returns a message without what references stand for.
func (v *value) mask(message string) string {
	if len(v.refs) == 0 {
		return message
	}
	return NewMasker(v.refs...).Mask(message)
}

// get returns the field of an object, an absent value if there is none.
func (v *value) get(name string) *value {
	if f, ok := v.fields[name]; ok {
		return f
	}
	return &value{path: join(v.path, name), node: v.node}
}

// ok reports whether the value is there and right.
func (v *value) ok() bool { return v.given && !v.faulty }

func (v *value) textOr(fallback string) string {
	if v.ok() {
		return v.text
	}
	return fallback
}

func (v *value) truthOr(fallback bool) bool {
	if v.ok() {
		return v.truth
	}
	return fallback
}

func (v *value) numberOr(fallback int) int {
	if v.ok() {
		return int(v.number)
	}
	return fallback
}

func (v *value) floatOr(fallback float64) float64 {
	if v.ok() {
		return v.float
	}
	return fallback
}

func (v *value) durationOr(fallback time.Duration) time.Duration {
	if v.ok() {
		return time.Duration(v.number)
	}
	return fallback
}

// optional returns the text of a value whose absence differs from "".
func (v *value) optional() *string {
	if !v.ok() {
		return nil
	}
	s := v.text
	return &s
}

// texts returns the texts of a list, those that are right.
func (v *value) texts() []string {
	var all []string
	for _, item := range v.items {
		if item.ok() {
			all = append(all, item.text)
		}
	}
	return all
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func element(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
