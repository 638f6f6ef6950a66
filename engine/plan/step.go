package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/scimsync/scimsync/connectors/directory"
)

// Step stands for one thing that a saved plan does to the application: a
// digest, from which no value can be read back that the plan does not show. It
// is written in hexadecimal.
type Step [16]byte

// ObjectStep returns the step of an operation that is not about references: its
// object, its action, and each attribute with its verb and its new value. Of
// hidden attributes, whose values nobody may know or know beforehand, the value
// is left out.
func ObjectStep(source string, op Operation, hidden func(attribute string) bool) Step {
	d := newDigest("object", string(op.Type), source, string(op.Action), op.TargetAnchor)
	for _, c := range op.Changes {
		d.text(c.Attribute, string(c.Verb))
		if !hidden(c.Attribute) {
			d.value(c.New)
		}
	}
	return d.step()
}

// ReferenceStep returns the step that sets or removes one reference of an
// object. target is the target object that refers, directory.PendingText if the
// plan creates it; of a reference to an object that the plan creates, its
// source anchor counts.
func ReferenceStep(t directory.ObjectType, source, target, attribute string, verb Verb, reference directory.Value) Step {
	d := newDigest("reference", string(t), source, target, attribute, string(verb))
	d.value(reference)
	return d.step()
}

// AnchorStep stands for a source object itself.
func AnchorStep(source string) Step { return newDigest("anchor", source).step() }

// digest hashes texts one by one: each with its length before it.
type digest struct{ buffer []byte }

func newDigest(texts ...string) *digest {
	d := &digest{}
	d.text(texts...)
	return d
}

func (d *digest) text(texts ...string) {
	for _, t := range texts {
		d.buffer = binary.AppendUvarint(d.buffer, uint64(len(t)))
		d.buffer = append(d.buffer, t...)
	}
}

func (d *digest) value(v directory.Value) { d.buffer = directory.AppendValue(d.buffer, v) }

func (d *digest) step() Step {
	sum := sha256.Sum256(d.buffer)
	return Step(sum[:len(Step{})])
}

// MarshalText returns the step in hexadecimal.
func (s Step) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads what MarshalText wrote, and returns an error for anything
// else.
func (s *Step) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(s) {
		return fmt.Errorf("%q is no step of a plan", text)
	}
	copy(s[:], b)
	return nil
}
