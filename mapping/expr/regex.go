package expr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// regex is a regular expression in .NET's syntax.
type regex struct {
	re      *regexp2.Regexp
	timeout time.Duration
}

// compileRegex compiles a pattern. Whatever the engine cannot take is an
// error, a panic of it included: patterns come from configuration and, rarely,
// from attributes.
func compileRegex(pattern string, timeout time.Duration) (r *regex, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			r, err = nil, errors.New("the pattern is beyond what the engine takes")
		}
	}()
	if len(pattern) > MaxSource {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", MaxSource)
	}
	re, err := regexp2.Compile(pattern, regexp2.None)
	if err != nil {
		return nil, patternError(err)
	}
	re.MatchTimeout = timeout
	return &regex{re: re, timeout: timeout}, nil
}

// patternError takes the engine's preface away.
func patternError(err error) error {
	s := err.Error()
	if _, reason, found := strings.Cut(s, "error parsing regexp: "); found {
		return errors.New(reason)
	}
	return err
}

// group returns the number of the group of this name or number, and -1 if the
// pattern has none.
func (r *regex) group(name string) int { return r.re.GroupNumberFromName(name) }

// each calls yield for every match in m.runes. The time that all matches of
// one evaluation take together is bounded.
func (r *regex) each(m *machine, yield func(regexp2.MatchView) bool) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = errors.New("the pattern is beyond what the engine takes")
		}
	}()
	began := time.Now()
	late := false
	err = r.re.FindRunesMatches(m.runes, -1, func(v regexp2.MatchView) bool {
		late = m.regex+time.Since(began) > r.timeout
		return !late && yield(v)
	})
	m.regex += time.Since(began)
	switch {
	case late, err != nil && time.Since(began) >= r.timeout, m.regex > r.timeout:
		return fmt.Errorf("%w: more than %v; simplify the pattern", ErrTimeout, r.timeout)
	case errors.Is(err, regexp2.ErrBacktrackingStackLimit):
		return fmt.Errorf("%w: the pattern backtracks too deep on this value; simplify it", ErrTimeout)
	}
	return err
}

// load puts s into m.runes.
func (m *machine) load(s string) {
	m.runes = m.runes[:0]
	for _, r := range s {
		m.runes = append(m.runes, r)
	}
}

// Special parts of a replacement, besides group numbers.
const (
	partText  = -1 - iota // literal text
	partLeft              // $`
	partRight             // $'
	partLast              // $+
	partWhole             // $_
)

// part is a piece of a replacement: literal text, a group, or a special part.
type part struct {
	group int
	text  string
}

// parseReplacement reads .NET's substitutions: $1, ${1}, ${name}, $$, $&, $`,
// $', $+ and $_. A dollar sign before anything else, and the number or name of
// a group that the pattern does not have, stand for themselves.
func parseReplacement(s string, r *regex) []part {
	var parts []part
	literal := func(t string) {
		if n := len(parts); n > 0 && parts[n-1].group == partText {
			parts[n-1].text += t
			return
		}
		parts = append(parts, part{partText, t})
	}
	for s != "" {
		i := strings.IndexByte(s, '$')
		if i < 0 {
			literal(s)
			break
		}
		if i > 0 {
			literal(s[:i])
			s = s[i:]
		}
		p, n := substitution(s, r)
		if n == 0 {
			literal("$")
			n = 1
		} else if p.group == partText {
			literal(p.text)
		} else {
			parts = append(parts, p)
		}
		s = s[n:]
	}
	return parts
}

// substitution reads one substitution at the start of s and returns its
// length, 0 if there is none.
func substitution(s string, r *regex) (part, int) {
	if len(s) < 2 {
		return part{}, 0
	}
	switch c := s[1]; {
	case c == '$':
		return part{partText, "$"}, 2
	case c == '&':
		return part{group: 0}, 2
	case c == '`':
		return part{group: partLeft}, 2
	case c == '\'':
		return part{group: partRight}, 2
	case c == '+':
		return part{group: partLast}, 2
	case c == '_':
		return part{group: partWhole}, 2
	case c == '{':
		name, _, closed := strings.Cut(s[2:], "}")
		if !closed || name == "" {
			return part{}, 0
		}
		return groupPart(r, name, len(name)+3)
	case isDigit(rune(c)):
		end := 2
		for end < len(s) && isDigit(rune(s[end])) {
			end++
		}
		return groupPart(r, s[1:end], end)
	}
	return part{}, 0
}

