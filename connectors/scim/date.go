package scim

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

var _ connectors.Clock = (*Target)(nil)

// ahead is by how much the application's clock is ahead of this machine's; nil
// where no answer has said what time it is.
type ahead struct{ atomic.Pointer[time.Duration] }

// note reads when an answer was made (RFC 9110 section 6.6.1), to the second.
func (a *ahead) note(header http.Header, now time.Time) {
	if at, err := http.ParseTime(header.Get("Date")); err == nil {
		d := at.Sub(now)
		a.Store(&d)
	}
}

// Ahead implements connectors.Clock.
func (t *Target) Ahead() (d time.Duration, known bool) {
	if noted := t.ahead.Load(); noted != nil {
		return *noted, true
	}
	return 0, false
}
