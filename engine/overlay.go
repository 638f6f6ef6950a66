package engine

import (
	"crypto/sha256"
	"sync"

	"github.com/scimsync/scimsync/connectors/directory"
)

// overlay is what a dry run pretends to have done: the target objects that
// source objects would be connected to, those that would be deleted, and the
// matching values that are taken. Its records are of fixed size.
type overlay struct {
	mu      sync.Mutex
	targets map[directory.ID]string // by source anchor; "" for an object that would be created
	erased  map[directory.ID]bool   // source anchors whose target object would be deleted
	taken   map[directory.Hash]directory.ID
}

func newOverlay() *overlay {
	return &overlay{
		targets: map[directory.ID]string{}, erased: map[directory.ID]bool{}, taken: map[directory.Hash]directory.ID{},
	}
}

// connect notes that the source object would be connected to a target object,
// which would be created if target is directory.PendingText.
func (o *overlay) connect(source, target string) {
	if o == nil {
		return
	}
	if target == directory.PendingText {
		target = ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.targets[directory.IDOf(source)] = target
}

// erase notes that the source object's target object would be deleted.
func (o *overlay) erase(source string) {
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.erased[directory.IDOf(source)] = true
}

// gone reports whether the source object's target object would be deleted.
func (o *overlay) gone(source string) bool {
	if o == nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.erased[directory.IDOf(source)]
}

// reference returns the reference to the target object that the source object
// would be connected to, null if to none.
func (o *overlay) reference(source string) directory.Value {
	if o == nil {
		return directory.Value{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch target, ok := o.targets[directory.IDOf(source)]; {
	case !ok:
		return directory.Value{}
	case target == "":
		return directory.KnownAfterCreate(source)
	default:
		return directory.Ref(target)
	}
}

// take notes that the source object has what the key stands for, and returns
// another source object that has it already, "" if there is none.
func (o *overlay) take(key, source string) (other string) {
	sum := sha256.Sum256([]byte(key))
	id := directory.IDOf(source)
	o.mu.Lock()
	defer o.mu.Unlock()
	holder, held := o.taken[directory.Hash(sum[:16])]
	if !held {
		o.taken[directory.Hash(sum[:16])] = id
		return ""
	}
	if holder == id {
		return ""
	}
	if anchor, ok := holder.GUID(); ok {
		return anchor
	}
	return "another object of this plan"
}
