package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// lineWidth returns how many columns a line on w has, 0 if w is no terminal.
func lineWidth(w io.Writer) int {
	f, ok := unmasked(w).(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// word is what is not broken: what has no space, and a quoted command, so that
// it can be copied.
var word = regexp.MustCompile(`"scimsync [^"]*"\S*|\S+`)

// wrapped breaks the lines of a sentence between words, so that they fit into
// the columns of a terminal; lines that follow begin with the indent. A width of
// 0 breaks none.
func wrapped(sentence string, width int, indent string) string {
	if width == 0 {
		return sentence
	}
	var lines []string
	for line := range strings.SplitSeq(sentence, "\n") {
		if text.StringWidth(line) <= width {
			lines = append(lines, line)
			continue
		}
		current := line[:len(line)-len(strings.TrimLeft(line, " "))]
		blank := true
		for _, w := range word.FindAllString(line, -1) {
			if !blank && text.StringWidth(current)+1+text.StringWidth(w) > width {
				lines, current, blank = append(lines, current), indent, true
			}
			if !blank {
				current += " "
			}
			current, blank = current+w, false
		}
		lines = append(lines, current)
	}
	return strings.Join(lines, "\n")
}

// field returns a line with a name and a value, which goes on below itself where
// it does not fit.
func field(name, value string, nameWidth, width int) string {
	left := nameWidth + len("   ")
	if width > left {
		value = strings.ReplaceAll(wrapped(value, width-left, ""), "\n", "\n"+strings.Repeat(" ", left))
	}
	return fmt.Sprintf("  %-*s %s\n", nameWidth, name, value)
}
