package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/scimsync/scimsync/engine/state"
)

// Unanswered calls yield with what the target objects would be found by whose
// create got no answer.
func (s *Store) Unanswered(ctx context.Context, job string, yield func(state.Sent) error) error {
	var all []state.Sent // few: an application that answers nothing is left alone
	err := s.reader.view(ctx, fmt.Sprintf("reading the creates without an answer of job %q", job), func(db *sql.DB) (err error) {
		all, err = rowsOf(ctx, db, func(rows *sql.Rows, x *state.Sent) error {
			var number int64
			err := rows.Scan(&number, &x.SourceAnchor, &x.Attribute, &x.Value)
			x.Type = typeOf(number)
			return err
		}, `SELECT type, source_anchor, attribute, value FROM unanswered WHERE job = `+ofJob+`
			ORDER BY type, source_anchor, attribute, value`, job)
		return err
	})
	if err != nil {
		return err
	}
	for _, x := range all {
		if err := yield(x); err != nil {
			return err
		}
	}
	return nil
}

func (r recorder) unanswered(o state.Outcome) error {
	number, err := typeNumber(o.Type)
	if err != nil {
		return err
	}
	if o.Answered {
		if _, err := r.exec(`DELETE FROM unanswered WHERE job = ? AND type = ? AND source_anchor = ?`, r.job, number, o.SourceAnchor); err != nil {
			return err
		}
	}
	for _, x := range o.Sent {
		if _, err := r.exec(`INSERT INTO unanswered (job, type, source_anchor, attribute, value) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, r.job, number, o.SourceAnchor, x.Attribute, x.Value); err != nil {
			return err
		}
	}
	return nil
}
