package export

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"github.com/scimsync/scimsync/connectors"
)

const readBuffer = 256 << 10

// errTooLarge says that one object, or one row, takes more memory than a
// streaming reader may use.
var errTooLarge = errors.New("too large")

// text is the content of a file as UTF-8, without byte order mark, unpacked.
type text struct {
	io.Reader
	file   file
	handle io.Closer
	// bound is how many bytes may be read before allow is called again, so that
	// a file that never ends a value does not fill the memory.
	bound, left int
}

// open opens the file, which must still be what it was when the read began.
func (f file) open() (*text, error) {
	handle, err := os.Open(f.path)
	if err != nil {
		if changed := f.unchanged(nil, err); changed != nil {
			return nil, changed
		}
		return nil, unreadable(f.path, err)
	}
	info, err := handle.Stat()
	var t *text
	if err = f.unchanged(info, err); err == nil {
		t, err = newText(f, handle)
	}
	if err != nil {
		_ = handle.Close() // err says more
		return nil, err
	}
	t.handle = handle
	return t, nil
}

// newText decodes r, which holds the content of f.
func newText(f file, r io.Reader) (*text, error) {
	if f.gzip {
		unpacked, err := gzip.NewReader(bufio.NewReaderSize(r, readBuffer))
		if err != nil {
			return nil, &connectors.ReadError{Place: f.path, Reason: "this is no gzip file", Err: err}
		}
		r = unpacked
	}
	buffered := bufio.NewReaderSize(r, readBuffer)
	start, err := buffered.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(f.path, err)
	}
	t := &text{Reader: buffered, file: f}
	switch {
	case bytes.HasPrefix(start, []byte("\xEF\xBB\xBF")):
		if _, err := buffered.Discard(3); err != nil {
			return nil, unreadable(f.path, err)
		}
	case bytes.HasPrefix(start, []byte("\xFF\xFE")), bytes.HasPrefix(start, []byte("\xFE\xFF")):
		// Windows PowerShell's > and Out-File write UTF-16.
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
		t.Reader = utf16.NewDecoder().Reader(&pairs{r: buffered})
	}
	return t, nil
}

// pairs reads UTF-16, of which half a unit at the end says that something is
// missing: the decoder would make a character of it.
type pairs struct {
	r   io.Reader
	odd bool
}

func (p *pairs) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	p.odd = p.odd != (n%2 == 1)
	if p.odd && errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// end closes the file and returns err, or else why it cannot be closed.
func (t *text) end(err error) error {
	if t.handle == nil {
		return err
	}
	if closed := t.handle.Close(); closed != nil && err == nil {
		return unreadable(t.file.path, closed)
	}
	return err
}

// limit sets how many bytes one value may take, from here.
func (t *text) limit(n int) { t.bound, t.left = n, n }

// allow begins a new value.
func (t *text) allow() { t.left = t.bound }

func (t *text) Read(p []byte) (int, error) {
	if t.bound > 0 && t.left <= 0 {
		return 0, errTooLarge
	}
	n, err := t.Reader.Read(p)
	t.left -= n
	return n, err
}

// failed turns a read error other than the end of the file into a *ReadError.
func (t *text) failed(err error) error {
	if errors.Is(err, errTooLarge) {
		return &connectors.ReadError{Place: t.file.path, Reason: fmt.Sprintf(
			"one object takes more than %d MB, which no user or group does; a quote or bracket may be missing", t.bound>>20)}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &connectors.ReadError{Place: t.file.path, Reason: "the file is truncated"}
	}
	return unreadable(t.file.path, err)
}

// lineAndColumn returns the place of a byte of the decoded content, both
// counted from 1, the column in characters.
func lineAndColumn(r io.Reader, offset int64) (line, column int64, err error) {
	line, column = 1, 1
	in := bufio.NewReaderSize(io.LimitReader(r, offset), readBuffer)
	for {
		chunk, err := in.ReadSlice('\n')
		column += int64(utf8.RuneCount(chunk))
		switch {
		case err == nil:
			line, column = line+1, 1
		case errors.Is(err, io.EOF):
			return line, column, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return 0, 0, err
		}
	}
}

// at returns the place of a byte as file:line:column. It reads the file again:
// places are needed for errors alone. Where that fails it is file, byte offset.
func (f file) at(offset int64) string {
	fallback := fmt.Sprintf("%s, byte %d", f.path, offset)
	if f.info == nil {
		return fallback
	}
	t, err := f.open()
	if err != nil {
		return fallback
	}
	line, column, err := lineAndColumn(t, offset)
	if t.end(err) != nil {
		return fallback
	}
	return fmt.Sprintf("%s:%d:%d", f.path, line, column)
}
