package expr

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// epoch stands for the current time where only the form of a date matters. It
// is in a leap year, so that February 29 without a year passes.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// maxDate bounds the length of a date in bytes.
const maxDate = 200

// parseDate reads a date as DateTime.Parse does in the invariant culture with
// AssumeUniversal and AdjustToUniversal: ISO 8601, RFC 1123, month/day/year,
// year/month/day, names of months and weekdays in English, 12 and 24 hours,
// with or without an offset. The day of a time alone, and the year of a day and
// month alone, are those of now.
func parseDate(s string, now time.Time) (time.Time, error) {
	if len(s) > maxDate {
		return time.Time{}, errors.New("it is too long for a date")
	}
	p := dateParser{weekday: -1, mark: -1}
	if err := p.cut(s); err != nil {
		return time.Time{}, err
	}
	if err := p.read(); err != nil {
		return time.Time{}, err
	}
	return p.result(now.UTC())
}

// dateWord is a number, a word, or a punctuation mark of a date.
type dateWord struct {
	text   string
	number bool
	value  int  // of a number
	joined bool // no white space before it
}

// maxWords bounds the number of words of a date; the longest need about 20.
const maxWords = 32

// cut cuts s into words.
func (p *dateParser) cut(s string) error {
	joined := false
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		n := size
		switch {
		case unicode.IsSpace(r):
			s, joined = s[size:], false
			continue
		case isDigit(r):
			for n = 1; n < len(s) && isDigit(rune(s[n])); n++ {
			}
			if n > 20 {
				return errors.New("a number in it is too long")
			}
		case isNameStart(r):
			for n = 1; n < len(s) && isNameStart(rune(s[n])); n++ {
			}
		case !strings.ContainsRune("/-.,:+", r):
			return fmt.Errorf("%q has no place in a date", r)
		}
		w := dateWord{text: s[:n], number: isDigit(r), joined: joined}
		if w.number {
			w.value, _ = leadingDigits(w.text, 9)
		}
		if p.count == maxWords {
			return errNoDate
		}
		p.words[p.count] = w
		p.count++
		joined, s = true, s[n:]
	}
	if p.count == 0 {
		return errors.New("it is empty")
	}
	return nil
}

type dateParser struct {
	words     [maxWords]dateWord
	count, at int

	parts                [3]dateWord // numbers of the date, in order
	partCount            int
	month                int
	weekday              int
	hour, minute, second int
	ticks                int
	mark                 int
	timed, zoned         bool
	offset               time.Duration
	afterTime            bool // the last word belonged to the time
}

var errNoDate = errors.New("it is in no format that .NET's DateTime.Parse reads")

func (p *dateParser) peek(n int) dateWord {
	if p.at+n < p.count {
		return p.words[p.at+n]
	}
	return dateWord{}
}

