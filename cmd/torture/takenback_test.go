package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/cmd/torture/firm"
	"github.com/scimsync/scimsync/cmd/torture/lab"
)

// TestKilledAndTakenBack kills the program right after a write took effect, when
// nothing of it is recorded yet, and takes the change back in the directory, which
// then looks as if nothing had happened. The next cycle takes it back in the
// application too.
func TestKilledAndTakenBack(t *testing.T) {
	seed, count := lab.Seed(t), 0
	for _, c := range []struct {
		name, method, kind string
		change             func(f *firm.Firm)
	}{
		{"somebody new", http.MethodPost, "/Users", func(f *firm.Firm) { f.Hire() }},
		{"a new group", http.MethodPost, "/Groups", func(f *firm.Firm) { f.Found() }},
		{"another title", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[2].Title = "Chief" }},
		{"another name", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[2].Name = "renamed" }},
		{"somebody is blocked", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[2].Blocked = true }},
		{"somebody leaves", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[2].Place = firm.Listed }},
		{"another manager", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[2].Boss = f.Staff[5] }},
		{"no manager", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[3].Boss = nil }},
		{"the first manager", http.MethodPatch, "/Users/", func(f *firm.Firm) { f.Staff[4].Boss = f.Staff[5] }},
		{"a group is renamed", http.MethodPatch, "/Groups/", func(f *firm.Firm) { f.Crews[0].Name = "Renamed" }},
		{"a member joins", http.MethodPatch, "/Groups/", func(f *firm.Firm) { f.Crews[0].Staff = f.Staff[:4] }},
		{"a member leaves", http.MethodPatch, "/Groups/", func(f *firm.Firm) { f.Crews[0].Staff = f.Staff[:2] }},
		{"a group is nested", http.MethodPatch, "/Groups/", func(f *firm.Firm) { f.Crews[2].Inner = []*firm.Crew{f.Crews[0]} }},
		{"somebody is deleted for good", http.MethodDelete, "/Users/", func(f *firm.Firm) { f.Staff[7].Place = firm.Gone }},
		{"a group goes that is in another", http.MethodDelete, "/Groups/", func(f *firm.Firm) { f.Crews[3].Gone = true }},
		{"a group goes", http.MethodDelete, "/Groups/", func(f *firm.Firm) { f.Crews[1].Gone = true }},
	} {
		for _, initial := range []bool{false, true} {
			name := c.name
			args := []string{"sync", "lab"}
			if initial {
				name += ", in an initial cycle"
				args = append(args, "--initial")
			}
			t.Run(name, func(t *testing.T) {
				l := lab.New(t, t.TempDir(), seed, 9)
				f := l.Firm
				f.Crews[0].Staff, f.Crews[2].Inner = append([]*firm.Worker{}, f.Staff[:3]...), nil
				f.Crews[1].Inner = []*firm.Crew{f.Crews[3]}
				f.Staff[2].Boss, f.Staff[3].Boss, f.Staff[4].Boss = f.Staff[6], f.Staff[6], nil
				l.Export()
				l.Check()
				f.Staff[7].Place = firm.Listed
				f.Part(f.Staff[7])
				l.Export()
				l.Check()
				c.change(f)
				l.Export()
				x := l.KillAt(l.Command(args...), false, func(_ int, method, path string) bool {
					return method == c.method && strings.HasPrefix(strings.TrimPrefix(path, "/scim/v2"), c.kind)
				})
				if !x.Killed {
					t.Fatalf("no %s of %s took effect, so that nothing was killed", c.method, c.kind)
				}
				count++
				f.Rewind()
				if f.Staff[7].Place == firm.Gone { // an export of before, and then they return
					f.Staff[7].Place = firm.Here
				}
				l.Export()
				l.Check()
			})
		}
	}
	t.Attr("tries", strconv.Itoa(count))
}
