package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// maxFile is the size in bytes of the largest file that is read.
const maxFile = 4 << 20

// document is one file while it is read: what was found wrong with it so far.
type document struct {
	name     string // as errors print it
	dir      string // what relative paths in it are relative to
	lines    [][]byte
	in       *inputs
	errors   Errors
	warnings Errors
	// behindAlias is how many aliases lead to the node in hand; aliased counts
	// the nodes that were reached so.
	behindAlias, aliased int
	// overridden are the keys that the environment or the command line sets.
	overridden map[string]bool
	// referenced are the files that ${file:PATH} names, also where they were not
	// read.
	referenced []string
}

func newDocument(name, dir string, in *inputs) *document {
	return &document{name: name, dir: dir, in: in}
}

// at returns a new Error at a node; with no place if node is nil or made up.
func (d *document) at(n *yaml.Node, message string) *Error {
	// Escapes in the file must not reach a terminal as control characters.
	message = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, message)
	e := &Error{File: d.name, Message: message}
	if n != nil {
		e.Line, e.Column = n.Line, n.Column
	}
	return e
}

func (d *document) fail(n *yaml.Node, format string, args ...any) {
	d.errors = append(d.errors, d.at(n, fmt.Sprintf(format, args...)))
}

func (d *document) warn(n *yaml.Node, format string, args ...any) {
	d.warnings = append(d.warnings, d.at(n, fmt.Sprintf(format, args...)))
}

// parse returns the root node of the file's only YAML document, nil if there
// is none: the errors then say why.
func (d *document) parse(data []byte) *yaml.Node {
	if len(data) > maxFile {
		d.fail(nil, "the file is larger than %d MB, which no configuration is", maxFile>>20)
		return nil
	}
	d.lines = bytes.Split(data, []byte("\n"))
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		d.failYAML(err)
		return nil
	}
	var root, next yaml.Node
	switch err := loader.Load(&root); {
	case errors.Is(err, io.EOF):
		d.fail(nil, "the file is empty")
		return nil
	case err != nil:
		d.failYAML(err)
		return nil
	}
	switch err := loader.Load(&next); {
	case err == nil:
		d.fail(&next, "a second YAML document begins here: write one file for each")
		return nil
	case !errors.Is(err, io.EOF):
		d.failYAML(err)
		return nil
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		return root.Content[0]
	}
	return &root
}

// failYAML reports an error of the YAML parser, with a hint where the cause is
// a common one.
func (d *document) failYAML(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		d.fail(nil, "this is no YAML: %v", err)
		return
	}
	message := e.Message
	if strings.HasPrefix(message, "unknown anchor ") {
		message = "a value that begins with * is an alias, and there is no such anchor" // its name may be a secret that begins with *
	}
	if e.ContextMsg != "" {
		message = e.ContextMsg
		if e.ContextMark.Line > 0 && e.ContextMark != e.Mark {
			message += fmt.Sprintf(" that begins at line %d, column %d", e.ContextMark.Line, e.ContextMark.Column)
		}
		message += ": " + e.Message
	}
	d.errors = append(d.errors, &Error{
		File: d.name, Line: e.Mark.Line, Column: e.Mark.Column,
		Message: "this is no YAML: " + message + d.hint(e), Err: err,
	})
}

func (d *document) hint(e *yaml.LoadError) string {
	switch {
	case d.byteAt(e.Mark.Line, e.Mark.Column) == '\t':
		return " (it is a tab: indent with spaces)"
	case strings.Contains(e.Message, "cannot start any token"), strings.HasPrefix(e.Message, "unknown anchor "):
		return " (put the value in quotation marks)"
	case strings.Contains(e.ContextMsg, "flow"):
		return " (a value with brackets, commas or quotation marks inside of { } or [ ] needs quotation marks around it)"
	case strings.Contains(e.Message, "mapping values are not allowed"):
		return " (put a value that has a colon in quotation marks)"
	default:
		return ""
	}
}

// byteAt returns the byte at a position whose line has only single bytes
// before it, which is enough to recognise a tab in an indentation.
func (d *document) byteAt(line, column int) byte {
	if line < 1 || line > len(d.lines) || column < 1 || column > len(d.lines[line-1]) {
		return 0
	}
	return d.lines[line-1][column-1]
}

// readLimited returns the content of a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return data, err
}

// reasonOf returns an error of the file system without the path, which the
// message names already.
func reasonOf(err error) string {
	var e *os.PathError
	if errors.As(err, &e) {
		if errors.Is(e.Err, os.ErrNotExist) {
			return "there is no such file"
		}
		return e.Err.Error()
	}
	return err.Error()
}
