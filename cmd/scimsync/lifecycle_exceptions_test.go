package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// exception is where a server does not do what Entra's request asks of it, or
// does more. The request and the answer are literal, but for what stands as "…";
// each is looked for in the requests of the run.
type exception struct {
	name            string // in the model
	server, dialect string // dialect "" is both
	what            string // Entra asks for
	sent, answer    string
	differs         string
}

func (e exception) of(t temper) bool {
	return e.server == t.server && (e.dialect == "" || e.dialect == t.dialect)
}

// refused reports whether the server says that it does not do it.
func (e exception) refused() bool { return e.answer[0] >= '4' }

// has reports whether a server in a dialect has the exception of this name.
func (t temper) has(name string) bool {
	for _, e := range exceptions {
		if e.name == name && e.of(t) {
			return true
		}
	}
	return false
}

// pattern matches a text of the table, whose "…" stands for anything.
func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".*") + "$")
}

// witness looks for exceptions in what was exchanged with one server.
type witness struct {
	temper
	base  string // of the server's URLs
	seen  map[string]int
	tests []witnessTest
}

type witnessTest struct {
	exception
	sent, answer *regexp.Regexp
}

func newWitness(t temper, base string) *witness {
	w := &witness{temper: t, base: base, seen: map[string]int{}}
	for _, e := range exceptions {
		if e.of(t) {
			w.tests = append(w.tests, witnessTest{e, pattern(e.sent), pattern(e.answer)})
		}
	}
	return w
}

// look notes which exceptions a request and its answer show. The error is a
// refusal that is not listed.
func (w *witness) look(x exchange) error {
	sent := strings.TrimSpace(x.method + " " + strings.TrimPrefix(x.path, w.base) + " " + x.sent)
	answer := strings.TrimSpace(fmt.Sprint(x.status, " ", x.answer))
	listed := false
	for _, e := range w.tests {
		if !e.sent.MatchString(sent) || !e.answer.MatchString(answer) {
			continue
		}
		w.seen[e.name]++
		listed = true
	}
	if x.status >= 400 && !listed {
		return fmt.Errorf("%s refuses what is not listed as an exception:\n%s\n%s", w.server, sent, answer)
	}
	return nil
}

// check fails the test if an exception did not happen, or was not seen to, or
// if a server refused more or less often than the model has it.
func (w *witness) check(t *testing.T, used map[string]int) {
	t.Helper()
	for _, e := range w.tests {
		switch {
		case used[e.name] == 0:
			t.Errorf("the exception %q of %s (%s) never happens: is it one still?", e.name, w.server, w.dialect)
		case w.seen[e.name] == 0:
			t.Errorf("the exception %q of %s (%s): no request of the run and its answer are\n%s\n%s", e.name, w.server, w.dialect, e.exception.sent, e.exception.answer)
		case e.refused() && w.seen[e.name] != used[e.name]:
			t.Errorf("the exception %q of %s (%s): refused %d times, and %d times in the model", e.name, w.server, w.dialect, w.seen[e.name], used[e.name])
		}
	}
}

// TestServersPage keeps what docs/servers.md says of the servers' exceptions and
// versions what is tested; run with -update to write the exceptions anew.
func TestServersPage(t *testing.T) {
	written := read(t, docs+"/servers.md")
	versions := regexp.MustCompile(`(?: |/)(?:better-auth|scimmy|scimmy-routers|saml-jackson)@([0-9.]+)`)
	for _, installed := range versions.FindAllStringSubmatch(read(t, "../../connectors/connectortest/npmserver/servers/install"), -1) {
		if !strings.Contains(written, installed[1]) {
			t.Errorf("docs/servers.md does not name the version of%s", installed[0])
		}
	}
	for _, server := range []string{"better-auth", "scimmy", "saml-jackson"} {
		from, to := "<!-- exceptions of "+server+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(written, from)
		_, after, ended := strings.Cut(rest, to)
		if !ok || !ended {
			t.Fatalf("docs/servers.md has no place for the exceptions of %s", server)
		}
		written = before + from + pageOf(server) + to + after
	}
	from, to := "<!-- hosts -->\n", "<!-- end of hosts -->"
	before, rest, ok := strings.Cut(written, from)
	_, after, ended := strings.Cut(rest, to)
	if !ok || !ended {
		t.Fatal("docs/servers.md has no place for how the servers are started")
	}
	golden(t, docs+"/servers.md", before+from+hosts()+to+after)
}

// hosts is how each server is started, and what its tenant URL is then.
func hosts() string {
	var b strings.Builder
	b.WriteString("| start, in `~/.cache/scimsync/servers` | tenant URL |\n|---|---|\n")
	for _, s := range servers {
		if s.flag != "" {
			continue
		}
		fmt.Fprintf(&b, "| `node %s PORT TOKEN` | `http://127.0.0.1:PORT%s` |\n", s.host, s.basePath)
	}
	return b.String()
}

// pageOf is what docs/servers.md says of a server's exceptions.
func pageOf(server string) string {
	var b strings.Builder
	for _, e := range exceptions {
		if e.server != server {
			continue
		}
		dialect := map[string]string{"": "both dialects", "standard": "without a flag", "compliant": "with `aadOptscim062020`"}[e.dialect]
		fmt.Fprintf(&b, "\n### %s (%s)\n\n```http\n%s\n\n%s\n```\n\n%s\n", e.what, dialect, e.sent, e.answer, e.differs)
	}
	return b.String() + "\n"
}
