package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/scimsync/scimsync/engine/state"
)

// locks are the jobs whose cycles this process may run, each by a lock of the
// operating system on a file, which ends with the process. The files stay:
// removing one while another process opens it would let both have it.
type locks struct {
	mu     sync.Mutex
	held   map[string]*flock.Flock
	closed bool
}

// Lock takes the lock of the job, the file <state file>.<job>.lock. It returns
// state.ErrLocked if another goroutine or process has it. The unlock function
// may be called more than once. A read-only store takes no lock.
func (s *Store) Lock(ctx context.Context, job string) (unlock func() error, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("locking job %q: %w", job, err)
	}
	if job == "" {
		return nil, errNoJob
	}
	if s.writer == nil {
		return func() error { return nil }, nil
	}
	return s.locks.take(ctx, job, s.lockFile(job))
}

// lockFile is the file of a job's lock. A job's name is letters, digits and dashes;
// anything else is escaped, so that no name leads out of the folder.
func (s *Store) lockFile(job string) string { return s.path + "." + url.QueryEscape(job) + ".lock" }

// Locked reports whether a goroutine or process has the lock of the job.
func (s *Store) Locked(_ context.Context, job string) (bool, error) {
	path := s.lockFile(job)
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fault(path, fmt.Sprintf("looking whether job %q is locked", job), err)
	case free:
		return false, lock.Unlock()
	default:
		return true, nil
	}
}

// Who asks whether a lock is held has it for a moment: that long is waited for.
const (
	lockWait = 100 * time.Millisecond
	lockPoll = 10 * time.Millisecond
)

func (l *locks) take(ctx context.Context, job, path string) (func() error, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, fmt.Errorf("locking job %q: the state is closed: %w", job, os.ErrClosed)
	}
	if _, taken := l.held[job]; taken {
		return nil, fmt.Errorf("job %q: %w", job, state.ErrLocked)
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	ok, err := lock.TryLockContext(waiting, lockPoll)
	switch {
	case ok:
	case ctx.Err() != nil: // the caller's, which says nothing of the lock
		return nil, fmt.Errorf("locking job %q: %w", job, ctx.Err())
	case err != nil && waiting.Err() == nil:
		return nil, fault(path, fmt.Sprintf("locking job %q by this file", job), err)
	default:
		return nil, fmt.Errorf("job %q: %w in another process", job, state.ErrLocked)
	}
	if l.held == nil {
		l.held = map[string]*flock.Flock{}
	}
	l.held[job] = lock
	return func() error { return l.release(job, lock) }, nil
}

func (l *locks) release(job string, lock *flock.Flock) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[job] != lock { // released before
		return nil
	}
	delete(l.held, job)
	if err := lock.Unlock(); err != nil {
		return fmt.Errorf("unlocking job %q: %w", job, err)
	}
	return nil
}

func (l *locks) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var errs []error
	for job, lock := range l.held {
		delete(l.held, job)
		errs = append(errs, lock.Unlock())
	}
	return errors.Join(errs...)
}
