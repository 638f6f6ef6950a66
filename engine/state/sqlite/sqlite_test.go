package sqlite_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/scimsync/scimsync/engine/state"
	"github.com/scimsync/scimsync/engine/state/sqlite"
	"github.com/scimsync/scimsync/engine/state/statetest"
)

func TestConformance(t *testing.T) {
	var paths sync.Map // file of each test
	statetest.Run(t, func(t *testing.T) state.Store {
		path, _ := paths.LoadOrStore(t, filepath.Join(t.TempDir(), "scimsync.db"))
		return open(t, path.(string))
	})
}

func open(t testing.TB, path string, opts ...sqlite.Option) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
