package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/scimsync/scimsync/engine/state"
)

// writer is the one connection of this process that writes. Its statements
// are prepared once.
type writer struct {
	path string
	db   *sql.DB
	turn chan struct{} // holds one token: whose turn it is

	// What follows belongs to whose turn it is.
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	keys       map[keyed]int64 // keys that were committed, of jobs and of job ids in the log
	closed     bool
}

// keyed is a name that a table gives a key to.
type keyed struct{ table, name string }

func newWriter(ctx context.Context, path string, o options) (*writer, error) {
	db, err := openDB(writerDSN(path, o), 1)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		path: path, db: db, turn: make(chan struct{}, 1), conn: conn,
		statements: map[string]*sql.Stmt{}, keys: map[keyed]int64{},
	}
	w.turn <- struct{}{}
	if err := w.check(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// check makes sure that the file can be written in write-ahead-log mode:
// SQLite itself opens a file that it may not write without a word.
func (w *writer) check(ctx context.Context) error {
	readOnly := false
	err := w.conn.Raw(func(raw any) (err error) {
		if conn, ok := raw.(interface{ IsReadOnly(string) (bool, error) }); ok {
			readOnly, err = conn.IsReadOnly("main")
		}
		return err
	})
	if err != nil {
		return err
	}
	if readOnly {
		return &FileError{
			Path: w.path, Doing: "opening the state", What: "the file cannot be written",
			Advice: "give the user that runs scimsync the right to write it and its folder", Err: fs.ErrPermission,
		}
	}
	var mode string
	if err := w.conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system does not support SQLite's write-ahead log (journal_mode is %s); put the file on a local disk", mode)
	}
	return nil
}

func (w *writer) close() error {
	<-w.turn
	defer func() { w.turn <- struct{}{} }()
	w.closed = true
	var errs []error
	for _, statement := range w.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

// tx is a transaction of the writer.
type tx struct {
	w    *writer
	ctx  context.Context // never ends: a transaction is milliseconds long
	keys map[keyed]int64 // keys that this transaction has made
}

// transact runs f in a transaction that holds the write lock from the start
// and is stored whole if f returns nil, not at all otherwise. Errors say what
// was being done.
func (w *writer) transact(ctx context.Context, doing string, f func(*tx) error) error {
	select {
	case <-w.turn:
		defer func() { w.turn <- struct{}{} }()
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if w.closed {
		return fault(w.path, doing, sql.ErrConnDone)
	}
	t := &tx{w: w, ctx: context.WithoutCancel(ctx)}
	committed := false
	defer func() { // also if f panics: the connection is the next one's
		if !committed {
			// There may be no transaction any more, or not yet, and SQLite says so:
			// the first error is the one that counts. That BEGIN has failed because
			// ctx has ended does not mean that it has not begun one.
			_, _ = w.conn.ExecContext(t.ctx, "ROLLBACK")
		}
	}()
	_, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE") // may wait for another process
	if err == nil {
		err = f(t)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = w.conn.ExecContext(t.ctx, "COMMIT")
	}
	if err != nil {
		return fault(w.path, doing, err)
	}
	committed = true
	for name, key := range t.keys {
		w.keys[name] = key
	}
	return nil
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	statement, err := t.statement(query) //nolint:sqlclosecheck // kept for the next transaction
	if err != nil {
		return 0, err
	}
	result, err := statement.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one scans the only row of a query; found is false if there is none.
func (t *tx) one(query string, args []any, dest ...any) (found bool, err error) {
	statement, err := t.statement(query) //nolint:sqlclosecheck // kept for the next transaction
	if err != nil {
		return false, err
	}
	err = statement.QueryRowContext(t.ctx, args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (t *tx) statement(query string) (*sql.Stmt, error) {
	if statement, ok := t.w.statements[query]; ok {
		return statement, nil
	}
	statement, err := t.w.conn.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.w.statements[query] = statement
	return statement, nil
}

// The tables that give names a key.
const (
	jobsTable    = "jobs"
	logJobsTable = "log_jobs"
)

// jobKey returns the key of a job by its name, and makes one if it has none.
func (t *tx) jobKey(name string) (int64, error) {
	return t.key(keyed{jobsTable, name}, `SELECT key FROM jobs WHERE name = ?`,
		`INSERT INTO jobs (name) VALUES (?) RETURNING key`)
}

// logKey returns the key of a job id in the provisioning log.
func (t *tx) logKey(id string) (int64, error) {
	return t.key(keyed{logJobsTable, id}, `SELECT key FROM log_jobs WHERE id = ?`,
		`INSERT INTO log_jobs (id) VALUES (?) RETURNING key`)
}

func (t *tx) key(k keyed, find, insert string) (key int64, err error) {
	if key, ok := t.w.keys[k]; ok {
		return key, nil
	}
	if key, ok := t.keys[k]; ok {
		return key, nil
	}
	found, err := t.one(find, []any{k.name}, &key)
	if err == nil && !found {
		found, err = t.one(insert, []any{k.name}, &key)
	}
	if err != nil {
		return 0, fmt.Errorf("the key of %s %q: %w", k.table, k.name, err)
	}
	if !found {
		return 0, fmt.Errorf("the key of %s %q was not made", k.table, k.name)
	}
	if t.keys == nil {
		t.keys = map[keyed]int64{}
	}
	t.keys[k] = key
	return key, nil
}

// write runs f in a transaction, or refuses if the store is read-only.
func (s *Store) write(ctx context.Context, doing string, f func(*tx) error) error {
	if s.writer == nil {
		return fmt.Errorf("%s: %w", doing, state.ErrReadOnly)
	}
	return s.writer.transact(ctx, doing, f)
}
