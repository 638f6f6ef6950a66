package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

// hostile is a value that would set the title of a terminal, clear it, move its
// cursor back, turn text around, and forge lines of a log.
const hostile = "Ada\x1b]0;title\x07\x1b[2J\x1b[31m\r\u009b2K\x9d8;;https://x\x9c \u202egpj.exe\u2066\u061c\x7f\x08\nERROR forged\ttab"

// hostileText is hostile as a text of JSON or YAML, with a place in front.
func hostileText(place string) string {
	b, err := json.Marshal(place + strings.ToValidUTF8(hostile, "\uFFFD"))
	if err != nil {
		panic(err)
	}
	return string(b)
}

// harmless checks that nothing in a text does more on a terminal than to be seen
// and, if that is so of all of its lines, that each is the program's own.
func harmless(t *testing.T, where, text string, lines bool) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			t.Errorf("%s: %U reaches the terminal:\n%q", where, r, text)
			return
		}
	}
	for line := range strings.Lines(text) {
		if lines && strings.HasPrefix(line, "ERROR forged") {
			t.Errorf("%s: a value has made a line of its own:\n%s", where, text)
			return
		}
	}
}

// What the application of a minefield refuses.
const (
	refusesWrites = iota + 1
	refusesAll
)

// minefield is a folder with a job whose directory and application are hostile in
// every text.
func minefield(t *testing.T) (dir string, refuses *atomic.Int32) {
	t.Helper()
	refuses = &atomic.Int32{}
	application := sandbox.New(sandbox.Options{Token: "mine-token"})
	address, stop, err := serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if how := refuses.Load(); how == refusesAll || how == refusesWrites && r.Method != http.MethodGet {
			w.Header().Set("Content-Type", "application/scim+json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"400","scimType":%s,"detail":%s}`,
				hostileText("type "), hostileText("detail "))
			return
		}
		application.ServeHTTP(w, r)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir = t.TempDir()
	var users, members []string
	for i := range 3 {
		values := []string{fmt.Sprintf(`"id":"m%d","userPrincipalName":%s,"accountEnabled":true`, i, hostileText(fmt.Sprint("upn", i)))}
		for _, attribute := range []string{"mail", "displayName", "givenName", "surname", "jobTitle", "department", "mailNickname"} {
			values = append(values, fmt.Sprintf("%q:%s", attribute, hostileText(attribute)))
		}
		if i > 0 {
			values = append(values, `"manager":{"id":"m0"}`)
		}
		users = append(users, "{"+strings.Join(values, ",")+"}")
		members = append(members, fmt.Sprintf(`{"id":"m%d"}`, i))
	}
	members = append(members, `{"id":`+hostileText("nobody")+`}`)
	write(t, dir, "users.json", `{"value":[`+strings.Join(users, ",")+`]}`)
	write(t, dir, "groups.json", `{"value":[{"id":`+hostileText("g")+`,"displayName":`+hostileText("Staff")+`,"members":[`+strings.Join(members, ",")+`]}]}`)
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\nlog: {level: debug}\n")
	job := strings.Replace(fmt.Sprintf(serverJob, "http://"+address+"/scim/v2", "mine-token"), "scope: assigned\n  assigned: {groups: [Staff]}", "scope: all", 1)
	write(t, dir, "test.yaml", job)
	return dir, refuses
}

// TestValuesOfADirectoryAreData runs every command that shows something of a
// directory and an application that are hostile in all of their texts.
func TestValuesOfADirectoryAreData(t *testing.T) {
	dir, refuses := minefield(t)
	commands := 0
	try := func(wantCode int, args ...string) {
		t.Helper()
		for _, format := range [][]string{nil, {"-o", "json"}} {
			if format != nil && (args[0] == "apply" || args[0] == "connections" && len(args) > 2 && (args[2] == "delete" || args[2] == "export") || args[0] == "sync" && len(args) > 2 && args[2] == "once") {
				continue // can be done once, or prints no JSON
			}
			var out, errs bytes.Buffer
			all := append(append(append([]string{}, args...), format...), "--config", filepath.Join(dir, "scimsync.yaml"), "--log-level", "debug")
			code := run(all, &out, &errs)
			if code != wantCode {
				t.Errorf("%q: exit code %d, want %d\n%s%s", all, code, wantCode, out.String(), errs.String())
			}
			// A cell of CSV may have several lines, and so may what a person types.
			lines := !slices.Contains(args, "export") && args[0] != "expr" && !strings.HasPrefix(args[len(args)-1], "--")
			harmless(t, strings.Join(args, " "), out.String(), lines)
			harmless(t, strings.Join(args, " ")+", standard error", errs.String(), lines)
			reads := []string{"plan", "status", "logs", "explain", "provision", "connections", "sync", "expr"}
			if format != nil && out.Len() > 0 && wantCode == 0 && slices.Contains(reads, args[0]) && !slices.Contains(args, "export") {
				for decoder := json.NewDecoder(&out); decoder.More(); {
					var v any
					if err := decoder.Decode(&v); err != nil {
						t.Fatalf("%q: what is printed is no JSON: %v", all, err)
					}
				}
			}
			commands++
		}
	}
	saved := filepath.Join(dir, "plan.json")
	refuses.Store(refusesAll)
	try(exitUsage, "plan", "test")
	try(exitUsage, "sync", "test")
	try(exitUsage, "test-connection", "test")
	try(0, "status", "test")
	refuses.Store(refusesWrites)
	try(0, "plan", "test")
	try(exitFailed, "sync", "test")
	try(0, "status", "test")
	try(0, "logs", "test")
	try(0, "explain", "test", "m1")
	refuses.Store(0)
	try(0, "restart", "test", "--reset", "full")
	try(0, "plan", "test", "--out", saved)
	try(0, "apply", saved)
	try(0, "sync", "test")
	try(0, "status")
	try(0, "logs", "test", "--cycle", "last")
	try(0, "explain", "test", "m1")
	try(0, "provision", "test", "m1")
	try(0, "provision", "test", "m2", "--dry-run")
	try(0, "connections", "test")
	try(0, "connections", "test", "get", "m1")
	try(0, "connections", "test", "export")
	try(0, "test-connection", "test")
	try(0, "config", "validate")
	try(0, "pause", "test")
	try(0, "connections", "test", "delete", "m2")
	try(0, "start", "test")
	try(0, "allow-deletes", "test")
	// What is not found is repeated, and so is what a shell was made to say.
	for _, command := range []string{"explain", "provision"} {
		try(exitUsage, command, "test", hostile)
	}
	try(exitUsage, "connections", "test", "get", hostile)
	try(exitUsage, "sync", hostile)
	try(exitUsage, "plan", "test", "--"+hostile)
	try(0, "expr", "eval", `[displayName]`, "--set", "displayName="+hostile)
	t.Attr("tries", fmt.Sprint(commands))
}

