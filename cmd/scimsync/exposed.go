package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// exposed returns a warning about a file with the data of people, or "" if its
// owner alone can read it, or if there is none. Files that scimsync makes are
// so; this one may have been copied, or restored from a backup. Who can write to
// its folder can put another file in its place.
func exposed(path string) string {
	const others, everybody = 0o077, 0o002
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" {
		return ""
	}
	if info.Mode().Perm()&others != 0 {
		return fmt.Sprintf("others on this machine can read or write %s (mode %04o), which holds the names of people and what was done to their accounts: chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err == nil && info.Mode().Perm()&everybody != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Sprintf("everybody on this machine can write to the folder %s (mode %04o), and put another file in the place of %s: chmod o-w %s",
			folder, info.Mode().Perm(), filepath.Base(path), folder)
	}
	return ""
}
