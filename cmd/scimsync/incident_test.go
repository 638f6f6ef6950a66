package main

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// program runs the built program in a folder and returns its exit code and what
// it says on both outputs.
func program(t *testing.T, dir string, args ...string) (code int, said string) {
	t.Helper()
	cmd := exec.Command("scimsync", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// TestIncidentsOfTheProgram has the incidents of which most is told happen to the
// built program, with the settings of a job that says nothing of guards.
func TestIncidentsOfTheProgram(t *testing.T) {
	const people = 43
	list := func(n int, format string) string {
		var all []string
		for i := range n {
			all = append(all, strings.ReplaceAll(format, "#", fmt.Sprintf("%02d", i)))
		}
		return `{"value":[` + strings.Join(all, ",") + `]}`
	}
	users := list(people, `{"id":"u#","userPrincipalName":"u#@contoso.com","displayName":"Person #","department":"Sales","accountEnabled":true}`)
	assignments := list(people, `{"principalId":"u#","principalType":"User"}`)
	for name, tt := range map[string]struct {
		file, old, new string
		reason, says   string
		staged         int
	}{
		"an empty export": {"users.json", users, `{"value":[]}`,
			"IngestionInterrupted", "the source has no users any more; it had 43", 0},
		"half an export": {"users.json", users, strings.Replace(list(people/2, `{"id":"u#","userPrincipalName":"u#@contoso.com","displayName":"Person #","department":"Sales","accountEnabled":true}`), "Person 00", "Person 0", 1),
			"IngestionInterrupted", "the source has shrunk from 43 to 21 users, by more than 20 %", 0},
		"a filter that matches nobody": {"test.yaml", "value: Sales", "value: Sale",
			"TooManyDeletes", "would disable or delete 43 of 43 active users, more than 20 %", people},
		"an assignment list emptied": {"assignments.json", assignments, `{"value":[]}`,
			"TooManyDeletes", "would disable or delete 43 of 43 active users, more than 20 %", people},
	} {
		t.Run(name, func(t *testing.T) {
			var writes atomic.Int64
			application := sandbox.New(sandbox.Options{Token: "token", OnRequest: func(r sandbox.Recorded) {
				if r.Method != http.MethodGet {
					writes.Add(1)
				}
			}})
			address, stop, err := serve(application)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stop)
			dir := t.TempDir()
			job := fmt.Sprintf("name: test\nsource: {kind: export, users: users.json, assignments: assignments.json}\n"+
				"target: {kind: scim, tenantURL: %q, secretToken: token}\nmappings:\n  users:\n    scopingFilters:\n"+
				"      - {title: Sales, clauses: [{attribute: department, operator: EQUALS, value: Sales}]}\n"+
				"    attributes:\n      - {source: userPrincipalName, target: userName, matchingPrecedence: 1}\n"+
				"      - {source: displayName, target: displayName}\n"+
				"      - {expression: 'Switch([IsSoftDeleted], , \"False\", \"True\", \"True\", \"False\")', target: active}\n", "http://"+address+"/scim/v2")
			files := map[string]string{
				"scimsync.yaml": "jobs: [test.yaml]\nstate: sqlite:state.db\n", "test.yaml": job, "users.json": users, "assignments.json": assignments,
			}
			for file, content := range files {
				write(t, dir, file, content)
			}
			if code, said := program(t, dir, "sync", "test"); code != 0 || !strings.Contains(said, "43 created") {
				t.Fatalf("exit code %d\n%s", code, said)
			}
			before := writes.Load()
			broken := strings.Replace(files[tt.file], tt.old, tt.new, 1)
			if broken == files[tt.file] {
				t.Fatal("nothing was changed")
			}
			write(t, dir, tt.file, broken)
			if code, said := program(t, dir, "plan", "test"); code != 0 || !strings.Contains(said, "would be stopped before its first write") || !strings.Contains(said, tt.says) {
				t.Errorf("plan: exit code %d\n%s", code, said)
			}
			for range 2 {
				if code, said := program(t, dir, "sync", "test"); code != exitGuarded || !strings.Contains(said, tt.says) || !strings.Contains(said, "Nothing was written") {
					t.Errorf("sync: exit code %d\n%s", code, said)
				}
			}
			if n := writes.Load() - before; n != 0 {
				t.Errorf("%d requests that write were sent", n)
			}
			if _, said := program(t, dir, "status"); !strings.Contains(said, "("+tt.reason+")") {
				t.Errorf("status:\n%s", said)
			}
			if _, said := program(t, dir, "logs", "test", "--action", "stagedDelete"); strings.Count(said, "stagedDelete") != tt.staged {
				t.Errorf("the log, where %d deletes are staged:\n%s", tt.staged, said)
			}

			write(t, dir, tt.file, files[tt.file])
			if code, said := program(t, dir, "sync", "test"); code != 0 || writes.Load() != before {
				t.Errorf("after the cause was mended: exit code %d, %d writes\n%s", code, writes.Load()-before, said)
			}
			write(t, dir, tt.file, broken)
			if code, said := program(t, dir, "sync", "test"); code != exitGuarded {
				t.Errorf("again: exit code %d\n%s", code, said)
			}
			if code, said := program(t, dir, "allow-deletes", "test"); code != 0 {
				t.Errorf("allow-deletes: exit code %d\n%s", code, said)
			}
			if code, said := program(t, dir, "sync", "test"); code != 0 || strings.Contains(said, " 0 disabled") {
				t.Errorf("allowed: exit code %d\n%s", code, said)
			}
		})
	}
}
