package provlog

import (
	"fmt"
	"strings"
)

const (
	reasonMessage = "Message: "
	reasonAnswer  = "\r\nWeb Response: \r\n"
)

// Reason returns the text of ErrorInformation.Reason for an answer of the
// application: the name of its HTTP status, a sentence, and the raw body, in
// the layout of Entra's log.
func Reason(status, message, body string) string {
	if body == "" {
		body = "(empty)"
	}
	return fmt.Sprintf("StatusCode: %s\r\n%s%s%s%s", status, reasonMessage, message, reasonAnswer, body)
}

// Summary returns what happened in one sentence: the reason without the
// application's raw answer.
func (i ErrorInformation) Summary() string {
	before, _, laidOut := strings.Cut(i.Reason, reasonAnswer)
	if _, message, found := strings.Cut(before, reasonMessage); laidOut && found {
		return message
	}
	return i.Reason
}
