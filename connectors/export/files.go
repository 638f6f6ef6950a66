package export

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
)

// format is how a file's content is written.
type format uint8

const (
	formatJSON format = iota
	formatCSV
)

// file is one file of an export, as it was when the read began.
type file struct {
	path   string
	format format
	gzip   bool
	info   fs.FileInfo
}

// fileSet is the files that make up one list: users, groups, ...
type fileSet struct {
	pattern string
	files   []file
}

// resolve finds the files of a path or glob, sorted by name.
func resolve(pattern string) (fileSet, error) {
	set := fileSet{pattern: pattern}
	if pattern == "" {
		return set, nil
	}
	paths, err := expand(pattern)
	if err != nil {
		return set, err
	}
	for _, path := range paths {
		f, err := inspect(path)
		if err != nil {
			return set, err
		}
		set.files = append(set.files, f)
	}
	return set, nil
}

// expand turns a path or glob into paths. A file whose name looks like a glob
// is found by that name.
func expand(pattern string) ([]string, error) {
	_, err := os.Stat(pattern)
	if err == nil || !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}, nil
	}
	paths, err := glob(pattern)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, &connectors.ReadError{Place: pattern, Reason: "no file matches this pattern"}
	}
	slices.SortFunc(paths, byName)
	return paths, nil
}

func inspect(path string) (file, error) {
	f := file{path: path}
	if err := f.setFormat(); err != nil {
		return f, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, &connectors.ReadError{Place: path, Reason: "the file does not exist"}
	case err != nil:
		return f, unreadable(path, err)
	case info.IsDir():
		return f, &connectors.ReadError{Place: path, Reason: "this is a folder; name the files in it, for example by " + filepath.Join(path, "*.json")}
	case info.Size() == 0:
		return f, emptyFile(path)
	}
	f.info = info
	return f, nil
}

func (f *file) setFormat() error {
	name := strings.ToLower(f.path)
	if rest, ok := strings.CutSuffix(name, ".gz"); ok {
		name, f.gzip = rest, true
	}
	switch filepath.Ext(name) {
	case ".json", ".ndjson", ".jsonl":
		f.format = formatJSON
	case ".csv":
		f.format = formatCSV
	case ".ldif":
		return &connectors.ReadError{Place: f.path, Reason: "LDIF is not supported in this version; use Graph JSON (.json) or the portal's CSV (.csv)"}
	default:
		return &connectors.ReadError{Place: f.path, Reason: "the format is told by the file's extension, which is none of .json, .ndjson, .jsonl, .csv (or these with .gz)"}
	}
	return nil
}

func unreadable(path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err // its text repeats the path
	}
	return &connectors.ReadError{Place: path, Reason: "the file cannot be read", Err: err}
}

func emptyFile(path string) error {
	return &connectors.ReadError{Place: path, Reason: "the file is empty; an export without objects is an empty list, [] in JSON, or the header alone in CSV"}
}

// unchanged returns nil if f still is the file that it was when the read
// began, else what has happened to it.
func (f file) unchanged(now fs.FileInfo, err error) error {
	var reason string
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "the file is gone"
	case err != nil:
		return unreadable(f.path, err)
	case !os.SameFile(f.info, now):
		reason = "the file was replaced by another of the same name"
	case f.info.Size() != now.Size():
		reason = fmt.Sprintf("the file had %d bytes and now has %d", f.info.Size(), now.Size())
	case !f.info.ModTime().Equal(now.ModTime()):
		reason = "the file was written to"
	default:
		return nil
	}
	return &connectors.ReadError{Place: f.path, Reason: reason, Err: connectors.ErrSourceChanged}
}

// unchanged returns nil if the set still is what it was: the same names, and
// each file as it was.
func (s fileSet) unchanged() error {
	if s.pattern == "" {
		return nil
	}
	for _, f := range s.files {
		info, err := os.Stat(f.path)
		if err := f.unchanged(info, err); err != nil {
			return err
		}
	}
	paths, err := expand(s.pattern)
	if err != nil || len(paths) != len(s.files) {
		return &connectors.ReadError{
			Place: s.pattern, Err: connectors.ErrSourceChanged,
			Reason: fmt.Sprintf("%d files matched and now %d do", len(s.files), len(paths)),
		}
	}
	return nil
}

// newest returns when the youngest of the files was written.
func (s fileSet) newest() time.Time {
	var t time.Time
	for _, f := range s.files {
		if m := f.info.ModTime(); m.After(t) {
			t = m
		}
	}
	return t
}

// byName compares paths by folder and name without extension, numbers in them
// by their value: users.json, users-2.json, users-10.json.
func byName(a, b string) int {
	if c := natural(stem(a), stem(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func stem(path string) string {
	path = strings.TrimSuffix(path, ".gz")
	return strings.TrimSuffix(path, filepath.Ext(path))
}

func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if c := cmp.Or(cmp.Compare(len(na), len(nb)), cmp.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
