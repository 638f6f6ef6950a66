package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/scimsync/scimsync/engine/state"
)

// readers is how many connections read at once.
const readers = 4

var _ state.Store = (*Store)(nil)

// Store is a state.Store in one SQLite file. Its methods may be called from
// many goroutines; writes wait for each other.
type Store struct {
	path   string
	tenant string
	writer *writer // nil if the store is read-only
	reader reader
	locks  locks

	closing sync.Once
	closed  error
}

// reader runs queries. view calls f with a database, whose errors it wraps
// with what was being done. It may call f again if what f has read turns out
// not to hold, so f starts afresh each time and passes nothing on.
type reader interface {
	view(ctx context.Context, doing string, f func(db *sql.DB) error) error
	close() error
}

// TenantID returns the id of the tenant that the state belongs to: 32
// hexadecimal digits, made when the file was. A job's id and the entries of
// the provisioning log bear it.
func (s *Store) TenantID() string { return s.tenant }

// Close releases the store and the locks that it holds. It waits for a write
// under way.
func (s *Store) Close() error {
	s.closing.Do(func() {
		// The writer closes last: the last connection copies the write-ahead
		// log into the database and removes it.
		errs := []error{s.locks.close(), s.reader.close()}
		if s.writer != nil {
			errs = append(errs, s.writer.close())
		}
		s.closed = fault(s.path, "closing the state", errors.Join(errs...))
	})
	return s.closed
}

// pool is a reader on a database that other connections may write to.
type pool struct {
	path string
	db   *sql.DB
}

func (p pool) view(_ context.Context, doing string, f func(*sql.DB) error) error {
	return fault(p.path, doing, f(p.db))
}

func (p pool) close() error { return p.db.Close() }

// openDB opens a pool of at most n connections, which it keeps.
func openDB(dsn string, n int) (*sql.DB, error) {
	connector, err := newConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}
