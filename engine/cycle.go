package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
	"github.com/scimsync/scimsync/engine/state"
)

// Options say how a cycle runs.
type Options struct {
	Initial bool // start a new initial cycle, which evaluates every object again
	DryRun  bool // write neither to the target nor to the state
	// Members are the names of members of a group that is provisioned on demand:
	// only these are looked at, MaxMembers of them at the most. None means all.
	// Cycles take no notice of it.
	Members []string

	// Basis is called with what the cycle is made from, once the source was read
	// and before anything else is done; its error ends the cycle. The entries of a
	// dry run then bear their steps. May be nil.
	Basis func(plan.Basis) error
	// Approved is a saved plan: the cycle writes what it has and nothing else, and
	// does not begin if the plan is out of date. It runs also while the job is
	// paused. nil for a cycle that does what there is to do.
	Approved *Approved

	// Observe is called with each result, in order. Results are recorded
	// already. May be nil.
	Observe func(Result) error
	// Progress is called from time to time with how far the cycle is. May be nil.
	Progress func(Progress)
}

// Progress says how far a cycle is.
type Progress struct {
	Phase string // import, users, groups, references
	Done  int64
	Total int64 // 0 while not known
}

// LogRetention is how long entries of the provisioning log are kept, as Entra
// keeps them with a premium licence (Microsoft Learn, "Microsoft Entra data
// retention").
const LogRetention = 30 * 24 * time.Hour

// ErrInterrupted says that a cycle was asked to stop. What was done is
// recorded; the next cycle goes on from there.
var ErrInterrupted = errors.New("the cycle was interrupted; what was done is recorded, and the next one goes on from there")

// Cycle runs one cycle of the job: an initial cycle if none was completed
// since mappings, scope or settings changed, or if the options ask for one,
// else an incremental one. It returns what the cycle did. An error says that
// the cycle could not run or did not run to its end; objects that failed are
// no error, they are counted in the execution's summary.
//
// A panic is no more than such an error, a *MistakeError: the requests in hand
// are finished and recorded, a transaction that was not complete is taken back,
// the lock is released, and the next cycle looks at the rest again.
func (e *Engine) Cycle(ctx context.Context, job Job, opts Options) (state.Execution, error) {
	c := e.newCycle(job, opts)
	err := contained(func() error { return c.whole(ctx) })
	if x := &c.execution; err != nil && x.ErrorCode == "" && !errors.Is(err, state.ErrLocked) {
		x.ErrorCode, x.ErrorMessage = cycleError(err)
	}
	e.report(err, zap.String("job", job.Name), zap.String("cycle", c.execution.CycleID))
	return c.execution, err
}

// whole is the cycle from its lock to the record of its end.
func (c *cycle) whole(ctx context.Context) error {
	if err := c.refuse(ctx); err != nil {
		return err
	}
	unlock, err := c.store.Lock(ctx, c.job.Name)
	if err != nil {
		return busy(c.job.Name, err)
	}
	defer func() {
		if err := unlock(); err != nil {
			c.engine.Logger.Warn("releasing the job's lock", zap.String("job", c.job.Name), zap.Error(err))
		}
	}()
	defer c.closeSpools()
	if err := interrupted(ctx, c.begin(ctx)); err != nil {
		return err
	}
	if !c.opts.DryRun && c.engine.SpoolDir != "" {
		sweep(c.engine.SpoolDir)
	}
	return c.finish(ctx, interrupted(ctx, contained(func() error { return c.run(ctx) })))
}

// cycle is one cycle under way.
type cycle struct {
	engine *Engine
	job    Job
	opts   Options
	store  state.Store
	target connectors.Target

	record    state.Job
	execution state.Execution
	escrows   map[string]state.Escrow // objects that had failed before, by source anchor
	// unanswered are the creates of earlier cycles that got no answer.
	unanswered map[sourceKey][]state.Sent
	failing    map[string]bool    // objects that failed in this cycle
	released   map[string]bool    // of escrows, those that did not fail again in this cycle
	retries    map[sourceKey]bool // of escrows, those whose references alone are tried again
	imports    map[directory.ObjectType]*spool
	links      map[directory.ObjectType]*spool // objects whose references are still to be set
	claims     *claims
	commits    commits
	overlay    *overlay // what a dry run pretends to have done; nil otherwise

	// onDemand: one object is provisioned apart from a cycle. What was seen of
	// the source is left as it is, so that the next cycle looks at the object
	// again: an object that it refers to may not be provisioned yet.
	onDemand bool

	// The contexts of the phase under way: of requests, and of taking new
	// objects, which stop ends.
	inHand, taking context.Context
	stop           context.CancelCauseFunc

	mu     sync.Mutex
	struck int // objects in a row that the application did not answer for
	done   Progress
	asked  time.Time // when the store was asked last whether the job was paused
	paused time.Time // since when it was when a saved plan was applied to it

	// now is the clock of what is evaluated: of a saved plan, the plan's.
	now       time.Time
	latest    time.Time              // the same, or what else tells the time if that is later
	doubt     bool                   // the clock may be wrong
	answers   bool                   // the application did, when the connection was tested
	delivered *intake                // by the source; nil if nobody asks
	read      *connectors.ReadResult // of the source, once it was read
}

