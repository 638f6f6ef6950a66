package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// The values of scimType (RFC 7644 table 9) that the sandbox uses.
const (
	invalidFilter = "invalidFilter"
	invalidPath   = "invalidPath"
	invalidSyntax = "invalidSyntax"
	invalidValue  = "invalidValue"
	mutability    = "mutability"
	noTarget      = "noTarget"
	tooMany       = "tooMany"
	uniqueness    = "uniqueness"
)

// fault is a refusal: what an error answer of RFC 7644 section 3.12 says.
type fault struct {
	status   int
	scimType string
	detail   string
	header   http.Header // of the answer, beside the usual
}

func (f *fault) Error() string { return f.detail }

func refuse(status int, scimType, format string, args ...any) error {
	return &fault{status: status, scimType: scimType, detail: fmt.Sprintf(format, args...)}
}

func bad(scimType, format string, args ...any) error {
	return refuse(http.StatusBadRequest, scimType, format, args...)
}

// badPath turns an error of the path parser into a refusal.
func badPath(scimType, what string, err error) error {
	var e *scimpath.Error
	if errors.As(err, &e) {
		return bad(scimType, "the %s cannot be read: %v", what, e)
	}
	return err
}

// within puts where a refusal happened in front of its detail.
func within(where string, err error) error {
	var f *fault
	if !errors.As(err, &f) {
		return fmt.Errorf("%s: %w", where, err)
	}
	g := *f
	g.detail = where + ": " + g.detail
	return &g
}

// answer is what goes back for a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func errorAnswer(err error) answer {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{status: http.StatusInternalServerError, detail: err.Error()}
	}
	body := encode(struct {
		Schemas []string `json:"schemas"`
		Type    string   `json:"scimType,omitempty"`
		Detail  string   `json:"detail"`
		Status  string   `json:"status"`
	}{[]string{errorURN}, f.scimType, f.detail, strconv.Itoa(f.status)})
	a := answer{status: f.status, header: http.Header{}, body: body}
	a.header.Set("Content-Type", mediaType)
	for name, values := range f.header {
		a.header[name] = values
	}
	return a
}

func jsonAnswer(status int, v any) answer {
	return answer{status: status, header: http.Header{"Content-Type": {mediaType}}, body: encode(v)}
}

// encode returns JSON without the escapes that HTML would need. The values of
// the sandbox were JSON before: they can always be encoded.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte(`{"detail":` + strconv.Quote(err.Error()) + `}`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
