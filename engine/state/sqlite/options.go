package sqlite

import "time"

// Option changes how a state file is opened.
type Option func(*options)

type options struct {
	quickCheck  bool
	synchronous string
	busyTimeout time.Duration
}

func defaults(opts []Option) options {
	// FULL: once Record has returned, what it stored survives a loss of power
	// too. NORMAL is safe against the death of the process alone: a loss of
	// power may take the last transactions, which a target has already been
	// told of. A transaction holds up to a hundred objects, each of which cost
	// a request to the target, so one fsync more is not felt.
	o := options{synchronous: "FULL", busyTimeout: 10 * time.Second}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// WithQuickCheck reads the whole file when it is opened and checks its
// structure (PRAGMA quick_check). Without it damage is found when a damaged
// page is read. The time grows with the file: about a second for 500 MB.
func WithQuickCheck() Option { return func(o *options) { o.quickCheck = true } }

// WithoutSync leaves it to the operating system when a transaction reaches
// the disk (PRAGMA synchronous=NORMAL). The state is still whole after a loss
// of power, and nothing is lost when the process is killed, but a loss of
// power may take the last transactions.
func WithoutSync() Option { return func(o *options) { o.synchronous = "NORMAL" } }

// WithBusyTimeout sets how long a write waits for another process that is
// writing. The default is 10 seconds; transactions take milliseconds.
func WithBusyTimeout(d time.Duration) Option { return func(o *options) { o.busyTimeout = d } }
