package main

import (
	"io"
	"log"
	"testing"
)

// TestLibrariesPrintNothing: net/http prints what an application sends without
// having been asked, as part of an error of its own, to where no secret is masked.
func TestLibrariesPrintNothing(t *testing.T) {
	before := log.Writer()
	defer log.SetOutput(before)
	log.SetOutput(t.Output())
	if code := run([]string{"help"}, io.Discard, io.Discard); code != exitDone || log.Writer() != io.Discard {
		t.Errorf("code %d; what libraries log goes to %v", code, log.Writer())
	}
}
