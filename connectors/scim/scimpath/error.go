package scimpath

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error says where a path or a filter is wrong and why.
type Error struct {
	Input  string // the whole text
	Offset int    // in bytes, of the character where reading it stopped making sense
	Reason string // what was found and what would be right
}

// Error returns the text, the place as the number of a character (from 1) and
// the reason, in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%q, character %d: %s", shorten(e.Input), e.column()+1, e.Reason)
}

// Caret returns three lines for a terminal: the text, a caret below the
// character at fault, and the reason. Tabs and line ends of the text are shown
// as spaces so that the caret stands where it should.
func (e *Error) Caret() string {
	flat := strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(e.Input, "\uFFFD"))
	return flat + "\n" + strings.Repeat(" ", e.column()) + "^\n" + e.Reason
}

// column is the offset in characters rather than bytes.
func (e *Error) column() int {
	return utf8.RuneCountInString(e.Input[:min(max(e.Offset, 0), len(e.Input))])
}

// shorten keeps an error about a very long text readable.
func shorten(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
