package engine

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// spool is a queue of records in a temporary file: what a source delivered
// waits there until the whole source was read, so that memory does not grow
// with the directory and a source that breaks off changes nothing. The file
// is readable by its owner alone and has no name where the system allows it.
// A spool is written by one goroutine, then read by one.
type spool struct {
	dir    string
	file   *os.File // made with the first record
	writer *bufio.Writer
	buffer []byte
	count  int64
}

// spoolName begins the name of a spool's file.
const spoolName = "scimsync-cycle-"

// sweep removes the names of temporary files that a loss of power has left in
// the folder: what takes a name away may not have reached the disk. Names of
// cycles that run now may be among them, which have no more use of them. What
// cannot be removed stays.
func sweep(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		number, ours := strings.CutPrefix(e.Name(), spoolName)
		// Those of people, who may keep their files in that folder, are no numbers.
		if ours && number != "" && strings.Trim(number, "0123456789") == "" && e.Type().IsRegular() {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// spoolFault says what to do about a temporary file that cannot be written.
func spoolFault(doing string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%s: %w; the disk is full: free some space and run again", doing, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%s: %w; give the user that runs scimsync the right to write the folder", doing, err)
	default:
		return fmt.Errorf("%s: %w; check the disk and run again", doing, err)
	}
}

func newSpool(dir string) *spool { return &spool{dir: dir} }

// append writes one record, which encode appends to the buffer it is given.
func (s *spool) append(encode func([]byte) []byte) error {
	if s.file == nil {
		file, err := os.CreateTemp(s.dir, spoolName+"*")
		if err != nil {
			return spoolFault("making a temporary file for the cycle", err)
		}
		// Where an open file can be removed, nothing is left behind by a crash.
		_ = os.Remove(file.Name())
		s.file, s.writer = file, bufio.NewWriterSize(file, 1<<16)
	}
	s.buffer = encode(s.buffer[:0])
	var size [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(size[:], uint64(len(s.buffer)))
	if _, err := s.writer.Write(size[:n]); err != nil {
		return spoolFault("writing the cycle's temporary file", err)
	}
	if _, err := s.writer.Write(s.buffer); err != nil {
		return spoolFault("writing the cycle's temporary file", err)
	}
	s.count++
	return nil
}

// reader returns a function that returns the records from the first on, and
// io.EOF after the last. The bytes are valid until the next call.
func (s *spool) reader() (next func() ([]byte, error), err error) {
	if s.file == nil {
		return func() ([]byte, error) { return nil, io.EOF }, nil
	}
	if err := s.writer.Flush(); err != nil {
		return nil, spoolFault("writing the cycle's temporary file", err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the cycle's temporary file: %w", err)
	}
	r := bufio.NewReaderSize(s.file, 1<<16)
	var record []byte
	return func() ([]byte, error) {
		size, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return nil, io.EOF
		}
		if err == nil {
			if uint64(cap(record)) < size {
				record = make([]byte, size)
			}
			record = record[:size]
			_, err = io.ReadFull(r, record)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the cycle's temporary file: %w", err)
		}
		return record, nil
	}, nil
}

// readAt returns the record at an offset that offset gave.
func (s *spool) readAt(offset int64) ([]byte, error) {
	if err := s.writer.Flush(); err != nil {
		return nil, spoolFault("writing the temporary file", err)
	}
	r := bufio.NewReader(io.NewSectionReader(s.file, offset, 1<<62))
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, fmt.Errorf("reading the temporary file: %w", err)
	}
	record := make([]byte, size)
	if _, err := io.ReadFull(r, record); err != nil {
		return nil, fmt.Errorf("reading the temporary file: %w", err)
	}
	return record, nil
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name()) // where it could not be removed while open
	}
}
