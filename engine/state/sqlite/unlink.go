package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// Seen returns what was seen of a source object.
func (s *Store) Seen(
	ctx context.Context, job string, t directory.ObjectType, anchor string, generation int64,
) (r connectors.Record, ok bool, err error) {
	number, err := typeNumber(t)
	if err != nil {
		return r, false, err
	}
	type row struct {
		hash                        []byte
		presence, since, generation int64
		listed                      bool
	}
	var page []row
	doing := fmt.Sprintf("reading what was seen of object %q of job %q", anchor, job)
	err = s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
		page, err = rowsOf(ctx, db, func(rows *sql.Rows, r *row) error {
			return rows.Scan(&r.hash, &r.presence, &r.listed, &r.since, &r.generation)
		}, `SELECT hash, presence, listed, since, generation FROM source_records
			WHERE job = `+ofJob+` AND type = ? AND anchor = ?`, job, number, anchor)
		return err
	})
	if err != nil || len(page) == 0 {
		return r, false, err
	}
	found := page[0]
	r = connectors.Record{
		Type: t, Anchor: anchor, Presence: directory.Presence(found.presence),
		Listed: found.listed, Due: found.generation != generation,
	}
	if len(found.hash) != len(r.Hash) || found.presence < 0 || r.Presence > directory.HardDeleted {
		return connectors.Record{}, false, damaged(s.path, doing, "the record cannot be read", nil)
	}
	r.Hash = directory.Hash(found.hash)
	if found.since != 0 {
		r.Since = instant(found.since)
	}
	return r, true, nil
}

// noGeneration is a generation that no cycle has: what bears it is Due.
const noGeneration = -1

// Unlink drops the connection of a source object, so that it is matched again.
func (s *Store) Unlink(ctx context.Context, job, sourceAnchor, doubt string) (found bool, err error) {
	if job == "" {
		return false, errNoJob
	}
	err = s.write(ctx, fmt.Sprintf("dropping the connection of object %q of job %q", sourceAnchor, job), func(t *tx) error {
		key, err := t.jobKey(job)
		if err != nil {
			return err
		}
		var number int64
		var target string
		found, err = t.one(`DELETE FROM connections WHERE job = ? AND source_anchor = ? RETURNING type, target_anchor`,
			[]any{key, sourceAnchor}, &number, &target)
		if err != nil || !found {
			return err
		}
		for _, step := range []struct {
			statement string
			args      []any
		}{
			{`UPDATE source_records SET generation = ? WHERE job = ? AND type = ? AND anchor = ?`,
				[]any{noGeneration, key, number, sourceAnchor}},
			{`UPDATE source_records SET generation = ? WHERE job = ? AND (type, anchor) IN (
				SELECT c.type, c.source_anchor FROM links l
				JOIN connections c ON c.job = l.job AND c.source_anchor = l.source_anchor
				WHERE l.job = ? AND l.target_anchor = ?)`, []any{noGeneration, key, key, target}},
			// What is in doubt already stays so.
			{`INSERT INTO links (job, source_anchor, attribute, target_anchor)
				SELECT job, source_anchor, attribute || ?, target_anchor FROM links
				WHERE job = ? AND source_anchor = ? AND substr(attribute, -length(?)) <> ? ON CONFLICT DO NOTHING`,
				[]any{doubt, key, sourceAnchor, doubt, doubt}},
			{`DELETE FROM links WHERE job = ? AND source_anchor = ? AND substr(attribute, -length(?)) <> ?`,
				[]any{key, sourceAnchor, doubt, doubt}},
		} {
			if _, err := t.exec(step.statement, step.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return found && err == nil, err
}
