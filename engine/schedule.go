package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine/state"
)

// Scheduled is a job with the times at which it runs.
type Scheduled struct {
	Job Job
	// Next returns when to run after a cycle that ended at the given time: an
	// interval later, or at the next time that a cron expression names.
	Next func(ended time.Time) time.Time
}

// Every returns a schedule that runs an interval after the last cycle ended,
// as Entra does (scim-client-wire 7.1).
func Every(interval time.Duration) func(time.Time) time.Time {
	return func(ended time.Time) time.Time { return ended.Add(interval) }
}

// Cron returns a schedule that runs at the times of a standard cron
// expression, local time. A time that passes while a cycle runs is left out.
func Cron(expression string) (next func(time.Time) time.Time, err error) {
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		return nil, fmt.Errorf("cron expression %q: %w", expression, err)
	}
	return schedule.Next, nil
}

// Scheduler is the daemon: it runs jobs side by side, each on its schedule,
// never two cycles of one job at once.
type Scheduler struct {
	engine *Engine

	mu      sync.Mutex
	jobs    map[string]*entry
	begun   bool
	stopped bool
	running sync.WaitGroup
	ctx     context.Context // of the cycles
	cancel  context.CancelFunc
	broken  chan error // a mistake outside a cycle
}

// holdPoll is how often the store is asked whether a job whose time has come,
// and which is held back, may run again: somebody may have started it, in
// another process. To ask is simple, works on every system and file system, and
// takes two look-ups of a row, a tenth of a millisecond.
const holdPoll = time.Second

// entry is one scheduled job.
type entry struct {
	scheduled Scheduled
	start     *start // the next one; nil if there is none on the schedule
	running   bool
	removed   bool
	held      string // why no cycle begins although its time has come; "" if one may
}

// NewScheduler returns a scheduler without jobs. Run sets it going.
func NewScheduler(e *Engine) *Scheduler {
	ctx, cancel := context.WithCancel(context.Background())
	return &Scheduler{engine: e, jobs: map[string]*entry{}, ctx: ctx, cancel: cancel, broken: make(chan error, 1)}
}

// Run runs the jobs until ctx ends. It then lets every cycle finish the
// objects in hand and record them, and returns. A mistake of the scheduler
// itself ends it in the same way, for it cannot be relied upon any more: that is
// a *MistakeError. One in a cycle is that cycle's error alone.
func (s *Scheduler) Run(ctx context.Context) (err error) {
	s.mu.Lock()
	s.begun = true
	for _, e := range s.jobs {
		s.await(e)
	}
	s.mu.Unlock()
	select {
	case <-ctx.Done():
	case err = <-s.broken:
		s.engine.report(err)
	}
	s.mu.Lock()
	s.stopped = true
	for _, e := range s.jobs {
		s.unplan(e)
	}
	s.mu.Unlock()
	s.cancel()
	s.running.Wait()
	return err
}

// Set makes these the scheduler's jobs: a job that it has already goes on with
// its new definition after the cycle under way, a job that is not among them
// is not started again. A job that never ran, or whose time has passed, starts
// at once; one that is paused, once it is started.
func (s *Scheduler) Set(ctx context.Context, jobs []Scheduled) error {
	last := make([]state.Job, len(jobs))
	for i, j := range jobs {
		record, err := s.engine.Store.Job(ctx, j.Job.Name)
		if err != nil {
			return fmt.Errorf("job %s: %w", j.Job.Name, err)
		}
		last[i] = record
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := map[string]bool{}
	for i, j := range jobs {
		keep[j.Job.Name] = true
		e, known := s.jobs[j.Job.Name]
		if !known {
			e = &entry{}
			s.jobs[j.Job.Name] = e
		}
		e.scheduled, e.removed = j, false
		if !e.running {
			s.plan(e, s.due(j, last[i]))
		}
	}
	for name, e := range s.jobs {
		if !keep[name] {
			e.removed = true
			s.unplan(e)
			if !e.running {
				delete(s.jobs, name)
			}
		}
	}
	return nil
}

// due returns when a job is to run that may have run before. A changed
// configuration is not waited with: it starts a new initial cycle at once. Nor
// is the rest of a cycle that ended because the job was paused.
func (s *Scheduler) due(j Scheduled, record state.Job) time.Time {
	if record.Last == nil || record.Configuration != j.Job.Fingerprint || record.Last.ErrorCode == pausedCode {
		return s.engine.Now()
	}
	ended, now := record.Last.Ended, s.engine.Now()
	if ended.After(now) { // by a clock that was wrong
		ended = now
	}
	return j.Next(ended)
}

// plan puts the job's next start on the schedule. s.mu is held.
func (s *Scheduler) plan(e *entry, at time.Time) {
	s.put(e, at)
	if e.start != nil {
		s.engine.Logger.Info("scheduled", zap.String("job", e.scheduled.Job.Name), zap.Time("next", at))
	}
}

func (s *Scheduler) put(e *entry, at time.Time) {
	s.unplan(e)
	if s.stopped {
		return
	}
	e.start = &start{at: at, planned: time.Now(), wait: at.Sub(s.engine.Now())}
	if s.begun {
		s.await(e)
	}
}

func (s *Scheduler) unplan(e *entry) {
	if e.start != nil && e.start.timer != nil {
		e.start.timer.Stop()
	}
	e.start = nil
}

// start is one start of a job on the schedule. Its time has come when the clock
// says so, or when as long has passed as was left when it was planned: a clock
// that is put back keeps nobody waiting.
type start struct {
	at      time.Time
	planned time.Time     // of the system's monotonic clock
	wait    time.Duration // from then on
	timer   *time.Timer
}

// look is how often the clock is looked at meanwhile: it may have been put on,
// and the machine may have slept.
const look = time.Minute

// await sets the timer for the job's next start, if it has one. s.mu is held.
func (s *Scheduler) await(e *entry) {
	planned := e.start
	if planned == nil {
		return
	}
	wait := min(look, planned.at.Sub(s.engine.Now()), planned.wait-time.Since(planned.planned))
	planned.timer = time.AfterFunc(max(wait, 0), func() {
		err := contained(func() error {
			s.come(e, planned)
			return nil
		})
		if err != nil {
			select {
			case s.broken <- err:
			default: // one is enough
			}
		}
	})
}

// come runs a cycle of the job if its time has come, and plans the next.
func (s *Scheduler) come(e *entry, planned *start) {
	j, before, ok := s.begin(e, planned)
	if !ok {
		return
	}
	defer s.running.Done()
	log := s.engine.Logger.With(zap.String("job", j.Job.Name))
	held := s.hold(j.Job)
	switch {
	case held == "":
		switch before {
		case "":
		case isPaused:
			log.Info("started again")
		default:
			log.Info("held back no longer")
		}
		held = s.cycle(j)
	case held != before:
		log.Info("no cycle begins", zap.String("reason", held))
	}
	s.end(e, j, held)
}

// begin reports whether the planned start is to be made now, of which job, and
// why it was held back until now.
func (s *Scheduler) begin(e *entry, planned *start) (j Scheduled, held string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case e.start != planned || s.stopped || e.removed || e.running: // was planned anew meanwhile
		return j, "", false
	case s.engine.Now().Before(planned.at) && time.Since(planned.planned) < planned.wait:
		s.await(e)
		return j, "", false
	}
	s.unplan(e)
	e.running = true
	s.running.Add(1)
	return e.scheduled, e.held, true
}

