package export

import (
	"fmt"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// wanted is a list of names that must each be of exactly one object.
type wanted struct {
	kind  directory.ObjectType
	what  string // what the names may be, for messages
	names []*wantedName
	lower map[string]*wantedName
	// known returns the names of an object that the list may use.
	known func(o directory.Object) []string
}

type wantedName struct {
	name  string
	found []string // ids of the objects that have it
	// deleted says that found are deleted objects. A present object of the same
	// name takes their place: it is a new account of the same person.
	deleted bool
}

func wantUsers(names []string) *wanted {
	return want(directory.User, "userPrincipalName, mail or object id", names, func(o directory.Object) []string {
		return []string{o.Anchor, o.Get("userPrincipalName").Text(), o.Get("originalUserPrincipalName").Text(), o.Get("mail").Text()}
	})
}

func wantGroups(names []string) *wanted {
	return want(directory.Group, "displayName or object id", names, func(o directory.Object) []string {
		return []string{o.Anchor, o.Get("displayName").Text()}
	})
}

func want(kind directory.ObjectType, what string, names []string, known func(directory.Object) []string) *wanted {
	w := &wanted{kind: kind, what: what, known: known, lower: map[string]*wantedName{}}
	for _, name := range names {
		key := strings.ToLower(name)
		if w.lower[key] == nil {
			w.lower[key] = &wantedName{name: name}
			w.names = append(w.names, w.lower[key])
		}
	}
	return w
}

// empty reports whether nothing is wanted.
func (w *wanted) empty() bool { return len(w.names) == 0 }

// match reports whether the object is wanted by one of its names.
func (w *wanted) match(o directory.Object) bool {
	if w.empty() {
		return false
	}
	matched := false
	for _, name := range w.known(o) {
		n := w.lower[strings.ToLower(name)]
		if n == nil || name == "" {
			continue
		}
		deleted := o.Presence != directory.Present
		if deleted && len(n.found) > 0 && !n.deleted {
			continue
		}
		n.deleted = deleted
		if !slices.Contains(n.found, o.Anchor) {
			n.found = append(n.found, strings.Clone(o.Anchor))
		}
		matched = true
	}
	return matched
}

// check returns nil if every name is of exactly one object. It is called when
// all objects were matched; each lists them again, to find what a mistyped
// name may have meant.
func (w *wanted) check(place string, each func(yield func(directory.Object) error) error) error {
	for _, n := range w.names {
		switch {
		case len(n.found) == 1:
			continue
		case len(n.found) > 1:
			return &connectors.ReadError{Place: place, Object: n.name, Reason: fmt.Sprintf(
				"%d %ss have this name, %s: assign by object id", len(n.found), strings.ToLower(string(w.kind)), strings.Join(n.found[:2], " and "))}
		}
		nearest := ""
		err := each(func(o directory.Object) error {
			for _, known := range w.known(o)[1:] {
				if known != "" && known != nearest {
					nearest = strings.Clone(directory.Nearest(n.name, nonEmpty(nearest, known)))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		reason := fmt.Sprintf("the %s is assigned by name, and the export has none with this %s", strings.ToLower(string(w.kind)), w.what)
		if nearest != "" {
			reason += fmt.Sprintf("; did you mean %q?", nearest)
		}
		return &connectors.ReadError{Place: place, Object: n.name, Reason: reason}
	}
	return nil
}

func nonEmpty(words ...string) []string {
	return slices.DeleteFunc(words, func(s string) bool { return s == "" })
}
