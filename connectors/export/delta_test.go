package export

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// An assignment is content: whoever gains or loses one is looked at again.
func TestAssignmentChanges(t *testing.T) {
	dir := lay(t, with(company, "a.json", `[{"principalId":"g1","principalType":"Group"}]`))
	s := newSource(t, optionsIn(dir, Options{Users: "u.json", Groups: "g.json", Assignments: "a.json"}))
	first, _, err := readAll(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	snapshot := connectors.NewSnapshot()
	for _, c := range first {
		snapshot.Add(connectors.Record{Type: c.Object.Type, Anchor: c.Object.Anchor, Hash: c.Hash})
	}
	if err := os.WriteFile(filepath.Join(dir, "g.json"), []byte(`[{"id":"g1","displayName":"Sales","members":["b2","c3"]},
		{"id":"g2","displayName":"Everybody","members":["g1","c3"]}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	second, _, err := readAll(s, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	var changed []directory.Object
	for _, c := range second {
		changed = append(changed, c.Object)
	}
	if got := anchors(changed); got != "a1 c3 g1" {
		t.Errorf("after Ada left Sales and Cy joined: %q are looked at", got)
	}
	if got := told(changed); got != "c3: (Sales)\ng1: \n" {
		t.Errorf("assigned: %q", got)
	}
}

// What a source has no file for, it says nothing of.
func TestFilesNoLongerNamed(t *testing.T) {
	dir := lay(t, company)
	snapshot := func() *connectors.Snapshot {
		s := connectors.NewSnapshot()
		s.Add(connectors.Record{Type: directory.Group, Anchor: "g1"})
		s.Add(connectors.Record{Type: directory.User, Anchor: "d4", Presence: directory.SoftDeleted, Listed: true})
		return s
	}
	gone := func(o Options) string {
		t.Helper()
		changes, _, err := readAll(newSource(t, optionsIn(dir, o)), snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range changes {
			if c.Object.Tombstone {
				line := c.Object.Anchor + " " + c.Object.Presence.String()
				if c.Listed {
					line += " listed"
				}
				if !c.Since.IsZero() {
					line += " since " + c.Since.Format(time.DateOnly)
				}
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, ", ")
	}
	if got, want := gone(Options{Users: "u.json"}), "d4 soft-deleted since 2026-03-01"; got != want {
		t.Errorf("users alone: got %q, want %q", got, want)
	}
	if err := os.WriteFile(filepath.Join(dir, "empty.json"), []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := gone(Options{Users: "u.json", Groups: "empty.json", DeletedUsers: "empty.json"}), "d4 hard-deleted listed, g1 soft-deleted since 2026-03-01"; got != want {
		t.Errorf("empty lists: got %q, want %q", got, want)
	}
}

// A file that changes while it is read is never half believed.
func TestSourceChanges(t *testing.T) {
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		want   string
	}{
		{"grown", write("u1.json", "["+ada+","+bo+"]"), "u1.json: the file had 75 bytes and now has 148: the source changed while it was being read"},
		{"emptied", write("g.json", ""), "g.json: the file had 2 bytes and now has 0: the source changed while it was being read"},
		{"truncated before it is read", write("u2.json", "["), "u2.json: the file had 2 bytes and now has 1: the source changed while it was being read"},
		{"another page", write("u3.json", "[]"), "u?.json: 2 files matched and now 3 do: the source changed while it was being read"},
		{"written to", func(t *testing.T, dir string) {
			if err := os.Chtimes(filepath.Join(dir, "u1.json"), time.Time{}, testNow); err != nil {
				t.Fatal(err)
			}
		}, "u1.json: the file was written to: the source changed while it was being read"},
		{"replaced", func(t *testing.T, dir string) {
			write("new", "[]")(t, dir)
			if err := os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "u2.json")); err != nil {
				t.Fatal(err)
			}
		}, "u2.json: the file was replaced by another of the same name: the source changed while it was being read"},
		{"renamed", func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "u2.json"), filepath.Join(dir, "u4.json")); err != nil {
				t.Fatal(err)
			}
		}, "u2.json: the file is gone: the source changed while it was being read"},
		{"gone", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "g.json")); err != nil {
				t.Fatal(err)
			}
		}, "g.json: the file is gone: the source changed while it was being read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := lay(t, map[string]string{"u1.json": "[" + ada + "]", "u2.json": "[]", "g.json": "[]"})
			s := newSource(t, optionsIn(dir, Options{Users: "u?.json", Groups: "g.json"}))
			_, err := s.Read(context.Background(), connectors.ReadRequest{Now: testNow}, func(directory.Change) error {
				test.change(t, dir)
				return nil
			})
			if !errors.Is(err, connectors.ErrSourceChanged) {
				t.Fatalf("Read ended with %v", err)
			}
			if got := strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			var re *connectors.ReadError
			if !errors.As(err, &re) {
				t.Error("the error is no *ReadError")
			}
		})
	}
}

func TestFind(t *testing.T) {
	files := with(company, "a.json", `[{"principalId":"g1","principalType":"Group","appRoleId":"r1","appRoleValue":"Admin"}]`)
	files["d.json"] = `[{"id":"d4","userPrincipalName":"d4di@x","displayName":"Di"}]`
	s := newSource(t, optionsIn(lay(t, files), Options{Users: "u.json", Groups: "g.json", Assignments: "a.json", DeletedUsers: "d.json"}))
	for name, want := range map[string]string{
		"ADA@X": "a1 present 1", "Ada.Ito@x": "a1 present 1", "bo": "b2 present 1", "cy@Y.com": "c3 present 0", "cy_y.com#ext#@x": "c3 present 0",
		"C3": "c3 present 0", "di@x": "d4 soft-deleted 0", "SALES": "g1 present 1", "g2": "g2 present 0", "d4di@x": "", "": "",
	} {
		list, err := s.Find(context.Background(), name)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, o := range list {
			got += o.Anchor + " " + o.Presence.String() + " " + string(rune('0'+len(o.Assignments)))
		}
		if got != want {
			t.Errorf("Find(%q): got %q, want %q", name, got, want)
		}
	}
}

func TestWatermark(t *testing.T) {
	dir := lay(t, company)
	written := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	for name := range company {
		if err := os.Chtimes(filepath.Join(dir, name), written, written); err != nil {
			t.Fatal(err)
		}
		written = written.Add(-time.Hour)
	}
	_, result, err := readAll(newSource(t, optionsIn(dir, Options{Users: "u.json", Groups: "g.json"})), nil)
	if want := "2026-02-03T04:05:06Z users=3 groups=2"; err != nil || result.Watermark != want || result.Users != 3 || result.Groups != 2 {
		t.Errorf("got %+v, %v, want the watermark %s", result, err, want)
	}
}

func TestPageOrder(t *testing.T) {
	want := []string{"a/u-1.json", "a/u-2.json", "a/u-010.json", "a/u-10.csv", "a/u-10.json.gz", "a/u-b.json", "b/u.json", "b/u (2).json", "b/u-2.json", "b/u2.json"}
	for i, a := range want {
		for j, b := range want {
			got := byName(a, b)
			if i == j && got != 0 || i < j && got >= 0 || i > j && got <= 0 {
				t.Errorf("byName(%s, %s) = %d", a, b, got)
			}
		}
	}
}
