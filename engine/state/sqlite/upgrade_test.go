package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/scimsync/scimsync/engine/provlog"
)

// earlier returns a state file as the first version of the schema left it.
func earlier(t *testing.T) string {
	t.Helper()
	path := written(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"ALTER TABLE jobs DROP COLUMN paused", "DROP TABLE unanswered", "DROP TABLE taken", "DROP TABLE begun", "DELETE FROM goose_db_version WHERE version_id > 1", "PRAGMA wal_checkpoint(TRUNCATE)",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A state of an earlier version is brought up to date with all that it holds.
func TestOpenEarlierSchema(t *testing.T) {
	ctx, path := context.Background(), earlier(t)
	s := open(t, path)
	if got := anchors(t, s); len(got) != 500 {
		t.Errorf("%d connections, want 500", len(got))
	}
	if since, err := s.Paused(ctx, job); err != nil || !since.IsZero() {
		t.Errorf("paused since %v, error %v", since, err)
	}
	if err := s.SetPaused(ctx, job, time.Unix(1, 0)); err != nil {
		t.Error(err)
	}
}

// Read only, it is left as it is.
func TestReadEarlierSchema(t *testing.T) {
	path := earlier(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := openReadOnly(t, path)
	if since, err := s.Paused(context.Background(), job); err != nil || !since.IsZero() {
		t.Errorf("paused since %v, error %v", since, err)
	}
	if got := anchors(t, s); len(got) != 500 {
		t.Errorf("%d connections, want 500", len(got))
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%s was changed, error %v", filepath.Base(path), err)
	}
}

// Log entries of an earlier version, whose search text had no end of the
// names, are found still.
func TestSearchEarlierEvents(t *testing.T) {
	path := written(t)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE events SET names = 'u-77' || char(10) || 'ada ito' WHERE seq = 7`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	for _, user := range []string{"u-77", "ADA", "ito"} {
		found := 0
		err := s.Events(context.Background(), provlog.Query{User: user}, func(provlog.Event) error {
			found++
			return nil
		})
		if err != nil || found != 1 {
			t.Errorf("user %q: %d entries, error %v, want 1", user, found, err)
		}
	}
}
