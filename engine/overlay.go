package engine

import (
	"sync"

	"github.com/scimsync/scimsync/connectors/directory"
)

// overlay is what a dry run pretends to have done: the target objects that
// source objects would be connected to.
type overlay struct {
	mu      sync.Mutex
	targets map[string]planned // by source anchor
}

// planned is one object that a dry run would connect.
type planned struct {
	target string // "" for an object that would be created
	name   string // what a person knows the source object by
}

func newOverlay() *overlay { return &overlay{targets: map[string]planned{}} }

// connect notes that the source object would be connected to a target object,
// which would be created if target is directory.PendingText.
func (o *overlay) connect(source, target, name string) {
	if o == nil {
		return
	}
	if target == directory.PendingText {
		target = ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.targets[source] = planned{target: target, name: name}
}

// reference returns the reference to the target object that the source object
// would be connected to, and the source object's name; null if to none.
func (o *overlay) reference(source string) (directory.Value, string) {
	if o == nil {
		return directory.Value{}, ""
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch p, ok := o.targets[source]; {
	case !ok:
		return directory.Value{}, ""
	case p.target == "":
		return directory.KnownAfterCreate(source), p.name
	default:
		return directory.Ref(p.target), p.name
	}
}
