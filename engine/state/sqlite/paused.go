package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SetPaused notes since when the job is paused, or that it is not.
func (s *Store) SetPaused(ctx context.Context, job string, since time.Time) error {
	if job == "" {
		return errNoJob
	}
	doing := fmt.Sprintf("starting job %q", job)
	statement, args := `UPDATE jobs SET paused = NULL WHERE key = ?`, []any{}
	if !since.IsZero() {
		doing = fmt.Sprintf("pausing job %q", job)
		statement, args = `UPDATE jobs SET paused = coalesce(paused, ?) WHERE key = ?`, []any{micros(since)}
	}
	return s.write(ctx, doing, func(t *tx) error {
		key, err := t.jobKey(job)
		if err != nil {
			return err
		}
		_, err = t.exec(statement, append(args, key)...)
		return err
	})
}

// Paused returns since when the job is paused, the zero time if it is not.
func (s *Store) Paused(ctx context.Context, job string) (since time.Time, err error) {
	var paused sql.NullInt64
	err = s.reader.view(ctx, fmt.Sprintf("asking whether job %q is paused", job), func(db *sql.DB) error {
		paused = sql.NullInt64{}
		err := db.QueryRowContext(ctx, `SELECT paused FROM jobs WHERE name = ?`, job).Scan(&paused)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || !paused.Valid {
		return time.Time{}, err
	}
	return instant(paused.Int64), nil
}
