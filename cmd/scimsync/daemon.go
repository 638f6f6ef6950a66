package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/zap"

	"github.com/scimsync/scimsync/engine/plan"
)

// daemonInfo is what a daemon says of itself in a file beside the state, so that
// other commands know of it. That it runs is told by a lock of the operating
// system on that file, which ends with the process, however it ends.
type daemonInfo struct {
	Running   bool      `json:"running"`
	ProcessID int       `json:"processId,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	// Read is when it has read the configuration last.
	Read time.Time `json:"configurationRead,omitzero"`
	// Changed are files of the configuration that were written since.
	Changed []string `json:"configurationChanged,omitempty"`
}

// daemonMark is the file <state file>.daemon of a daemon that runs.
type daemonMark struct {
	lock *flock.Flock
	info daemonInfo
}

const (
	// markWait is how long a daemon waits for who looks at the mark.
	markWait = time.Second
	markPoll = 20 * time.Millisecond
)

func markPath(statePath string) string { return statePath + ".daemon" }

// markDaemon leaves word that this process is the daemon of a state since now.
// It returns nil, and logs why, if it cannot: another daemon may run already.
// The daemon works without it.
func markDaemon(ctx context.Context, log *zap.Logger, statePath string, now time.Time) *daemonMark {
	m := &daemonMark{
		lock: flock.New(markPath(statePath), flock.SetPermissions(0o600)),
		info: daemonInfo{Running: true, ProcessID: os.Getpid(), Since: now},
	}
	waiting, cancel := context.WithTimeout(ctx, markWait)
	defer cancel()
	taken, err := m.lock.TryLockContext(waiting, markPoll)
	switch {
	case taken:
		m.read(log, now)
		return m
	case ctx.Err() != nil:
	case errors.Is(err, context.DeadlineExceeded):
		other := readMark(statePath)
		log.Warn("another daemon runs on the same state; they do no harm to each other, but one is enough", zap.Int("process", other.ProcessID))
	default:
		log.Warn("scimsync status will not know that the daemon runs", zap.Error(err))
	}
	return nil
}

// read leaves word of when the configuration was read.
func (m *daemonMark) read(log *zap.Logger, now time.Time) {
	if m == nil {
		return
	}
	m.info.Read = now
	text, err := json.Marshal(m.info)
	if err == nil {
		err = os.WriteFile(m.lock.Path(), append(text, '\n'), 0o600)
	}
	if err != nil {
		log.Warn("scimsync status will not know since when the daemon runs", zap.Error(err))
	}
}

// release takes the mark away. The file stays: removing it while another
// process opens it would let both have it.
func (m *daemonMark) release() error {
	if m == nil {
		return nil
	}
	return m.lock.Unlock()
}

// readMark returns what the daemon of a state has written about itself, as far
// as it can be read.
func readMark(statePath string) (info daemonInfo) {
	if text, err := os.ReadFile(markPath(statePath)); err != nil || json.Unmarshal(text, &info) != nil {
		return daemonInfo{}
	}
	return info
}

// daemonOf returns what is known of the daemon of a state, and which of these
// files it has not read as they are now; nil where that cannot be found out.
func daemonOf(statePath string, files []string) (*daemonInfo, error) {
	lock := flock.New(markPath(statePath), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &daemonInfo{}, nil
	case err != nil:
		return nil, fmt.Errorf("looking for the daemon: %w", err)
	case free:
		return &daemonInfo{}, lock.Unlock()
	}
	info := readMark(statePath)
	info.Running, info.Changed = true, nil
	for _, file := range files {
		if at, err := os.Stat(file); err == nil && at.ModTime().After(info.Read) && !info.Read.IsZero() {
			info.Changed = append(info.Changed, file)
		}
	}
	return &info, nil
}

// daemon returns what is known of the daemon of the session's state, nil where
// that cannot be found out.
func (s *session) daemon() *daemonInfo {
	files := s.files
	for _, j := range s.jobs {
		files = append(files, j.files...)
	}
	info, err := daemonOf(s.state, files)
	if err != nil {
		s.logger.Debug("whether the daemon runs is not known", zap.Error(err))
		return nil
	}
	return info
}

// sentence says whether the daemon runs, and what it has not read.
func (d *daemonInfo) sentence() string {
	switch {
	case d == nil:
		return ""
	case !d.Running:
		return `No daemon runs these jobs: "scimsync run" is one, and "scimsync sync JOB" runs a cycle now.`
	case len(d.Changed) > 0:
		return fmt.Sprintf("The daemon runs (process %d, since %s), and has not read %s, which changed after %s: send it SIGHUP (kill -HUP %d).",
			d.ProcessID, localTime(d.Since), strings.Join(d.Changed, ", "), localTime(d.Read), d.ProcessID)
	case d.ProcessID == 0:
		return "The daemon runs."
	default:
		return fmt.Sprintf("The daemon runs (process %d, since %s).", d.ProcessID, localTime(d.Since))
	}
}

// sayNext says what a command has done to a job, and when that shows: in the
// daemon's next cycle, if one runs.
func (a *app) sayNext(s *session, job, done string) {
	daemon, next := s.daemon(), ""
	switch {
	case daemon == nil:
	case !daemon.Running:
		next = fmt.Sprintf(`No daemon runs: "scimsync sync %s" runs a cycle now.`, job)
	case len(daemon.Changed) > 0:
		next = daemon.sentence()
	default:
		next = fmt.Sprintf(`The daemon begins a cycle at its time, or at once if that has passed; "scimsync sync %s" runs one now.`, job)
	}
	width := lineWidth(a.stdout)
	fmt.Fprintln(a.stdout, wrapped(plan.Printable(done), width, ""))
	if next != "" {
		fmt.Fprintln(a.stdout, wrapped(plan.Printable(next), width, ""))
	}
}
