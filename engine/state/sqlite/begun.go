package sqlite

import (
	"context"
	"fmt"

	"github.com/scimsync/scimsync/engine/state"
)

// LogBegun moves to the log, in one transaction, the entries of what was begun and
// whose end was never recorded.
func (s *Store) LogBegun(ctx context.Context, job string) (moved int64, err error) {
	err = s.write(ctx, fmt.Sprintf("logging what was begun of job %q", job), func(t *tx) error {
		key, err := t.jobKey(job)
		if err != nil {
			return err
		}
		// By the sequence number of each entry its body is found.
		if moved, err = t.exec(`INSERT INTO events (id, job, time, cycle, action, status, names)
			SELECT id, log_job, time, cycle, action, status, names FROM begun WHERE job = ? ORDER BY time, id`, key); err != nil || moved == 0 {
			return err
		}
		if _, err := t.exec(`INSERT INTO event_bodies (seq, body)
			SELECT e.seq, b.body FROM begun b JOIN events e ON e.id = b.id WHERE b.job = ?`, key); err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM begun WHERE job = ?`, key)
		return err
	})
	return moved, err
}

// begin keeps the entry of what is about to be written, or drops it.
func (r recorder) begin(o state.Outcome, begun *entry) error {
	number, err := typeNumber(o.Type)
	if err != nil {
		return err
	}
	if begun == nil {
		_, err := r.exec(`DELETE FROM begun WHERE job = ? AND type = ? AND source_anchor = ?`, r.job, number, o.SourceAnchor)
		return err
	}
	job, err := r.logKey(begun.event.JobID)
	if err != nil {
		return err
	}
	_, err = r.exec(`INSERT OR REPLACE INTO begun (job, type, source_anchor, id, log_job, time, cycle, action, status, names, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, append([]any{r.job, number, o.SourceAnchor, begun.event.ID, job}, begun.columns()...)...)
	return err
}
