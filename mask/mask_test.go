package mask

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"
)

const secret = `tok/en+S3cret="<bearer>&' y%41\ü`

// spellings are how programs write a secret that they repeat.
func spellings(t testing.TB, s string) map[string]string {
	t.Helper()
	quoted := func(html bool) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(b.String())
	}
	var soft strings.Builder
	w := quotedprintable.NewWriter(&soft)
	if _, err := w.Write([]byte(strings.Repeat("x", 65) + s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	every := func(verb string) string {
		var b strings.Builder
		for _, r := range s {
			fmt.Fprintf(&b, verb, r)
		}
		return b.String()
	}
	all := map[string]string{
		"plain":          s,
		"query":          url.QueryEscape(s),
		"query, lower":   strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d", "%3C", "%3c").Replace(url.QueryEscape(s)),
		"path":           url.PathEscape(s),
		"twice":          url.QueryEscape(url.QueryEscape(s)),
		"JSON":           quoted(false),
		"JSON, Go":       quoted(true),
		"JSON, PHP":      strings.ReplaceAll(quoted(false), "/", `\/`),
		"JSON, .NET":     strings.NewReplacer("+", `\u002B`, "'", `\u0027`, `\"`, `\u0022`).Replace(quoted(true)),
		"JSON, each":     every(`\u%04X`),
		"JSON in JSON":   fmt.Sprintf("%q", quoted(true)),
		"HTML in JSON":   fmt.Sprintf("%q", html.EscapeString(s)),
		"Go":             fmt.Sprintf("%+q", s),
		"HTML":           html.EscapeString(s),
		"HTML, each":     every("&#x%x;"),
		"HTML, decimals": every("&#%d;"),
		"wrapped":        s[:9] + "\r\n    " + s[9:],
		"soft ends":      strings.NewReplacer("=3D", "=", "=C3=BC", "ü").Replace(soft.String()),
	}
	for _, user := range []string{"", "a", "ab", "abc", "client:"} {
		all["base64 "+user] = base64.StdEncoding.EncodeToString([]byte(user + s))
		all["base64, URL "+user] = base64.RawURLEncoding.EncodeToString([]byte(user + s + "?"))
		all["base64 in JSON "+user] = strings.ReplaceAll(base64.StdEncoding.EncodeToString([]byte(user+s)), "/", `\/`)
	}
	return all
}

// TestEverySpelling: nothing of a secret is left, and nothing else is missing.
func TestEverySpelling(t *testing.T) {
	m := New("another secret", secret, secret[:6])
	for name, spelled := range spellings(t, secret) {
		if name == "soft ends" {
			spelled = strings.TrimLeft(spelled, "x")
		}
		for _, around := range [][2]string{{"", ""}, {"before: ", " after"}, {"ä(", ")\n"}} {
			got := m.Mask(around[0] + spelled + around[1])
			got = strings.ReplaceAll(got, `\"`+Text+`\"`, Text)
			got = strings.NewReplacer(`"`+Text+`"`, Text).Replace(got)
			if want := around[0] + Text + around[1]; got != want {
				t.Errorf("%s: %q became %q, want %q", name, spelled, got, want)
			}
		}
	}
}

// TestCut: wherever a text is cut, a secret is whole or replaced.
func TestCut(t *testing.T) {
	m := New(secret)
	for name, spelled := range spellings(t, secret) {
		spelled = strings.TrimLeft(spelled, "x")
		text := "before: " + spelled + " after"
		for n := range len(text) + 1 {
			got := m.Cut(text, n)
			rest := strings.NewReplacer("before: ", "", " after", "", Text, "", `\`, "", `"`, "", "…", "").Replace(got)
			if n > 8 && n < 8+len(spelled) {
				if rest != "" {
					t.Fatalf("%s, cut after %d bytes: %q", name, n, got)
				}
			} else if !strings.HasPrefix(m.Mask(text), strings.TrimSuffix(got, "…")) {
				t.Fatalf("%s, cut after %d bytes: %q", name, n, got)
			}
		}
	}
	for n, want := range map[int]string{0: "…", 1: "a…", 2: "a…", 3: "aü…", 4: "aüb"} {
		if got := m.Cut("aüb", n); got != want {
			t.Errorf("after %d bytes: %q, want %q", n, got, want)
		}
	}
}

// TestWhatWasCut already, by somebody who knew no secret, ends in no part of one.
func TestWhatWasCut(t *testing.T) {
	m := New(secret)
	for name, s := range spellings(t, secret) {
		if strings.HasPrefix(name, "base64") || name == "soft ends" {
			continue
		}
		for n := range len(s) {
			got := m.Mask("before: " + s[:n] + "…")
			if n*len(secret)/len(s) >= 2*Shortest && strings.Contains(got, s[:n]) || !strings.HasPrefix(got, "before: ") || !strings.HasSuffix(got, "…") {
				t.Fatalf("%s: %q became %q", name, s[:n], got)
			}
		}
	}
	if got := m.Mask("tok/en"); got != "tok/en" {
		t.Errorf("of a text that was not cut: %q", got)
	}
	if got := m.As("[hidden]").Mask("a " + secret + " b"); got != "a [hidden] b" {
		t.Errorf("as another text: %q", got)
	}
}

// TestWhatIsNoSecret stays as it is.
func TestWhatIsNoSecret(t *testing.T) {
	var none *Masker
	for _, m := range []*Masker{none, New(), New("", "abc"), New(secret), New("https://hooks.example.com/services/x?to=me")} {
		for _, text := range []string{
			"", "abc", "a b & c %41 %zz % \\ \\u12 \\ud800 &amp; &nothing; =\n", "line one\r\n  line two\n", "\xff\xfe%ff", "the services of hooks.example.com",
			strings.Repeat("AAAA", 1000), `{"id":"\ud83d\ude00"}`,
		} {
			if got := m.Mask(text); got != text {
				t.Errorf("%q became %q", text, got)
			}
			if got := m.Cut(text, len(text)); got != text {
				t.Errorf("%q was cut to %q", text, got)
			}
		}
	}
}

// TestParts: what is secret in a secret is not shown by itself either.
func TestParts(t *testing.T) {
	for secret, parts := range map[string][]string{
		"Bearer my-token-1": {"my-token-1"},
		"Basic " + base64.StdEncoding.EncodeToString([]byte("ada:pass-word")): {"pass-word", base64.StdEncoding.EncodeToString([]byte("ada:pass-word"))},
		"https://hooks.example.com/services/T0/B0/XXXXXXXXXXXXXXXXXXXX?key=my-key%2F1": {
			"/services/T0/B0/XXXXXXXXXXXXXXXXXXXX", "/services/T0/B0/XXXXXXXXXXXXXXXXXXXX?key=my-key%2F1", "XXXXXXXXXXXXXXXXXXXX", "my-key%2F1", "my-key/1",
		},
	} {
		for _, part := range parts {
			if got := New(secret).Mask("Cannot POST " + part + "!"); got != "Cannot POST "+Text+"!" {
				t.Errorf("%s: %s", secret, got)
			}
		}
	}
	if got := New("pass word here").Mask("word here"); got != "word here" {
		t.Errorf("a part of a password with blanks: %q", got)
	}
}

// TestSeveral: of secrets that begin alike, or overlap, nothing is left.
func TestSeveral(t *testing.T) {
	m := New("abcd", "abcdefgh", "ghijkl")
	for text, want := range map[string]string{
		"abcdefgh": Text, "abcd-abcdefgh": Text + "-" + Text, "abcdefghijkl": Text, "abcdabcd": Text + Text, "abcde": Text + "e",
	} {
		if got := m.Mask(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzMask(f *testing.F) {
	for _, spelled := range spellings(f, secret) {
		f.Add(secret, spelled, 7)
	}
	f.Add("aaaa", strings.Repeat("a", 100), 50)
	f.Fuzz(func(t *testing.T, secret, text string, n int) {
		m := New(secret)
		masked := m.Mask(text)
		if len(secret) >= Shortest && !strings.Contains(Text, secret) && strings.Contains(strings.ReplaceAll(masked, Text, "\x00"), secret) && !strings.Contains(secret, "\x00") {
			t.Errorf("%q is left in %q", secret, masked)
		}
		n = min(max(n, 0), len(text))
		if cut := strings.TrimSuffix(m.Cut(text, n), "…"); !strings.HasPrefix(masked, cut) {
			t.Errorf("%q cut to %q", masked, cut)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	m := New(secret, "https://hooks.example.com/services/x?to=me")
	for name, text := range map[string]string{"line": strings.Repeat("a line of a log ", 10), "answer": strings.Repeat(`{"id":"\u00fc","path":"a\/b"},`, 2000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				m.Mask(text)
			}
		})
	}
}
