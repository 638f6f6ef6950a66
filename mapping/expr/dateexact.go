package expr

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// exact parses a string by a layout, as DateTime.ParseExact does in the
// invariant culture.
type exact struct {
	s      string
	styles styles

	year, month, day     int // -1: not there
	hour, minute, second int
	ticks                int // fraction of the second in 100 ns
	weekday              int
	mark                 int // 0 AM, 1 PM
	twoDigits, twelve    bool
	zoned, utc           bool
	offset               time.Duration
}

// parse reads s. The day of a time without a date is that of now.
func (l *layout) parse(s string, st styles, now time.Time) (moment, error) {
	x := exact{s: s, styles: st, year: -1, month: -1, day: -1, hour: -1, minute: -1, second: -1, weekday: -1, mark: -1}
	parts := l.parts
	if st&allowTrailingWhite != 0 {
		x.s = strings.TrimRightFunc(x.s, unicode.IsSpace)
		for len(parts) > 0 && parts[len(parts)-1].verb == verbSpace {
			parts = parts[:len(parts)-1]
		}
	}
	if st&allowLeadingWhite != 0 {
		x.s = strings.TrimLeftFunc(x.s, unicode.IsSpace)
		for len(parts) > 0 && parts[0].verb == verbSpace {
			parts = parts[1:]
		}
	}
	for i := 0; i < len(parts); i++ {
		if st&allowInnerWhite != 0 {
			x.s = strings.TrimLeftFunc(x.s, unicode.IsSpace)
		}
		skip, ok := x.part(parts, i)
		if !ok {
			return moment{}, x.mismatch(parts[i])
		}
		i += skip
	}
	if st&allowInnerWhite != 0 {
		x.s = strings.TrimLeftFunc(x.s, unicode.IsSpace)
	}
	if x.s != "" {
		return moment{}, errors.New("it goes on after the end of the format")
	}
	return x.moment(now)
}

func (x *exact) mismatch(p layoutPart) error {
	specifier := p.text
	if specifier == "" {
		specifier = strings.Repeat(string(rune(p.verb)), p.count)
	}
	return fmt.Errorf("it does not fit the format at %q", specifier)
}

// part reads what the part at index i stands for, and returns how many of the
// following parts it took care of.
func (x *exact) part(parts []layoutPart, i int) (skip int, ok bool) {
	p := parts[i]
	switch p.verb {
	case 'd':
		if p.count <= 2 {
			return 0, x.number(&x.day, p.count)
		}
		return 0, x.name(&x.weekday, weekdays[:], p.count == 3, 0)
	case 'M':
		if p.count <= 2 {
			return 0, x.number(&x.month, p.count)
		}
		return 0, x.name(&x.month, months[:], p.count == 3, 1)
	case 'y':
		x.twoDigits = x.twoDigits || p.count <= 2
		return 0, x.number(&x.year, p.count)
	case 'h':
		x.twelve = true
		return 0, x.number(&x.hour, min(p.count, 2))
	case 'H':
		return 0, x.number(&x.hour, min(p.count, 2))
	case 'm':
		return 0, x.number(&x.minute, min(p.count, 2))
	case 's':
		return 0, x.number(&x.second, min(p.count, 2))
	case 'f', 'F':
		return 0, x.fraction(p.count) || p.verb == 'F'
	case 't':
		return 0, x.designator(p.count)
	case 'g':
		return 0, x.literal("A.D.") || x.literal("AD")
	case 'z':
		return 0, x.zone(p.count)
	case 'K':
		return 0, x.kind()
	case verbZulu:
		x.zoned, x.utc = true, true
		return 0, x.literalFold("Z") || x.literalFold("GMT")
	case verbGMT:
		x.zoned, x.utc = true, true
		return 0, x.literal("GMT")
	case ':', '/':
		return 0, x.literal(string(rune(p.verb)))
	case verbPoint:
		if x.literal(".") {
			return 0, true
		}
		if i+1 < len(parts) && parts[i+1].verb == 'F' {
			return 1, true // the point and the decimals are both missing
		}
		return 0, false
	case verbSpace:
		return 0, x.styles&allowInnerWhite != 0 || x.literal(" ")
	}
	return 0, x.literal(p.text)
}

func (x *exact) literal(s string) bool {
	rest, ok := strings.CutPrefix(x.s, s)
	x.s = rest
	return ok
}

func (x *exact) literalFold(s string) bool {
	if len(x.s) < len(s) || !strings.EqualFold(x.s[:len(s)], s) {
		return false
	}
	x.s = x.s[len(s):]
	return true
}

// number reads exactly count digits, one or two if count is 1.
func (x *exact) number(field *int, count int) bool {
	least, most := count, count
	if count == 1 {
		most = 2
	}
	n, length := leadingDigits(x.s, most)
	if length < least {
		return false
	}
	x.s = x.s[length:]
	return set(field, n)
}

// leadingDigits reads at most so many digits.
func leadingDigits(s string, most int) (n, length int) {
	for length < len(s) && length < most && isDigit(rune(s[length])) {
		n = n*10 + int(s[length]-'0')
		length++
	}
	return n, length
}

// set fails where the format has the same field twice, with different values.
func set(field *int, n int) bool {
	if *field != -1 && *field != n {
		return false
	}
	*field = n
	return true
}

var (
	weekdays = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	months   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
)

