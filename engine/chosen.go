package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/mapping"
)

// A group that is provisioned on demand with chosen members.

// MaxMembers is how many members of a group one on-demand call looks at
// (Microsoft Learn, "On-demand provisioning", Known limitations).
const MaxMembers = 5

// members is the source attribute that members are chosen from.
const members = "members"

// chosen returns the source anchors of the members of these names, each once.
// They need not be members any more: one who has left the group, or the source,
// is taken out of it.
func (e *Engine) chosen(ctx context.Context, job Job, group directory.Object, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if group.Type != directory.Group {
		return nil, fmt.Errorf("%s is a %s: members are chosen of a group", group.DisplayName(), strings.ToLower(string(group.Type)))
	}
	if len(names) > MaxMembers {
		return nil, fmt.Errorf("%d members are chosen: on demand, a group is provisioned with up to %d of them; without any it is provisioned with all",
			len(names), MaxMembers)
	}
	var anchors []string
	for _, name := range names {
		anchor, err := e.memberNamed(ctx, job, name)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", name, err)
		}
		if !slices.Contains(anchors, anchor) {
			anchors = append(anchors, anchor)
		}
	}
	return anchors, nil
}

func (e *Engine) memberNamed(ctx context.Context, job Job, name string) (anchor string, err error) {
	object, err := job.one(ctx, name)
	var missing *NotFoundError
	if errors.As(err, &missing) && len(missing.Found) == 0 {
		if c, findErr := e.FindConnection(ctx, job.Name, name); findErr == nil {
			return c.SourceAnchor, nil
		}
	}
	return object.Anchor, err
}

// choose returns the group with no other members than the chosen ones, and
// makes the cycle see no others among those that were set: they are neither
// added nor removed, and stay remembered as they are.
func (c *cycle) choose(ctx context.Context, group directory.Object, chosen []string) (directory.Object, error) {
	connections, err := c.store.Connections(ctx, c.job.Name, chosen)
	if err != nil {
		return group, err
	}
	narrow := narrowed{Store: c.store, group: group.Anchor, visible: map[string]struct{}{}}
	for _, connection := range connections {
		narrow.visible[connection.TargetAnchor] = struct{}{}
	}
	for _, x := range c.job.rule(group.Type).Mapping.Explain(group, mapping.Input{Now: c.now}) {
		if x.Kind == mapping.Direct && x.Source == members {
			narrow.attributes = append(narrow.attributes, x.Target)
		}
	}
	c.store = narrow
	group.Attributes = maps.Clone(group.Attributes)
	var list []directory.Value
	for _, member := range group.Get(members).Elements() {
		anchor := member.Anchor()
		if anchor == "" { // a source that does not know what it refers to
			anchor = member.Text()
		}
		if slices.Contains(chosen, anchor) {
			list = append(list, member)
		}
	}
	group.Attributes[members] = directory.Of(list...)
	return group, nil
}

// narrowed is a store in which a group was made to refer to no other members
// than some. What is recorded is recorded in the store itself.
type narrowed struct {
	state.Store
	group      string
	attributes []string            // target attributes that members flow to
	visible    map[string]struct{} // target anchors
}

// Links returns the members among the visible ones.
func (n narrowed) Links(ctx context.Context, job, sourceAnchor, attribute string) (map[string]struct{}, error) {
	links, err := n.Store.Links(ctx, job, sourceAnchor, attribute)
	if err == nil && sourceAnchor == n.group && slices.Contains(n.attributes, strings.TrimSuffix(attribute, inDoubt)) {
		maps.DeleteFunc(links, func(anchor string, _ struct{}) bool {
			_, visible := n.visible[anchor]
			return !visible
		})
	}
	return links, err
}
