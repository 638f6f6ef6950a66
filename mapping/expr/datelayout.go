package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layout is a .NET date and time format string, standard or custom, cut into
// its parts (Microsoft Learn, "Standard date and time format strings" and
// "Custom date and time format strings"). Names are those of the invariant
// culture.
type layout struct {
	parts     []layoutPart
	universal bool // U: the time is converted to UTC
}

// layoutPart is a format specifier that occurs count times in a row, or text.
type layoutPart struct {
	verb  byte // one of dfFghHKmMstyz:/ or a verb below
	count int
	text  string
}

// Verbs of parts that are no format specifiers.
const (
	verbText   = 'x' // text in quotes or after a backslash
	verbSpace  = ' ' // a bare blank
	verbPoint  = '.' // a bare point, optional before F when parsing
	verbPlain  = 'p' // any other character
	verbZulu   = 'Z' // a bare Z, which parses as a time zone
	verbGMT    = 'G' // bare GMT, likewise
	specifiers = "dfFghHKmMstyz:/"
)

// standardFormats are the patterns of the invariant culture behind the
// one-letter formats.
var standardFormats = map[string]string{
	"d": "MM/dd/yyyy",
	"D": "dddd, dd MMMM yyyy",
	"f": "dddd, dd MMMM yyyy HH:mm",
	"F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm",
	"G": "MM/dd/yyyy HH:mm:ss",
	"m": "MMMM dd", "M": "MMMM dd",
	"o": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK", "O": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
	"r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'", "R": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
	"s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
	"t": "HH:mm",
	"T": "HH:mm:ss",
	"u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
	"U": "dddd, dd MMMM yyyy HH:mm:ss",
	"y": "yyyy MMMM", "Y": "yyyy MMMM",
}

// maxLayout bounds the length of a format string in bytes.
const maxLayout = 1000

// parseLayout reads a format string. What .NET answers with a FormatException
// is an error.
func parseLayout(format string) (*layout, error) {
	l := &layout{universal: format == "U"}
	switch {
	case format == "":
		return nil, errors.New("the format is empty")
	case len(format) > maxLayout:
		return nil, fmt.Errorf("the format is longer than %d bytes", maxLayout)
	case len(format) == 1:
		standard, ok := standardFormats[format]
		if !ok {
			return nil, fmt.Errorf("%q is not a standard format; a custom format of one letter is written %%%s", format, format)
		}
		format = standard
	}
	for i := 0; i < len(format); {
		n, err := l.add(format[i:])
		if err != nil {
			return nil, err
		}
		i += n
	}
	return l, nil
}

// add reads the part at the start of rest and returns its length.
func (l *layout) add(rest string) (int, error) {
	c := rest[0]
	switch {
	case strings.IndexByte(specifiers, c) >= 0:
		return l.addSpecifier(rest)
	case c == '%':
		if len(rest) == 1 || rest[1] == '%' {
			return 0, errors.New("% must be followed by one format specifier")
		}
		return 1, nil
	case c == '\\':
		if len(rest) == 1 {
			return 0, errors.New("a backslash must be followed by a character")
		}
		size := runeSize(rest[1:])
		l.text(verbText, rest[1:1+size])
		return 1 + size, nil
	case c == '\'' || c == '"':
		return l.addQuoted(rest)
	case c == ' ':
		l.text(verbSpace, " ")
		return 1, nil
	case c == '.':
		l.text(verbPoint, ".")
		return 1, nil
	case strings.HasPrefix(rest, "GMT"):
		l.text(verbGMT, "GMT")
		return 3, nil
	case c == 'Z':
		l.text(verbZulu, "Z")
		return 1, nil
	}
	size := runeSize(rest)
	l.text(verbPlain, rest[:size])
	return size, nil
}

func (l *layout) text(verb byte, s string) {
	l.parts = append(l.parts, layoutPart{verb: verb, text: s})
}

