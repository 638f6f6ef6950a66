package graphschema

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// plain are the texts that need no quotation marks, wherever they stand.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@-]*( [A-Za-z0-9_./@-]+)*$`)

// reserved are plain words that YAML, of one version or the other, reads as
// something else than text.
var reserved = map[string]bool{
	"true": true, "false": true, "null": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true,
}

// scalar returns a text as YAML: plain where that is safe, else in single
// quotation marks, and with escapes where it has characters that cannot be seen.
func scalar(s string) string {
	if plain.MatchString(s) && !reserved[strings.ToLower(s)] {
		return s
	}
	return quoted(s)
}

// quoted returns a text in quotation marks.
func quoted(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			fmt.Fprintf(&b, `\U%08X`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// asBlock reports whether a text of several lines can stand in a block scalar
// as it is, to be read with its line breaks.
func asBlock(s string) bool {
	if !strings.Contains(s, "\n") || strings.HasSuffix(s, "\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.HasPrefix(line, "\t") || line != "" && strings.TrimSpace(line) == "" ||
			strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }) {
			return false
		}
	}
	return true
}

// lines collects the lines of a YAML file.
type lines struct {
	b strings.Builder
	// prefix begins every line: what it holds is a comment as a whole.
	prefix string
}

func (l *lines) add(indent int, format string, args ...any) {
	l.b.WriteString(l.prefix)
	l.b.WriteString(strings.Repeat(" ", indent))
	fmt.Fprintf(&l.b, format, args...)
	l.b.WriteByte('\n')
}

// note adds an indented line with a comment behind it, in the column where
// comments stand.
func (l *lines) note(text, comment string) {
	const indent, column = 2, 44
	l.add(indent, "%-*s# %s", max(column-indent, len(text)+1), text, comment)
}

// comment adds a comment, which may have several lines.
func (l *lines) comment(indent int, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		l.add(indent, "%s", strings.TrimRight("# "+oneLine(line), " "))
	}
}
