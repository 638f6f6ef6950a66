package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

func newConnector(dsn string) (driver.Connector, error) { return sqlite.NewConnector(dsn) }

// Open opens the state file at path, and makes it, readable by its owner
// alone, if there is none. Its folder must exist. An older schema is brought
// up to date. A file that is damaged or another program's is refused with a
// *FileError that wraps state.ErrDamaged and is left as it is, one of a newer
// version with one that wraps state.ErrNewer.
func Open(ctx context.Context, path string, opts ...Option) (*Store, error) {
	o, path := defaults(opts), Resolve(path)
	if err := create(path); err != nil {
		return nil, err
	}
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fault(path, "opening the state", err)
	}
	return s, nil
}

// Resolve returns the file that path is a link to, or path if it is none. SQLite
// puts its log beside the file itself, and so do the locks stand there: whoever
// comes by another name finds them.
func Resolve(path string) string {
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return path
	}
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path // which leads nowhere, and opening it says so
}

// create makes an empty file if there is none. SQLite gives the -wal and -shm
// files beside it the same permissions. A file that exists is not opened here:
// to close it again would end the locks that this process may have on it
// (POSIX; "How To Corrupt An SQLite Database File", 2.2).
func create(path string) error {
	const doing = "opening the state"
	if path == "" {
		return errors.New("the state has no file name")
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return &FileError{
			Path: path, Doing: doing, What: "the folder " + folder + " does not exist",
			Advice: "make it, or name a file in another folder", Err: fs.ErrNotExist,
		}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return &FileError{Path: path, Doing: doing, What: "this is no regular file", Advice: "name another file", Err: fs.ErrInvalid}
	} else if err == nil {
		return nil
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was here
		return nil
	}
	if err != nil {
		return &FileError{
			Path: path, Doing: doing, What: err.Error(),
			Advice: "the user that runs scimsync must be able to write the file and its folder", Err: err,
		}
	}
	return f.Close()
}

func open(ctx context.Context, path string, o options) (*Store, error) {
	if err := prepare(ctx, path, o); err != nil {
		return nil, err
	}
	w, err := newWriter(ctx, path, o)
	if err != nil {
		return nil, err
	}
	db, err := openDB(readerDSN(path, o), readers)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	s := &Store{path: path, writer: w, reader: pool{path, db}}
	if s.tenant, err = tenantOf(ctx, db); err == nil && o.quickCheck {
		err = quickCheck(ctx, path, db)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare checks that the file is one that this program may write to, and
// brings its schema up to date. Of several processes that open a new file at
// once, one does it and the others wait.
func prepare(ctx context.Context, path string, o options) error {
	latest, err := latestVersion()
	if err != nil {
		return err
	}
	found, err := examine(ctx, path, o)
	if err != nil || found.version == latest {
		return err
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return fmt.Errorf("waiting for another process that prepares the file: %w", err)
	}
	defer func() { _ = lock.Unlock() }()
	if found, err = examine(ctx, path, o); err != nil || found.version == latest {
		return err
	}
	db, err := openDB(writerDSN(path, o), 1)
	if err != nil {
		return err
	}
	if err := migrate(ctx, db); err != nil {
		return errors.Join(fmt.Errorf("bringing the schema up to date: %w", err), db.Close())
	}
	return db.Close()
}

// examine returns the standing of the file, or an error if it is not one of
// ours. It asks nothing of SQLite that would change another program's file.
func examine(ctx context.Context, path string, o options) (standing, error) {
	db, err := openDB(dsn(path, url.Values{"mode": {"rw"}}, append(common(o), "query_only(1)")...), 1)
	if err != nil {
		return standing{}, err
	}
	found, err := inspect(ctx, db)
	if err := errors.Join(err, db.Close()); err != nil {
		return found, err
	}
	return found, found.check(path)
}

func tenantOf(ctx context.Context, db *sql.DB) (id string, err error) {
	err = db.QueryRowContext(ctx, `SELECT tenant_id FROM meta WHERE id = 1`).Scan(&id)
	return id, err
}

// quickCheck has SQLite check the structure of the whole file.
func quickCheck(ctx context.Context, path string, db *sql.DB) error {
	var result string
	if err := db.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return damaged(path, "checking the state", "the file is damaged ("+result+")", nil)
	}
	return nil
}