func (l *layout) addSpecifier(rest string) (int, error) {
	c, n := rest[0], 1
	if c == ':' || c == '/' || c == 'K' {
		l.parts = append(l.parts, layoutPart{verb: c, count: 1})
		return 1, nil
	}
	for n < len(rest) && rest[n] == c {
		n++
	}
	if (c == 'f' || c == 'F') && n > 7 {
		return 0, fmt.Errorf("%s: a second has at most 7 decimals", rest[:n])
	}
	if c == 'y' && n > 9 {
		return 0, fmt.Errorf("%s: a year has at most 9 digits", rest[:n])
	}
	l.parts = append(l.parts, layoutPart{verb: c, count: n})
	return n, nil
}

// addQuoted reads text in single or double quotes, in which a backslash
// escapes the next character.
func (l *layout) addQuoted(rest string) (int, error) {
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case rest[0]:
			l.text(verbText, b.String())
			return i + 1, nil
		case '\\':
			if i++; i == len(rest) {
				return 0, errors.New("a backslash must be followed by a character")
			}
		}
		b.WriteByte(rest[i])
	}
	return 0, fmt.Errorf("the quoted text %s has no closing quotation mark", rest)
}

func runeSize(s string) int {
	for i := range s {
		if i > 0 {
			return i
		}
	}
	return len(s)
}

// zone is how a time relates to UTC (System.DateTimeKind). The host's own time
// zone is UTC, as the provisioning service's is.
type zone uint8

const (
	zoneUnspecified zone = iota
	zoneUTC
	zoneLocal
)

// moment is a .NET DateTime: a time, and its kind.
type moment struct {
	t    time.Time
	zone zone
}

// format appends the moment in this format.
func (l *layout) format(b []byte, m moment) []byte {
	if l.universal {
		m.zone = zoneUTC
	}
	for i, p := range l.parts {
		b = p.format(b, m, i > 0 && l.parts[i-1].verb == verbPoint)
	}
	return b
}

func (p layoutPart) format(b []byte, m moment, afterPoint bool) []byte {
	t := m.t
	switch p.verb {
	case 'd':
		switch {
		case p.count <= 2:
			return digits(b, t.Day(), p.count)
		case p.count == 3:
			return append(b, t.Weekday().String()[:3]...)
		default:
			return append(b, t.Weekday().String()...)
		}
	case 'M':
		switch {
		case p.count <= 2:
			return digits(b, int(t.Month()), p.count)
		case p.count == 3:
			return append(b, t.Month().String()[:3]...)
		default:
			return append(b, t.Month().String()...)
		}
	case 'y':
		if p.count <= 2 {
			return digits(b, t.Year()%100, p.count)
		}
		return digits(b, t.Year(), p.count)
	case 'h':
		return digits(b, (t.Hour()+11)%12+1, min(p.count, 2))
	case 'H':
		return digits(b, t.Hour(), min(p.count, 2))
	case 'm':
		return digits(b, t.Minute(), min(p.count, 2))
	case 's':
		return digits(b, t.Second(), min(p.count, 2))
	case 'f', 'F':
		return p.formatFraction(b, t, afterPoint)
	case 't':
		return append(b, designator(t.Hour())[:min(p.count, 2)]...)
	case 'g':
		return append(b, "A.D."...)
	case 'z':
		return append(b, [...]string{"+0", "+00", "+00:00"}[min(p.count, 3)-1]...)
	case 'K':
		return append(b, [...]string{"", "Z", "+00:00"}[m.zone]...)
	case ':', '/':
		return append(b, p.verb)
	}
	return append(b, p.text...)
}

// formatFraction writes the decimals of the second. F leaves trailing zeros
// out, and with no digit left also the point before.
func (p layoutPart) formatFraction(b []byte, t time.Time, afterPoint bool) []byte {
	n := t.Nanosecond() / 100
	for range 7 - p.count {
		n /= 10
	}
	if p.verb == 'f' {
		return digits(b, n, p.count)
	}
	count := p.count
	for count > 0 && n%10 == 0 {
		n, count = n/10, count-1
	}
	switch {
	case count > 0:
		return digits(b, n, count)
	case afterPoint:
		return b[:len(b)-1]
	}
	return b
}

func designator(hour int) string {
	if hour < 12 {
		return "AM"
	}
	return "PM"
}

// digits appends n with at least this many digits.
func digits(b []byte, n, count int) []byte {
	for limit := pow10(count - 1); limit > 1 && n < limit; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, int64(n), 10)
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
