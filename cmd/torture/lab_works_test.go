package main

import "testing"

// TestLaboratory tries the laboratory itself: a firm that changes for a while,
// and nothing that disturbs.
func TestLaboratory(t *testing.T) {
	l := newLab(t, seedOf(t), 12)
	for range 20 {
		l.export(t)
		l.check(t)
		l.firm.change(4)
	}
}
