package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// Taken returns what was recorded as taken away since then and until then.
func (s *Store) Taken(ctx context.Context, job string, since, until time.Time) (state.Taken, error) {
	type row struct{ number, objects, kept, members int64 }
	taken := state.Taken{Objects: map[directory.ObjectType]int64{}, Kept: map[directory.ObjectType]int64{}}
	err := s.reader.view(ctx, fmt.Sprintf("counting what job %q has taken away", job), func(db *sql.DB) error {
		rows, err := rowsOf(ctx, db, func(rows *sql.Rows, r *row) error { return rows.Scan(&r.number, &r.objects, &r.kept, &r.members) },
			`SELECT type, sum(objects), sum(kept), sum(members) FROM taken WHERE job = `+ofJob+` AND time BETWEEN ? AND ? GROUP BY type`,
			job, micros(since), micros(until))
		for _, r := range rows {
			taken.Objects[typeOf(r.number)] += r.objects
			taken.Kept[typeOf(r.number)] += r.kept
			taken.Members += r.members
		}
		return err
	})
	return taken, err
}

func (r recorder) loss(o state.Outcome) error {
	number, err := typeNumber(o.Type)
	if err != nil {
		return err
	}
	kept := int64(0)
	switch {
	case o.Loss.Kept:
		kept = o.Loss.Objects
	case o.Loss.Parted:
		kept = -1
	}
	_, err = r.exec(`INSERT INTO taken (job, time, type, objects, kept, members) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET objects = objects + excluded.objects, kept = kept + excluded.kept, members = members + excluded.members`,
		r.job, micros(o.Loss.At), number, o.Loss.Objects, kept, o.Loss.Members)
	return err
}
