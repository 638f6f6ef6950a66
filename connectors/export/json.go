package export

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxValue bounds the text of one object, members not counted: what holds it
// doubles as it grows.
const maxValue = 64 << 20

// jsonHandler takes what a file holds.
type jsonHandler struct {
	// each takes the text of an object and its byte offset. The text is valid
	// until it returns.
	each func(object []byte, offset int64) error
	// element, if set, takes the elements of the members of an object one by one,
	// before each takes the object with an empty list in their place: a group may
	// have a million.
	element func(element []byte, offset int64) error
	// foreign is what no list response may be about: users, groups, "" for no check.
	foreign string
}

// jsonReader reads the objects of one file: of list responses of Graph, of
// arrays, and of objects one after the other.
type jsonReader struct {
	jsonHandler
	text    *text
	decoder *jsontext.Decoder
	scratch []byte // text of an object that is put together

	// single says that the file's first value was an object and no list: the
	// file has one object a line.
	single   bool
	found    bool   // the file holds a value
	nextLink string // of the last list response
}

// readJSON hands out the objects of a file. The result is the last page's
// @odata.nextLink, "" if there is none.
func readJSON(t *text, handler jsonHandler) (nextLink string, err error) {
	t.limit(maxValue)
	r := &jsonReader{jsonHandler: handler, text: t, decoder: jsontext.NewDecoder(t)}
	for {
		t.allow()
		kind := r.decoder.PeekKind()
		switch {
		case kind == jsontext.KindBeginArray:
			err = r.array()
		case kind == jsontext.KindBeginObject && r.single:
			err = r.object()
		case kind == jsontext.KindBeginObject:
			err = r.listOrObject()
		default:
			err = r.end()
			if errors.Is(err, io.EOF) && r.found {
				return r.nextLink, nil
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return "", emptyFile(t.file.path)
		case err != nil:
			return "", err
		}
		r.found = true
	}
}

// end returns io.EOF at the end of the file, else why no value is there.
func (r *jsonReader) end() error {
	value, err := r.decoder.ReadValue()
	switch {
	case errors.Is(err, io.EOF):
		return io.EOF
	case err != nil:
		return r.fault(err)
	default:
		return r.wrong(r.startOf(value), fmt.Sprintf("a list of objects was expected, and a %s found", describe(value.Kind())))
	}
}

// array reads the elements of the array that the decoder stands before.
func (r *jsonReader) array() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.fault(err)
	}
	for {
		r.text.allow()
		switch kind := r.decoder.PeekKind(); kind {
		case jsontext.KindBeginObject:
			if err := r.object(); err != nil {
				return err
			}
		case jsontext.KindEndArray, jsontext.KindInvalid:
			if _, err := r.decoder.ReadToken(); err != nil {
				return r.fault(err)
			}
			return nil
		default:
			value, err := r.decoder.ReadValue()
			if err != nil {
				return r.fault(err)
			}
			return r.wrong(r.startOf(value), fmt.Sprintf("an object was expected in the list, and a %s found", describe(kind)))
		}
	}
}

func (r *jsonReader) object() error {
	if r.element != nil {
		return r.largeObject()
	}
	object, err := r.decoder.ReadValue()
	if err != nil {
		return r.fault(err)
	}
	return r.each(object, r.startOf(object))
}

// startOf returns the offset of the value that was read last.
func (r *jsonReader) startOf(value jsontext.Value) int64 {
	return r.decoder.InputOffset() - int64(len(value))
}

// largeObject reads an object member by member.
func (r *jsonReader) largeObject() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.fault(err)
	}
	start := r.decoder.InputOffset() - 1
	r.scratch = append(r.scratch[:0], '{')
	for r.decoder.PeekKind() != jsontext.KindEndObject {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return r.fault(err)
		}
		member := string(name)
		value, err := r.value(member)
		if err != nil {
			return err
		}
		r.scratch = appendMember(r.scratch, member, value)
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.fault(err)
	}
	r.scratch = append(r.scratch, '}')
	return r.each(r.scratch, start)
}

// value reads the value of an object's member.
func (r *jsonReader) value(member string) (jsontext.Value, error) {
	list := r.decoder.PeekKind() == jsontext.KindBeginArray
	if r.element == nil || !list || member != `"members"` && member != `"members@delta"` {
		value, err := r.decoder.ReadValue()
		if err != nil {
			return nil, r.fault(err)
		}
		return value, nil
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return nil, r.fault(err)
	}
	for r.decoder.PeekKind() != jsontext.KindEndArray {
		r.text.allow()
		element, err := r.decoder.ReadValue()
		if err != nil {
			return nil, r.fault(err)
		}
		if err := r.element(element, r.startOf(element)); err != nil {
			return nil, err
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return nil, r.fault(err)
	}
	return jsontext.Value("[]"), nil
}

// listOrObject reads an object at the top of the file, which is a list
// response if it has a value that is an array, and else an object of its own.
func (r *jsonReader) listOrObject() error {
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.fault(err)
	}
	start := r.decoder.InputOffset() - 1
	members := []byte{'{'}
	list, context := false, ""
	r.nextLink = ""
	for r.decoder.PeekKind() != jsontext.KindEndObject {
		name, err := r.decoder.ReadValue()
		if err != nil {
			return r.fault(err)
		}
		member := string(name)
		if member == `"value"` && r.decoder.PeekKind() == jsontext.KindBeginArray {
			if err := r.array(); err != nil {
				return err
			}
			list = true
			continue
		}
		value, err := r.value(member)
		if err != nil {
			return err
		}
		switch member {
		case `"@odata.nextLink"`:
			r.nextLink = unquoted(value)
		case `"@odata.context"`:
			context = unquoted(value)
			if r.foreign != "" && strings.Contains(context, "$metadata#"+r.foreign) {
				return r.wrong(start, "this is a list of "+r.foreign)
			}
		case `"error"`:
			return r.wrong(start, "this is an error of Microsoft Graph and no list: "+brief(value))
		}
		if !list {
			members = appendMember(members, member, value)
		}
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return r.fault(err)
	}
	if list {
		return nil
	}
	if strings.Contains(context, "$metadata#") && !strings.Contains(context, "$entity") {
		return r.wrong(start, `this list response of Microsoft Graph has no "value"`)
	}
	r.single, r.nextLink = true, ""
	return r.each(append(members, '}'), start)
}

func appendMember(members []byte, name string, value []byte) []byte {
	if len(members) > 1 {
		members = append(members, ',')
	}
	members = append(append(members, name...), ':')
	return append(members, value...)
}
