package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/scimsync/scimsync/engine/provlog"
)

const (
	// eventPage is how many entries are in memory at once.
	eventPage = 256
	// eventWindow is how many entries one query looks through at the most, so
	// that a search that finds little holds no read transaction for long.
	eventWindow = 50_000
)

// entry is a log entry as it is stored.
type entry struct {
	event *provlog.Event
	names string
	body  string
}

// encode returns the entry of an event as it is stored, nil if there is none.
func encode(event *provlog.Event) (*entry, error) {
	if event == nil {
		return nil, nil
	}
	object := event.SourceIdentity.ID
	if event.ID == "" {
		return nil, fmt.Errorf("the log entry of object %q has no id", object)
	}
	e := *event
	e.ActivityDateTime = e.ActivityDateTime.UTC()
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("the log entry of object %q: %w", object, err)
	}
	return &entry{event: event, names: e.SearchText(), body: string(body)}, nil
}

// columns are the values of an entry from its time on.
func (e *entry) columns() []any {
	return []any{
		micros(e.event.ActivityDateTime), e.event.CycleID,
		string(e.event.ProvisioningAction), string(e.event.ProvisioningStatusInfo.Status), e.names, e.body,
	}
}

func (r recorder) log(e *entry) error {
	job, err := r.logKey(e.event.JobID)
	if err != nil {
		return err
	}
	columns := e.columns()
	last := len(columns) - 1
	_, err = r.exec(`INSERT INTO events (id, job, time, cycle, action, status, names) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		append([]any{e.event.ID, job}, columns[:last]...)...)
	if isUnique(err) {
		return fmt.Errorf("the log has an entry of id %s already: %w", e.event.ID, err)
	}
	if err != nil {
		return err
	}
	_, err = r.exec(`INSERT INTO event_bodies (seq, body) VALUES (last_insert_rowid(), ?)`, columns[last])
	return err
}

// Events calls yield with the selected entries, in the order in which they
// were recorded, up to the last one there is when it begins. After an id that
// is not in the log (its entry was purged) come the entries with greater ids.
// No transaction is open while yield runs, so yield may take its time and
// write to the store.
func (s *Store) Events(ctx context.Context, q provlog.Query, yield func(provlog.Event) error) error {
	const doing = "reading the provisioning log"
	var search *eventSearch
	err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
		search, err = newEventSearch(ctx, db, q)
		return err
	})
	if err != nil {
		return err
	}
	if q.Limit > 0 {
		if err := s.skipToNewest(ctx, doing, search, q.Limit); err != nil {
			return err
		}
	}
	for search.after < search.last {
		var page []numbered
		window := min(search.after+eventWindow, search.last)
		err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
			page, err = rowsOf(ctx, db, func(rows *sql.Rows, n *numbered) error { return rows.Scan(&n.seq, &n.body) },
				`SELECT e.seq, b.body FROM events e CROSS JOIN event_bodies b ON b.seq = e.seq
				WHERE e.seq > ? AND e.seq <= ?`+search.where+` ORDER BY e.seq LIMIT ?`,
				search.arguments(search.after, window, eventPage)...)
			return err
		})
		if err != nil {
			return err
		}
		for _, n := range page {
			var e provlog.Event
			if err := jsonv2.Unmarshal(n.body, &e); err != nil { // twice as fast as encoding/json
				return damaged(s.path, doing, fmt.Sprintf("entry %d cannot be read (%v)", n.seq, err), err)
			}
			if err := yield(e); err != nil {
				return err
			}
		}
		search.after = window
		if len(page) == eventPage {
			search.after = page[len(page)-1].seq
		}
	}
	return nil
}

type numbered struct {
	seq  int64
	body []byte
}

// skipToNewest moves the search's beginning to before the newest limit entries.
func (s *Store) skipToNewest(ctx context.Context, doing string, search *eventSearch, limit int) error {
	for upTo := search.last; upTo > search.after; {
		var page []int64
		window := max(upTo-eventWindow, search.after)
		size := min(limit, eventWindow)
		err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
			page, err = rowsOf(ctx, db, func(rows *sql.Rows, seq *int64) error { return rows.Scan(seq) },
				`SELECT e.seq FROM events e WHERE e.seq > ? AND e.seq <= ?`+search.where+` ORDER BY e.seq DESC LIMIT ?`,
				search.arguments(window, upTo, size)...)
			return err
		})
		if err != nil {
			return err
		}
		if limit -= len(page); limit == 0 {
			search.after = page[len(page)-1] - 1
			return nil
		}
		upTo = window
	}
	return nil
}

// eventSearch is a query in SQL: conditions, and the part of the log that is
// yet to be searched.
type eventSearch struct {
	after, last int64 // sequence numbers: after < seq <= last
	where       string
	args        []any
}

func newEventSearch(ctx context.Context, db *sql.DB, q provlog.Query) (*eventSearch, error) {
	s := &eventSearch{}
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM events`).Scan(&s.last); err != nil {
		return nil, err
	}
	if q.After != "" {
		err := db.QueryRowContext(ctx, `SELECT seq FROM events WHERE id = ?`, q.After).Scan(&s.after)
		if errors.Is(err, sql.ErrNoRows) {
			s.add(`e.id > ?`, q.After)
		} else if err != nil {
			return nil, err
		}
	}
	if !q.Since.IsZero() {
		// Entries are recorded nearly in the order of their times: the log is
		// searched from the first one that is not too old. (The plus sign has
		// SQLite look for it by time, rather than by number from the beginning.)
		var first sql.NullInt64
		err := db.QueryRowContext(ctx, `SELECT min(+seq) FROM events WHERE time >= ?`, micros(q.Since)).Scan(&first)
		if err != nil {
			return nil, err
		}
		if !first.Valid {
			s.last = 0
			return s, nil
		}
		s.after = max(s.after, first.Int64-1)
		s.add(`+e.time >= ?`, micros(q.Since))
	}
	// A plus sign keeps SQLite from using a column's index: a cycle's is more
	// telling than its job's.
	if q.CycleID != "" {
		s.add(`e.cycle = ?`, q.CycleID)
	}
	if q.JobID != "" {
		column := `e.job`
		if q.CycleID != "" {
			column = `+e.job`
		}
		s.add(column+` = (SELECT key FROM log_jobs WHERE id = ?)`, q.JobID)
	}
	if q.User != "" {
		// Part of a name, which come first, or the whole of an id. Entries of
		// earlier versions have no end of the names: there, part of an id too.
		folded := provlog.Fold(q.User)
		s.add(`(instr(e.names, ?) BETWEEN 1 AND instr(e.names || ?, ?) OR instr(e.names, ?) > 0)`,
			folded, provlog.EndOfNames, provlog.EndOfNames, "\n"+folded+"\n")
	}
	addAny(s, `e.action`, q.Actions)
	addAny(s, `e.status`, q.Status)
	return s, nil
}