// TestFilesOfAHostileDirectory has mistakes in a directory whose message repeats
// what stands there.
func TestFilesOfAHostileDirectory(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"an id twice": func(t *testing.T, dir string) {
			write(t, dir, "users.json", `[{"id":`+hostileText("a")+`},{"id":`+hostileText("a")+`}]`)
		},
		"a type":     func(t *testing.T, dir string) { write(t, dir, "users.json", `[{"id":{"a":`+hostileText("")+`}}]`) },
		"no JSON":    func(t *testing.T, dir string) { write(t, dir, "users.json", hostile) },
		"a key":      func(t *testing.T, dir string) { write(t, dir, "test.yaml", hostileText("key")+": x\n") },
		"a job name": func(t *testing.T, dir string) { write(t, dir, "test.yaml", "name: "+hostileText("")+"\n") },
		"a raw key":  func(t *testing.T, dir string) { write(t, dir, "test.yaml", hostile+": x\n") },
		"a state":    func(t *testing.T, dir string) { write(t, dir, "state.db", hostile) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := minefield(t)
			change(t, dir)
			for _, command := range [][]string{{"sync", "test"}, {"plan", "test"}, {"config", "validate"}, {"status"}} {
				var out, errs bytes.Buffer
				run(append(command, "--config", filepath.Join(dir, "scimsync.yaml")), &out, &errs)
				harmless(t, command[0], out.String(), true)
				harmless(t, command[0], errs.String(), true)
			}
		})
	}
}

// TestNoFormulaInCSV reads what connections export writes as a spreadsheet does.
func TestNoFormulaInCSV(t *testing.T) {
	names := []string{`=cmd|'/c calc'!A1`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", `"=1`, "＝1", " =1", "plain",
		"a;=1", "a\t=1", "a; \"=1", "a\n@SUM(A1)", "a|+1", ";;=1", "a,=1;-2"}
	application, stop, err := serve(sandbox.New(sandbox.Options{Token: "token"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	dir := t.TempDir()
	var users []string
	for i, name := range names {
		text, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, fmt.Sprintf(`{"id":"=f%d","userPrincipalName":"f%d@contoso.com","displayName":%s,"accountEnabled":true}`, i, i, text))
	}
	write(t, dir, "users.json", "["+strings.Join(users, ",")+"]")
	write(t, dir, "groups.json", "[]")
	write(t, dir, "scimsync.yaml", "jobs: [test.yaml]\nstate: sqlite:state.db\n")
	write(t, dir, "test.yaml", strings.Replace(fmt.Sprintf(serverJob, "http://"+application+"/scim/v2", "token"), "scope: assigned\n  assigned: {groups: [Staff]}", "scope: all", 1))
	scimsync(t, dir, 0, "sync", "test")
	exported := scimsync(t, dir, 0, "connections", "test", "export")
	for line := range strings.Lines(exported) { // as a spreadsheet with another separator reads it
		for _, cell := range regexp.MustCompile(`[;\t|]`).Split(strings.TrimSpace(line), -1) {
			if cell = strings.TrimLeft(cell, ` "`); cell != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(cell)[0]) {
				t.Errorf("a spreadsheet may take %q of %q for a formula", cell, line)
			}
		}
	}
	rows, err := csv.NewReader(strings.NewReader(exported)).ReadAll()
	if err != nil || len(rows) != len(names)+1 {
		t.Fatalf("%d rows, error %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
				t.Errorf("a spreadsheet may take %q for a formula", cell)
			}
		}
	}
}
