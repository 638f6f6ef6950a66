package har

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"
)

// required are the fields that HAR 1.2 requires of each object, with the type
// of their values: s a string, n a number, i an integer, a an array, o an
// object. Optional fields stand after a question mark.
var required = map[string]string{
	"log":      "version:s creator:o entries:a ?comment:s",
	"creator":  "name:s version:s",
	"entry":    "startedDateTime:s time:n request:o response:o cache:o timings:o ?serverIPAddress:s ?connection:s ?comment:s",
	"request":  "method:s url:s httpVersion:s cookies:a headers:a queryString:a headersSize:i bodySize:i ?postData:o",
	"response": "status:i statusText:s httpVersion:s cookies:a headers:a content:o redirectURL:s headersSize:i bodySize:i ?_error:s",
	"postData": "mimeType:s text:s ?comment:s",
	"content":  "size:i mimeType:s ?text:s ?encoding:s ?comment:s",
	"timings":  "send:n wait:n receive:n ?blocked:n ?dns:n ?connect:n ?ssl:n",
	"cache":    "",
	"pair":     "name:s value:s",
}

func checkObject(t *testing.T, where, kind string, v any) {
	t.Helper()
	object, ok := v.(map[string]any)
	if !ok {
		t.Errorf("%s is no object", where)
		return
	}
	known := map[string]bool{}
	for field := range strings.FieldsSeq(required[kind]) {
		name, typ, _ := strings.Cut(field, ":")
		name, optional := strings.CutPrefix(name, "?")
		known[name] = true
		value, there := object[name]
		if !there && optional {
			continue
		}
		ok := false
		switch value := value.(type) {
		case string:
			ok = typ == "s"
		case float64:
			ok = typ == "n" || typ == "i" && value == float64(int64(value))
		case []any:
			ok = typ == "a"
			element := "pair"
			if name == "entries" {
				element = "entry"
			}
			for i, e := range value {
				checkObject(t, fmt.Sprintf("%s.%s[%d]", where, name, i), element, e)
			}
		case map[string]any:
			ok = typ == "o"
			checkObject(t, where+"."+name, name, value)
		}
		if !ok {
			t.Errorf("%s.%s is %v", where, name, value)
		}
	}
	for name := range object {
		if !known[name] {
			t.Errorf("%s.%s is not in HAR 1.2", where, name)
		}
	}
}

// TestStructure checks the whole file against what HAR 1.2 requires.
func TestStructure(t *testing.T) {
	c, r, path := traced(t, nil)
	url := serve(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/binary":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Write([]byte{0xff, 0, 0xfe})
		case "/cookie":
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "abcdef"})
			io.WriteString(w, "<html>")
		case "/long":
			io.WriteString(w, strings.Repeat("y", MaxBody+1))
		case "/breaks":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
		}
	})
	do(t, c, http.MethodDelete, url+"/empty", "")
	do(t, c, http.MethodGet, url+"/binary?a=b&c", "")
	do(t, c, http.MethodPost, url+"/cookie", "{}", "Cookie", "a=b")
	do(t, c, http.MethodPut, url+"/long", strings.Repeat("x", MaxBody+1))
	if resp, err := c.Get(url + "/breaks"); err != nil {
		t.Fatal(err)
	} else if _, err := io.ReadAll(resp.Body); err == nil {
		t.Fatal("the answer does not break off")
	}
	if _, err := c.Get("http://127.0.0.1:1/refused"); err == nil {
		t.Fatal("something listens at port 1")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(contentAt(t, path), &file); err != nil {
		t.Fatal(err)
	}
	checkObject(t, "log", "log", file["log"])
	log, _ := file["log"].(map[string]any)
	if len(file) != 1 || log["version"] != "1.2" || len(log["entries"].([]any)) != 6 {
		t.Errorf("got %v", file)
	}
}

// TestSecondConnection: a connection that broke before it was used leaves
// nothing in the entry, nor does one that was made and not needed.
func TestSecondConnection(t *testing.T) {
	e := &entry{recorder: &Recorder{now: time.Now}, started: time.Now()}
	trace := e.trace()
	conn, other := net.Pipe()
	defer conn.Close()
	defer other.Close()
	trace.ConnectStart("tcp", "127.0.0.1:1")
	for range 2 {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn, Reused: true})
		trace.WroteHeaderField("Host", []string{"app"})
	}
	if len(e.sent) != 1 {
		t.Errorf("the header is %v", e.sent)
	}
	if got, _ := e.times.timings(e.started, time.Now()); got.Connect != -1 || got.Blocked < 0 {
		t.Errorf("got %+v", got)
	}
}

func TestTimingsAddUp(t *testing.T) {
	c, _, path := traced(t, nil)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	do(t, c, http.MethodPost, url, "{}")
	do(t, c, http.MethodPost, url, "{}")
	_, _ = c.Get("http://127.0.0.1:1/")
	for i, e := range entriesOf(t, path) {
		p := e.Timings
		sum := p.Blocked + p.Send + p.Wait + p.Receive
		for _, optional := range []float64{p.DNS, p.Connect} {
			if optional != -1 {
				sum += optional
			}
		}
		if diff := sum - e.Time; diff > 0.001 || diff < -0.001 || e.Time <= 0 {
			t.Errorf("entry %d: %+v do not add up to %v", i, p, e.Time)
		}
		if connected := p.Connect >= 0; connected != (i != 1) {
			t.Errorf("entry %d: connect is %v; the second uses the connection of the first", i, p.Connect)
		}
		if i < 2 && p.Wait <= 0 {
			t.Errorf("entry %d: wait is %v", i, p.Wait)
		}
		if p.SSL != -1 {
			t.Errorf("entry %d: ssl is %v without TLS", i, p.SSL)
		}
	}
}
