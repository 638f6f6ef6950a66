package har

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// margin is how much more of a body than MaxBody is looked at, in bytes, so
// that a secret at the cut is recognised: more than a header can hold.
const margin = 16 << 10

// capture keeps the beginning of a body and counts the rest.
type capture struct {
	mu   sync.Mutex
	kept []byte
	size int64
}

// Write keeps what there is room for. It never fails.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.size += int64(len(p))
	if room := MaxBody + margin - len(c.kept); room > 0 {
		c.kept = append(c.kept, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

// text returns the body without secrets, cut, the size of the whole in bytes,
// and a comment for one that was cut.
func (c *capture) text(s *secrets) (text string, size int64, comment string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text = s.text(string(c.kept))
	if c.size > int64(len(c.kept)) {
		// The end may hold a part of a secret, which nobody recognises.
		text = cut(text, len(text)-margin)
	}
	text = cut(text, MaxBody)
	if c.size > MaxBody {
		comment = fmt.Sprintf("The body is %d bytes long; the trace has its beginning.", c.size)
	}
	return text, c.size, comment
}

// cut cuts text to n bytes, at the end of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n = max(n, 0); n > 0 && !utf8.RuneStart(text[n]); n-- {
	}
	return text[:n]
}

// contentOf is the body of an answer. One that is compressed is left out, for
// secrets in it cannot be recognised.
func contentOf(c *capture, mime, encoding string, s *secrets) content {
	text, size, comment := c.text(s)
	if mime == "" {
		mime = "x-unknown" // as browsers have it
	}
	made := content{Size: size, MimeType: s.text(mime), Text: text, Comment: comment}
	switch {
	case size > 0 && encoding != "" && !strings.EqualFold(encoding, "identity"):
		made.Text, made.Comment = "", fmt.Sprintf("The body is compressed (%s) and not in the trace.", s.text(encoding))
	case !utf8.ValidString(text):
		made.Text, made.Encoding = base64.StdEncoding.EncodeToString([]byte(text)), "base64"
	}
	return made
}

// requestBody copies what is read of a body to a capture.
type requestBody struct {
	io.Reader
	io.Closer
}

// responseBody copies what is read of an answer to the entry and ends it with
// the answer.
type responseBody struct {
	body  io.ReadCloser
	entry *entry
}

// Read reads from the answer.
func (b *responseBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	_, _ = b.entry.answer.Write(p[:n])
	switch err {
	case nil:
	case io.EOF:
		b.entry.finish(nil)
	default:
		b.entry.finish(err)
	}
	return n, err
}

// Close closes the answer.
func (b *responseBody) Close() error {
	err := b.body.Close()
	b.entry.finish(nil)
	return err
}