func groupPart(r *regex, name string, length int) (part, int) {
	g := -1
	if n, err := strconv.Atoi(name); err != nil {
		g = r.group(name)
	} else if slices.Contains(r.re.GetGroupNumbers(), n) {
		g = n // named groups have numbers too
	}
	if g < 0 {
		return part{}, 0
	}
	return part{group: g}, length
}

// replacer replaces every match in a string.
type replacer struct {
	regex *regex
	parts []part
	last  int // the number of the last group, for $+
}

func newReplacer(r *regex, replacement string) *replacer {
	rp := &replacer{regex: r, parts: parseReplacement(replacement, r)}
	for _, n := range r.re.GetGroupNumbers() {
		rp.last = max(rp.last, n)
	}
	return rp
}

// replace returns source with every match replaced, and source itself if
// nothing matches.
func (rp *replacer) replace(m *machine, source string) (string, error) {
	m.load(source)
	m.buf = m.buf[:0]
	at, fits := 0, true
	err := rp.regex.each(m, func(v regexp2.MatchView) bool {
		start, length, _ := v.GroupRange(0)
		m.write(m.runes[at:start])
		at = start + length
		for _, p := range rp.parts {
			rp.expand(m, v, p)
			if fits = m.fits(len(m.buf)); !fits {
				return false
			}
		}
		return true
	})
	switch {
	case err != nil:
		return "", err
	case !fits:
		return "", ErrTooLarge
	case at == 0 && len(m.buf) == 0 && len(m.runes) > 0:
		return source, nil
	}
	m.write(m.runes[at:])
	return string(m.buf), nil
}

func (rp *replacer) expand(m *machine, v regexp2.MatchView, p part) {
	start, length, _ := v.GroupRange(0)
	switch g := p.group; g {
	case partText:
		m.buf = append(m.buf, p.text...)
	case partLeft:
		m.write(m.runes[:start])
	case partRight:
		m.write(m.runes[start+length:])
	case partWhole:
		m.write(m.runes)
	case partLast:
		m.writeGroup(v, rp.last)
	default:
		m.writeGroup(v, g)
	}
}

// replaceGroup returns source with the text of one group replaced in every
// match. A group that took part without text is left alone.
func (r *regex) replaceGroup(m *machine, source, group, replacement string) (string, error) {
	m.load(source)
	m.buf = m.buf[:0]
	g, at, fits := r.group(group), 0, true
	err := r.each(m, func(v regexp2.MatchView) bool {
		start, length, ok := v.GroupRange(g)
		if !ok || length == 0 || start < at {
			return true
		}
		m.write(m.runes[at:start])
		m.buf = append(m.buf, replacement...)
		at = start + length
		fits = m.fits(len(m.buf))
		return fits
	})
	switch {
	case err != nil:
		return "", err
	case !fits:
		return "", ErrTooLarge
	case at == 0:
		return source, nil
	}
	m.write(m.runes[at:])
	return string(m.buf), nil
}

// extract returns the text of a group in the first match; ok is false where
// nothing matches.
func (r *regex) extract(m *machine, source, group string) (s string, ok bool, err error) {
	m.load(source)
	g := r.group(group)
	err = r.each(m, func(v regexp2.MatchView) bool {
		m.buf = m.buf[:0]
		_, _, ok = v.GroupRange(g)
		m.writeGroup(v, g)
		return false
	})
	if err != nil || !ok {
		return "", false, err
	}
	return string(m.buf), true, nil
}

func (m *machine) write(runes []rune) {
	for _, r := range runes {
		m.buf = utf8.AppendRune(m.buf, r)
	}
}

func (m *machine) writeGroup(v regexp2.MatchView, g int) {
	if start, length, ok := v.GroupRange(g); ok {
		m.write(m.runes[start : start+length])
	}
}