// end plans the job's next start. held says why the job is held back, "" if it
// is not.
func (s *Scheduler) end(e *entry, ran Scheduled, held string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.running = false
	if e.removed {
		delete(s.jobs, ran.Job.Name)
		return
	}
	if e.held = held; held != "" {
		s.put(e, s.engine.Now().Add(holdPoll))
		return
	}
	next := e.scheduled.Next(s.engine.Now())
	if e.scheduled.Job.Fingerprint != ran.Job.Fingerprint {
		next = s.engine.Now() // it was changed meanwhile, which is not waited with
	}
	s.plan(e, next)
}

const isPaused = "paused: no cycle runs before the job is started"

// hold says why no cycle of the job begins now, "" if one may: it is paused, or
// waits for the next attempt in quarantine. Where that cannot be found out, the
// cycle tells why.
func (s *Scheduler) hold(job Job) string {
	if since, err := s.engine.Store.Paused(s.ctx, job.Name); err == nil && !since.IsZero() {
		return isPaused
	}
	record, err := s.engine.Store.Job(s.ctx, job.Name)
	// Who allows the deletions, or changes the job, does not wait.
	if err != nil || record.Quarantine == nil || allowed(record) || record.Configuration != job.Fingerprint {
		return ""
	}
	switch q, now := record.Quarantine, s.engine.Now(); {
	case disabled(q, now):
		return fmt.Sprintf("the job is disabled, for it has been in quarantine since %s; start it once the cause is gone", q.SeriesBegan.Format(time.RFC3339))
	case now.Before(q.NextAttempt) && !tooFar(q.NextAttempt, now, job.Settings.Tempo):
		return fmt.Sprintf("the job is in quarantine (%s) and is tried again at %s", q.Reason, q.NextAttempt.Format(time.RFC3339))
	default:
		return ""
	}
}

// cycle runs a cycle and says what holds the job back since, where it was kept
// from its end because the job is paused.
func (s *Scheduler) cycle(j Scheduled) (held string) {
	log := s.engine.Logger.With(zap.String("job", j.Job.Name))
	log.Info("cycle started")
	x, err := s.engine.Cycle(s.ctx, j.Job, Options{})
	for _, warning := range x.Warnings {
		log.Warn("the source", zap.String("cycle", x.CycleID), zap.String("warning", warning))
	}
	fields := []zap.Field{
		zap.String("cycle", x.CycleID), zap.Bool("initial", x.Initial), zap.String("summary", x.Summary.Done()),
		zap.Duration("took", x.Ended.Sub(x.Began)),
	}
	switch {
	case pausedBy(err) != nil:
		log.Info("cycle ended between two objects, for the job was paused", fields...)
		return isPaused
	case errors.Is(err, ErrInterrupted):
		log.Info("cycle interrupted; the next one goes on from here", fields...)
	case errors.Is(err, state.ErrLocked):
		log.Warn("cycle left out: another process is running one", zap.Error(err))
	case err != nil:
		log.Error("cycle failed", append(fields, zap.Error(err))...)
	case x.Summary.Fail > 0:
		log.Warn("cycle ended with failures", fields...)
	default:
		log.Info("cycle ended", fields...)
	}
	return ""
}
