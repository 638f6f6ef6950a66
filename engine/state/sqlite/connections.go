package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// pageSize is how many rows one query of a streaming read returns. Between
// pages no transaction is open.
const pageSize = 1000

// ofJob is the key of the job of this name; no row has a key of null.
const ofJob = `(SELECT key FROM jobs WHERE name = ?)`

const selectConnections = `SELECT type, source_anchor, target_anchor, display_name, status, since, updated FROM connections `

func scanConnection(rows *sql.Rows, c *state.Connection) error {
	var number, since, updated int64
	err := rows.Scan(&number, &c.SourceAnchor, &c.TargetAnchor, &c.DisplayName, &c.Status, &since, &updated)
	c.Type, c.Since, c.Updated = typeOf(number), instant(since), instant(updated)
	return err
}

// Connections returns the object connections of these source objects.
func (s *Store) Connections(ctx context.Context, job string, anchors []string) (map[string]state.Connection, error) {
	found := make(map[string]state.Connection, len(anchors))
	if len(anchors) == 0 {
		return found, nil
	}
	doing := fmt.Sprintf("reading %d connections of job %q", len(anchors), job)
	list, err := json.Marshal(anchors)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	var page []state.Connection
	err = s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
		page, err = rowsOf(ctx, db, scanConnection, selectConnections+
			`WHERE job = `+ofJob+` AND source_anchor IN (SELECT value FROM json_each(?))`, job, string(list))
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range page {
		found[c.SourceAnchor] = c
	}
	return found, nil
}

// ConnectionByTarget returns the connection of a target object.
func (s *Store) ConnectionByTarget(
	ctx context.Context, job string, t directory.ObjectType, targetAnchor string,
) (c state.Connection, ok bool, err error) {
	number, err := typeNumber(t)
	if err != nil {
		return c, false, err
	}
	var page []state.Connection
	err = s.reader.view(ctx, fmt.Sprintf("reading the connection of target object %q of job %q", targetAnchor, job),
		func(db *sql.DB) (err error) {
			page, err = rowsOf(ctx, db, scanConnection, selectConnections+
				`WHERE job = `+ofJob+` AND type = ? AND target_anchor = ?`, job, number, targetAnchor)
			return err
		})
	if err != nil || len(page) == 0 {
		return c, false, err
	}
	return page[0], true, nil
}

// AllConnections calls yield with every connection of the job, users before
// groups, sorted by source anchor. Each page is read when the one before was
// yielded, so yield may write to the store.
func (s *Store) AllConnections(ctx context.Context, job string, yield func(state.Connection) error) error {
	doing := fmt.Sprintf("reading the connections of job %q", job)
	for _, number := range []int64{typeUser, typeGroup} {
		after := "" // no anchor is empty
		for {
			var page []state.Connection
			err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
				page, err = rowsOf(ctx, db, scanConnection, selectConnections+
					`WHERE job = `+ofJob+` AND type = ? AND source_anchor > ? ORDER BY source_anchor LIMIT ?`,
					job, number, after, pageSize)
				return err
			})
			if err != nil {
				return err
			}
			for _, c := range page {
				if err := yield(c); err != nil {
					return err
				}
			}
			if len(page) < pageSize {
				break
			}
			after = page[len(page)-1].SourceAnchor
		}
	}
	return nil
}

// Links returns the target anchors that an attribute of a source object was
// made to refer to.
func (s *Store) Links(ctx context.Context, job, sourceAnchor, attribute string) (map[string]struct{}, error) {
	links := map[string]struct{}{}
	err := s.reader.view(ctx, fmt.Sprintf("reading the references of object %q of job %q", sourceAnchor, job),
		func(db *sql.DB) (err error) {
			clear(links)
			rows, err := db.QueryContext(ctx, `SELECT target_anchor FROM links
				WHERE job = `+ofJob+` AND source_anchor = ? AND attribute = ?`, job, sourceAnchor, attribute)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, rows.Close()) }()
			for rows.Next() {
				var anchor string
				if err := rows.Scan(&anchor); err != nil {
					return err
				}
				links[anchor] = struct{}{}
			}
			return rows.Err()
		})
	if err != nil {
		return nil, err
	}
	return links, nil
}

// Counts returns how many connections and escrows the job has.
func (s *Store) Counts(ctx context.Context, job string) (state.Counts, error) {
	type count struct{ kind, n, active int64 }
	var page []count
	err := s.reader.view(ctx, fmt.Sprintf("counting the connections of job %q", job), func(db *sql.DB) (err error) {
		page, err = rowsOf(ctx, db, func(rows *sql.Rows, c *count) error { return rows.Scan(&c.kind, &c.n, &c.active) },
			`SELECT type, count(*), count(*) FILTER (WHERE status = 'active') FROM connections WHERE job = `+ofJob+` GROUP BY type
			 UNION ALL SELECT 0, count(*), 0 FROM escrows WHERE job = `+ofJob+`
			 UNION ALL SELECT -1, count(*), 0 FROM escrows WHERE reference AND job = `+ofJob+`
			 UNION ALL SELECT -2, count(*), 0 FROM escrows e JOIN connections c
				ON c.job = e.job AND c.source_anchor = e.source_anchor AND c.type = e.type
				WHERE NOT e.reference AND e.job = `+ofJob, job, job, job, job)
		return err
	})
	if err != nil {
		return state.Counts{}, err
	}
	counts := state.Counts{
		Connections: map[directory.ObjectType]int64{directory.User: 0, directory.Group: 0},
		Active:      map[directory.ObjectType]int64{directory.User: 0, directory.Group: 0},
	}
	for _, c := range page {
		switch c.kind {
		case 0:
			counts.Escrows = c.n
		case -1:
			counts.References = c.n
		case -2:
			counts.Failing = c.n
		default:
			counts.Connections[typeOf(c.kind)], counts.Active[typeOf(c.kind)] = c.n, c.active
		}
	}
	return counts, nil
}

// Memberships returns how many references of groups were set, each once. A group
// whose connection was dropped is known by what was seen of it.
func (s *Store) Memberships(ctx context.Context, job string) (n int64, err error) {
	group, err := typeNumber(directory.Group)
	if err != nil {
		return 0, err
	}
	err = s.reader.view(ctx, fmt.Sprintf("counting the members of the groups of job %q", job), func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT DISTINCT source_anchor, target_anchor FROM links
			WHERE job = `+ofJob+` AND source_anchor IN (
				SELECT source_anchor FROM connections WHERE job = `+ofJob+` AND type = ?
				UNION SELECT anchor FROM source_records WHERE job = `+ofJob+` AND type = ?))`, job, job, group, job, group).Scan(&n)
	})
	return n, err
}
