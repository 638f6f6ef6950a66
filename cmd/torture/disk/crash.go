package disk

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Crash returns what is on the disk after the power has failed: a choice, by
// the random numbers, of all that may be there. What was synchronised is there.
// Of each write since then all, nothing, or some sectors may be, others hold
// anything; of names that were given or taken since then any.
func (d *Disk) Crash(rng *rand.Rand) map[string][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.durable)
	for _, n := range survivors(rng, d.renames) {
		if n.file == nil {
			delete(names, n.name)
		} else {
			names[n.name] = n.file
		}
	}
	image := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if content, there := names[name].crash(rng, strings.HasSuffix(name, sharedSuffix)); there {
			image[name] = content
		}
	}
	return image
}

// survivors returns those of the pending changes that have reached the disk: all,
// none, the first ones, or any.
func survivors[C any](rng *rand.Rand, pending []C) (kept []C) {
	switch rng.IntN(5) {
	case 0:
		return nil
	case 1:
		return pending
	case 2:
		return pending[:rng.IntN(len(pending)+1)]
	default:
		for _, c := range pending {
			if rng.IntN(2) == 0 {
				kept = append(kept, c)
			}
		}
		return kept
	}
}

// crash returns the content after the power has failed. Memory that processes
// share is worth nothing then: it is gone, or holds anything.
func (f *file) crash(rng *rand.Rand, shared bool) (content []byte, there bool) {
	if shared {
		if rng.IntN(2) == 0 {
			return nil, false
		}
		content = bytes.Clone(f.content)
		if rng.IntN(2) == 0 {
			scribble(rng, content)
		}
		return content, true
	}
	content = bytes.Clone(f.durable)
	torn := rng.IntN(2) == 0
	for _, c := range survivors(rng, f.pending) {
		before := bytes.Clone(content)
		content = c.apply(content)
		if torn && c.data != nil && rng.IntN(3) == 0 {
			tear(rng, content, before, c)
		}
	}
	return content, true
}

// tear undoes a write in some of its sectors, or leaves anything there.
func tear(rng *rand.Rand, content, before []byte, c change) {
	end := c.at + int64(len(c.data))
	for at := c.at; at < end; {
		next := min(at-at%sector+sector, end)
		switch rng.IntN(4) {
		case 0, 1:
		case 2:
			clear(content[at:next])
			if at < int64(len(before)) {
				copy(content[at:next], before[at:])
			}
		default:
			scribble(rng, content[at:next])
		}
		at = next
	}
}

func scribble(rng *rand.Rand, b []byte) {
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
}
