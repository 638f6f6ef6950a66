package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
)

// encoding says how booleans and integers are written: as JSON has them, or as
// strings, which Entra's standard PATCH dialect does (Microsoft Learn, "Known
// issues and resolutions with SCIM 2.0 protocol compliance": "False").
type encoding bool

const (
	typed    encoding = false
	asString encoding = true
)

// valueError says that a value cannot be written as the type of its attribute.
type valueError struct {
	attribute string
	reason    string
}

func (e *valueError) Error() string { return e.attribute + ": " + e.reason }

// appendScalar appends one value of an attribute as JSON.
func appendScalar(b []byte, p *target, v directory.Value, enc encoding) ([]byte, error) {
	switch v.Kind() {
	case directory.Pending:
		return appendQuote(b, directory.PendingText), nil
	case directory.Null:
		return b, &valueError{p.raw, "there is no value to write"}
	case directory.List:
		return b, &valueError{p.raw, fmt.Sprintf("takes one value, not the %d of %q", len(v.Elements()), v.Text())}
	}
	switch p.typ {
	case directory.TypeBoolean:
		truth, ok := v.Boolean()
		switch {
		case !ok:
			return b, &valueError{p.raw, fmt.Sprintf("takes True or False, not %q", v.Text())}
		case enc == asString:
			return appendQuote(b, v.Text()), nil // the mapping decides the case
		case truth:
			return append(b, "true"...), nil
		default:
			return append(b, "false"...), nil
		}
	case directory.TypeInteger:
		n, ok := v.Integer()
		switch {
		case !ok:
			return b, &valueError{p.raw, fmt.Sprintf("takes a whole number, not %q", v.Text())}
		case enc == asString:
			return appendQuote(b, itoa(n)), nil
		default:
			return append(b, itoa(n)...), nil
		}
	case directory.TypeDateTime:
		if at, ok := v.Time(); ok {
			return appendQuote(b, at.Format(time.RFC3339Nano)), nil
		}
	}
	return appendQuote(b, v.Text()), nil
}

// appendReferences appends members as [{"value":"u1"}].
func appendReferences(b []byte, v directory.Value, refNull bool) []byte {
	b = append(b, '[')
	for i, e := range v.Elements() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if refNull {
			b = append(b, `"$ref":null,`...)
		}
		b = append(b, `"value":`...)
		b = append(appendQuote(b, referenceText(e)), '}')
	}
	return append(b, ']')
}

// referenceText is the anchor that a reference holds, as it is sent.
func referenceText(v directory.Value) string {
	if v.Kind() == directory.Reference {
		return v.Anchor()
	}
	return v.Text()
}

// roleType is what Entra writes as the type of every app role (Microsoft Learn,
// "Customize user provisioning attribute-mappings").
const roleType = "WindowsAzureActiveDirectoryRole"

// role is an app role as the functions AppRoleAssignmentsComplex and
// AssertiveAppRoleAssignmentsComplex give it: a complex value, or its JSON text.
type role struct {
	id, value string
	name      string // what it is called
	// assertive says that the name came as display: the list of roles is
	// complete, and roles that it lacks are to go.
	assertive bool
}

func roleOf(v directory.Value) (role, bool) {
	if v.Kind() == directory.String && strings.HasPrefix(strings.TrimSpace(v.Text()), "{") {
		var x map[string]any
		if err := json.Unmarshal([]byte(v.Text()), &x); err != nil {
			return role{}, false
		}
		parsed, err := directory.FromJSON(x)
		if err != nil {
			return role{}, false
		}
		v = parsed
	}
	if v.Kind() != directory.Complex {
		return role{}, false
	}
	r := role{id: v.Field("id").Text(), value: v.Field("value").Text(), name: v.Field("displayName").Text()}
	if display := v.Field("display"); !display.IsNull() {
		r.name, r.assertive = display.Text(), true
	}
	return r, true
}

// appendRole appends a role as POST requests have it.
func appendRole(b []byte, r role) []byte {
	b = append(b, `{"primary":false,"type":"`+roleType+`"`...)
	if r.name != "" {
		key := `,"displayName":`
		if r.assertive {
			key = `,"display":`
		}
		b = appendQuote(append(b, key...), r.name)
	}
	return append(appendQuote(append(b, `,"value":`...), r.value), '}')
}

// text is the role as the JSON text that the standard dialect's PATCH carries.
func (r role) text() string {
	b := appendQuote([]byte(`{"id":`), r.id)
	b = appendQuote(append(b, `,"value":`...), r.value)
	b = appendQuote(append(b, `,"displayName":`...), r.name)
	return string(append(b, '}'))
}

// elements returns several values of an attribute: references, roles, or
// values as elements of a complex attribute. Attributes that are the
// application's own are multi-valued strings (RFC 7643 section 2.4), which the
// standard dialect's PATCH nevertheless writes as elements.
func elements(p *target, v directory.Value, enc encoding, refNull bool) ([]byte, error) {
	if p.reference() {
		return appendReferences(nil, v, refNull), nil
	}
	wrap := p.schema != nil && p.schema.multi || enc == asString
	b := []byte{'['}
	for i, e := range v.Elements() {
		if i > 0 {
			b = append(b, ',')
		}
		r, isRole := role{}, false
		if p.is("roles") {
			r, isRole = roleOf(e)
		}
		var err error
		switch {
		case isRole && (enc == typed || r.assertive):
			b = appendRole(b, r)
		case isRole:
			b = append(appendQuote(append(b, `{"value":`...), r.text()), '}')
		case wrap && e.Kind() == directory.Complex && enc == typed:
			b, err = appendComplex(b, e)
		case wrap:
			b, err = appendScalar(append(b, `{"value":`...), p, e, enc)
			b = append(b, '}')
		default:
			b, err = appendScalar(b, p, e, enc)
		}
		if err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

func appendComplex(b []byte, v directory.Value) ([]byte, error) {
	text, err := v.MarshalJSON()
	return append(b, text...), err
}
