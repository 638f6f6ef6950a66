package export

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
)

// endless repeats its text for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[e.at]
		e.at = (e.at + 1) % len(e.text)
	}
	return len(p), nil
}

// A file that never ends a value ends the read, long before the memory does.
func TestTooLarge(t *testing.T) {
	for _, test := range []struct {
		name, begin, rest string
		file              file
		want              string
	}{
		{"JSON", `[{"id":"`, "a", file{path: "u.json"}, "u.json: one object takes more than 64 MB, which no user or group does; a quote or bracket may be missing"},
		{"CSV, a quote", "id\n\"", "a,b\n", file{path: "u.csv", format: formatCSV}, "u.csv: one object takes more than 4 MB, which no user or group does; a quote or bracket may be missing"},
		{"CSV, the header", "id", ",a", file{path: "u.csv", format: formatCSV}, "u.csv line 1: the header is longer than 64 KB: this is no CSV file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, err := newText(test.file, io.MultiReader(strings.NewReader(test.begin), &endless{text: test.rest}))
			if err != nil {
				t.Fatal(err)
			}
			l := &lister{ctx: context.Background(), builder: newBuilder(directory.User), each: func(entry, place) error { return nil }}
			if _, err = l.read(&test.file, in); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// A group's members are held as references alone, whatever is exported of them.
func TestLargeGroup(t *testing.T) {
	const members = 20_000
	const each = `,{"@odata.type":"#microsoft.graph.user","id":"0a7c5b1e-0000-4000-8000-00000000000f","displayName":"`
	padding := strings.Repeat("x", 2000) // 40 MB in all
	content := io.MultiReader(
		strings.NewReader(`[{"id":"g1","members":["a1"`),
		io.LimitReader(&endless{text: each + padding + `"}`}, int64(members*(len(each)+len(padding)+2))),
		strings.NewReader(`]}]`))
	f := file{path: "g.json"}
	in, err := newText(f, content)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	got := 0
	l := &lister{ctx: context.Background(), builder: newBuilder(directory.Group), each: func(e entry, _ place) error {
		got = len(e.object.Get("members").Elements())
		runtime.ReadMemStats(&after)
		return nil
	}}
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := l.read(&f, in); err != nil {
		t.Fatal(err)
	}
	if got != 2 {
		t.Errorf("%d members are left of two", got)
	}
	// Without a collection the heap would hold the 40 MB that passed by; it must
	// not have been held at once.
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 24<<20 {
		t.Errorf("the heap has grown by %d MB", grown>>20)
	}
}
