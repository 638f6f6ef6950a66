package expr

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// encodingFunctions convert between forms of a string, and make random ones.
var encodingFunctions = []*builtin{
	{
		Function: Function{
			Name: "CStr", Result: TypeString, Page: pageReference,
			Parameters:    []Parameter{required("value", TypeString, "a number, a reference, or True or False")},
			Description:   "Converts a value to a string.",
			Example:       `CStr(BitAnd(&HFF, 15))`,
			ExampleResult: "15",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(str(args, 0)), nil
		},
	},
	{
		Function: Function{
			Name: "ConvertToBase64", Result: TypeString, Page: pageReference,
			Parameters:    []Parameter{required("source", TypeString, "the string to encode")},
			Description:   "Encodes a string, as UTF-16, in base64.",
			Example:       `ConvertToBase64("Hello world!")`,
			ExampleResult: "SABlAGwAbABvACAAdwBvAHIAbABkACEA",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(base64.StdEncoding.EncodeToString(utf16Bytes(str(args, 0)))), nil
		},
	},
	{
		Function: Function{
			Name: "ConvertFromBase64", Result: TypeString, Page: pageCloudSync,
			Parameters: []Parameter{
				required("source", TypeString, "the string to decode"),
				oneOf(optional("Encoding", TypeString, "Unicode, the default, ASCII or UTF8"), "Unicode", "ASCII", "UTF8"),
			},
			Description:   "Decodes a string from base64.",
			Example:       `ConvertFromBase64("SGVsbG8gd29ybGQh", UTF8)`,
			ExampleResult: "Hello world!",
		},
		run: runFromBase64,
	},
	{
		Function: Function{
			Name: "ConvertToUTF8Hex", Result: TypeString, Page: pageReference,
			Parameters:    []Parameter{required("source", TypeString, "the string to encode")},
			Description:   "Encodes a string, as UTF-8, in upper-case hexadecimal digits.",
			Example:       `ConvertToUTF8Hex("Hello world!")`,
			ExampleResult: "48656C6C6F20776F726C6421",
		},
		run: func(m *machine, c *callOp, args []result) (result, error) {
			s := str(args, 0)
			if !m.fits(2 * len(s)) {
				return result{}, c.tooLarge(m)
			}
			return text(strings.ToUpper(hex.EncodeToString([]byte(strings.ToValidUTF8(s, half))))), nil
		},
	},
	{
		Function: Function{
			Name: "StringFromSid", Result: TypeString, Page: pageCloudSync,
			Parameters:    []Parameter{required("ObjectSID", TypeString, "a security identifier: its bytes in base64 or hexadecimal, or its string form")},
			Description:   "Converts the bytes of a security identifier to its string form S-1-...",
			Example:       `StringFromSid("AQIAAAAAAAUgAAAAIAIAAA==")`,
			ExampleResult: "S-1-5-32-544",
		},
		run: runStringFromSid,
	},
	{
		Function: Function{
			Name: "DNComponent", Result: TypeString, Page: pageCloudSync,
			Parameters: []Parameter{
				required("dn", TypeString, "a distinguished name"),
				required("ComponentNumber", TypeInteger, "which component, counted from 1"),
			},
			Description:   "Returns the value of one component of a distinguished name, from the left; the empty string if there are not as many.",
			Example:       `DNComponent("CN=Joe,OU=Sales,DC=contoso,DC=com", 1)`,
			ExampleResult: "Joe",
		},
		run: func(_ *machine, _ *callOp, args []result) (result, error) {
			return text(dnComponent(str(args, 0), num(args, 1, 0))), nil
		},
	},
	{
		Function: Function{
			Name: "Guid", Result: TypeString, Page: pageReference,
			Description: "Returns a new random GUID in lower case.",
			Example:     `Guid()`,
		},
		run: runGuid,
	},
	{
		Function: Function{
			Name: "RandomString", Result: TypeString, Page: pageReference,
			Parameters: []Parameter{
				required("Length", TypeInteger, "how many characters; 256 at most, and at least the sum of the minimums"),
				required("MinimumNumbers", TypeInteger, "at least as many digits"),
				required("MinimumSpecialCharacters", TypeInteger, "at least as many special characters"),
				required("MinimumCapital", TypeInteger, "at least as many capital letters"),
				required("MinimumLowerCase", TypeInteger, "at least as many small letters"),
				optional("CharactersToAvoid", TypeString, "characters that must not occur"),
			},
			Description: "Returns a random string of the characters that Windows allows in passwords.",
			Example:     `RandomString(10, 2, 2, 2, 1, "?,")`,
		},
		prepare: prepareRandomString,
		run:     runRandomString,
	},
}

func runFromBase64(m *machine, c *callOp, args []result) (result, error) {
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(str(args, 0)), ""))
	if err != nil {
		return result{}, c.fault(m, 0, "%s is not base64", m.quote(args[0].v))
	}
	switch strings.ToLower(str(args, 1)) {
	case "", "unicode":
		return text(fromUTF16Bytes(b)), nil
	case "utf8":
		return text(strings.ToValidUTF8(string(b), half)), nil
	case "ascii":
		for i := range b {
			if b[i] >= utf8.RuneSelf {
				b[i] = '?'
			}
		}
		return text(string(b)), nil
	}
	return result{}, c.fault(m, 1, "%s is not an encoding: it is one of Unicode, ASCII, UTF8", m.quote(args[1].v))
}

// runStringFromSid reads a SID as [MS-DTYP] 2.4.2.2 lays it out.
func runStringFromSid(m *machine, c *callOp, args []result) (result, error) {
	s := strings.TrimSpace(str(args, 0))
	if s == "" || strings.HasPrefix(strings.ToUpper(s), "S-1-") {
		return text(s), nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		b, err = base64.StdEncoding.DecodeString(s)
	}
	if err != nil || len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return result{}, c.fault(m, 0, "%s is not a security identifier", m.quote(args[0].v))
	}
	var sid strings.Builder
	authority := binary.BigEndian.Uint64(append([]byte{0, 0}, b[2:8]...))
	fmt.Fprintf(&sid, "S-%d-%d", b[0], authority)
	for rest := b[8:]; len(rest) > 0; rest = rest[4:] {
		fmt.Fprintf(&sid, "-%d", binary.LittleEndian.Uint32(rest))
	}
	return text(sid.String()), nil
}

// dnComponent returns the value of the n-th component (RFC 4514), unescaped.
func dnComponent(dn string, n int64) string {
	start, quoted := 0, false
	for i := 0; i <= len(dn); i++ {
		switch {
		case i < len(dn) && dn[i] == '\\':
			i++
			continue
		case i < len(dn) && dn[i] == '"':
			quoted = !quoted
			continue
		case i < len(dn) && (quoted || dn[i] != ',' && dn[i] != ';'):
			continue
		}
		if n--; n == 0 {
			_, value, _ := strings.Cut(dn[start:min(i, len(dn))], "=")
			return unescapeDN(strings.TrimSpace(value))
		}
		start = i + 1
	}
	return ""
}

func unescapeDN(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if i+2 < len(s) && isHexDigit(rune(s[i+1])) && isHexDigit(rune(s[i+2])) {
				pair, _ := hex.DecodeString(s[i+1 : i+3]) // both are hexadecimal digits
				b = append(b, pair...)
				i += 2
				continue
			}
			i++
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), half)
}
