package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// resource is a decoded answer: a resource, a list of them, or an error message.
type resource map[string]any

// decode reads one JSON object. Numbers keep their digits.
func decode(body []byte) (resource, error) {
	trimmed := trim(body)
	switch {
	case len(trimmed) == 0:
		return nil, errors.New("the answer is empty")
	case trimmed[0] == '<':
		return nil, errMarkup
	case trimmed[0] != '{':
		return nil, errors.New("the answer is no JSON object")
	}
	if n := values(trimmed); n > maxValues {
		return nil, fmt.Errorf("the answer has %d values, and no object has more than %d", n, maxValues)
	}
	d := json.NewDecoder(bytes.NewReader(trimmed))
	d.UseNumber()
	var r resource
	if err := d.Decode(&r); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, fmt.Errorf("the answer is truncated: its JSON breaks off after %d bytes", len(body))
		}
		return nil, fmt.Errorf("the answer is not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the answer goes on after its JSON object has ended")
	}
	return r, nil
}

// maxValues is how many values an answer may have: a group's with all of its
// members has fewer. A value of two bytes takes a hundred when it is decoded,
// and several answers are decoded at a time.
const maxValues = 500_000

// values returns how many objects, lists, and values in them there are in a JSON
// text, near enough.
func values(text []byte) int {
	n, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ',' || c == '{' || c == '['):
			n++
		}
	}
	return n
}

var errMarkup = errors.New("the answer is HTML or XML rather than SCIM")

// trim returns a body without a byte order mark and blanks.
func trim(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
}

// lookup returns the attribute of this name, compared without case (RFC 7643
// section 2.1), nil if there is none. Of several that differ by case alone, the
// one that is spelled as asked for counts, else the first in order.
func lookup(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	found := ""
	for key := range m {
		if strings.EqualFold(key, name) && (found == "" || key < found) {
			found = key
		}
	}
	if found == "" {
		return nil
	}
	return m[found]
}

// maxID is the length of the longest id that is taken, in bytes: servers refuse
// longer URLs, and every id is kept.
const maxID = 2 << 10

// idOf returns the id of a resource. Some applications answer a number.
func idOf(r map[string]any) (string, error) {
	id := ""
	switch v := lookup(r, "id").(type) {
	case string:
		id = v
	case json.Number:
		id = v.String()
	case nil:
		return "", errors.New("the answer holds no id")
	default:
		return "", fmt.Errorf("the id in the answer is no string: %v", v)
	}
	switch strings.TrimSpace(id) {
	case "":
		return "", errors.New("the id in the answer is empty")
	case ".", "..":
		// As a segment of a path it would lead to another object or collection.
		return "", fmt.Errorf("the id in the answer is %q, which no URL can hold", id)
	}
	if strings.ContainsFunc(id, unicode.IsControl) {
		return "", fmt.Errorf("the id in the answer has control characters: %q", id)
	}
	if strings.ContainsRune(id, utf8.RuneError) { // what the decoder put there: two ids may have become one
		return "", fmt.Errorf("the id in the answer is not UTF-8: %q", id)
	}
	if len(id) > maxID {
		return "", fmt.Errorf("the id in the answer is %d bytes long: no URL can hold it", len(id))
	}
	return id, nil
}

// list returns the resources of a list response (RFC 7644 section 3.4.2) and
// how many there are by its own account, -1 if it does not say.
func list(r resource) (resources []map[string]any, total int64, err error) {
	total = -1
	switch n := lookup(r, "totalResults").(type) {
	case json.Number:
		if total, err = n.Int64(); err != nil {
			return nil, 0, fmt.Errorf("totalResults of the list response is no number: %s", n)
		}
	case nil:
	default:
		return nil, 0, errors.New("totalResults of the list response is no number")
	}
	switch elements := lookup(r, "Resources").(type) {
	case []any:
		for i, e := range elements {
			m, ok := e.(map[string]any)
			if !ok {
				return nil, 0, fmt.Errorf("entry %d of the list response is no resource", i+1)
			}
			resources = append(resources, m)
		}
		return resources, total, nil
	case nil:
		if total == 0 {
			return nil, 0, nil // RFC 7644: Resources is required where there are any
		}
		return nil, 0, errors.New("the answer is no list response: it holds no Resources")
	default:
		return nil, 0, errors.New("the list response holds Resources that are no list")
	}
}
