package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
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
		return "", fmt.Errorf("the id in the answer is no string: %s", shorten(fmt.Sprint(v), 80))
	}
	switch strings.TrimSpace(id) {
	case "":
		return "", errors.New("the id in the answer is empty")
	case ".", "..":
		// As a segment of a path it would lead to another object or collection.
		return "", fmt.Errorf("the id in the answer is %q, which no URL can hold", id)
	}
	if strings.ContainsFunc(id, unicode.IsControl) {
		return "", fmt.Errorf("the id in the answer has control characters: %q", shorten(id, 80))
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
			return nil, 0, fmt.Errorf("totalResults of the list response is no number: %s", shorten(n.String(), 40))
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
