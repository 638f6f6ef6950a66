package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// selectSeen delivers what was seen of one job's source, and then once more,
// as due, the objects whose escrow is due and those that waited for an object
// that is connected by now. It is one statement, so that both
// parts see the same state.
//
// The small columns are packed into one number: a row is then four values,
// and a number below 256 takes no memory on its way out of the driver.
const selectSeen = `
	WITH job AS (SELECT key FROM jobs WHERE name = ?1)
	SELECT anchor, hash, type | (presence << 2) | (listed << 4) | ((generation <> ?2) << 5), since
	FROM source_records WHERE job = (SELECT key FROM job)
	UNION ALL
	SELECT r.anchor, r.hash, r.type | (r.presence << 2) | (r.listed << 4) | (1 << 5), r.since
	FROM escrows e CROSS JOIN source_records r ON r.job = e.job AND r.type = e.type AND r.anchor = e.source_anchor
	WHERE e.job = (SELECT key FROM job) AND e.next <= ?3
	UNION ALL
	SELECT r.anchor, r.hash, r.type | (r.presence << 2) | (r.listed << 4) | (1 << 5), r.since
	FROM missing m
	CROSS JOIN connections c ON c.job = m.job AND c.source_anchor = m.missing_anchor
	CROSS JOIN source_records r ON r.job = m.job AND r.type = m.type AND r.anchor = m.source_anchor
	WHERE m.job = (SELECT key FROM job)`

// The parts of the packed number.
const (
	packedType     = 0b11
	packedPresence = 2 // shift, two bits
	packedListed   = 1 << 4
	packedDue      = 1 << 5
)

// Snapshot returns what was seen of the source.
func (s *Store) Snapshot(ctx context.Context, job string, generation int64, now time.Time) (*connectors.Snapshot, error) {
	var snapshot *connectors.Snapshot
	doing := fmt.Sprintf("reading what was seen of the source of job %q", job)
	err := s.reader.view(ctx, doing, func(db *sql.DB) error {
		snapshot = connectors.NewSnapshot()
		conn, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		err = conn.Raw(func(raw any) error {
			return eachRaw(ctx, raw, func(row []driver.Value) error {
				r, err := decodeSeen(row)
				if err != nil {
					return damaged(s.path, doing, err.Error(), nil)
				}
				snapshot.Add(r)
				return nil
			}, selectSeen, job, generation, micros(now))
		})
		return errors.Join(err, conn.Close())
	})
	if err != nil {
		return nil, err
	}
	return snapshot, nil
}

func decodeSeen(row []driver.Value) (r connectors.Record, err error) {
	anchor, isText := row[0].(string)
	hash, isBlob := row[1].([]byte)
	packed, isPacked := row[2].(int64)
	since, isSince := row[3].(int64)
	if !isText || !isBlob || !isPacked || !isSince || len(hash) != len(r.Hash) {
		return r, fmt.Errorf("the record of object %v cannot be read", row[0])
	}
	r = connectors.Record{
		Type: typeOf(packed & packedType), Anchor: anchor, Hash: directory.Hash(hash),
		Presence: directory.Presence(packed>>packedPresence) & 0b11,
		Listed:   packed&packedListed != 0, Due: packed&packedDue != 0,
	}
	if r.Presence > directory.HardDeleted {
		return r, fmt.Errorf("the record of object %q cannot be read: it has presence %d", anchor, r.Presence)
	}
	if since != 0 {
		r.Since = instant(since)
	}
	return r, nil
}

// eachRaw runs a query on the driver's own connection and calls f with each
// row, which is the same slice every time. It spares a million rows the
// conversions of database/sql.
func eachRaw(ctx context.Context, raw any, f func([]driver.Value) error, query string, args ...driver.Value) (err error) {
	conn, ok := raw.(driver.QueryerContext)
	if !ok {
		return fmt.Errorf("the SQLite driver's connection %T cannot be queried", raw)
	}
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	rows, err := conn.QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}
