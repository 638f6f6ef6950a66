package engine

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"

	"github.com/scimsync/scimsync/engine/plan"
)

// Preview gathers the results of a dry run and gives them back as a sorted
// plan, with one entry for each object. The entries wait in a temporary file;
// only what sorts them is held in memory.
type Preview struct {
	spool  *spool
	offset int64
	lines  []previewLine
	keys   keys
	begun  map[key]int32 // index in lines, by source anchor

	// Skipped counts the objects that are left alone, by why.
	Skipped map[string]int64
}

// previewLine is one entry of the plan.
type previewLine struct {
	rank  int32
	name  string
	first int64 // offset of the entry
	more  int64 // offset of the entry that adds its references; 0 for none
}

// NewPreview returns an empty preview that keeps its file in dir.
func NewPreview(dir string) *Preview {
	return &Preview{spool: newSpool(dir), keys: newKeys(), begun: map[key]int32{}, Skipped: map[string]int64{}}
}

// Add takes a result of a dry run. It is an Options.Observe.
func (p *Preview) Add(r Result) error {
	if r.Skipped != "" {
		p.Skipped[r.Skipped]++
	}
	if !r.Changed {
		return nil
	}
	b, err := json.Marshal(r.Entry)
	if err != nil {
		return err
	}
	offset := p.offset
	if err := p.spool.append(func(buffer []byte) []byte { return append(buffer, b...) }); err != nil {
		return err
	}
	p.offset += int64(uvarintLen(len(b)) + len(b))
	id := p.keys.of(r.Entry.SourceAnchor)
	rank := int32(plan.Rank(r.Entry.ObjectType, r.Entry.Action))
	if i, ok := p.begun[id]; ok && r.Continues {
		p.lines[i].more = offset
		if r.Entry.Action == plan.Fail {
			p.lines[i].rank = rank
		}
		return nil
	}
	p.begun[id] = int32(len(p.lines))
	p.lines = append(p.lines, previewLine{rank: rank, name: r.Entry.DisplayName, first: offset})
	return nil
}

// Entries returns the plan's entries, sorted by rank, by display name, and in
// the order of the source.
func (p *Preview) Entries() iter.Seq2[plan.Entry, error] {
	order := make([]int32, len(p.lines))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := p.lines[i], p.lines[j]
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name), cmp.Compare(a.first, b.first))
	})
	return func(yield func(plan.Entry, error) bool) {
		for _, i := range order {
			e, err := p.entry(p.lines[i])
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (p *Preview) entry(line previewLine) (e plan.Entry, err error) {
	if e, err = p.read(line.first); err != nil || line.more == 0 {
		return e, err
	}
	references, err := p.read(line.more)
	e.Merge(references)
	return e, err
}

func (p *Preview) read(offset int64) (e plan.Entry, err error) {
	b, err := p.spool.readAt(offset)
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return e, err
	}
	for i := range e.ModifiedProperties {
		m := &e.ModifiedProperties[i]
		if line, ok := p.begun[p.keys.of(m.Ref)]; ok && m.Ref != "" {
			m.NewName = p.lines[line].name
		}
		m.Ref = ""
	}
	return e, nil
}

// Close removes the temporary file.
func (p *Preview) Close() { p.spool.close() }

func uvarintLen(n int) (size int) {
	for size = 1; n >= 0x80; size++ {
		n >>= 7
	}
	return size
}
