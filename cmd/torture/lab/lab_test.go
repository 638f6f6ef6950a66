package lab

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// TestLaboratory tries the laboratory itself: a firm that changes for a while,
// and nothing that disturbs. Every kind of change comes about.
func TestLaboratory(t *testing.T) {
	l := New(t, t.TempDir(), Seed(t), 12)
	for range 20 {
		l.Check()
		l.Change(8)
	}
	l.Check()
	for _, kind := range l.Kinds() {
		if l.Counts[kind] == 0 {
			t.Errorf("%q has never happened", kind)
		}
	}
}
