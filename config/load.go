package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors/directory"
)

// LoadJobs reads all job files of the daemon file, sorted by name. The error
// is an Errors with everything that is wrong in any of them; there are no jobs
// then.
func LoadJobs(d *Daemon) ([]*Job, error) {
	jobs, problems := loadJobs(d)
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return jobs, nil
}

// LoadJob reads one job file. The error is an Errors.
func LoadJob(path string, options ...Option) (*Job, error) {
	j, problems := loadJob(path, newInputs(options))
	if err := problems.orNil(); err != nil {
		return nil, err
	}
	return j, nil
}

// JobNamed returns the job of that name. The error names the jobs that there
// are.
func JobNamed(jobs []*Job, name string) (*Job, error) {
	names := make([]string, len(jobs))
	for i, j := range jobs {
		if j.Name == name {
			return j, nil
		}
		names[i] = j.Name
	}
	slices.Sort(names)
	switch near := directory.Nearest(name, names); {
	case near != "":
		return nil, fmt.Errorf("there is no job %q: did you mean %s?", name, near)
	case len(names) == 0:
		return nil, fmt.Errorf("there is no job %q: there are no jobs at all", name)
	case len(names) == 1:
		return nil, fmt.Errorf("there is no job %q: the only one is %s", name, names[0])
	default:
		return nil, fmt.Errorf("there is no job %q: there are %s", name, strings.Join(names, ", "))
	}
}

// loadJobs returns all jobs as far as they could be read, and everything that
// is wrong with them.
func loadJobs(d *Daemon) ([]*Job, Errors) {
	files, problems := d.jobFiles()
	var jobs []*Job
	for _, file := range files {
		j, wrong := loadJob(file, d.in)
		problems = append(problems, wrong...)
		if j != nil {
			jobs = append(jobs, j)
		}
	}
	problems = append(problems, sameNames(jobs)...)
	for _, j := range jobs {
		j.checkMail(d)
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int { return strings.Compare(a.Name, b.Name) })
	return jobs, problems
}

// jobFiles returns the files that the patterns of the daemon file name, each
// once, in the order of the patterns.
func (d *Daemon) jobFiles() (files []string, problems Errors) {
	seen := map[string]bool{}
	for i, pattern := range d.Jobs {
		matches, err := filepath.Glob(pattern)
		at := d.doc.at(d.patterns[i].node, "")
		if origin := d.patterns[i].origin; origin != "" {
			at = &Error{File: origin}
		}
		switch _, statErr := os.Stat(pattern); {
		case statErr == nil: // it may have the name of a pattern
			matches = []string{pattern}
		case err != nil:
			at.Message = fmt.Sprintf("jobs: %s is no path and no glob: %v", quote(pattern), err)
		case len(matches) > 0:
		case strings.ContainsAny(pattern, "*?["):
			at.Message = fmt.Sprintf("jobs: no file matches %s", pattern)
		default:
			at.Message = fmt.Sprintf("jobs: the file %s cannot be read: %s", pattern, reasonOf(statErr))
		}
		if at.Message != "" {
			at.Message = d.patterns[i].mask(at.Message)
			problems = append(problems, at)
		}
		for _, m := range matches {
			if !seen[m] {
				seen[m] = true
				files = append(files, m)
			}
		}
	}
	return files, problems
}

// sameNames reports the jobs whose name another one has.
func sameNames(jobs []*Job) Errors {
	var problems Errors
	first := map[string]*Job{}
	for _, j := range jobs {
		other, twice := first[j.Name]
		if !twice || j.Name == "" {
			first[j.Name] = j
			continue
		}
		e := *j.nameAt
		e.Message = fmt.Sprintf("the job name %s is taken already, by %s:%d: every job needs its own", j.Name, other.File, other.nameAt.Line)
		problems = append(problems, &e)
	}
	return problems
}

// loadJob returns the job in a file as far as it could be read, nil if nothing
// of it could, and everything that is wrong with it.
func loadJob(path string, in *inputs) (*Job, Errors) {
	d := newDocument(path, filepath.Dir(path), in)
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is a directory")}
	}
	var data []byte
	if err == nil {
		data, err = readLimited(path, maxFile)
	}
	if err != nil {
		return nil, Errors{{File: path, Message: "the job file cannot be read: " + reasonOf(err), Err: err}}
	}
	return d.job(data)
}

// job returns the job in the text of a document, as loadJob does.
func (d *document) job(data []byte) (*Job, Errors) {
	root := d.parse(data)
	if root == nil {
		return nil, d.errors.sorted()
	}
	v := d.check(root, jobShape(), "")
	if v.fields == nil {
		return nil, d.errors.sorted()
	}
	j := readJob(d, v)
	sum := sha256.Sum256(data)
	j.Digest = hex.EncodeToString(sum[:])
	j.Warnings, j.Referenced = d.warnings.sorted(), d.referenced
	return j, d.errors.sorted()
}