// name reads a name in any case, its first three letters if short.
func (x *exact) name(field *int, names []string, short bool, first int) bool {
	for i, n := range names {
		if short {
			n = n[:3]
		}
		if x.literalFold(n) {
			return set(field, i+first)
		}
	}
	return false
}

// fraction reads exactly count decimals for f. For F it reads as many as there
// are, up to count.
func (x *exact) fraction(count int) bool {
	n, length := leadingDigits(x.s, count)
	x.s = x.s[length:]
	for i := length; i < 7; i++ {
		n *= 10
	}
	x.ticks = n
	return length == count
}

func (x *exact) designator(count int) bool {
	for mark, s := range []string{"AM", "PM"} {
		if x.literalFold(s[:min(count, 2)]) {
			return set(&x.mark, mark)
		}
	}
	return false
}

// zone reads the hours, and for zzz the minutes, of an offset from UTC.
func (x *exact) zone(count int) bool {
	if x.s == "" || x.s[0] != '+' && x.s[0] != '-' {
		return false
	}
	sign := time.Duration(44 - int(x.s[0])) // '+' is 43, '-' is 45
	x.s = x.s[1:]
	hours, minutes := -1, 0
	if !x.number(&hours, min(count, 2)) {
		return false
	}
	if count >= 3 {
		x.literal(":")
		minutes = -1
		if !x.number(&minutes, 2) || minutes >= 60 {
			return false
		}
	}
	x.zoned = true
	x.offset = sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	return true
}

// kind reads Z, an offset, or nothing.
func (x *exact) kind() bool {
	switch {
	case x.literal("Z"):
		x.zoned, x.utc = true, true
		return true
	case x.s != "" && (x.s[0] == '+' || x.s[0] == '-'):
		return x.zone(3)
	}
	return true
}

// twoDigitYearMax is the last year that two digits can mean (.NET's Gregorian
// calendar; newer runtimes say 2049).
const twoDigitYearMax = 2029

func fullYear(n int) int {
	n += twoDigitYearMax / 100 * 100
	if n > twoDigitYearMax {
		n -= 100
	}
	return n
}

func (x *exact) moment(now time.Time) (moment, error) {
	if x.twoDigits && x.year >= 0 && x.year < 100 {
		x.year = fullYear(x.year)
	}
	if err := x.hours(); err != nil {
		return moment{}, err
	}
	switch {
	case x.year < 0 && x.month < 0 && x.day < 0 && x.styles&noCurrentDateDefault != 0:
		x.year, x.month, x.day = 1, 1, 1
	case x.year < 0 && x.month < 0 && x.day < 0:
		x.year, x.month, x.day = now.UTC().Year(), int(now.UTC().Month()), now.UTC().Day()
	default:
		x.year, x.month, x.day = or(x.year, now.UTC().Year()), or(x.month, 1), or(x.day, 1)
	}
	t, err := date(x.year, x.month, x.day, x.hour, or(x.minute, 0), or(x.second, 0), x.ticks)
	if err != nil {
		return moment{}, err
	}
	if x.weekday >= 0 && int(t.Weekday()) != x.weekday {
		return moment{}, fmt.Errorf("%s is not a %s", t.Format("2006-01-02"), weekdays[x.weekday])
	}
	return x.adjust(t)
}

// hours applies AM and PM.
func (x *exact) hours() error {
	x.hour = or(x.hour, 0)
	switch {
	case x.twelve && x.hour > 12:
		return fmt.Errorf("hour %d is not on a clock of 12 hours", x.hour)
	case x.twelve && x.mark == 1:
		x.hour = x.hour%12 + 12
	case x.twelve:
		x.hour %= 12
	case x.mark == 0 && x.hour >= 12, x.mark == 1 && x.hour < 12:
		return fmt.Errorf("hour %d is not %s", x.hour, [...]string{"AM", "PM"}[x.mark])
	}
	return nil
}

// adjust converts to UTC, which is local time too.
func (x *exact) adjust(t time.Time) (moment, error) {
	m := moment{t: t}
	switch {
	case !x.zoned && x.styles&(assumeLocal|assumeUniversal) == 0:
		return m, nil
	case x.zoned:
		m.t = t.Add(-x.offset)
		if err := inRange(m.t); err != nil {
			return moment{}, err
		}
	}
	m.zone = zoneLocal
	if x.styles&adjustToUniversal != 0 || x.styles&roundtripKind != 0 && x.utc {
		m.zone = zoneUTC
	}
	return m, nil
}

func or(n, otherwise int) int {
	if n < 0 {
		return otherwise
	}
	return n
}

// date returns a time in UTC, and an error for a day or time that does not exist.
func date(year, month, day, hour, minute, second, ticks int) (time.Time, error) {
	t := time.Date(year, time.Month(month), day, hour, minute, second, ticks*100, time.UTC)
	switch {
	case year < 1 || year > 9999:
		return t, fmt.Errorf("year %d is not between 1 and 9999", year)
	case month < 1 || month > 12:
		return t, fmt.Errorf("there is no month %d", month)
	case day < 1 || t.Day() != day && hour < 24 && minute < 60 && second < 60:
		return t, fmt.Errorf("%s %d has no day %d", time.Month(month), year, day)
	case hour > 23 || minute > 59 || second > 59:
		return t, fmt.Errorf("there is no time %02d:%02d:%02d", hour, minute, second)
	}
	return t, nil
}

func inRange(t time.Time) error {
	if y := t.Year(); y < 1 || y > 9999 {
		return errors.New("the date is not between the years 1 and 9999")
	}
	return nil
}
