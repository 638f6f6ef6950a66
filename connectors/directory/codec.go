package directory

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCorrupt says that bytes are not a change that AppendChange wrote.
var ErrCorrupt = errors.New("corrupt object record")

// AppendChange appends a compact binary form of c to b. It is for temporary
// files of one program run: the form may differ between versions.
func AppendChange(b []byte, c Change) []byte {
	b = append(b, c.Hash[:]...)
	b = append(b, boolByte(c.New), boolByte(c.Listed))
	var since int64
	if !c.Since.IsZero() {
		since = ticks(c.Since)
	}
	b = binary.AppendVarint(b, since)
	b = appendText(b, c.Object.Anchor)
	return c.Object.appendContent(b)
}

// DecodeChange reads what AppendChange wrote. It returns ErrCorrupt for
// anything else, and never panics.
func DecodeChange(b []byte) (Change, error) {
	d := decoder{rest: b}
	var c Change
	copy(c.Hash[:], d.bytes(len(c.Hash)))
	c.New = d.byte() != 0
	c.Listed = d.byte() != 0
	if since := d.varint(); since != 0 {
		c.Since = fromTicks(since)
	}
	c.Object.Anchor = d.text()
	c.Object.Type = ObjectType(d.text())
	c.Object.Presence = Presence(d.byte())
	if c.Object.Presence > HardDeleted {
		d.fail()
	}
	c.Object.Tombstone = d.byte() != 0
	if n := d.length(); n > 0 {
		c.Object.Attributes = make(map[string]Value, n)
		for range n {
			name := d.text()
			c.Object.Attributes[name] = d.value(0)
		}
	}
	for range d.length() {
		role := d.value(0)
		c.Object.Assignments = append(c.Object.Assignments, Assignment{Role: role, Via: d.text()})
	}
	if d.err == nil && len(d.rest) > 0 {
		d.err = fmt.Errorf("%w: %d bytes too many", ErrCorrupt, len(d.rest))
	}
	return c, d.err
}

// AppendValue appends the value to b in the form of AppendChange: two values
// have the same one only if they are equal in kind and content.
func AppendValue(b []byte, v Value) []byte { return v.appendTo(b) }

func (v Value) appendTo(b []byte) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case Boolean, Integer, DateTime:
		b = binary.AppendVarint(b, v.num)
	case String, Reference, Pending:
		b = appendText(b, v.text)
	case List, Complex:
		b = appendUint(b, uint64(len(v.list)))
		for _, e := range v.list {
			b = e.appendTo(b)
		}
	}
	return b
}

func appendUint(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func appendText(b []byte, s string) []byte {
	return append(appendUint(b, uint64(len(s))), s...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// decoder reads from rest until the first fault, after which every read
// returns zero.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail() {
	if d.err == nil {
		d.err = ErrCorrupt
	}
	d.rest = nil
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.rest) {
		d.fail()
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) byte() byte {
	b := d.bytes(1)
	if len(b) == 0 {
		return 0
	}
	return b[0]
}

func (d *decoder) varint() int64 {
	n, size := binary.Varint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// length reads a count of things that take at least a byte each.
func (d *decoder) length() int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *decoder) text() string { return string(d.bytes(d.length())) }

// maxDepth bounds the nesting of lists, so that no input exhausts the stack.
const maxDepth = 16

func (d *decoder) value(depth int) Value {
	v := Value{kind: Kind(d.byte())}
	switch v.kind {
	case Null:
	case Boolean, Integer, DateTime:
		v.num = d.varint()
	case String, Reference, Pending:
		v.text = d.text()
	case List, Complex:
		n := d.length()
		if depth >= maxDepth {
			d.fail()
			return Value{}
		}
		for range n {
			v.list = append(v.list, d.value(depth+1))
		}
	default:
		d.fail()
	}
	return v
}
