package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// visibleWriter is what standard output and standard error go through: values of
// a directory and answers of an application are data, and must not move a
// cursor, set a title, or turn text around on the terminal of whoever reads
// them. Characters that could are written as their code: <U+001B> in text, \u001b
// in JSON, where they stand for the same value. Ends of lines and tabs stay, and
// so does the program's own colour, if it is asked for. It may be used from many
// goroutines.
type visibleWriter struct {
	w io.Writer
	// json and colored say what is written; nil for no. They are asked at each
	// write: the flags are read later than the writer is made.
	json, colored func() bool

	mu    sync.Mutex
	above io.Writer // takes the place of w while a progress bar is drawn; nil for none
	rest  []byte    // the beginning of a character whose end is still to come
}

// Write writes p and reports it as written whole.
func (v *visibleWriter) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	text := p
	if len(v.rest) > 0 {
		text = append(v.rest, p...)
	}
	whole := wholeCharacters(text)
	shown := v.visible(string(text[:whole]))
	v.rest = append([]byte(nil), text[whole:]...)
	to := v.w
	if v.above != nil {
		to = v.above
	}
	if _, err := io.WriteString(to, shown); err != nil {
		return 0, err
	}
	return len(p), nil
}

// divert makes lines go to a writer that puts them above a progress bar, until
// it is called with nil.
func (v *visibleWriter) divert(above io.Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.above = above
}

// Flush writes what is left of a character that never ended.
func (v *visibleWriter) Flush() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	shown := v.visible(string(v.rest))
	v.rest = nil
	if shown == "" {
		return nil
	}
	_, err := io.WriteString(v.w, shown)
	return err
}

// wholeCharacters returns how many bytes of b come before a last character that
// is cut off.
func wholeCharacters(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

func (v *visibleWriter) visible(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, moves) < 0 {
		return s
	}
	code, colored := "<U+%04X>", v.colored != nil && v.colored()
	if v.json != nil && v.json() {
		code = `\u%04x`
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if n := colorLength(s[i:]); n > 0 && colored {
			b.WriteString(s[i : i+n])
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if moves(r) {
			fmt.Fprintf(&b, code, r)
		} else {
			b.WriteRune(r) // what is no UTF-8 becomes U+FFFD
		}
		i += size
	}
	return b.String()
}

// colorless returns a text that others made without colours of its own, which
// the writer takes for the program's where they are asked for.
func colorless(s string) string { return strings.ReplaceAll(s, "\x1b", "<U+001B>") }

// moves reports whether a character does more on a terminal than to be seen:
// control characters, and those that turn the order of text around.
func moves(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// colorLength returns the length of the sequence at the beginning of s that
// sets a colour (ECMA-48, SGR), 0 if there is none. What would hide text is no
// colour: it may be black, inverted or concealed by a value of the directory.
func colorLength(s string) int {
	codes, isSGR := strings.CutPrefix(s, "\x1b[")
	end := strings.IndexByte(codes, 'm')
	if !isSGR || end < 0 || end > 8 {
		return 0
	}
	for code := range strings.SplitSeq(codes[:end], ";") {
		n, err := strconv.ParseUint(code, 10, 8)
		bright, plain, style := n >= 90 && n <= 97, n >= 31 && n <= 37 || n == 39, n <= 2 || n == 22 // normal, bold, faint, neither
		if err != nil || !bright && !plain && !style {
			return 0
		}
	}
	return len("\x1b[") + end + 1
}