func (e *Engine) newCycle(job Job, opts Options) *cycle {
	c := &cycle{
		engine: e, job: job, opts: opts, store: e.Store, target: job.Target,
		escrows: map[string]state.Escrow{}, failing: map[string]bool{}, released: map[string]bool{}, retries: map[sourceKey]bool{}, claims: newClaims(),
		imports: map[directory.ObjectType]*spool{}, links: map[directory.ObjectType]*spool{},
		execution: state.Execution{CycleID: e.NewID(), Began: e.Now().UTC()},
	}
	if c.now = c.execution.Began; opts.Approved != nil {
		c.now = opts.Approved.basis.Made
	}
	c.latest = c.now
	if opts.Basis != nil || opts.Approved != nil {
		c.delivered = newIntake()
	}
	if opts.DryRun {
		c.store, c.target, c.overlay = state.NewReadOnly(e.Store), connectors.NewReadOnly(job.Target), newOverlay()
	}
	for _, t := range job.Types() {
		c.imports[t], c.links[t] = newSpool(e.SpoolDir), newSpool(e.SpoolDir)
	}
	return c
}

// begin reads what is remembered of the job and decides which kind of cycle
// this is.
func (c *cycle) begin(ctx context.Context) error {
	if err := c.load(ctx); err != nil {
		return err
	}
	if c.record.Generation == 0 || c.record.Configuration != c.job.Fingerprint || c.opts.Initial {
		c.record.Generation++
		c.record.Configuration = c.job.Fingerprint
		c.record.InitialCompleted = time.Time{}
	}
	c.execution.Initial = c.record.InitialCompleted.IsZero()
	if c.opts.Approved != nil {
		if err := c.checkPlan(ctx); err != nil {
			return err
		}
	}
	c.record.Running = c.execution.Began
	return c.enter(ctx)
}

// enter stores that the job is at work from now on, and logs what an earlier
// cycle had begun to write and did not come to record. A dry run does neither.
func (c *cycle) enter(ctx context.Context) error {
	if c.opts.DryRun {
		return nil
	}
	err := c.store.SaveJob(ctx, c.record)
	if err == nil {
		_, err = c.store.LogBegun(ctx, c.job.Name)
	}
	if err != nil {
		return fmt.Errorf("job %s: %w", c.job.Name, err)
	}
	return nil
}

// run is the cycle: test the connection, read the whole source, then carry
// users, groups, members and references through the flow, in this order.
func (c *cycle) run(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	read, err := c.readSource(ctx)
	if err != nil {
		return err
	}
	if c.opts.Basis != nil {
		basis, err := c.basis(ctx)
		if err == nil {
			err = c.opts.Basis(basis)
		}
		if err != nil {
			return err
		}
	}
	if err := c.askPaused(ctx); err != nil {
		return err
	}
	if err := c.guard(ctx, read); err != nil {
		return err
	}
	for _, rule := range c.job.Rules {
		if err := c.objects(ctx, &rule); err != nil {
			return err
		}
	}
	// Groups come last in Rules and their members first in the references:
	// members before managers.
	for i := len(c.job.Rules) - 1; i >= 0; i-- {
		if err := c.references(ctx, &c.job.Rules[i]); err != nil {
			return err
		}
	}
	c.record.Watermark = read.Watermark
	return nil
}

// connect tests the connection, once in a cycle.
func (c *cycle) connect(ctx context.Context) error {
	if c.answers {
		return nil
	}
	if err := c.target.Test(ctx, c.job.Types()...); err != nil {
		return fmt.Errorf("testing the connection: %w", err)
	}
	c.answers = true
	c.witness()
	return nil
}

