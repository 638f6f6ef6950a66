package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/scimsync/scimsync/engine/state"
)

var errNoJob = errors.New("the state is kept by a job's name, and the name is empty")

// Job returns the job's record, or a new one with a fresh id.
func (s *Store) Job(ctx context.Context, name string) (state.Job, error) {
	if name == "" {
		return state.Job{}, errNoJob
	}
	var record sql.NullString
	doing := fmt.Sprintf("reading the record of job %q", name)
	err := s.reader.view(ctx, doing, func(db *sql.DB) error {
		record = sql.NullString{}
		err := db.QueryRowContext(ctx, `SELECT record FROM jobs WHERE name = ?`, name).Scan(&record)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return state.Job{}, err
	}
	if !record.Valid {
		return state.Job{Name: name, ID: "scim." + s.tenant + "." + uuid.NewString()}, nil
	}
	return s.decodeJob(doing, record.String)
}

// SaveJob stores the record whole.
func (s *Store) SaveJob(ctx context.Context, job state.Job) error {
	if job.Name == "" {
		return errNoJob
	}
	doing := fmt.Sprintf("saving the record of job %q", job.Name)
	record, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return s.write(ctx, doing, func(t *tx) error {
		_, err := t.exec(`INSERT INTO jobs (name, id, record) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET id = excluded.id, record = excluded.record`,
			job.Name, job.ID, string(record))
		return err
	})
}

// Jobs returns the records of all jobs that were saved, sorted by name.
func (s *Store) Jobs(ctx context.Context) ([]state.Job, error) {
	const doing = "reading the records of all jobs"
	var records []string
	err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
		records, err = rowsOf(ctx, db, func(rows *sql.Rows, record *string) error { return rows.Scan(record) },
			`SELECT record FROM jobs WHERE record IS NOT NULL ORDER BY name`)
		return err
	})
	if err != nil {
		return nil, err
	}
	jobs := make([]state.Job, len(records))
	for i, record := range records {
		if jobs[i], err = s.decodeJob(doing, record); err != nil {
			return nil, err
		}
	}
	return jobs, nil
}

func (s *Store) decodeJob(doing, record string) (state.Job, error) {
	var job state.Job
	if err := json.Unmarshal([]byte(record), &job); err != nil {
		return state.Job{}, damaged(s.path, doing, "a record cannot be read ("+err.Error()+")", err)
	}
	return job, nil
}

// rowsOf runs a query and returns its rows, each filled by scan.
func rowsOf[R any](
	ctx context.Context, db *sql.DB, scan func(*sql.Rows, *R) error, query string, args ...any,
) (list []R, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r R
		if err := scan(rows, &r); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
