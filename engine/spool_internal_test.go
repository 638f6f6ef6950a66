package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSweep: what a loss of power has left goes, and nothing that is somebody's.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for name, stays := range map[string]bool{spoolName + "123": false, spoolName: true, spoolName + "hook.sh": true, spoolName + "1.json": true, "my-" + spoolName + "1": true} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		sweep(dir)
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