func (p *dateParser) read() error {
	for p.at < p.count {
		w := p.peek(0)
		var err error
		switch {
		case w.number:
			err = p.number(w)
		case isNameStart(rune(w.text[0])):
			err = p.word(w)
		default:
			err = p.punctuation(w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number reads a time, or one number of the date.
func (p *dateParser) number(w dateWord) error {
	next := p.peek(1)
	switch {
	case next.text == ":":
		return p.time()
	case designatorOf(next.text) >= 0:
		if p.timed || len(w.text) > 2 {
			return errNoDate
		}
		p.hour, p.timed, p.mark, p.afterTime = w.value, true, designatorOf(next.text), true
		p.at += 2
		return nil
	case p.partCount == 3 || p.month > 0 && p.partCount == 2 || len(w.text) > 4:
		return errNoDate
	}
	p.parts[p.partCount] = w
	p.partCount++
	p.afterTime = false
	p.at++
	return nil
}

// time reads hh:mm[:ss[.fffffff]] [AM|PM].
func (p *dateParser) time() error {
	if p.timed {
		return errNoDate
	}
	hour, minute := p.peek(0), p.peek(2)
	if !minute.number || len(hour.text) > 2 || len(minute.text) > 2 {
		return errNoDate
	}
	p.hour, p.minute, p.timed = hour.value, minute.value, true
	p.at += 3
	if p.peek(0).text == ":" {
		second := p.peek(1)
		if !second.number || len(second.text) > 2 {
			return errNoDate
		}
		p.second = second.value
		p.at += 2
		if fraction := p.peek(1); p.peek(0).text == "." && p.peek(0).joined && fraction.number && fraction.joined {
			p.ticks = roundTicks(fraction.text)
			p.at += 2
		}
	}
	if mark := designatorOf(p.peek(0).text); mark >= 0 {
		p.mark = mark
		p.at++
	}
	p.afterTime = true
	return nil
}

// roundTicks returns decimals of a second as multiples of 100 ns, rounded.
func roundTicks(decimals string) int {
	n, length := leadingDigits(decimals, 8)
	for ; length < 8; length++ {
		n *= 10
	}
	return (n + 5) / 10
}

func designatorOf(s string) int {
	switch {
	case strings.EqualFold(s, "AM"):
		return 0
	case strings.EqualFold(s, "PM"):
		return 1
	}
	return -1
}

func (p *dateParser) word(w dateWord) error {
	p.at++
	switch {
	case strings.EqualFold(w.text, "T") && p.complete() && !p.timed:
		if hour := p.peek(0); !hour.number || len(hour.text) != 2 || p.peek(1).text != ":" {
			return errNoDate
		}
		return nil
	case strings.EqualFold(w.text, "Z"), strings.EqualFold(w.text, "GMT"):
		if p.zoned || !p.timed && !p.complete() {
			return errNoDate
		}
		p.zoned = true
		return nil
	}
	p.afterTime = false
	if i := nameIndex(months[:], w.text); i >= 0 && p.month == 0 && p.partCount < 3 {
		p.month = i + 1
		return nil
	}
	if i := nameIndex(weekdays[:], w.text); i >= 0 && p.weekday < 0 {
		p.weekday = i
		return nil
	}
	return errNoDate
}

// nameIndex finds a name in full or by its first three letters.
func nameIndex(names []string, s string) int {
	for i, n := range names {
		if strings.EqualFold(n, s) || strings.EqualFold(n[:3], s) {
			return i
		}
	}
	return -1
}

// complete reports whether the date has year, month and day.
func (p *dateParser) complete() bool {
	return p.partCount == 3 || p.month > 0 && p.partCount == 2
}

func (p *dateParser) punctuation(w dateWord) error {
	previous, next := dateWord{}, p.peek(1)
	if p.at > 0 {
		previous = p.words[p.at-1]
	}
	named := !next.number && nameIndex(months[:], next.text) >= 0
	switch {
	case w.text == "+", w.text == "-" && (p.complete() || p.afterTime):
		return p.zone(w.text == "-")
	case w.text == ",":
		if p.at == 0 || previous.text == "," {
			return errNoDate
		}
		p.at++
		return nil
	case strings.Contains("/-.", w.text):
		// between two parts of the date, or after the short name of a day or month
		if p.at == 0 || !next.number && !named || p.afterTime {
			return errNoDate
		}
		p.at++
		return nil
	}
	return errNoDate
}

// zone reads an offset: +8, +08, +0800, +8:00, +08:00.
func (p *dateParser) zone(negative bool) error {
	hours := p.peek(1)
	if p.zoned || !hours.number || !p.timed && !p.complete() {
		return errNoDate
	}
	p.at += 2
	h, m := hours.value, 0
	switch len(hours.text) {
	case 1, 2:
		if minutes := p.peek(1); p.peek(0).text == ":" {
			if !minutes.number || len(minutes.text) > 2 {
				return errNoDate
			}
			m = minutes.value
			p.at += 2
		}
	case 3, 4:
		h, m = hours.value/100, hours.value%100
	default:
		return errNoDate
	}
	if m > 59 {
		return errNoDate
	}
	p.zoned = true
	p.offset = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	if negative {
		p.offset = -p.offset
	}
	return nil
}

func (p *dateParser) result(now time.Time) (time.Time, error) {
	year, month, day, err := p.day(now)
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case p.mark >= 0 && p.hour > 12 && p.mark == 0, p.hour > 23:
		return time.Time{}, fmt.Errorf("there is no hour %d", p.hour)
	case p.mark == 0:
		p.hour %= 12
	case p.mark == 1 && p.hour < 12:
		p.hour += 12
	}
	t, err := date(year, month, day, p.hour, p.minute, p.second, 0)
	if err != nil {
		return t, err
	}
	if p.weekday >= 0 && int(t.Weekday()) != p.weekday {
		return t, fmt.Errorf("%s is not a %s", t.Format("2006-01-02"), weekdays[p.weekday])
	}
	t = t.Add(time.Duration(p.ticks)*100 - p.offset)
	return t, inRange(t)
}

// day finds out which number is what. The invariant order is month, day, year;
// a number of three or four digits is the year.
func (p *dateParser) day(now time.Time) (year, month, day int, err error) {
	n := p.parts[:p.partCount]
	long := func(i int) bool { return len(n[i].text) > 2 }
	switch {
	case p.month > 0:
		return p.dayOfMonth(now)
	case len(n) == 0 && p.timed && p.weekday < 0:
		return now.Year(), int(now.Month()), now.Day(), nil
	case len(n) == 2 && long(0) && !long(1):
		return n[0].value, n[1].value, 1, nil
	case len(n) == 2 && !long(0) && long(1):
		return n[1].value, n[0].value, 1, nil
	case len(n) == 2 && !long(0) && !long(1):
		return now.Year(), n[0].value, n[1].value, nil
	case len(n) == 3 && long(0) && !long(1) && !long(2):
		return n[0].value, n[1].value, n[2].value, nil
	case len(n) == 3 && !long(0) && !long(1):
		return p.year(2), n[0].value, n[1].value, nil
	}
	return 0, 0, 0, errNoDate
}

// dayOfMonth is day for a date with the name of its month.
func (p *dateParser) dayOfMonth(now time.Time) (year, month, day int, err error) {
	n := p.parts[:p.partCount]
	switch {
	case len(n) == 1 && len(n[0].text) > 2:
		return n[0].value, p.month, 1, nil
	case len(n) == 1:
		return now.Year(), p.month, n[0].value, nil
	case len(n) == 2 && len(n[0].text) > 2 && len(n[1].text) <= 2:
		return n[0].value, p.month, n[1].value, nil
	case len(n) == 2 && len(n[0].text) <= 2:
		if len(n[1].text) > 2 || exists(p.year(1), p.month, n[0].value) {
			return p.year(1), p.month, n[0].value, nil
		}
		return p.year(0), p.month, n[1].value, nil
	}
	return 0, 0, 0, errNoDate
}

func (p *dateParser) year(i int) int {
	if w := p.parts[i]; len(w.text) > 2 {
		return w.value
	}
	return fullYear(p.parts[i].value)
}

func exists(year, month, day int) bool {
	_, err := date(year, month, day, 0, 0, 0, 0)
	return err == nil
}
