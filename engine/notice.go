package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// NoticeKind says what people are told of a job.
type NoticeKind string

// The kinds of notices (Microsoft Learn, "Application provisioning in
// quarantine status" and "Enable accidental deletions prevention": both send a
// mail to the notification address).
const (
	Quarantined     NoticeKind = "quarantined"
	DeletionsStaged NoticeKind = "deletionsStaged" // quarantined, for deletions are held back
	Recovered       NoticeKind = "recovered"       // a cycle ran to its end again
	NoticeTest      NoticeKind = "test"            // somebody asked whether a notice arrives
)

const (
	// notifyLimit is how long a cycle waits for those who are told of it.
	notifyLimit = 2 * time.Minute
	// notifyGrace is how long it still does once it was told to stop: a mail that
	// is broken off at its end may be sent and not be known to be, and is sent
	// again.
	notifyGrace = 5 * time.Second
)

// Notice is what people are told of a job. Its texts are data: they may hold
// what an application answered, any characters, and many lines.
type Notice struct {
	// ID is the same each time that the same thing is told, also where it is told
	// again because nobody knows whether it arrived. It has no full stop, which is
	// what parts it from the rest where it is signed.
	ID    string
	Kind  NoticeKind
	Job   string // its name
	JobID string // Graph's form
	// Reason is Microsoft's quarantine reason (Graph synchronizationQuarantine);
	// of Recovered, the one that is over.
	Reason  string
	Message string    // of the quarantine; "" of Recovered
	Began   time.Time // when the quarantine began

	CycleID  string
	Time     time.Time    // when the cycle ended
	Imported int64        // objects in the source
	Summary  plan.Summary // objects of the cycle, by what happened to them
	// NextAttempt is when a job in quarantine is tried next; zero where it is not known.
	NextAttempt time.Time
}

// Notifier tells somebody of a job.
//
// Notify is called after a cycle, with the job's lock held, once for each
// notice; a second time only where it returned an error, or the program ended
// before that it went well was recorded. It returns nil only if the other side
// has taken the notice, gives up by itself after a minute at the latest, and at
// once when ctx ends. Its error names whom it could not tell, why, and what to
// do; it holds no secret. It may be called from many goroutines.
type Notifier interface {
	// Name names the notifier among those of its job: what it has told is
	// remembered by this name. It stays the same when the program starts again.
	Name() string
	Notify(ctx context.Context, n Notice) error
}

// tell tells those who want to know that the job went into quarantine, or left
// it, and remembers what each was told: each learns of each quarantine once.
// Who could not be told is told after the next cycle, which is logged; the
// cycle goes as it went. It is called once the cycle's end is recorded. runErr
// is how the cycle ended; next is when a job in quarantine is tried next, zero
// where that is not known.
func (c *cycle) tell(ctx context.Context, runErr error, next time.Time) {
	if errors.Is(runErr, ErrInterrupted) {
		return
	}
	told := map[string]state.Told{} // without those who are not told any more
	var due []delivery
	for _, n := range c.job.Notifiers {
		var last *state.Told
		if l, ok := c.record.Told[n.Name()]; ok {
			told[n.Name()], last = l, &l
		}
		if kind, ok := noticeFor(last, c.record.Quarantine, runErr == nil); ok {
			due = append(due, delivery{n, c.notice(kind, last, next)})
		}
	}
	if len(due) == 0 && len(told) == len(c.record.Told) {
		return
	}
	for _, d := range c.deliver(ctx, due) {
		if d.notice.Kind == Recovered {
			delete(told, d.to.Name())
		} else {
			told[d.to.Name()] = state.Told{Reason: d.notice.Reason, Began: d.notice.Began}
		}
	}
	c.record.Told = told
	if err := c.store.SaveJob(context.WithoutCancel(ctx), c.record); err != nil {
		c.engine.Logger.Error("it was not recorded who was told, so the same notice may be sent again", zap.String("job", c.job.Name), zap.Error(err))
	}
}

// delivery is a notice on its way.
type delivery struct {
	to     Notifier
	notice Notice
}

// deliver hands out the notices side by side, and returns those that arrived.
func (c *cycle) deliver(stop context.Context, due []delivery) (arrived []delivery) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(stop), notifyLimit)
	defer cancel()
	defer context.AfterFunc(stop, func() { time.AfterFunc(notifyGrace, cancel) })()
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, d := range due {
		wait.Go(func() {
			log := c.engine.Logger.With(zap.String("job", c.job.Name), zap.String("notice", string(d.notice.Kind)), zap.String("to", d.to.Name()))
			if err := contained(func() error { return d.to.Notify(ctx, d.notice) }); err != nil {
				c.engine.report(err, zap.String("job", c.job.Name))
				log.Error("a notice was not sent, and is tried again after the next cycle", zap.Error(err))
				return
			}
			log.Info("a notice was sent")
			mu.Lock()
			defer mu.Unlock()
			arrived = append(arrived, d)
		})
	}
	wait.Wait()
	return arrived
}

// noticeFor decides what somebody is to be told after a cycle, if anything.
// told is the quarantine that he was told of, nil if he knows of none; now is
// the job's quarantine after the cycle, nil for none; completed says that the
// cycle ran to its end.
//
//	told   now            the cycle   is told
//	none   none           any         nothing
//	none   R              any         Quarantined, or DeletionsStaged
//	R      R as it was    any         nothing
//	R      R begun anew   any         Quarantined, or DeletionsStaged
//	R      S              any         Quarantined, or DeletionsStaged
//	R      none           completed   Recovered
//	R      none           failed      nothing: somebody ended the quarantine, and nobody knows yet
func noticeFor(told *state.Told, now *state.Quarantine, completed bool) (kind NoticeKind, due bool) {
	switch {
	case now == nil:
		return Recovered, told != nil && completed
	case told != nil && told.Reason == now.Reason && told.Began.Equal(now.Began):
		return "", false
	case now.Reason == quarantineDeletes:
		return DeletionsStaged, true
	default:
		return Quarantined, true
	}
}

// notice returns the notice of this kind after the cycle, for somebody who was
// told that last; nil for nothing.
func (c *cycle) notice(kind NoticeKind, last *state.Told, next time.Time) Notice {
	x := c.execution
	n := Notice{
		Kind: kind, Job: c.job.Name, JobID: c.record.ID,
		CycleID: x.CycleID, Time: x.Ended, Imported: x.Imported, Summary: x.Summary,
	}
	if q := c.record.Quarantine; q != nil {
		n.Reason, n.Message, n.Began, n.NextAttempt = q.Reason, q.Message, q.Began, next
	} else if last != nil {
		n.Reason, n.Began = last.Reason, last.Began
	}
	n.ID = fmt.Sprintf("%s-%s-%d", strings.ReplaceAll(n.JobID, ".", "-"), kind, n.Began.UnixNano())
	return n
}
