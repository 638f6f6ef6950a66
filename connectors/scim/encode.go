package scim

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// queryEncode encodes a query value as .NET's HttpUtility.UrlEncode does, which
// Entra's requests show: a space as +, hexadecimal digits in lower case, and
// - _ . ! * ( ) left alone.
func queryEncode(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/2)
	for i := range len(s) {
		switch c := s[i]; {
		case isAlphanumeric(c), strings.IndexByte("-_.!*()", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.Write(percent(c, "0123456789abcdef"))
		}
	}
	return b.String()
}

// pathEncode encodes one segment of a path: everything but the unreserved
// characters of RFC 3986, so that an anchor can never reach another path.
func pathEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlphanumeric(c) || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write(percent(c, "0123456789ABCDEF"))
		}
	}
	return b.String()
}

func percent(c byte, digits string) []byte { return []byte{'%', digits[c>>4], digits[c&15]} }

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// equals returns the filter expression that Entra sends: the value is always
// quoted, as a JSON string (RFC 7644 section 3.4.2.2).
func equals(attribute, value string) string { return attribute + " eq " + quote(value) }

// quote returns s as a JSON string. Bytes that are no UTF-8 become U+FFFD.
func quote(s string) string { return string(appendQuote(nil, s)) }

func appendQuote(b []byte, s string) []byte {
	// The error reports invalid UTF-8, which has been replaced.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
