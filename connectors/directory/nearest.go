package directory

import "strings"

// Nearest returns the known word that a mistyped one most likely meant,
// compared without case, or "" if none is near: no more than a third of the
// letters, and never more than three, may differ. Of equally near words the
// first wins.
func Nearest(word string, known []string) string {
	limit := min(3, (len(word)+2)/3)
	best := ""
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k), limit); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// distance counts the letters to insert, remove, change or swap with their
// neighbour to turn a into b. It gives up with limit+1 as soon as the count
// must exceed limit.
func distance(a, b string, limit int) int {
	if limit < 0 || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := above[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(change, above[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
