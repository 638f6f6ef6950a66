package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

const (
	scenarioRoot   = "testdata/scenarios"
	scenarioScript = "scenario.txtar"
)

// TestScenarios plays every scenario once in each PATCH dialect, with the
// wiring of the program and an application behind https, and compares the
// requests and the provisioning log with what was written down. Run with
// -update to write them anew; then read them beside the clauses that they show.
func TestScenarios(t *testing.T) {
	folders, err := scenarioFolders()
	if err != nil || len(folders) == 0 {
		t.Fatalf("%d scenarios, %v", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			standard := playScenario(t, folder, false)
			compliant := playScenario(t, folder, true)
			golden(t, filepath.Join(folder, "standard.http"), standard.requests.String())
			golden(t, filepath.Join(folder, "compliant.http"), compliant.requests.String())
			golden(t, filepath.Join(folder, "log.txt"), standard.log.String())
			if standard.json {
				golden(t, filepath.Join(folder, "log.json"), standard.entries.String())
			}
			// The dialect is one of the wire alone.
			differ := filepath.Join(folder, "log.compliant.txt")
			if standard.log.String() != compliant.log.String() {
				golden(t, differ, compliant.log.String())
			} else if _, err := os.Stat(differ); err == nil {
				t.Errorf("%s is there, and the log is the same in both dialects: remove it", differ)
			}
		})
	}
}

// playScenario plays a scenario in one dialect.
func playScenario(t *testing.T, folder string, compliant bool) *world {
	t.Helper()
	script, job, err := readScript(folder)
	if err != nil {
		t.Fatal(err)
	}
	var w *world
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, dir, compliant)
		w.setJob(job)
		if err := w.play(t.Context(), script); err != nil {
			t.Fatalf("%s: %v\n%s", filepath.Join(folder, scenarioScript), err, w.log.String())
		}
	})
	return w
}
