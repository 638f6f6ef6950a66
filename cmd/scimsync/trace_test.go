package main

import (
	"errors"
	"testing"
)

// TestTraceErrorKeepsTheExitCode: a trace that lacks entries is told of, and
// hides nothing of what the command says.
func TestTraceErrorKeepsTheExitCode(t *testing.T) {
	failed, disk := &exitError{code: exitFailed}, errors.New("the disk is full")
	for name, test := range map[string]struct {
		err, trace error
		code       int
		text       string
	}{
		"neither":     {nil, nil, exitDone, ""},
		"the trace":   {nil, disk, exitUsage, "the disk is full"},
		"the command": {failed, nil, exitFailed, "exit code 3"},
		"both":        {failed, disk, exitFailed, "the disk is full"},
	} {
		err := withTraceError(test.err, test.trace)
		code, text := exitDone, ""
		if err != nil {
			code, text = exitUsage, err.Error()
		}
		var exit *exitError
		if errors.As(err, &exit) {
			code = exit.code
		}
		if code != test.code || text != test.text {
			t.Errorf("%s: got %d %q, want %d %q", name, code, text, test.code, test.text)
		}
	}
}
