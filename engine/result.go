package engine

import (
	"encoding/binary"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/provlog"
	"github.com/scimsync/scimsync/engine/state"
)

// Result is what the flow made of one object, for whoever watches a cycle.
// Results come in the order of the source: users before groups, each before
// the references that are set afterwards.
type Result struct {
	Entry plan.Entry
	// Changed: the object was or would be written to, or failed. An entry
	// without a change has no properties.
	Changed bool
	// Continues: the same object had an earlier result in this cycle, which
	// this one adds its references to.
	Continues bool
	Event     *provlog.Event
	// Skipped is why nothing was done about the object, in words that are the
	// same for all objects of the kind; "" if something was, or will be.
	Skipped string
}

// result is what the flow hands on to be recorded.
type result struct {
	Result
	outcomes []state.Outcome
	pending  *pending // references to set later
	counted  plan.Action
	count    bool        // whether the object is counted now; else its references count it
	uncount  plan.Action // what it was counted as before, and is no longer
	inScope  bool
	exports  int64
	fault    error    // ends the cycle
	silent   bool     // it failed because the application did not answer as it should
	claims   []string // to be released once recorded
}

// pending is an object whose references are still to be set.
type pending struct {
	change  directory.Change // type, anchor, displayName and the wanted references alone
	target  directory.Object // the target object's anchor and the references that it shows
	counted plan.Action      // what the object was counted as when it was written; "" if it was not
}

func (p pending) encode(b []byte) []byte {
	b = append(b, byte(len(p.counted)))
	b = append(b, p.counted...)
	first := directory.AppendChange(nil, p.change)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(first)))
	b = append(b, first...)
	return directory.AppendChange(b, directory.Change{Object: p.target})
}

func decodePending(b []byte) (pending, error) {
	if len(b) < 1 || len(b) < 5+int(b[0]) {
		return pending{}, directory.ErrCorrupt
	}
	p := pending{counted: plan.Action(b[1 : 1+b[0]])}
	b = b[1+b[0]:]
	size := int(binary.LittleEndian.Uint32(b))
	if b = b[4:]; size > len(b) {
		return pending{}, directory.ErrCorrupt
	}
	var err error
	if p.change, err = directory.DecodeChange(b[:size]); err != nil {
		return pending{}, err
	}
	target, err := directory.DecodeChange(b[size:])
	p.target = target.Object
	return p, err
}
