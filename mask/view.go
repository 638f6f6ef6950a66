package mask

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text, unescaped some times, that knows where each of its bytes
// stands in the text that it was made from.
type view struct {
	text string
	// from and to are where a byte's spelling begins and ends; nil for the text
	// itself.
	from, to []int32
}

// origin returns the span of the text that some bytes of the view stand for.
func (v view) origin(first, end int) span {
	if v.from == nil {
		return span{first, end}
	}
	return span{int(v.from[first]), int(v.to[end-1])}
}

// find adds where a form is in the view.
func (v view) find(f form, all []span) []span {
	for at := 0; at < len(v.text); {
		i := strings.Index(v.text[at:], f.text)
		if i < 0 {
			break
		}
		first, end := at+i, at+i+len(f.text)
		at = first + 1
		if f.encoded {
			for first > 0 && inWord(v.text[first-1]) {
				first--
			}
			for end < len(v.text) && inWord(v.text[end]) {
				end++
			}
			at = end
		}
		all = append(all, v.origin(first, end))
	}
	return all
}

// dangling is the beginning of an escape at the end of a text.
var dangling = regexp.MustCompile(`(?:%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|&[#0-9A-Za-z]{0,8})$`)

// begins adds where a form begins at the end of a view that was cut, perhaps in
// the middle of an escape.
func (v view) begins(f form, all []span) []span {
	whole, cut := strings.CutSuffix(v.text, "…")
	if !cut || f.encoded {
		return all
	}
	for _, text := range []string{whole, dangling.ReplaceAllString(whole, "")} {
		for n := min(len(f.text)-1, len(text)); n >= Shortest; n-- {
			if strings.HasSuffix(text, f.text[:n]) {
				return append(all, v.origin(len(text)-n, len(whole)))
			}
		}
	}
	return all
}

// inWord reports whether a word of base64 may have this character.
func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_=", c) >= 0
}

// plainer returns the view with one level of escapes undone, and whether there
// was any.
func (v view) plainer() (view, bool) {
	if !strings.ContainsAny(v.text, "%\\&\r\n") {
		return v, false
	}
	next := view{from: make([]int32, 0, len(v.text)), to: make([]int32, 0, len(v.text))}
	var b strings.Builder
	changed := false
	for i := 0; i < len(v.text); {
		plain, n := unescape(v.text[i:])
		if n == 0 {
			plain, n = v.text[i:i+1], 1
		} else {
			changed = true
		}
		at := v.origin(i, i+n)
		for range len(plain) {
			next.from = append(next.from, int32(at.from)) //nolint:gosec // no text has 2 GB
			next.to = append(next.to, int32(at.to))       //nolint:gosec // as above
		}
		b.WriteString(plain)
		i += n
	}
	next.text = b.String()
	return next, changed
}

// unescape returns what the escape at the beginning of s stands for, and how
// long it is; 0 if there is none. The end of a line, with what indents the next
// one, stands for nothing: it may have been put there to wrap the line.
func unescape(s string) (plain string, n int) {
	switch s[0] {
	case '%': // RFC 3986 section 2.1
		if c, ok := hex(s[1:], 2); ok {
			return string([]byte{byte(c)}), 3 //nolint:gosec // two digits
		}
	case '\\': // RFC 8259 section 7, and what other languages add
		return unescapeBackslash(s)
	case '&':
		return unescapeEntity(s)
	case '=': // RFC 2045 section 6.7, rule 5
		if rest := s[1:]; strings.HasPrefix(rest, "\n") || strings.HasPrefix(rest, "\r\n") {
			return "", 1 + strings.IndexByte(rest, '\n') + 1
		}
	case '\r', '\n':
		return "", len(s) - len(strings.TrimLeft(s, "\r\n\t "))
	}
	return "", 0
}

func unescapeBackslash(s string) (plain string, n int) {
	if len(s) < 2 {
		return "", 0
	}
	switch s[1] {
	case '"', '\'', '\\', '/':
		return s[1:2], 2
	case 'n', 'r', 't', 'b', 'f':
		return string("\n\r\t\b\f"[strings.IndexByte("nrtbf", s[1])]), 2
	case 'x':
		if c, ok := hex(s[2:], 2); ok {
			return string([]byte{byte(c)}), 4 //nolint:gosec // two digits
		}
	case 'u':
		c, ok := hex(s[2:], 4)
		if !ok {
			return "", 0
		}
		if utf16.IsSurrogate(rune(c)) && strings.HasPrefix(s[6:], `\u`) {
			if low, ok := hex(s[8:], 4); ok {
				return string(utf16.DecodeRune(rune(c), rune(low))), 12
			}
		}
		return string(rune(c)), 6
	}
	return "", 0
}

func unescapeEntity(s string) (plain string, n int) {
	const longest = 10 // &#x10FFFF;
	end := strings.IndexByte(s[:min(len(s), longest)], ';')
	if end < 0 {
		return "", 0
	}
	plain = html.UnescapeString(s[:end+1])
	if plain == s[:end+1] || !utf8.ValidString(plain) {
		return "", 0
	}
	return plain, end + 1
}

// hex returns the number that so many digits at the beginning of s are.
func hex(s string, digits int) (n uint32, ok bool) {
	if len(s) < digits {
		return 0, false
	}
	c, err := strconv.ParseUint(s[:digits], 16, 32)
	return uint32(c), err == nil //nolint:gosec // of 32 bits
}
