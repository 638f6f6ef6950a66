package notify

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
)

// Recipients returns the mail addresses of a list with commas or semicolons
// between them, each once. The error names the one that is none.
func Recipients(list string) ([]string, error) {
	var all []string
	for _, text := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' }) {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		a, err := mail.ParseAddress(text)
		if err != nil || a.Address != text {
			return nil, fmt.Errorf("%q is not a mail address such as it@contoso.com", text)
		}
		if !slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, text) }) {
			all = append(all, text)
		}
	}
	return all, nil
}
