package scim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/scimsync/scimsync/connectors"
)

// TestNoSpellingOfTheTokenIsRepeated: an application that repeats the token in
// whatever it is written, in every place of an answer that an error may show, is
// not repeated; nor is a part of the token, where a text is cut.
func TestNoSpellingOfTheTokenIsRepeated(t *testing.T) {
	const token, key = "tok/en+S3cret=bearer<x>&y-0123456789", "tok/en+S3cret=bearer<x>&y"
	spellings := map[string]string{
		"plain":        token,
		"JSON of PHP":  strings.ReplaceAll(token, "/", `\/`),
		"JSON of .NET": strings.NewReplacer("+", `\u002B`, "<", `\u003C`, ">", `\u003E`, "&", `\u0026`).Replace(token),
		"URL":          "tok%2fen%2bS3cret%3dbearer%3cx%3e%26y-0123456789",
		"HTML":         "tok&#x2F;en&#43;S3cret=bearer&lt;x&gt;&amp;y-0123456789",
		"twice":        "tok%252Fen%252BS3cret%253Dbearer%253Cx%253E%2526y-0123456789",
		"base64":       base64.StdEncoding.EncodeToString([]byte("user:" + token)),
	}
	answer := func(text string) func(http.ResponseWriter, *http.Request) { return body(200, "application/json", text) }
	header := func(status int, name, value string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(name, value)
			w.WriteHeader(status)
			fmt.Fprint(w, "{}")
		}
	}
	for spelling, s := range spellings {
		for place, rude := range map[string]func(http.ResponseWriter, *http.Request){
			"text":              body(400, "text/plain", "you sent "+s),
			"detail":            body(400, "application/json", `{"detail":"you sent `+s+`","scimType":"`+s+`"}`),
			"a long text":       body(400, "text/plain", strings.Repeat("x", maxShownBody-12)+s),
			"a long detail":     body(400, "application/json", `{"detail":"`+strings.Repeat("x", maxShownBody-12)+s+`"}`),
			"a too large text":  body(200, "text/plain", s+strings.Repeat(" ", maxBody)),
			"location":          header(302, "Location", "/"+s),
			"a long location":   header(302, "Location", "/"+strings.Repeat("x", 285)+s),
			"the encoding":      header(200, "Content-Encoding", strings.Repeat("x", 30)+s),
			"an id":             answer(`{"id":"` + s + `"}`),
			"an id of an id":    answer(`{"id":{"` + strings.Repeat("x", 60) + `":"` + s + `"}}`),
			"an id of controls": answer(`{"id":"` + strings.Repeat("x", 60) + s + `\n"}`),
			"a name":            answer(`{"totalResults":1,"Resources":[{"id":"x","userName":"` + s + `"}]}`),
			"a status line":     raw("HTTP/1.1 400 "+s+"\r\nContent-Length: 0\r\n\r\n", false),
			"no HTTP":           raw(s+"\r\n\r\n", false),
		} {
			t.Run(spelling+", "+place, func(t *testing.T) {
				app := newRude(t, rude)
				target, err := New(Options{TenantURL: app.URL, SecretToken: token, Secrets: []string{key}, Retries: -1})
				if err != nil {
					t.Fatal(err)
				}
				defer target.CloseIdleConnections()
				for doing, do := range doings {
					err := do(target)
					said := fmt.Sprintf("%v %+v", err, err)
					var e *connectors.Error
					if errors.As(err, &e) {
						said += fmt.Sprint(e.Body, e.Detail, e.Type, e.Code, e.Err)
					}
					for _, part := range []string{"tok/en", `tok\/en`, "tok%", "tok&", "S3cret", "b2svZW4r", "0123456"} {
						if strings.Contains(said, part) {
							t.Fatalf("%s: %q is in %.1000s", doing, part, said)
						}
					}
				}
			})
		}
	}
}

// TestATestFindsNobody: who is found by a random name shows that the application
// ignores filters, also if he is listed without a name. To go on would match him
// with everybody.
func TestATestFindsNobody(t *testing.T) {
	for _, text := range []string{
		`{"totalResults":1,"Resources":[{"id":"u1"}]}`,
		`{"totalResults":2,"Resources":[{"id":"u1"},{"id":"u2"}]}`,
		`{"Resources":[{"id":"u1","emails":[]}]}`,
		`{"Resources":[{"id":"u1","userName":"","displayName":null}]}`,
	} {
		target, s := newScripted(t, Options{}, reply{status: 200, body: text})
		err := doings["test"](target)
		var e *connectors.Error
		if !errors.As(err, &e) || e.Code != codeIncompatibleFiltering || !strings.Contains(err.Error(), "ignore the filter") || len(s.requests) != 1 {
			t.Errorf("%s: after %d requests: %v", text, len(s.requests), err)
		}
	}
}

// TestAnIDOfAnyLength: an id is kept for every object, and sent in URLs; nothing
// is kept that no server would take.
func TestAnIDOfAnyLength(t *testing.T) {
	for length, good := range map[int]bool{1: true, maxID: true, maxID + 1: false, 1 << 20: false} {
		for _, doing := range []string{"find", "post"} {
			id := `"id":"` + strings.Repeat("x", length) + `"`
			target, _ := newScripted(t, Options{}, reply{status: 200, body: `{` + id + `,"totalResults":1,"Resources":[{` + id + `}]}`})
			err := doings[doing](target)
			if (err == nil) != good || err != nil && (connectors.ClassOf(err) != connectors.NotSCIM || !strings.Contains(err.Error(), "bytes long")) {
				t.Errorf("%d, %s: %.500v", length, doing, err)
			}
		}
	}
}

// TestAnswersOfManyValues: an answer is small as long as it is text, and a
// hundred times as large when it is decoded.
func TestAnswersOfManyValues(t *testing.T) {
	for value, good := range map[string]bool{
		`{"a":0}`: false, `""`: false, "[]": false, `{"a\"":{}}`: false,
		`{"value":"2819c223-7f76-453a-919d-413861904646","display":"Ito, Dana {[,"}`: true, // the members of a large group
	} {
		text := `{"id":"u1","members":[` + strings.Repeat(value+",", (maxBody-100)/(len(value)+1)) + value + `]}`
		for _, doing := range []string{"get", "post", "find", "patch"} {
			target, _ := newScripted(t, Options{}, reply{status: 200, body: text})
			err := doings[doing](target)
			switch {
			case doing == "patch" || good && doing != "find":
				if err != nil {
					t.Errorf("%s, %s: %.300v", value, doing, err)
				}
			case connectors.ClassOf(err) != connectors.NotSCIM || !good && !strings.Contains(err.Error(), "values, and no object has more"):
				t.Errorf("%s, %s: %.300v", value, doing, err)
			}
		}
	}
}
