package expr

import (
	"unicode/utf16"
	"unicode/utf8"
)

// Strings are UTF-8 here and UTF-16 in .NET, whose lengths and indexes count
// UTF-16 units: a character beyond U+FFFF counts as two. Half of such a
// character cannot be told in UTF-8; it becomes U+FFFD, as .NET's own encoder
// makes of it on the way out.

// isASCII reports whether bytes and UTF-16 units are the same thing in s.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// utf16Len returns the length of s in UTF-16 units.
func utf16Len(s string) int64 {
	if isASCII(s) {
		return int64(len(s))
	}
	var n int64
	for _, r := range s {
		n += unitsOf(r)
	}
	return n
}

func unitsOf(r rune) int64 {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

const half = string(utf8.RuneError)

// utf16Slice returns length units of s from the unit start, counted from 0.
// Both are cut to what s has.
func utf16Slice(s string, start, length int64) string {
	if start < 0 || length <= 0 {
		return ""
	}
	if isASCII(s) {
		n := int64(len(s))
		if start >= n {
			return ""
		}
		return s[start : start+min(length, n-start)]
	}
	from, at := -1, int64(0)
	prefix := ""
	for i, r := range s {
		if from < 0 && at >= start {
			from = i
			if at > start { // the first half was cut off
				prefix, length = half, length-1
			}
		}
		if from >= 0 {
			switch left := start + length + int64(len(prefix)/len(half)) - at; {
			case left <= 0:
				return prefix + s[from:i]
			case left < unitsOf(r):
				return prefix + s[from:i] + half
			}
		}
		at += unitsOf(r)
	}
	switch {
	case from >= 0:
		return prefix + s[from:]
	case at > start: // the second half of the last character
		return half
	default:
		return ""
	}
}

// utf16Bytes returns the UTF-16LE bytes of s (Encoding.Unicode).
func utf16Bytes(s string) []byte {
	b := make([]byte, 0, 2*len(s))
	for _, r := range s {
		if r > 0xFFFF {
			hi, lo := utf16.EncodeRune(r)
			b = append(b, byte(hi), byte(hi>>8), byte(lo), byte(lo>>8))
			continue
		}
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

// fromUTF16Bytes decodes UTF-16LE. A last odd byte becomes U+FFFD.
func fromUTF16Bytes(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])|uint16(b[i+1])<<8)
	}
	s := string(utf16.Decode(units))
	if len(b)%2 == 1 {
		s += half
	}
	return s
}
