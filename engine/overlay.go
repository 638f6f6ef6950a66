package engine

import (
	"hash/maphash"
	"sync"

	"github.com/scimsync/scimsync/connectors/directory"
)

// key stands for a text in the maps of a dry run, which may be as many as there
// are objects in the directory: a hash of 64 bits, seeded anew in each run. Two
// of a million texts share one with a probability of less than one in ten
// million; a plan would then show a wrong name or a conflict that is none.
type key uint64

// keys makes keys of one run.
type keys struct{ seed maphash.Seed }

func newKeys() keys { return keys{seed: maphash.MakeSeed()} }

func (k keys) of(text string) key { return key(maphash.String(k.seed, text)) }

// overlay is what a dry run pretends to have done: the target objects that
// source objects would be connected to, those that would be deleted, and the
// matching values that are taken.
type overlay struct {
	keys

	mu      sync.Mutex
	created map[key]struct{} // source anchors whose target object would be created
	matched map[key]string   // source anchors that would be connected, and to what
	erased  map[key]struct{} // target objects that would be deleted, by their own and their source's anchor
	taken   map[key]key      // what is taken, and the source anchor that has it
}

func newOverlay() *overlay {
	return &overlay{
		keys: newKeys(), created: map[key]struct{}{}, matched: map[key]string{}, erased: map[key]struct{}{}, taken: map[key]key{},
	}
}

// connect notes that the source object would be connected to a target object,
// which would be created if target is directory.PendingText.
func (o *overlay) connect(source, target string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if target == directory.PendingText {
		o.created[o.of(source)] = struct{}{}
	} else {
		o.matched[o.of(source)] = target
	}
}

// erase notes that the source object's target object would be deleted.
func (o *overlay) erase(source, target string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.erased[o.of(source)] = struct{}{}
	o.erased[o.of(target)] = struct{}{}
}

// gone reports whether the object would be deleted from the target; anchor is
// its source anchor or its target anchor.
func (o *overlay) gone(anchor string) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, erased := o.erased[o.of(anchor)]
	return erased
}

// reference returns the reference to the target object that the source object
// would be connected to, null if to none.
func (o *overlay) reference(source string) directory.Value {
	if o == nil {
		return directory.Value{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if target, ok := o.matched[o.of(source)]; ok {
		return directory.Ref(target)
	}
	if _, ok := o.created[o.of(source)]; ok {
		return directory.KnownAfterCreate(source)
	}
	return directory.Value{}
}

// take notes that the source object has what the text stands for, and reports
// whether another one has it already.
func (o *overlay) take(text, source string) (taken bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	what, owner := o.of(text), o.of(source)
	if holder, held := o.taken[what]; held {
		return holder != owner
	}
	o.taken[what] = owner
	return false
}
