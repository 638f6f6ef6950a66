package config

import (
	"os"
	"strings"
	"testing"
)

// archive is a text file that holds several: a comment, and files that each
// begin with a line `-- NAME --`.
type archive struct {
	comment string
	files   []archived
}

type archived struct{ name, data string }

func readArchive(t *testing.T, path string) *archive {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{}
	into := &a.comment
	for line := range strings.Lines(string(data)) {
		name, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "-- ")
		if name, closed := strings.CutSuffix(name, " --"); ok && closed {
			a.files = append(a.files, archived{name: name})
			into = &a.files[len(a.files)-1].data
			continue
		}
		*into += line
	}
	return a
}

func (a *archive) write(t *testing.T, path string) {
	t.Helper()
	text := a.comment
	for _, f := range a.files {
		text += "-- " + f.name + " --\n" + f.data
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (a *archive) file(name string) string {
	for _, f := range a.files {
		if f.name == name {
			return f.data
		}
	}
	return ""
}

// set replaces a file, and puts it last.
func (a *archive) set(name, data string) {
	for i, f := range a.files {
		if f.name == name {
			a.files = append(a.files[:i], a.files[i+1:]...)
			break
		}
	}
	a.files = append(a.files, archived{name, data})
}
