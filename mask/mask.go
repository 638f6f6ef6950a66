// Package mask takes secrets out of text that others made: an application's
// answer, a mail server's, a panic. They repeat what they were sent, and each in
// its own spelling.
package mask

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// Text stands where a secret was.
	Text = "********"
	// Shortest is the length in bytes from which on a secret is looked for.
	// Shorter ones would blot out common words.
	Shortest = 4
	// deepest is how often a text is unescaped: a URL in JSON in a string of JSON.
	deepest = 3
)

// Masker replaces secrets in text. It may be used from many goroutines. A nil
// Masker replaces nothing.
type Masker struct {
	text    string // stands where a secret was
	forms   []form
	longest int // length of the longest form
}

// New returns a masker of these secrets. Each is found in plain, and as it reads
// in URLs, JSON, HTML and base64, in lines that were wrapped, and in several of
// these at once. Of an Authorization header's value the credentials are looked
// for too, and of an http URL what is behind the host. Secrets of less than
// Shortest bytes are not looked for.
func New(secrets ...string) *Masker {
	m := &Masker{text: Text}
	seen := map[form]bool{}
	for _, s := range secrets {
		for _, f := range formsOf(s) {
			if !seen[f] {
				seen[f] = true
				m.forms = append(m.forms, f)
				m.longest = max(m.longest, len(f.text))
			}
		}
	}
	return m
}

// As returns a masker that replaces the same secrets by another text.
func (m *Masker) As(text string) *Masker {
	other := *m
	other.text = text
	return &other
}

// Mask returns s with every secret replaced by Text. Where s was cut and ends with
// "…", the beginning of a secret before that is replaced too.
func (m *Masker) Mask(s string) string {
	return m.replace(s, m.spans(s), len(s))
}

// Cut returns the beginning of s, without secrets: what the first n bytes of s
// say, to the end of a character, and "…" where there was more. A secret that
// the cut goes through is replaced as a whole: nobody would recognise a part.
func (m *Masker) Cut(s string, n int) string {
	if len(s) <= n {
		return m.Mask(s)
	}
	window := s
	if m != nil {
		// A character of a secret may be spelled with a dozen.
		window = s[:min(len(s), n+16*m.longest)]
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return m.replace(s, m.spans(window), n) + "…"
}

// span is where a secret is in a text: from its first byte to behind its last.
type span struct{ from, to int }

// replace returns the first n bytes of s with what the spans cover replaced.
func (m *Masker) replace(s string, spans []span, n int) string {
	if len(spans) == 0 {
		return s[:n]
	}
	var b strings.Builder
	at := 0
	for _, c := range spans {
		if c.from >= n {
			break
		}
		b.WriteString(s[at:c.from])
		b.WriteString(m.text)
		at = c.to
	}
	if at < n {
		b.WriteString(s[at:n])
	}
	return b.String()
}

// spans returns where secrets are in s, in order and apart from each other.
func (m *Masker) spans(s string) []span {
	if m == nil || len(m.forms) == 0 {
		return nil
	}
	var all []span
	v := view{text: s}
	for range deepest + 1 {
		for _, f := range m.forms {
			all = v.begins(f, v.find(f, all))
		}
		next, changed := v.plainer()
		if !changed {
			break
		}
		v = next
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	apart := all[:0]
	for _, c := range all {
		if n := len(apart); n > 0 && c.from < apart[n-1].to {
			apart[n-1].to = max(apart[n-1].to, c.to)
			continue
		}
		apart = append(apart, c)
	}
	return apart
}
