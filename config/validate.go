package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Validate checks everything that can be known without a network: the daemon
// file, every job file even where another one is wrong, references, paths,
// operators, expressions and the schedule. Problems keep scimsync from
// running; warnings are likely mistakes. It also looks whether the files of
// the sources are there, which is a warning: exports come and go. Neither
// result is nil.
func Validate(path string, options ...Option) (problems, warnings Errors) {
	d, problems := loadDaemon(path, newInputs(options))
	if d == nil {
		return problems.sorted(), Errors{}
	}
	jobs, wrong := loadJobs(d)
	problems = append(append(Errors{}, problems...), wrong...)
	warnings = append(Errors{}, d.Warnings...)
	for _, j := range jobs {
		warnings = append(warnings, j.Warnings...)
		for _, f := range j.files {
			if e := f.check(); e != nil {
				e.Message = f.value.mask(e.Message)
				warnings = append(warnings, e)
			}
		}
	}
	return problems.sorted(), warnings.sorted()
}

// sourceFile is a path or glob of a source with its place in the job file.
type sourceFile struct {
	at    *Error
	key   string
	path  string
	value *value
}

func sourceFiles(d *document, v *value) []sourceFile {
	var files []sourceFile
	for _, key := range []string{"users", "groups", "assignments", "deletedUsers"} {
		if f := v.get(key); f.ok() {
			files = append(files, sourceFile{at: d.at(f.node, ""), key: f.path, path: d.resolvePath(f.text), value: f})
		}
	}
	return files
}

// assertionFile returns the file of a JWT that another issuer writes.
func assertionFile(d *document, target *value) []sourceFile {
	f := target.get("workloadIdentity").get("assertionFile")
	if !f.ok() {
		return nil
	}
	return []sourceFile{{at: d.at(f.node, ""), key: f.path, path: d.resolvePath(f.text), value: f}}
}

// check returns a warning if the files are not there, or are directories.
func (f sourceFile) check() *Error {
	info, err := os.Stat(f.path)
	e := *f.at
	switch {
	case err == nil && info.IsDir():
		e.Message = fmt.Sprintf("%s: %s is a directory: name the files in it, as in %s", f.key, f.path, filepath.Join(f.path, "*.json"))
		return &e
	case err == nil:
		return nil
	}
	if strings.ContainsAny(f.path, "*?[") {
		if matches, _ := filepath.Glob(f.path); len(matches) > 0 { // a bad pattern matches nothing
			return nil
		}
		e.Message = fmt.Sprintf("%s: no file matches %s", f.key, f.path)
		return &e
	}
	e.Message = fmt.Sprintf("%s: the file %s cannot be read: %s", f.key, f.path, reasonOf(err))
	return &e
}
