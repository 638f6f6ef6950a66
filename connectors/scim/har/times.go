package har

import (
	"math"
	"time"
)

// times are the moments of one request; zero for those that did not come.
type times struct {
	dnsStart, dnsDone time.Time
	connectStart      time.Time
	tlsStart, tlsDone time.Time
	gotConn           time.Time
	reused            bool // the connection was there already
	wrote, firstByte  time.Time
}

// set sets a moment unless it is set: of several attempts to connect, by IPv6
// and IPv4, the first counts.
func (t *times) set(at *time.Time, now time.Time) {
	if at.IsZero() {
		*at = now
	}
}

// timings returns the parts of a request and their sum, in milliseconds.
func (t *times) timings(start, end time.Time) (timings, float64) {
	parts := timings{Blocked: -1, DNS: -1, Connect: -1, SSL: -1}
	firstByte := within(t.firstByte, start, end)
	gotConn := within(t.gotConn, start, firstByte)
	if t.gotConn.IsZero() && !t.firstByte.IsZero() {
		gotConn = start // a transport that does not tell
	}
	wrote := within(t.wrote, gotConn, firstByte)
	if t.wrote.IsZero() && !t.firstByte.IsZero() {
		wrote = gotConn
	}

	blocked := gotConn.Sub(start)
	if !t.reused {
		if !t.dnsStart.IsZero() {
			took := within(t.dnsDone, t.dnsStart, gotConn).Sub(t.dnsStart)
			parts.DNS = milliseconds(took)
			blocked -= max(0, took)
		}
		if !t.connectStart.IsZero() {
			took := gotConn.Sub(t.connectStart)
			parts.Connect = milliseconds(took)
			blocked -= max(0, took)
		}
		if !t.tlsStart.IsZero() {
			parts.SSL = milliseconds(within(t.tlsDone, t.tlsStart, gotConn).Sub(t.tlsStart))
		}
	}
	parts.Blocked = milliseconds(blocked)
	parts.Send = milliseconds(wrote.Sub(gotConn))
	parts.Wait = milliseconds(firstByte.Sub(wrote))
	parts.Receive = milliseconds(end.Sub(firstByte))
	sum := parts.Blocked + max(0, parts.DNS) + max(0, parts.Connect) + parts.Send + parts.Wait + parts.Receive
	return parts, math.Round(sum*1000) / 1000
}

// within returns at, moved between from and to; to if there is no such moment.
func within(at, from, to time.Time) time.Time {
	switch {
	case at.IsZero() || at.After(to):
		return to
	case at.Before(from):
		return from
	default:
		return at
	}
}
