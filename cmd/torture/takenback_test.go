package main

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestKilledAndTakenBack kills the program right after a write took effect, when
// nothing of it is recorded yet, and takes the change back in the directory, which
// then looks as if nothing had happened. The next cycle takes it back in the
// application too.
func TestKilledAndTakenBack(t *testing.T) {
	seed, count := seedOf(t), 0
	for _, c := range []struct {
		name, method, kind string
		change             func(f *firm)
	}{
		{"somebody new", http.MethodPost, "/Users", func(f *firm) { f.hire() }},
		{"a new group", http.MethodPost, "/Groups", func(f *firm) { f.found() }},
		{"another title", http.MethodPatch, "/Users/", func(f *firm) { f.staff[2].title = "Chief" }},
		{"another name", http.MethodPatch, "/Users/", func(f *firm) { f.staff[2].name = "renamed" }},
		{"somebody is blocked", http.MethodPatch, "/Users/", func(f *firm) { f.staff[2].blocked = true }},
		{"somebody leaves", http.MethodPatch, "/Users/", func(f *firm) { f.staff[2].place = listed }},
		{"another manager", http.MethodPatch, "/Users/", func(f *firm) { f.staff[2].boss = f.staff[5] }},
		{"no manager", http.MethodPatch, "/Users/", func(f *firm) { f.staff[3].boss = nil }},
		{"the first manager", http.MethodPatch, "/Users/", func(f *firm) { f.staff[4].boss = f.staff[5] }},
		{"a group is renamed", http.MethodPatch, "/Groups/", func(f *firm) { f.crews[0].name = "Renamed" }},
		{"a member joins", http.MethodPatch, "/Groups/", func(f *firm) { f.crews[0].staff = f.staff[:4] }},
		{"a member leaves", http.MethodPatch, "/Groups/", func(f *firm) { f.crews[0].staff = f.staff[:2] }},
		{"a group is nested", http.MethodPatch, "/Groups/", func(f *firm) { f.crews[2].inner = []*crew{f.crews[0]} }},
		{"somebody is deleted for good", http.MethodDelete, "/Users/", func(f *firm) { f.staff[7].place = purged }},
		{"a group goes", http.MethodDelete, "/Groups/", func(f *firm) { f.crews[1].gone = true }},
	} {
		for _, initial := range []bool{false, true} {
			name := c.name
			args := []string{"sync", "lab"}
			if initial {
				name += ", in an initial cycle"
				args = append(args, "--initial")
			}
			t.Run(name, func(t *testing.T) {
				l := newLab(t, seed, 8)
				f := l.firm
				f.crews[0].staff, f.crews[2].inner = append([]*worker{}, f.staff[:3]...), nil
				f.staff[2].boss, f.staff[3].boss, f.staff[4].boss = f.staff[6], f.staff[6], nil
				l.export(t)
				l.check(t)
				f.staff[7].place = listed
				f.part(f.staff[7])
				l.export(t)
				l.check(t)
				c.change(f)
				l.export(t)
				if !l.killedAfter(t, c.method, c.kind, args...) {
					t.Fatalf("no %s of %s took effect, so that nothing was killed", c.method, c.kind)
				}
				count++
				f.rewind()
				if f.staff[7].place == purged { // an export of before, and then they return
					f.staff[7].place = here
				}
				l.export(t)
				l.check(t)
			})
		}
	}
	t.Attr("tries", strconv.Itoa(count))
}

// killedAfter runs the program, kills it once the first such write has taken
// effect, and reports whether it did.
func (l *lab) killedAfter(t *testing.T, method, kind string, args ...string) bool {
	t.Helper()
	victim := make(chan *os.Process, 1)
	l.app.hook(nil, func(_ int, r *http.Request) {
		if r.Method != method || !strings.HasPrefix(strings.TrimPrefix(r.URL.Path, "/scim/v2"), kind) {
			return
		}
		select {
		case p := <-victim:
			_ = p.Kill()
		default: // dead already
		}
	})
	defer l.app.hook(nil, nil)
	return l.await(t, l.command(args...), func(p *os.Process) { victim <- p }).killed
}
