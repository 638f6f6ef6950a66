package export

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/scimsync/scimsync/connectors"
)

// glob returns the paths that match a pattern. filepath.Glob leaves out what it
// cannot look into, and whoever is in there would count as gone: here that is an
// error.
func glob(pattern string) (paths []string, err error) {
	folder, name := filepath.Dir(pattern), filepath.Base(pattern)
	if _, err := filepath.Match(name, ""); err != nil {
		return nil, &connectors.ReadError{Place: pattern, Reason: "this is no valid file pattern", Err: err}
	}
	folders := []string{folder}
	if isPattern(folder) && folder != pattern {
		if folders, err = glob(folder); err != nil {
			return nil, err
		}
	}
	for _, folder := range folders {
		found, err := within(folder, name)
		if err != nil {
			return nil, err
		}
		paths = append(paths, found...)
	}
	return paths, nil
}

// isPattern reports whether a path means more than the file of its name.
func isPattern(path string) bool {
	return strings.ContainsAny(path, "*?[") || filepath.Separator != '\\' && strings.Contains(path, `\`)
}

// within returns what matches the name in a folder, nothing if it is no folder.
func within(folder, name string) (paths []string, err error) {
	if there, err := exists(folder); err != nil || !there {
		return nil, err
	}
	info, err := os.Stat(folder) // fails for a link to what is not there, such as a disk that is not mounted
	if err != nil {
		return nil, unreadable(folder, err)
	}
	if !info.IsDir() {
		return nil, nil
	}
	if !isPattern(name) {
		path := filepath.Join(folder, name)
		if there, err := exists(path); err != nil || !there {
			return nil, err
		}
		return []string{path}, nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, unreadable(folder, err)
	}
	for _, e := range entries {
		if matched, _ := filepath.Match(name, e.Name()); matched { // the pattern is valid
			paths = append(paths, filepath.Join(folder, e.Name()))
		}
	}
	return paths, nil
}

// exists reports whether something has this path, be it a link that leads nowhere.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	default:
		return false, unreadable(path, err)
	}
}
