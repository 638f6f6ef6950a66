package main

import (
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// TestKilledInTheMiddle kills the program with SIGKILL right after a write has
// taken effect and before its answer arrives, runs it again, and compares the
// application with that of a run that nobody disturbed.
func TestKilledInTheMiddle(t *testing.T) {
	c := company{people: map[string]person{}, groups: map[string][]string{}}
	for i := range 40 {
		name := fmt.Sprintf("p%02d", i)
		p := person{name: name, title: "Clerk"}
		if i%3 == 1 {
			p.manager = "p00"
		}
		c.people[name] = p
		c.groups["Staff"] = append(c.groups["Staff"], name)
	}
	undisturbed := killAfter(t, c, 0)
	if len(undisturbed.accounts) != 40 || len(undisturbed.groups["Staff"]) != 40 {
		t.Fatalf("%d accounts, %d members", len(undisturbed.accounts), len(undisturbed.groups["Staff"]))
	}
	// Writes: 40 users, 1 group, 40 members, 13 managers.
	for _, n := range []int{1, 2, 17, 39, 40, 41, 42, 60, 81, 82, 90, 94} {
		t.Run(fmt.Sprint("after write ", n), func(t *testing.T) {
			if diff := cmp.Diff(undisturbed, killAfter(t, c, n), cmp.AllowUnexported(model{})); diff != "" {
				t.Errorf("(-undisturbed +killed):\n%s", diff)
			}
		})
	}
}

// killAfter provisions the company in a cycle that is killed after so many
// writes, then in one that is not, and returns what the application holds.
func killAfter(t *testing.T, c company, writes int) model {
	t.Helper()
	const token = "kill-token"
	var mu sync.Mutex
	var victim *exec.Cmd
	seen := 0
	application := sandbox.New(sandbox.Options{Token: token, OnRequest: func(r sandbox.Recorded) {
		if r.Method == http.MethodGet {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if seen++; seen == writes {
			_ = victim.Process.Kill()
		}
	}})
	address, stop, err := serve(application)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	dir := t.TempDir()
	url := "http://" + address + "/scim/v2"
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "test.yaml", fmt.Sprintf(serverJob, url, token))
	c.export(t, dir)
	if writes > 0 {
		cmd := exec.Command("scimsync", "sync", "test")
		cmd.Dir = dir
		mu.Lock()
		victim = cmd
		err := cmd.Start()
		mu.Unlock()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the program was not killed: %v", err)
		}
	}
	scimsync(t, dir, 0, "sync", "test")
	if out := scimsync(t, dir, 0, "sync", "test", "-o", "json"); !strings.Contains(out, `"update": 0`) {
		t.Errorf("a cycle afterwards finds something to do:\n%s", out)
	}
	held := model{accounts: accounts(t, url, token), groups: memberships(t, url, token)}
	for name, members := range held.groups {
		held.groups[name] = slices.Compact(members)
		if len(held.groups[name]) != len(members) {
			t.Errorf("%s holds a member twice", name)
		}
	}
	return held
}
