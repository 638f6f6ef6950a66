package scope

import (
	"fmt"
	"strconv"
)

// Error says what is wrong with one clause of one scoping filter. Compile
// joins several with errors.Join.
type Error struct {
	Filter int    // index of the filter, from 0
	Clause int    // index of the clause within it, from 0
	Title  string // title of the filter
	Reason string // what was found, and what would be right
}

// Error returns the place, counted from 1, and the reason in one line.
func (e *Error) Error() string { return place(e.Filter, e.Title, e.Clause) + ": " + e.Reason }

func place(filter int, title string, clause int) string {
	s := "scoping " + label(filter, title)
	if clause < 0 {
		return s
	}
	return s + ", clause " + strconv.Itoa(clause+1)
}

// label names a filter in a sentence: by its title, or by its place.
func label(filter int, title string) string {
	if title == "" {
		return fmt.Sprintf("filter %d", filter+1)
	}
	return "filter " + quote(title)
}
