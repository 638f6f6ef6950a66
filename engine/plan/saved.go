package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Head is what stands before the operations of a plan as `plan -o json` prints
// it and `plan --out` saves it.
type Head struct {
	Job     string  `json:"job"`
	Cycle   string  `json:"cycle"` // initial | incremental
	Summary Summary `json:"summary"`
	// Guard says why a guard would stop the cycle before its first write; "" if
	// none would.
	Guard string `json:"guard,omitempty"`
	// Retrying is how many objects failed earlier that the cycle does not look at.
	Retrying int `json:"retrying,omitempty"`
	// Warnings are about the source.
	Warnings []string `json:"warnings,omitempty"`
	// Saved is what makes the plan one that can be applied; nil for one that is
	// only shown.
	Saved *Saved `json:"saved,omitempty"`
}

// Saved is the head of a plan that can be applied.
type Saved struct {
	Format int   `json:"format"` // of the file: SavedFormat
	Basis  Basis `json:"basis"`
}

// SavedFormat is the format of the plans that this version saves and applies.
const SavedFormat = 1

// WriteJSON writes a plan as it comes: it may be larger than memory.
func WriteJSON(w io.Writer, head Head, entries iter.Seq2[Entry, error]) error {
	b, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s,\n \"operations\": [", b[:len(b)-1]); err != nil {
		return err
	}
	separator := "\n  "
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for e, err := range entries {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if err := enc.Encode(e); err != nil {
			return err
		}
		separator = "  ,"
	}
	_, err = io.WriteString(w, " ]}\n")
	return err
}

// ReadSaved reads a plan that WriteJSON saved, and calls yield with each entry,
// after its head was read. It returns an error for anything that is no whole
// saved plan of SavedFormat.
func ReadSaved(r io.Reader, yield func(Entry) error) (head Head, err error) {
	d := json.NewDecoder(r)
	fields := map[string]any{
		"job": &head.Job, "cycle": &head.Cycle, "summary": &head.Summary, "guard": &head.Guard,
		"retrying": &head.Retrying, "warnings": &head.Warnings, "saved": &head.Saved,
	}
	if err := expect(d, json.Delim('{')); err != nil {
		return head, err
	}
	whole := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return head, err
		}
		name, _ := key.(string)
		if whole { // the head was checked by then, and the entries were taken for its
			return head, fmt.Errorf("%q is no part of a saved plan after its operations", name)
		}
		if name == "operations" {
			if err := head.Saved.check(); err != nil {
				return head, err
			}
			if err := readEntries(d, yield); err != nil {
				return head, err
			}
			whole = true
			continue
		}
		field, known := fields[name]
		if !known {
			return head, fmt.Errorf("%q is no part of a saved plan", name)
		}
		if err := d.Decode(field); err != nil {
			return head, err
		}
	}
	if err := expect(d, json.Delim('}')); err != nil {
		return head, err
	}
	if !whole {
		return head, errors.New("it has no operations")
	}
	return head, nil
}

func (s *Saved) check() error {
	switch {
	case s == nil:
		return errors.New("it can only be looked at: one that can be applied is made with plan --out")
	case s.Format != SavedFormat:
		return fmt.Errorf("it has format %d, and this version of scimsync applies format %d: make the plan again", s.Format, SavedFormat)
	default:
		return nil
	}
}

func readEntries(d *json.Decoder, yield func(Entry) error) error {
	if err := expect(d, json.Delim('[')); err != nil {
		return err
	}
	for d.More() {
		var e Entry
		if err := d.Decode(&e); err != nil {
			return err
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return expect(d, json.Delim(']'))
}

func expect(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err == nil && token != want {
		err = fmt.Errorf("found %v where %s was expected", token, want)
	}
	return err
}
