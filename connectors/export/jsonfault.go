package export

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/scimsync/scimsync/connectors"
)

// unquoted returns the string that value is, "" for anything else.
func unquoted(value jsontext.Value) string {
	if value.Kind() != jsontext.KindString {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(b)
}

// brief cuts what a message quotes.
func brief(value []byte) string {
	const most = 200
	if len(value) <= most {
		return string(value)
	}
	return strings.ToValidUTF8(string(value[:most]), "") + "…"
}

func (r *jsonReader) wrong(offset int64, reason string) error {
	return &connectors.ReadError{Place: r.text.file.at(offset), Reason: reason}
}

// fault turns an error of the decoder into a *connectors.ReadError.
func (r *jsonReader) fault(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooLarge):
		return r.text.failed(err)
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	case !errors.As(err, &syntax):
		return r.text.failed(err)
	}
	place := r.text.file.path
	pointer := ""
	if syntax != nil {
		place = r.text.file.at(syntax.ByteOffset)
		pointer = string(syntax.JSONPointer)
		err = syntax.Err
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &connectors.ReadError{Place: place, Reason: "the file ends in the middle of its JSON: it is truncated"}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &connectors.ReadError{Place: place, Reason: fmt.Sprintf("the object has two members %q", syntax.JSONPointer.LastToken())}
	}
	reason := "invalid JSON"
	if pointer != "" {
		reason += " in " + pointer
	}
	return &connectors.ReadError{Place: place, Reason: reason, Err: err}
}

func describe(kind jsontext.Kind) string {
	switch kind {
	case jsontext.KindString:
		return "string"
	case jsontext.KindNumber:
		return "number"
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "boolean"
	case jsontext.KindBeginArray:
		return "list"
	default:
		return "value that is no object"
	}
}
