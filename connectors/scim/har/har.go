// Package har writes the requests of a client and their answers to an HTTP
// Archive, the HAR 1.2 file that every browser's developer tools open. Secrets
// are masked; what people are called is not, for that is what a trace is read
// for.
//
// The file is written as requests end, one entry a line, and is valid JSON
// after each: what ends the program leaves what was written so far. Should the
// very write of an entry be cut short, the file is repaired by removing its
// last line, and the comma before it, and adding ]}}.
//
// Entries come in the order in which requests began. One that takes very long
// is not waited for without end: when MaxWaiting bytes of later entries are
// held back, those are written, and the late one comes where it ends. Readers
// sort by startedDateTime (HAR 1.2, section entries).
package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

const (
	// MaxBody is how much of a body is written, in bytes. An entry whose body is
	// longer says so in its comment and gives the whole size.
	MaxBody = 64 << 10
	// MaxWaiting is how much is held back, in bytes, to keep the order of entries.
	MaxWaiting = 4 << 20
)

const trailer = "\n]}}\n"

// Recorder writes one HAR file. It is safe for concurrent use.
type Recorder struct {
	secrets secrets
	now     func() time.Time

	mu      sync.Mutex
	path    string
	file    file
	end     int64    // where the next entry goes: the trailer stands there
	entries bool     // there is one already
	queue   []*entry // what began and is not written, in the order of its beginning
	waiting int      // bytes of those in queue that ended
	err     error    // of the first write that failed: nothing is written after it
	closed  bool
}

// file is what a Recorder needs of an *os.File.
type file interface {
	io.WriterAt
	Truncate(size int64) error
	io.Closer
}

// New makes the file at path, with mode 0600, or empties the one that is there,
// and returns what writes to it. mask replaces the secrets that the caller
// knows of in a text, which may be part of a URL, a header, a body or an error;
// nil replaces none. What is masked without it: Authorization, Cookie and their
// like, the credentials of an Authorization header wherever else they stand,
// and what OAuth 2 and SCIM keep secret by name (client_secret, access_token,
// password and others).
//
// The error says that the file cannot be written, or is none: a trace needs a
// regular file.
func New(path string, mask func(string) string) (*Recorder, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the trace cannot be written to %s: it is not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the trace cannot be written: %w", err)
	}
	// A file that was there keeps its mode otherwise.
	if err := f.Chmod(0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("the trace cannot be kept from other users: %w", err), f.Close())
	}
	r, err := start(f, path, mask)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func start(f file, path string, mask func(string) string) (*Recorder, error) {
	head, err := encode(header())
	if err != nil {
		return nil, err
	}
	head = bytes.TrimSuffix(head, []byte("]}}"))
	r := &Recorder{secrets: secrets{mask: mask}, now: time.Now, path: path, file: f, end: int64(len(head))}
	if _, err := f.WriteAt(append(head, trailer...), 0); err != nil {
		return nil, fmt.Errorf("the trace cannot be written: %w", err)
	}
	return r, nil
}

// Close writes what is not written yet, requests that are still under way
// included, and closes the file. Requests that begin later are not recorded.
// The error says that the trace lacks entries, which no request fails for. A
// second Close does nothing and returns nil.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true // nothing is added to the queue from here on
	running := append([]*entry(nil), r.queue...)
	r.mu.Unlock()
	for _, e := range running {
		e.finish(errRunning) // does nothing for those that ended
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.flush(true)
	err := r.err
	if closeErr := r.file.Close(); err == nil {
		err = closeErr
	}
	r.queue = nil
	if err != nil {
		return fmt.Errorf("the trace %s is incomplete: %w", r.path, err)
	}
	return nil
}

var errRunning = errors.New("the request was under way when the trace ended")

// begin puts a new entry into the queue. It reports whether it is recorded.
func (r *Recorder) begin(e *entry) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.err != nil {
		return false
	}
	e.started = r.now()
	r.queue = append(r.queue, e)
	return true
}

// ended takes the text of an entry that ended.
func (r *Recorder) ended(e *entry, line []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && r.err == nil {
		r.err = err
	}
	if r.err != nil {
		r.queue = nil // there is nothing to wait for any more
		return
	}
	e.line = line
	r.waiting += len(line)
	r.flush(r.waiting > MaxWaiting)
}

// flush writes the entries at the head of the queue that ended or, if all is
// set, every entry that ended.
func (r *Recorder) flush(all bool) {
	var text []byte
	kept := r.queue[:0]
	for i, e := range r.queue {
		if e.line == nil {
			if !all {
				kept = append(kept, r.queue[i:]...)
				break
			}
			kept = append(kept, e)
			continue
		}
		separator := ",\n"
		if !r.entries {
			separator = "\n"
		}
		text = append(append(text, separator...), e.line...)
		r.entries = true
		r.waiting -= len(e.line)
	}
	clear(r.queue[len(kept):])
	r.queue = kept
	if len(text) == 0 || r.err != nil {
		return
	}
	size := len(text)
	if _, err := r.file.WriteAt(append(text, trailer...), r.end); err != nil {
		r.err = err
		r.restore()
		return
	}
	r.end += int64(size)
}

// restore makes the file what it was before a write that failed. Where that
// fails too, the error of the write has told already.
func (r *Recorder) restore() {
	if r.file.Truncate(r.end) == nil {
		_, _ = r.file.WriteAt([]byte(trailer), r.end)
	}
}
