package plan

import (
	"bytes"
	"strings"
	"testing"
)

// Whoever reads a plan relies on its head being there, and on having checked it
// before the operations.
func TestSavedPlanHasItsHeadOnce(t *testing.T) {
	head, entries := savedPlan()
	whole := strings.TrimSpace(string(written(t, head, entries)))
	for _, more := range []string{`"saved": null`, `"saved": {"format": 9}`, `"guard": ""`, `"operations": []`} {
		file := strings.TrimSuffix(whole, "}") + ", " + more + "}"
		if got, err := ReadSaved(bytes.NewReader([]byte(file)), func(Entry) error { return nil }); err == nil {
			t.Errorf("%s after the operations: %+v", more, got)
		}
	}
}
