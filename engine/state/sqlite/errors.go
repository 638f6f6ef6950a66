package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/state"
)

// recoverAdvice is what a person can do about a state file that is damaged.
const recoverAdvice = "stop scimsync, move the file and those beside it (-wal, -shm) away and keep them, " +
	"and put a backup in their place; without a backup the next cycle is an initial cycle, " +
	"which finds the accounts that exist by matching"

// rightsAdvice is what a person can do about a file that is not open to this user.
const rightsAdvice = "give the user that runs scimsync the right to read and write it and its folder"

// diskAdvice is what a person can do where the system cannot read or write.
const diskAdvice = "check the disk, and that it is not full, and run again"

// FileError says what is wrong with a state file and what to do about it.
// It wraps state.ErrDamaged, state.ErrNewer, or what SQLite or the system said.
type FileError struct {
	Path   string
	Doing  string // what was being done, as in "recording 128 outcomes of job blogin"
	What   string // what is wrong
	Advice string // what to do; "" if there is nothing to say
	Err    error
}

// Error returns the file, what was being done, what is wrong and what to do.
func (e *FileError) Error() string {
	s := "state file " + e.Path + ": "
	if e.Doing != "" {
		s += e.Doing + ": "
	}
	s += e.What
	if e.Advice != "" {
		s += "; " + e.Advice
	}
	return s
}

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// damaged is a file that cannot be used as it is.
func damaged(path, doing, what string, cause error) error {
	err := state.ErrDamaged
	if cause != nil {
		err = fmt.Errorf("%w: %w", state.ErrDamaged, cause)
	}
	return &FileError{Path: path, Doing: doing, What: what, Advice: recoverAdvice, Err: err}
}

// fault wraps an error of SQLite, and translates what a person can do
// something about. An error that is none of SQLite's is wrapped as it is.
func fault(path, doing string, err error) error {
	if err == nil {
		return nil
	}
	if file := new(FileError); errors.As(err, &file) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		advice := ""
		if system := new(fs.PathError); errors.Is(err, fs.ErrPermission) {
			advice = rightsAdvice
		} else if errors.As(err, &system) {
			advice = diskAdvice
		}
		return &FileError{Path: path, Doing: doing, What: err.Error(), Advice: advice, Err: err}
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_CORRUPT:
		return damaged(path, doing, "the file is damaged ("+err.Error()+")", err)
	case sqlite3.SQLITE_NOTADB:
		return damaged(path, doing, "this is no SQLite database ("+err.Error()+")", err)
	}
	what, advice := err.Error(), ""
	switch code := lite.Code() & 0xff; {
	case isFull(lite):
		what, advice = "the disk is full ("+what+")", "nothing of it was stored; free some space and run again"
	case code == sqlite3.SQLITE_IOERR:
		what, advice = "the disk cannot be read or written ("+what+")", "nothing of it was stored; "+diskAdvice
	case code == sqlite3.SQLITE_READONLY, code == sqlite3.SQLITE_PERM:
		what, advice = "the file cannot be written ("+what+")", rightsAdvice
	case code == sqlite3.SQLITE_CANTOPEN:
		what, advice = "the file cannot be opened ("+what+")", "check that its folder exists, and that the disk is not read-only; "+rightsAdvice
	case code == sqlite3.SQLITE_BUSY:
		what, advice = "another process has kept the file locked for too long ("+what+")", "see which one has it open, and run again"
	}
	return &FileError{Path: path, Doing: doing, What: what, Advice: advice, Err: err}
}

// isFull reports whether there is no room left for the database, for its log, or
// for the log's index.
func isFull(err *sqlite.Error) bool {
	return err.Code()&0xff == sqlite3.SQLITE_FULL || err.Code() == sqlite3.SQLITE_IOERR_SHMSIZE
}

// isUnique reports whether err says that a row breaks a unique index.
func isUnique(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) &&
		(lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// AnchorError says that two source objects want one target object. It wraps
// state.ErrAnchor.
type AnchorError struct {
	Type             directory.ObjectType
	TargetAnchor     string
	SourceAnchor     string // of the object that was to be connected
	DisplayName      string
	OtherAnchor      string // of the object that is connected
	OtherDisplayName string
}

// Error names the target object and both source objects.
func (e *AnchorError) Error() string {
	return fmt.Sprintf("%v: target %s %q cannot be connected to %q (%s), for it is connected to %q (%s)",
		state.ErrAnchor, strings.ToLower(string(e.Type)), e.TargetAnchor, e.SourceAnchor, e.DisplayName, e.OtherAnchor, e.OtherDisplayName)
}

// Unwrap returns state.ErrAnchor.
func (e *AnchorError) Unwrap() error { return state.ErrAnchor }
