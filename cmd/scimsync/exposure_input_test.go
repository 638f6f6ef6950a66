package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// bounded runs the built program, which is to end by itself with an error that a
// person can read, soon, and with memory that does not grow with the input.
func bounded(t *testing.T, dir string, args ...string) (said string) {
	t.Helper()
	const mostTime = time.Minute
	mostMemory := int64(600 << 10) // KiB
	// What a process took counts the memory of the one that started it, which may
	// be larger: that of all tests before, with the race detector.
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err == nil {
		mostMemory = max(mostMemory, own.Maxrss+64<<10)
	}
	cmd := exec.Command("scimsync", args...)
	cmd.Dir = dir
	began := time.Now()
	out, _ := cmd.CombinedOutput()
	said = string(out)
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if ok && usage.Maxrss > mostMemory {
		t.Errorf("%v took %d MiB", args, usage.Maxrss>>10)
	}
	if took := time.Since(began); took > mostTime {
		t.Errorf("%v took %s", args, took)
	}
	if code := cmd.ProcessState.ExitCode(); code != exitUsage && code != exitGuarded && code != exitFailed || strings.Contains(said, "goroutine ") || !strings.Contains(said, "rror") {
		t.Errorf("%v: exit code %d\n%.2000s", args, code, said)
	}
	if len(said) > 64<<10 {
		t.Errorf("%v says %d bytes", args, len(said))
	}
	return said
}

// deep returns JSON that is nested so many times.
func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

// TestInputThatIsMadeToHurt has files that are small and mean a lot, or are
// nested without end.
func TestInputThatIsMadeToHurt(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	for name, files := range map[string]map[string]string{
		"a job file of aliases":       {"test.yaml": bomb},
		"a job file nested deeply":    {"test.yaml": "name: " + deep(100_000)},
		"a daemon file of aliases":    {"scimsync.yaml": bomb},
		"a daemon file nested deeply": {"scimsync.yaml": "jobs: " + deep(100_000)},
		"users nested deeply":         {"users.json": `[{"id":"a","x":` + deep(1_000_000) + `}]`},
		"users nested and cut off":    {"users.json": strings.Repeat(`[{"id":`, 1_000_000)},
		"an endless text":             {"users.json": `[{"id":"` + strings.Repeat("a", 80<<20)},
		"a state that is none":        {"state.db": "SQLite format 3\x00" + strings.Repeat("\xff", 100_000)},
		"a plan nested deeply":        {"plan.json": deep(1_000_000)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
			application, stop, err := serve(sandbox.New(sandbox.Options{Token: "token"}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stop)
			write(t, dir, "test.yaml", fmt.Sprintf(serverJob, "http://"+application+"/scim/v2", "token"))
			write(t, dir, "users.json", "[]")
			write(t, dir, "groups.json", "[]")
			for file, content := range files {
				write(t, dir, file, content)
			}
			if _, plan := files["plan.json"]; plan {
				bounded(t, dir, "apply", "plan.json")
				return
			}
			bounded(t, dir, "sync", "test")
		})
	}
}

// TestAnswersThatAreMadeToHurt has an application that answers a query with what
// is nested without end, or with ids that are paths and queries.
func TestAnswersThatAreMadeToHurt(t *testing.T) {
	more := []byte(strings.Repeat("a", 1<<20))
	for name, answer := range map[string]string{
		"nested deeply":             `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":1,"Resources":` + deep(1_000_000) + `}`,
		"nested deeply and cut off": strings.Repeat(`{"Resources":[`, 500_000),
		"a number without end":      `{"totalResults":` + strings.Repeat("9", 5_000_000) + `,"Resources":[]}`,
		"without end":               `{"Resources":["`,
	} {
		t.Run(name, func(t *testing.T) {
			address, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/scim+json")
				_, err := w.Write([]byte(answer))
				for n := 0; err == nil && name == "without end" && n < 900; n++ { // MiB
					_, err = w.Write(more)
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stop)
			dir := oneUser(t, address)
			bounded(t, dir, "sync", "test")
		})
	}
}

// oneUser returns a folder with a job of one user.
func oneUser(t *testing.T, address string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "test.yaml", fmt.Sprintf(serverJob, "http://"+address+"/scim/v2", "token"))
	c := company{people: map[string]person{"ada": {name: "ada"}}, groups: map[string][]string{"Staff": {"ada"}}}
	c.export(t, dir)
	return dir
}

// TestIDsOfAnApplicationStayInTheirPlace: an id that looks like another path, a
// query or a line of a request is one segment of the path, escaped, or refused.
func TestIDsOfAnApplicationStayInTheirPlace(t *testing.T) {
	for _, id := range []string{"../Groups/1", "..", ".", "a?b=c", "a#b", "a/../../admin", "a%2f..%2fb", "a\\b", "a b", "a;b", "ü", "//evil.test/x", "a&attributes=password", "%00", "a\r\nX-Evil: 1", ""} {
		t.Run(fmt.Sprintf("%q", id), func(t *testing.T) {
			var mu sync.Mutex
			var paths []string
			made := false
			address, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				paths = append(paths, r.Method+" "+r.URL.EscapedPath())
				if r.Header.Get("X-Evil") != "" {
					t.Error("an id has made a header")
				}
				w.Header().Set("Content-Type", "application/scim+json")
				switch {
				case r.Method == http.MethodPost:
					made = true
					w.WriteHeader(http.StatusCreated)
					fmt.Fprintf(w, `{"id":%q,"userName":"ada@contoso.com"}`, id)
				case r.Method == http.MethodGet && made && !strings.Contains(r.URL.RawQuery, "filter"):
					fmt.Fprintf(w, `{"id":%q,"userName":"other"}`, id)
				default:
					fmt.Fprint(w, `{"totalResults":0,"Resources":[]}`)
				}
			}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stop)
			dir := oneUser(t, address)
			write(t, dir, "groups.json", `{"value":[]}`)
			job := strings.Replace(read(t, filepath.Join(dir, "test.yaml")), "scope: assigned\n  assigned: {groups: [Staff]}", "scope: all", 1)
			write(t, dir, "test.yaml", job)
			for range 2 {
				program(t, dir, "sync", "test")
				if err := os.WriteFile(filepath.Join(dir, "users.json"), []byte(strings.ReplaceAll(read(t, filepath.Join(dir, "users.json")), "Test", "Other")), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, path := range paths {
				_, rest, found := strings.Cut(path, "/scim/v2/")
				kind, escaped, one := strings.Cut(rest, "/")
				if !found || kind != "Users" && kind != "Groups" || one && (escaped == "" || escaped == "." || escaped == ".." || strings.Contains(escaped, "/")) {
					t.Errorf("a request went to %s", path)
				}
			}
			if !made {
				t.Errorf("nothing was created: %v", paths)
			}
		})
	}
}
