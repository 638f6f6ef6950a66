package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
)

// OpenReadOnly opens the state file at path for reading and neither creates
// nor changes anything in its folder: a dry run works on it. If there is no
// file the store is empty. Writes return state.ErrReadOnly, and Lock takes no
// lock: a dry run may run beside a cycle. Errors are those of Open.
//
// A file that no process has open is read without the files that SQLite
// otherwise puts beside it (-wal, -shm), and read again should a process begin
// to write to it. One that a process has open is read along with these. A
// state that has to be brought up to date first, or whose -wal was left behind
// alone, is copied to the folder for temporary files.
func OpenReadOnly(ctx context.Context, path string, opts ...Option) (*Store, error) {
	o, path := defaults(opts), Resolve(path)
	const doing = "opening the state to read"
	s := &Store{path: path}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		db, err := openEmpty(ctx)
		if err != nil {
			return nil, fault(path, doing, err)
		}
		s.reader = pool{path, db}
	case err != nil:
		return nil, fault(path, doing, err)
	default:
		bystander, err := openBystander(ctx, path, o)
		if err != nil {
			return nil, fault(path, doing, err)
		}
		s.reader = bystander
	}
	err := s.reader.view(ctx, doing, func(db *sql.DB) (err error) {
		if o.quickCheck {
			if err := quickCheck(ctx, path, db); err != nil {
				return err
			}
		}
		s.tenant, err = tenantOf(ctx, db)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, s.reader.close())
	}
	return s, nil
}

// openEmpty returns an empty state in memory. One connection is the database.
func openEmpty(ctx context.Context) (*sql.DB, error) {
	db, err := openDB("file::memory:?_dqs=0&_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// errUnsettled says that a file changed each time while it was read.
var errUnsettled = errors.New("the file changed again and again while it was read; try again when the cycle has ended")
