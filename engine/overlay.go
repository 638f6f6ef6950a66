package engine

import (
	"sync"

	"github.com/scimsync/scimsync/connectors/directory"
)

// overlay is what a dry run pretends to have done: the target objects that
// source objects would be connected to.
type overlay struct {
	mu      sync.Mutex
	targets map[string]string // by source anchor; "" for an object that would be created
}

func newOverlay() *overlay { return &overlay{targets: map[string]string{}} }

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
	o.targets[source] = target
}

// reference returns the reference to the target object that the source object
// would be connected to, null if to none.
func (o *overlay) reference(source string) directory.Value {
	if o == nil {
		return directory.Value{}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch target, ok := o.targets[source]; {
	case !ok:
		return directory.Value{}
	case target == "":
		return directory.KnownAfterCreate(source)
	default:
		return directory.Ref(target)
	}
}
