package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/scimsync/scimsync/engine/state"
)

func scanEscrow(rows *sql.Rows, e *state.Escrow) error {
	var number, first, next int64
	err := rows.Scan(&number, &e.SourceAnchor, &e.DisplayName, &e.Reference, &e.Code, &e.Message, &e.Attempts, &first, &next)
	e.Type, e.First, e.Next = typeOf(number), instant(first), instant(next)
	return err
}

// Escrows calls yield with the objects that wait for another try, sorted by
// the time of the next one, then users before groups, then by source anchor.
// Each page is read when the one before was yielded, so yield may write.
func (s *Store) Escrows(ctx context.Context, job string, yield func(state.Escrow) error) error {
	next, number, after := int64(math.MinInt64), int64(0), ""
	for {
		var page []state.Escrow
		err := s.reader.view(ctx, fmt.Sprintf("reading the escrows of job %q", job), func(db *sql.DB) (err error) {
			page, err = rowsOf(ctx, db, scanEscrow,
				`SELECT type, source_anchor, display_name, reference, code, message, attempts, first, next FROM escrows
				WHERE job = `+ofJob+` AND (next, type, source_anchor) > (?, ?, ?)
				ORDER BY next, type, source_anchor LIMIT ?`, job, next, number, after, pageSize)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := yield(e); err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		last := page[len(page)-1]
		next, after = micros(last.Next), last.SourceAnchor
		if number, err = typeNumber(last.Type); err != nil {
			return err
		}
	}
}
