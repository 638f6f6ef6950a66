package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

var update = flag.Bool("update", false, "write the golden files")

// bloginExport is the directory of the transcripts, before and after.
var bloginExport = map[string]string{
	"before": `[
 {"id": "00000000-0000-4000-8000-00000000000a", "userPrincipalName": "ada@contoso.com", "mail": "ada@contoso.com", "givenName": "Ada", "surname": "Ito", "jobTitle": "Head of Sales", "businessPhones": ["+1 206 555 0101"], "accountEnabled": true},
 {"id": "00000000-0000-4000-8000-00000000000b", "userPrincipalName": "bo@contoso.com", "mail": "bo@contoso.com", "givenName": "Bo", "surname": "Lindqvist", "jobTitle": "Account Executive", "businessPhones": [], "accountEnabled": true},
 {"id": "00000000-0000-4000-8000-00000000000c", "userPrincipalName": "cai@contoso.com", "givenName": "Cai", "surname": "Lim", "businessPhones": [], "accountEnabled": true},
 {"id": "00000000-0000-4000-8000-00000000000d", "userPrincipalName": "dana@contoso.com", "givenName": "Dana", "surname": "Weiss", "businessPhones": [], "accountEnabled": true}
]`,
	// Ada has a new title, mail and phone; Bo is blocked; Cai has left the group
	// and with it the application; Dana has joined it.
	"after": `[
 {"id": "00000000-0000-4000-8000-00000000000a", "userPrincipalName": "ada@contoso.com", "mail": "a.ito@contoso.com", "givenName": "Ada", "surname": "Ito", "jobTitle": "Chief of Sales", "businessPhones": ["+1 206 555 0199"], "accountEnabled": true},
 {"id": "00000000-0000-4000-8000-00000000000b", "userPrincipalName": "bo@contoso.com", "mail": "bo@contoso.com", "givenName": "Bo", "surname": "Lindqvist", "jobTitle": "Account Executive", "businessPhones": [], "accountEnabled": false},
 {"id": "00000000-0000-4000-8000-00000000000c", "userPrincipalName": "cai@contoso.com", "givenName": "Cai", "surname": "Lim", "businessPhones": [], "accountEnabled": true},
 {"id": "00000000-0000-4000-8000-00000000000d", "userPrincipalName": "dana@contoso.com", "givenName": "Dana", "surname": "Weiss", "businessPhones": [], "accountEnabled": true}
]`,
}

func bloginGroup(members ...string) string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = fmt.Sprintf(`{"id": "00000000-0000-4000-8000-00000000000%s"}`, m)
	}
	return `[{"id": "00000000-0000-4000-8000-000000000001", "displayName": "Sales", "members": [` + strings.Join(list, ", ") + `]}]`
}

// TestBlogInTranscripts records the exact requests of an initial and an
// incremental cycle of the BlogIn mapping, in both PATCH dialects, with the
// answers' status. Run with -update to write the files anew; then read them.
func TestBlogInTranscripts(t *testing.T) {
	for name, flag := range map[string]string{"default": "", "aadOptscim062020": "?aadOptscim062020"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var transcript bytes.Buffer
			var mu sync.Mutex
			ids := 0
			application := sandbox.New(sandbox.Options{
				Token: "blogin-secret",
				NewID: func() string { ids++; return fmt.Sprintf("id-%d", ids) },
				OnRequest: func(r sandbox.Recorded) {
					mu.Lock()
					defer mu.Unlock()
					writeRequest(&transcript, r)
				},
			})
			address, stop, err := serve(application)
			if err != nil {
				t.Fatal(err)
			}
			defer stop()
			t.Setenv("BLOGIN_URL", "http://"+address+"/scim/v2"+flag)
			t.Setenv("BLOGIN_TOKEN", "blogin-secret")
			job, err := os.ReadFile("testdata/blogin/blogin.yaml")
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "blogin.yaml", string(job))
			write(t, dir, "scimsync.yaml", "jobs: [blogin.yaml]\nstate: sqlite:state.db\n")

			fmt.Fprintf(&transcript, "# BlogIn, %s PATCH dialect. The directory: users %s\n# Group Sales: Ada, Bo, Cai.\n\n## Initial cycle\n", name, "Ada, Bo, Cai, Dana.")
			write(t, dir, "users.json", bloginExport["before"])
			write(t, dir, "groups.json", bloginGroup("a", "b", "c"))
			scimsync(t, dir, 0, "sync", "blogin")
			fmt.Fprint(&transcript, "\n## Incremental cycle: Ada changed, Bo is blocked, Cai left the group, Dana joined it\n")
			write(t, dir, "users.json", bloginExport["after"])
			write(t, dir, "groups.json", bloginGroup("a", "b", "d"))
			scimsync(t, dir, 0, "sync", "blogin")
			fmt.Fprint(&transcript, "\n## Incremental cycle: nothing changed\n")
			scimsync(t, dir, 0, "sync", "blogin")

			golden(t, filepath.Join("testdata", "transcripts", "blogin-"+name+".golden"), transcript.String())
		})
	}
}

var anyGUID = regexp.MustCompile(`eq\+%22[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}%22`)

// writeRequest writes a request as a person reads it.
func writeRequest(w *bytes.Buffer, r sandbox.Recorded) {
	target := r.Path
	if r.RawQuery != "" {
		target += "?" + anyGUID.ReplaceAllString(r.RawQuery, "eq+%22(a random GUID)%22")
	}
	fmt.Fprintf(w, "\n%s %s\n", r.Method, target)
	if query, err := url.QueryUnescape(r.RawQuery); err == nil && strings.Contains(query, "filter=") && !anyGUID.MatchString(r.RawQuery) {
		fmt.Fprintf(w, "# %s\n", query)
	}
	if len(r.Body) > 0 {
		var indented bytes.Buffer
		if err := json.Indent(&indented, r.Body, "", "  "); err != nil {
			indented.Write(r.Body)
		}
		fmt.Fprintln(w, indented.String())
	}
	fmt.Fprintf(w, "→ %d\n", r.Status)
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// scimsync runs the program in process, in no other folder than the test's own,
// and returns what it printed.
func scimsync(t *testing.T, dir string, wantCode int, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append(args, "--config", filepath.Join(dir, "scimsync.yaml"))
	if code := run(args, &out, &errs); code != wantCode {
		t.Fatalf("scimsync %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, wantCode, out.String(), errs.String())
	}
	return out.String()
}
