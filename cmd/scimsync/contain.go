package main

import (
	"fmt"
	"io"
	"runtime/debug"
)

// contain runs f and returns its exit code. A panic of it, which is a mistake in
// the program, ends it with a message through stderr, where secrets are masked;
// the runtime's own would go past that, and its exit code 2 means something else
// here.
func contain(stderr io.Writer, f func() int) (code int) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "Error: scimsync %s has a mistake in it and has stopped: %s\n"+
				"What was done is recorded, and the next cycle goes on from there. Please report this with what follows.\n\n%s",
				version, colorless(fmt.Sprint(r)), debug.Stack())
			code = exitUsage
		}
	}()
	return f()
}
