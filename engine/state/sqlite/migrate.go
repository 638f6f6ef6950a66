package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/scimsync/scimsync/engine/state"
)

// applicationID marks a SQLite database as scimsync's: "SCIM" in the header
// (PRAGMA application_id).
const applicationID = 0x5343494D

//go:embed migrations/*.sql
var migrations embed.FS

// standing is what a database says of itself.
type standing struct {
	application int64
	tables      int64
	version     int64 // of the schema; 0 for none
}

// empty reports whether nobody has written anything to the database.
func (s standing) empty() bool { return s.application == 0 && s.tables == 0 }

// inspect reads a database's standing without changing it.
func inspect(ctx context.Context, db *sql.DB) (standing, error) {
	var s standing
	// In this order: another process may be preparing the file, which marks it
	// before it makes the first table.
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&s.tables); err != nil {
		return s, err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&s.application); err != nil {
		return s, err
	}
	if s.application != applicationID || s.tables == 0 {
		return s, nil
	}
	err := db.QueryRowContext(ctx,
		`SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied = 1`).Scan(&s.version)
	return s, err
}

// check returns an error if the database is not one that this program can use.
func (s standing) check(path string) error {
	latest, err := latestVersion()
	if err != nil {
		return err
	}
	switch {
	case !s.empty() && s.application != applicationID:
		return foreign(path, s.application)
	case s.version > latest:
		return &FileError{
			Path:   path,
			What:   fmt.Sprintf("it was written by a newer version of scimsync (schema %d, this version knows %d)", s.version, latest),
			Advice: "use that version or a newer one",
			Err:    state.ErrNewer,
		}
	}
	return nil
}

func foreign(path string, application int64) error {
	return &FileError{
		Path:   path,
		What:   fmt.Sprintf("this is a SQLite database of another program (application_id %#x), which is left alone", uint32(application)),
		Advice: "name another file",
		Err:    state.ErrDamaged,
	}
}

// latestVersion returns the version of the schema that this program writes.
func latestVersion() (int64, error) {
	entries, err := fs.ReadDir(migrations, "migrations")
	if err != nil {
		return 0, err
	}
	var latest int64
	for _, e := range entries {
		version, err := goose.NumericComponent(e.Name())
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", e.Name(), err)
		}
		latest = max(latest, version)
	}
	return latest, nil
}

// migrate brings the schema to the latest version. Each step is a transaction:
// a process that is killed in between leaves a state that the next one takes
// further.
func migrate(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	// The provider is not closed: that would close db.
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		var partial *goose.PartialError
		if errors.As(err, &partial) {
			return fmt.Errorf("migration %d: %w", partial.Failed.Source.Version, partial.Err)
		}
		return err
	}
	return nil
}
