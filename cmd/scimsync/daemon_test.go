package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestDaemonIsKnown: who looks at a state knows whether a daemon runs on it, and
// which files it has not read as they are.
func TestDaemonIsKnown(t *testing.T) {
	dir := t.TempDir()
	state, old, changed := filepath.Join(dir, "scimsync.db"), filepath.Join(dir, "old.yaml"), filepath.Join(dir, "token")
	files := []string{old, changed, filepath.Join(dir, "nosuch")}
	began := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	for file, at := range map[string]time.Time{old: began.Add(-time.Hour), changed: began.Add(time.Hour)} {
		write(t, dir, filepath.Base(file), "text")
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	core, logged := observer.New(zap.InfoLevel)
	log := zap.New(core)
	known := func(running bool, unread ...string) {
		t.Helper()
		d, err := daemonOf(state, files)
		if err != nil || d == nil || d.Running != running || !slices.Equal(d.Changed, unread) {
			t.Fatalf("%+v, error %v", d, err)
		}
	}

	known(false)
	first := markDaemon(context.Background(), log, state, began)
	if first == nil {
		t.Fatal(logged.All())
	}
	known(true, changed)
	if d, _ := daemonOf(state, files); d.ProcessID != os.Getpid() || !d.Since.Equal(began) {
		t.Errorf("%+v", d)
	}
	first.read(log, began.Add(2*time.Hour))
	known(true)
	if logged.Len() > 0 {
		t.Errorf("logged %v", logged.All())
	}

	second := markDaemon(context.Background(), log, state, began)
	if second != nil || logged.FilterMessageSnippet("another daemon runs on the same state").Len() != 1 {
		t.Errorf("the second daemon: %v, logged %v", second, logged.All())
	}
	if err := second.release(); err != nil {
		t.Error(err)
	}
	known(true)
	if err := first.release(); err != nil {
		t.Error(err)
	}
	known(false)

	// One that cannot leave word runs all the same.
	if m := markDaemon(context.Background(), log, filepath.Join(dir, "nosuch", "scimsync.db"), began); m != nil || !strings.Contains(logged.All()[logged.Len()-1].Message, "will not know") {
		t.Errorf("logged %v", logged.All())
	}
}
