package scim

import (
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// suggest returns the name that s is most likely a misspelling of, or else one
// that s is a part of, as mail is of emails; "" if there is none.
func suggest(s string, names []string) string {
	if best := directory.Nearest(s, names); best != "" || len(s) < 4 {
		return best
	}
	for _, name := range names {
		if strings.Contains(strings.ToLower(name), strings.ToLower(s)) {
			return name
		}
	}
	return ""
}
