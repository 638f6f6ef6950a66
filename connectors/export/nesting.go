package export

import (
	"encoding/binary"
	"iter"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// nesting is which groups are in which, and the direct members of those that
// are in another: what it takes to tell the transitive members of any group.
// Of a group that is in no other it holds the groups in it alone. It is filled
// in two steps, for a group may be listed before or after those it is in:
// survey every group, then enter every group.
type nesting struct {
	groups map[directory.ID]uint32 // index in nodes
	nodes  []node
	hinted hints // members of groups

	members map[directory.ID]uint32 // index in ids: members of nested groups
	ids     []directory.ID
	names   map[directory.ID]string // anchors that are no GUID, which an ID cannot be turned back into

	// A walk reaches each group and each member once.
	round   uint32
	reached []uint32 // of each member, the round that reached it last
	path    [][]uint32

	scratch []uint32
}

// node is one group.
type node struct {
	items []uint32 // what is in it, in order: 2i+1 is group i, 2i is member i
	nests bool     // a group is in it
	round uint32   // that reached it last
}

func newNesting() *nesting {
	return &nesting{groups: map[directory.ID]uint32{}, members: map[directory.ID]uint32{}, names: map[directory.ID]string{}}
}

// isGroup makes an id known as a group's. A group that is not in the export is
// one that nobody is known to be in.
func (n *nesting) isGroup(id directory.ID) {
	if _, known := n.groups[id]; !known {
		n.groups[id] = uint32(len(n.nodes))
		n.nodes = append(n.nodes, node{})
	}
}

// surveyed takes a member of some group.
func (n *nesting) surveyed(r referral) {
	id := directory.IDOf(r.id)
	n.hinted.add(id)
	if r.group {
		n.isGroup(id)
	}
}

// enter takes the members of a group, when all groups were surveyed.
func (n *nesting) enter(group directory.Object) {
	id := directory.IDOf(group.Anchor)
	at, known := n.groups[id]
	if !known {
		return // the file changed, which ends the read
	}
	nested := n.hinted.has(id)
	items := n.scratch[:0]
	for _, m := range group.Get("members").Elements() {
		id := directory.IDOf(m.Anchor())
		if g, isGroup := n.groups[id]; isGroup {
			n.nodes[at].nests = true
			items = append(items, 2*g+1)
		} else if nested {
			items = append(items, 2*n.member(id, m.Anchor()))
		}
	}
	n.nodes[at].items, n.scratch = slices.Clone(items), items
}

func (n *nesting) member(id directory.ID, anchor string) uint32 {
	i, known := n.members[id]
	if !known {
		i = uint32(len(n.ids))
		n.members[id] = i
		n.ids, n.reached = append(n.ids, id), append(n.reached, 0)
		if _, ok := id.GUID(); !ok {
			n.names[id] = strings.Clone(anchor)
		}
	}
	return i
}

// anchor returns the anchor of a member.
func (n *nesting) anchor(i uint32) string {
	if anchor, ok := n.ids[i].GUID(); ok {
		return anchor
	}
	return n.names[n.ids[i]]
}

// under returns everybody who is in a group by the groups in it, and directly
// if the group is in another itself.
func (n *nesting) under(group directory.ID) iter.Seq[directory.ID] {
	return func(yield func(directory.ID) bool) {
		at, known := n.groups[group]
		if !known {
			return
		}
		n.round++
		for i := range n.walk(at) {
			if !yield(n.ids[i]) {
				return
			}
		}
	}
}

// flatten puts in the place of each group among the members of a group those
// who are in it, at any depth, each once and where the lists of members name
// him first. The group is held whole, as it is without its nested groups.
func (n *nesting) flatten(o *directory.Object) {
	at, known := n.groups[directory.IDOf(o.Anchor)]
	if !known || !n.nodes[at].nests {
		return
	}
	n.round++
	n.nodes[at].round = n.round
	members := o.Get("members").Elements()
	flat := make([]directory.Value, 0, len(members))
	for _, m := range members {
		id := directory.IDOf(m.Anchor())
		if g, isGroup := n.groups[id]; isGroup {
			for i := range n.walk(g) {
				flat = append(flat, directory.Ref(n.anchor(i)))
			}
			continue
		}
		// Who is in no nested group is in the list once.
		if i, nested := n.members[id]; !nested || n.reach(i) {
			flat = append(flat, m)
		}
	}
	o.Attributes["members"] = directory.Of(flat...)
}

// walk goes through a group and the groups in it, in depth, and returns the
// members that this round has not reached yet.
func (n *nesting) walk(group uint32) iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		n.path = n.path[:0]
		n.descend(group)
		for len(n.path) > 0 {
			deepest := &n.path[len(n.path)-1]
			if len(*deepest) == 0 {
				n.path = n.path[:len(n.path)-1]
				continue
			}
			item := (*deepest)[0]
			*deepest = (*deepest)[1:]
			if item%2 == 1 {
				n.descend(item / 2)
			} else if i := item / 2; n.reach(i) && !yield(i) {
				return
			}
		}
	}
}

// descend goes into a group unless this round has been there: nesting may go
// in a circle.
func (n *nesting) descend(group uint32) {
	if g := &n.nodes[group]; g.round != n.round {
		g.round = n.round
		n.path = append(n.path, g.items)
	}
}

// reach reports whether this round reaches a member for the first time.
func (n *nesting) reach(member uint32) bool {
	first := n.reached[member] != n.round
	n.reached[member] = n.round
	return first
}

// hintBits is how many bits hints have, as a power of two: 1 MB.
const hintBits = 23

// hints is a set of ids that takes the same memory for any number of them. It
// may hold an id that was never added. Here that costs a few bytes for each
// member of a group that is in no other, where a set of all members would cost
// more.
type hints struct{ words []uint64 }

func (h *hints) add(id directory.ID) {
	if h.words == nil {
		h.words = make([]uint64, 1<<(hintBits-6))
	}
	bit := hintOf(id)
	h.words[bit/64] |= 1 << (bit % 64)
}

func (h *hints) has(id directory.ID) bool {
	bit := hintOf(id)
	return h.words != nil && h.words[bit/64]&(1<<(bit%64)) != 0
}

// hintOf spreads ids that differ little, as those of a script do, by the
// multiplication of Fibonacci hashing.
func hintOf(id directory.ID) uint64 {
	folded := binary.LittleEndian.Uint64(id[1:]) ^ binary.LittleEndian.Uint64(id[9:])
	return folded * 0x9E3779B97F4A7C15 >> (64 - hintBits)
}
