package export

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

var testNow = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

const recycleBin = 30 * 24 * time.Hour

// lay writes files, by name, into a new folder.
func lay(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// optionsIn returns options whose paths are in dir.
func optionsIn(dir string, o Options) Options {
	for _, path := range []*string{&o.Users, &o.Groups, &o.Assignments, &o.DeletedUsers} {
		if *path != "" {
			*path = filepath.Join(dir, *path)
		}
	}
	return o
}

func newSource(t *testing.T, o Options) *Source {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readAll reads with this snapshot and returns what was delivered.
func readAll(s *Source, snapshot *connectors.Snapshot) ([]directory.Change, connectors.ReadResult, error) {
	var changes []directory.Change
	result, err := s.Read(context.Background(), connectors.ReadRequest{Snapshot: snapshot, Now: testNow, RecycleBin: recycleBin},
		func(c directory.Change) error {
			changes = append(changes, c)
			return nil
		})
	return changes, result, err
}

// objects lays down the files and returns what a first read delivers.
func objects(t *testing.T, files map[string]string, o Options) []directory.Object {
	t.Helper()
	changes, _, err := readAll(newSource(t, optionsIn(lay(t, files), o)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []directory.Object
	for _, c := range changes {
		list = append(list, c.Object)
	}
	return list
}

// readError lays down the files and returns the text of the *ReadError that a
// first read ends with, the folder cut out.
func readError(t *testing.T, files map[string]string, o Options) string {
	t.Helper()
	dir := lay(t, files)
	_, _, err := readAll(newSource(t, optionsIn(dir, o)), nil)
	var re *connectors.ReadError
	if !errors.As(err, &re) {
		t.Fatalf("the read ended with %v, and a *ReadError was expected", err)
	}
	return strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
}

// asJSON writes an object's attributes as a person reads them.
func asJSON(t *testing.T, o directory.Object) string {
	t.Helper()
	var fields []directory.Field
	for name, v := range o.Attributes {
		fields = append(fields, directory.Field{Name: name, Value: v})
	}
	sortFields(fields)
	b, err := directory.Struct(fields...).MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sortFields(fields []directory.Field) {
	for i := range fields {
		for j := i; j > 0 && fields[j].Name < fields[j-1].Name; j-- {
			fields[j], fields[j-1] = fields[j-1], fields[j]
		}
	}
}

func anchors(list []directory.Object) string {
	var ids []string
	for _, o := range list {
		ids = append(ids, o.Anchor)
	}
	return strings.Join(ids, " ")
}

func toUTF16(s string, order binary.AppendByteOrder) string {
	b := order.AppendUint16(nil, 0xFEFF)
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}
