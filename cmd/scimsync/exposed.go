package main

import (
	"fmt"
	"os"
	"runtime"
)

// exposed returns a warning about a file with the data of people, or "" if its
// owner alone can read it, or if there is none. Files that scimsync makes are
// so; this one may have been copied, or restored from a backup.
func exposed(path string) string {
	const others = 0o077
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&others == 0 {
		return ""
	}
	return fmt.Sprintf("others on this machine can read or write %s (mode %04o), which holds the names of people and what was done to their accounts: chmod 600 %s",
		path, info.Mode().Perm(), path)
}
