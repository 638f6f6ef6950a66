package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"
)

// TestAPanicTakesItsTransactionBack: what it had written is not there, and the
// next transaction is no part of it.
func TestAPanicTakesItsTransactionBack(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("there was no panic")
			}
		}()
		_ = s.write(t.Context(), "testing", func(t *tx) error {
			if _, err := t.jobKey("half"); err != nil {
				return err
			}
			panic("a mistake")
		})
	}()
	if err := s.SetPaused(t.Context(), "whole", time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	var names string
	err = s.reader.view(t.Context(), "testing", func(db *sql.DB) error {
		return db.QueryRowContext(t.Context(), `SELECT group_concat(name) FROM jobs`).Scan(&names)
	})
	if err != nil || names != "whole" {
		t.Errorf("the state has jobs %s, %v", names, err)
	}
}
