package export

import (
	"fmt"
	"maps"
	"slices"

	"github.com/scimsync/scimsync/connectors/directory"
)

// expandLimit is where Graph's $expand ends, without a link to the rest
// (Microsoft Learn, "Use query parameters to customize responses": a
// relationship of a directory object typically returns a maximum of 20).
const expandLimit = 20

// census counts what tells a directory from an export that lacks something.
type census struct {
	users   int // present
	enabled int // of them, those that have accountEnabled, whatever it says
	managed int // of them, those that have a manager
	deleted int // not present, but listed as deleted

	groups  int
	listed  int // have a list of members, empty or not
	atLimit int // have as many members as Graph expands
	beyond  int // have more
}

func (c *census) user(o directory.Object) {
	if o.Presence != directory.Present {
		c.deleted++
		return
	}
	c.users++
	if !o.Get("accountEnabled").IsNull() {
		c.enabled++
	}
	if !o.Get("manager").IsNull() {
		c.managed++
	}
}

// has returns how many users have the attributes that are counted: those who are
// deleted count if they are listed at all.
func (c *census) has(opts Options) map[string]int64 {
	counts := map[string]int64{"accountEnabled": int64(c.enabled), "manager": int64(c.managed)}
	if opts.DeletedUsers != "" {
		counts["deletedDateTime"] = int64(c.deleted)
	}
	return counts
}

// group takes a group with its members as the export lists them.
func (c *census) group(o directory.Object) {
	c.groups++
	members := o.Get("members")
	if !members.IsNull() {
		c.listed++
	}
	switch n := len(members.Elements()); {
	case n == expandLimit:
		c.atLimit++
	case n > expandLimit:
		c.beyond++
	}
}

// warnings returns what is likely wrong with the export: what was seen, what
// it means, what to do. missing are the names of assigned groups that are not
// in it.
func (c *census) warnings(opts Options, missing map[directory.ID]string) []string {
	var list []string
	warn := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if c.users > 0 && c.enabled == 0 {
		warn("%s: no user has accountEnabled, so that everybody counts as enabled, and people who are blocked keep their accounts; "+
			"export it too: Graph leaves it out unless $select names it", opts.Users)
	}
	if c.groups > 0 && c.listed == 0 {
		warn("%s: no group has members, not even an empty list, so that all groups count as empty, and whoever was a member in the application is removed; "+
			"export each group with its members, from /groups/{id}/members?$select=id, page by page", opts.Groups)
	}
	if c.atLimit > 1 && c.beyond == 0 {
		warn("%s: %d groups have exactly %d members and none has more: Graph's $expand=members stops at %d without a word, and whoever is missing is removed in the application; "+
			"export members from /groups/{id}/members?$select=id, page by page", opts.Groups, c.atLimit, expandLimit, expandLimit)
	}
	if len(missing) > 0 {
		first := slices.Min(slices.Collect(maps.Values(missing)))
		warn("%s: groups that are assigned are missing, %d in all, such as %q, so that nobody is assigned by them; export every group that is assigned",
			opts.Groups, len(missing), first)
	}
	return list
}