func (s *eventSearch) add(condition string, args ...any) {
	s.where += " AND " + condition
	s.args = append(s.args, args...)
}

func addAny[T ~string](s *eventSearch, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	s.add(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// arguments returns those of a query on a part of the log.
func (s *eventSearch) arguments(after, last int64, limit int) []any {
	return append(append([]any{after, last}, s.args...), limit)
}

// purgeChunk is how many entries one transaction removes: others may write
// in between.
const purgeChunk = 1000

// Purge removes entries older than before, in chunks, and returns how many,
// and with them what was taken away by then.
// Cut short by an error or the end of ctx, it returns how many until then.
// The file keeps its size: new entries take the room.
func (s *Store) Purge(ctx context.Context, before time.Time) (int64, error) {
	var total int64
	for {
		var removed int64
		err := s.write(ctx, fmt.Sprintf("purging the provisioning log before %s", before.Format(time.RFC3339)),
			func(t *tx) (err error) {
				if _, err := t.exec(`DELETE FROM taken WHERE time < ?`, micros(before)); err != nil {
					return err
				}
				const old = ` IN (SELECT seq FROM events WHERE time < ? ORDER BY time, seq LIMIT ?)`
				if _, err = t.exec(`DELETE FROM event_bodies WHERE seq`+old, micros(before), purgeChunk); err != nil {
					return err
				}
				removed, err = t.exec(`DELETE FROM events WHERE seq`+old, micros(before), purgeChunk)
				return err
			})
		if err != nil {
			return total, err
		}
		total += removed
		if removed < purgeChunk {
			return total, nil
		}
	}
}