// readSource reads the source to its end before anything is written: a source
// that breaks off changes nothing. It is read once in a cycle.
func (c *cycle) readSource(ctx context.Context) (read connectors.ReadResult, err error) {
	if c.read != nil {
		return *c.read, nil
	}
	snapshot, err := c.store.Snapshot(ctx, c.job.Name, c.record.Generation, c.now)
	if err != nil {
		return read, fmt.Errorf("reading the source: %w", err)
	}
	if err := c.dueAgain(ctx, snapshot); err != nil {
		return read, err
	}
	read, err = c.job.Source.Read(ctx, connectors.ReadRequest{
		Snapshot: snapshot, Watermark: c.record.Watermark, Now: c.latest, RecycleBin: c.recycleBin(),
	}, func(ch directory.Change) error {
		spool, wanted := c.imports[ch.Object.Type]
		if !wanted {
			return nil
		}
		c.execution.ImportedDeltas++
		c.progress("import", 0)
		if err := c.askPausedAtTimes(ctx); err != nil {
			return err
		}
		if err := c.renew(ctx, ch); err != nil {
			return err
		}
		return spool.append(func(b []byte) []byte {
			b = directory.AppendChange(b, ch)
			if c.delivered != nil {
				c.delivered.add(ch, b)
			}
			return b
		})
	})
	x := &c.execution
	x.Users, x.Groups, x.SourceTime, x.SourceHas = int64(read.Users), int64(read.Groups), read.Newest, read.Has
	x.SourceLists = read.Written
	x.Warnings = append(x.Warnings, read.Warnings...)
	x.Imported = x.Users + x.Groups
	if warning := c.job.Settings.Guard.stale(read.Newest, c.engine.Now()); warning != "" {
		x.Warnings = append(x.Warnings, warning)
	}
	if err != nil {
		return read, fmt.Errorf("reading the source: %w; nothing was written", err)
	}
	c.read = &read
	return read, nil
}

// finish records how the cycle ended.
func (c *cycle) finish(ctx context.Context, runErr error) error {
	x := &c.execution
	x.Ended = c.engine.Now().UTC()
	switch {
	case runErr != nil:
		x.State = "Failed"
		x.ErrorCode, x.ErrorMessage = cycleError(runErr)
	case x.Summary.Fail > 0:
		x.State = "EntryLevelErrors"
	default:
		x.State = "Succeeded"
	}
	if c.opts.DryRun {
		return runErr
	}
	c.record.Last, c.record.Running = x, time.Time{}
	if runErr == nil {
		if c.record.InitialCompleted.IsZero() {
			c.record.InitialCompleted = x.Ended
		}
		c.record.CompleteFailures = 0
		if c.record.AllowDeletes {
			c.record.AllowDeletes, c.record.Allowed, c.record.DeletesAllowed = false, nil, x.Ended
		}
		c.keepSourceTime()
		c.record.LastSuccess, c.record.Held = x, nil
		if x.Exports > 0 {
			c.record.LastWithExports = x
		}
		if x.Summary.Changes() == 0 && x.Summary.Fail == 0 {
			c.record.SteadyStateLast = x.Ended
			if c.record.SteadyStateFirst.IsZero() {
				c.record.SteadyStateFirst = x.Ended
			}
		}
	} else if !errors.Is(runErr, ErrInterrupted) {
		c.record.CompleteFailures++
	}
	if err := c.quarantine(ctx, runErr); err != nil {
		runErr = errors.Join(runErr, err)
	}
	if err := c.purgeLog(ctx, runErr == nil); err != nil {
		c.engine.Logger.Warn("removing old entries of the provisioning log", zap.String("job", c.job.Name), zap.Error(err))
	}
	// The cycle's end is recorded also when the cycle was told to stop.
	if err := c.store.SaveJob(context.WithoutCancel(ctx), c.record); err != nil {
		return errors.Join(runErr, fmt.Errorf("job %s: %w", c.job.Name, err))
	}
	var next time.Time
	if q := c.record.Quarantine; q != nil {
		next = q.NextAttempt
	}
	c.tell(ctx, runErr, next)
	return runErr
}

func cycleError(err error) (code, message string) {
	var target *connectors.Error
	var read *connectors.ReadError
	var guard *GuardError
	var stale *StalePlanError
	switch {
	case errors.As(err, &stale):
		return planOutdated, err.Error()
	case errors.As(err, &guard):
		return guard.Reason, err.Error()
	case pausedBy(err) != nil:
		return pausedCode, err.Error()
	case errors.Is(err, ErrInterrupted):
		return "Interrupted", err.Error()
	case errors.As(err, &target):
		return target.Code, err.Error()
	case errors.As(err, &read):
		return "SourceUnreadable", err.Error()
	default:
		return internalError, err.Error()
	}
}

// export is the one place that writes to the target. A dry run ends before it.
func (c *cycle) export(ctx context.Context, op plan.Operation) (directory.Object, error) {
	if c.opts.DryRun {
		anchor := op.TargetAnchor
		if op.Action == plan.Create {
			anchor = directory.PendingText
		}
		return directory.Object{Type: op.Type, Anchor: anchor}, nil
	}
	return c.target.Apply(ctx, op)
}

func (c *cycle) progress(phase string, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done.Phase != phase {
		c.done = Progress{Phase: phase}
	}
	c.done.Done++
	c.done.Total = total
	if c.opts.Progress != nil {
		c.opts.Progress(c.done)
	}
}

// warn notes what is likely a mistake, once in a cycle.
func (c *cycle) warn(sentence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.Contains(c.execution.Warnings, sentence) {
		c.execution.Warnings = append(c.execution.Warnings, sentence)
	}
}

func (c *cycle) closeSpools() {
	for _, s := range c.imports {
		s.close()
	}
	for _, s := range c.links {
		s.close()
	}
}
