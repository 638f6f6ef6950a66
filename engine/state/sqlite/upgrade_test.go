package sqlite_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"
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
		"ALTER TABLE jobs DROP COLUMN paused", "DROP TABLE unanswered", "DELETE FROM goose_db_version WHERE version_id > 1", "PRAGMA wal_checkpoint(TRUNCATE)",
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
