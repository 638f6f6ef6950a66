package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// TestDiskFull lets SQLite find the disk full: what was recorded stays, what
// was to be is not there at all, and it goes on when there is room again.
func TestDiskFull(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, filepath.Join(t.TempDir(), "scimsync.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	batch := func(n int) (outcomes []state.Outcome) {
		for i := range 200 {
			anchor := fmt.Sprintf("%d-%d", n, i)
			outcomes = append(outcomes, state.Outcome{Type: directory.User, SourceAnchor: anchor, Connect: &state.Connection{
				Type: directory.User, SourceAnchor: anchor, TargetAnchor: anchor, DisplayName: strings.Repeat("x", 100),
				Since: time.Unix(0, 0), Updated: time.Unix(0, 0),
			}})
		}
		return outcomes
	}
	room := func(pages int) {
		t.Helper()
		if _, err := s.writer.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Record(ctx, "blogin", batch(0)); err != nil {
		t.Fatal(err)
	}
	room(1) // no more than there is
	err = s.Record(ctx, "blogin", batch(1))
	var file *FileError
	if !errors.As(err, &file) || errors.Is(err, state.ErrDamaged) {
		t.Fatalf("got error %v, want a *FileError that is not about damage", err)
	}
	for _, part := range []string{"disk is full", "free some space", `recording 200 outcomes of job "blogin"`, s.path} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	holds := func(want int64) {
		t.Helper()
		counts, err := s.Counts(ctx, "blogin")
		if err != nil {
			t.Fatal(err)
		}
		if got := counts.Connections[directory.User]; got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
	}
	holds(200)
	room(1 << 30)
	if err := s.Record(ctx, "blogin", batch(1)); err != nil {
		t.Fatal(err)
	}
	holds(400)
}
