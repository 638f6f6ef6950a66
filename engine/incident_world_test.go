package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/export"
	"github.com/scimsync/scimsync/scope"
)

// bureau is a world whose source is an export on disk, with guards as a job has
// them that says nothing of them, and somebody who is told.
type bureau struct {
	*world
	dir         string
	users       []map[string]any
	groups      []map[string]any
	assignments []map[string]any
	parts       int // of the users' file; all present unless a test removes one
	told        *listener
}

// shape is how large an bureau is.
type shape struct {
	people int
	groups int // everybody is a member of the first one, and ten are of each other
	all    bool
}

// newBureau returns an bureau after its first cycle.
func newBureau(t *testing.T, s shape) *bureau {
	t.Helper()
	o := &bureau{world: newWorld(t), dir: t.TempDir(), parts: 4, told: &listener{name: "it"}}
	o.job.Settings.Guard = guards
	o.job.Settings.MembersPerPatch = 100
	o.job.Notifiers = append(o.job.Notifiers, o.told)
	o.rules(defaultUsers(), defaultGroups(), scope.Settings{AssignedOnly: !s.all})
	for i := range s.people {
		o.users = append(o.users, map[string]any{
			"id": id(fmt.Sprint("p", i)), "userPrincipalName": fmt.Sprintf("p%04d@contoso.com", i), "mailNickname": fmt.Sprintf("p%04d", i),
			"displayName": fmt.Sprintf("Person %d", i), "department": []string{"Sales", "Engineering", "Finance"}[i%3], "accountEnabled": true,
		})
	}
	for g := range s.groups {
		members := []map[string]any{}
		for i, u := range o.users {
			if g == 0 || i/10 == g {
				members = append(members, map[string]any{"id": u["id"]})
			}
		}
		o.groups = append(o.groups, map[string]any{"id": id(fmt.Sprint("g", g)), "displayName": fmt.Sprint("Group ", g), "members": members})
	}
	for _, g := range o.groups {
		o.assignments = append(o.assignments, map[string]any{"principalId": g["id"], "principalType": "Group"})
	}
	if s.groups == 0 && !s.all {
		for _, u := range o.users {
			o.assignments = append(o.assignments, map[string]any{"principalId": u["id"], "principalType": "User"})
		}
	}
	options := export.Options{
		Users: filepath.Join(o.dir, "users-*.json"), Groups: filepath.Join(o.dir, "groups.json"),
		Assignments: filepath.Join(o.dir, "assignments.json"),
	}
	if s.groups == 0 {
		options.Groups = ""
	}
	o.groups = clone(o.groups) // its lists are as they are read from JSON
	source, err := export.New(options)
	if err != nil {
		t.Fatal(err)
	}
	o.job.Source = source
	o.export()
	if sum := o.cycle(); sum.Create != int64(s.people+s.groups) {
		t.Fatalf("the first cycle: %s", sum)
	}
	o.later(time.Hour)
	if sum := o.cycle(); sum.Changes()+sum.Fail != 0 {
		t.Fatalf("the second cycle: %s", sum)
	}
	o.later(time.Hour)
	return o
}

// later moves the clock.
func (o *bureau) later(d time.Duration) { o.now = o.now.Add(d) }

// export writes the files anew, as of now.
func (o *bureau) export() {
	o.t.Helper()
	size := (len(o.users) + o.parts - 1) / max(o.parts, 1)
	for i := range o.parts {
		from, to := min(i*size, len(o.users)), min((i+1)*size, len(o.users))
		o.file(fmt.Sprintf("users-%02d.json", i), o.users[from:to])
	}
	o.file("groups.json", o.groups)
	o.file("assignments.json", o.assignments)
}

// block disables these of the people, from and to counted from 0, and exports.
func (o *bureau) block(from, to int) {
	for _, u := range o.users[from:to] {
		u["accountEnabled"] = false
	}
	o.export()
}

func (o *bureau) file(name string, objects []map[string]any) {
	o.t.Helper()
	if objects == nil {
		objects = []map[string]any{}
	}
	b, err := json.Marshal(map[string]any{"value": objects})
	if err != nil {
		o.t.Fatal(err)
	}
	o.text(name, string(b))
}

// text writes a file as of now.
func (o *bureau) text(name, content string) {
	o.t.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		o.t.Fatal(err)
	}
	if err := os.Chtimes(path, o.now, o.now); err != nil {
		o.t.Fatal(err)
	}
}

// edit changes every user.
func (o *bureau) edit(change func(u map[string]any)) {
	for _, u := range o.users {
		change(u)
	}
}

// keep returns a function that makes the bureau what it is now.
func (o *bureau) keep() (mend func()) {
	users, groups, assignments, job, parts := clone(o.users), clone(o.groups), clone(o.assignments), o.job, o.parts
	return func() {
		o.users, o.groups, o.assignments, o.job, o.parts = clone(users), clone(groups), clone(assignments), job, parts
		o.export()
	}
}

func clone(list []map[string]any) []map[string]any {
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	var copied []map[string]any
	if err := json.Unmarshal(b, &copied); err != nil {
		panic(err)
	}
	return copied
}

// active returns how many accounts of the application are active, how many
// groups there are, and how many members these have.
func (o *bureau) held() (active, groups, members int) {
	for _, u := range o.app.Users() {
		if on, told := u["active"].(bool); on || !told {
			active++
		}
	}
	for _, g := range o.app.Groups() {
		list, _ := g["members"].([]any)
		groups, members = groups+1, members+len(list)
	}
	return active, groups, members
}

// restless is a source whose file is written anew while it is read.
type restless struct {
	connectors.Source
	once func()
}

func (r *restless) Read(ctx context.Context, req connectors.ReadRequest, yield func(directory.Change) error) (connectors.ReadResult, error) {
	return r.Source.Read(ctx, req, func(c directory.Change) error {
		if r.once != nil {
			r.once()
			r.once = nil
		}
		return yield(c)
	})
}

// without returns the list without the elements from here to there.
func without(list []map[string]any, from, to int) []map[string]any {
	return slices.Concat(list[:from], list[to:])
}

// fails answers with an error whatever is asked of paths that hold a text.
func fails(path string) func(r *http.Request, body string) *http.Response {
	return func(r *http.Request, _ string) *http.Response {
		if strings.Contains(r.URL.Path, path) {
			return answer(http.StatusInternalServerError, `{"detail":"down"}`)
		}
		return nil
	}
}
