package connectors

import "time"

// Clock is a target that tells the time: an application's answers say when they
// were made (RFC 9110 section 6.6.1, Date). A Target may implement it.
type Clock interface {
	// Ahead returns by how much the application's clock was ahead of this
	// machine's at its latest answer, negative if it was behind; known is false if
	// no answer has said so.
	Ahead() (d time.Duration, known bool)
}

// Ahead is the target's, where it tells the time.
func (r readOnly) Ahead() (time.Duration, bool) {
	if clock, ok := r.Target.(Clock); ok {
		return clock.Ahead()
	}
	return 0, false
}
