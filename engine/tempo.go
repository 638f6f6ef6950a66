package engine

import "time"

// Tempo is how many times faster than Entra's its times pass here: the pauses
// before a failed object is tried again and between the cycles of a job in
// quarantine. 0 and 1 are Entra's own. Who tests an endpoint does not wait for
// six hours.
type Tempo int64

// of returns one of Entra's times as it passes here.
func (t Tempo) of(d time.Duration) time.Duration { return d / time.Duration(max(t, 1)) }
