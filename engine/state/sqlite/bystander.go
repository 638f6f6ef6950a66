package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// bystander reads a state file that others may write to, without leaving a
// trace. SQLite can read a database in write-ahead-log mode in two ways:
//
//   - along with the processes that have it open, by their -wal and -shm
//     files, which it would make if there were none;
//   - as immutable, without these and without any lock, which is right only
//     as long as nobody writes to the file.
//
// So the second way is for a file that nobody has open, and every read of it
// counts only if the file is the same afterwards.
type bystander struct {
	path string
	o    options

	mu     sync.RWMutex // held for reading while db is read
	db     *sql.DB
	frozen *fingerprint // of the file that db takes for immutable; nil if it is not
	temp   string       // folder of a private copy; "" for none
	closed bool
}

// fingerprint tells whether a file was written to.
type fingerprint struct {
	info os.FileInfo
	open bool // a process has it open, or has left a write-ahead log
}

func (f fingerprint) equal(g fingerprint) bool {
	return f.open == g.open && os.SameFile(f.info, g.info) &&
		f.info.Size() == g.info.Size() && f.info.ModTime().Equal(g.info.ModTime())
}

func openBystander(ctx context.Context, path string, o options) (*bystander, error) {
	b := &bystander{path: path, o: o}
	if err := b.connect(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// attempts is how often a read is begun again because the file changed.
const attempts = 10

func (b *bystander) view(ctx context.Context, doing string, f func(*sql.DB) error) error {
	for range attempts {
		again, err := b.try(f)
		if !again {
			return fault(b.path, doing, err)
		}
		if err := b.reconnect(ctx); err != nil {
			return fault(b.path, doing, err)
		}
	}
	return fault(b.path, doing, errUnsettled)
}

// try calls f and reports whether what it has read does not hold.
func (b *bystander) try(f func(*sql.DB) error) (again bool, err error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return false, sql.ErrConnDone
	}
	if b.db == nil { // an earlier attempt to open it again has failed
		return true, nil
	}
	err = f(b.db)
	if b.frozen == nil {
		return false, err
	}
	now, statErr := take(b.path)
	if statErr != nil {
		return false, errors.Join(statErr, err)
	}
	return !now.equal(*b.frozen), err
}

func (b *bystander) reconnect(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return sql.ErrConnDone
	}
	if b.db != nil { // another goroutine may have been here
		if b.frozen == nil {
			return nil
		}
		if now, err := take(b.path); err == nil && now.equal(*b.frozen) {
			return nil
		}
	}
	if err := b.disconnect(); err != nil {
		return err
	}
	if err := b.connect(ctx); err != nil {
		return errors.Join(err, b.disconnect())
	}
	return nil
}

// take returns the fingerprint of the file as it is now.
func take(path string) (f fingerprint, err error) {
	if f.info, err = os.Stat(path); err != nil {
		return f, err
	}
	if log, err := os.Stat(path + "-wal"); err == nil {
		_, err := os.Stat(path + "-shm")
		f.open = err == nil || log.Size() > 0
	}
	return f, nil
}

// connect opens the file in the way that is right for it at this moment.
func (b *bystander) connect(ctx context.Context) error {
	now, err := take(b.path)
	if err != nil {
		return err
	}
	uri := url.Values{"mode": {"ro"}}
	switch _, err := os.Stat(b.path + "-shm"); {
	case !now.open:
		uri.Set("immutable", "1")
		b.frozen = &now
	case err != nil: // a log without its index: SQLite would make one
		return b.connectCopy(ctx, copyFiles)
	}
	if b.db, err = openDB(dsn(b.path, uri, append(common(b.o), "cache_size(-8192)")...), readers); err != nil {
		return err
	}
	found, err := inspect(ctx, b.db)
	if lite := new(sqlite.Error); errors.As(err, &lite) && (isFull(lite) || lite.Code() == sqlite3.SQLITE_IOERR_SHMOPEN) { // no room for the log's index
		if err := b.db.Close(); err != nil {
			return err
		}
		b.db = nil
		return b.connectCopy(ctx, copyFiles)
	}
	if err != nil {
		return err
	}
	if err := found.check(b.path); err != nil {
		return err
	}
	if latest, err := latestVersion(); err != nil || found.version == latest {
		return err
	}
	// An older schema, or a file that is still empty.
	source := b.db
	err = b.connectCopy(ctx, func(ctx context.Context, path, copied string) error {
		if _, err := source.ExecContext(ctx, `VACUUM INTO ?`, copied); err != nil {
			return err
		}
		if after, err := take(path); err != nil || !after.equal(now) {
			return errors.Join(errUnsettled, err)
		}
		return nil
	})
	return errors.Join(err, source.Close())
}

// connectCopy goes on with a private copy, brought up to date.
func (b *bystander) connectCopy(ctx context.Context, copyTo func(ctx context.Context, path, copied string) error) (err error) {
	b.frozen = nil
	if b.temp, err = os.MkdirTemp("", "scimsync-state-"); err != nil {
		return err
	}
	copied := filepath.Join(b.temp, "state.db")
	if err := copyTo(ctx, b.path, copied); err != nil {
		return fmt.Errorf("copying it to %s: %w", copied, err)
	}
	if err := prepare(ctx, copied, b.o); err != nil {
		return err
	}
	b.db, err = openDB(readerDSN(copied, b.o), readers)
	return err
}

// copyFiles copies a database and its write-ahead log.
func copyFiles(_ context.Context, path, copied string) error {
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(path+suffix, copied+suffix); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}

func (b *bystander) disconnect() error {
	var errs []error
	if b.db != nil {
		errs = append(errs, b.db.Close())
		b.db = nil
	}
	if b.temp != "" {
		errs = append(errs, os.RemoveAll(b.temp))
		b.temp = ""
	}
	b.frozen = nil
	return errors.Join(errs...)
}

func (b *bystander) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return b.disconnect()
}
