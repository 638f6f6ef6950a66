package weather

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// What is made of the application's own answer.

// breakOff ends the connection in the middle of the answer's body.
func breakOff(x *exchange, a *answer) {
	half := a.body[:1+x.rng.IntN(len(a.body)-1)]
	x.hangUp(fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		a.status, http.StatusText(a.status), scimJSON, len(a.body), half), false)
}

// truncate leaves out the end of the answer, as if it were whole.
func truncate(x *exchange, a *answer) {
	a.body = a.body[:1+x.rng.IntN(len(a.body)-1)]
	a.write(x.w)
}

// huge puts more blanks before the answer than any client reads.
func huge(x *exchange, a *answer) {
	x.w.Header().Set("Content-Type", scimJSON)
	x.w.WriteHeader(a.status)
	blanks := bytes.Repeat([]byte(" "), 256<<10)
	for n := 0; n < hugeSize; n += len(blanks) {
		if _, err := x.w.Write(blanks); err != nil {
			return
		}
	}
	_, _ = x.w.Write(a.body)
}

// padded puts a megabyte of blanks behind the answer.
func padded(x *exchange, a *answer) {
	a.body = append(a.body, bytes.Repeat([]byte(" "), 1<<20)...)
	a.write(x.w)
}

// compress answers as nobody asked for.
func compress(x *exchange, a *answer) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(a.body) // a buffer takes everything
	_ = z.Close()
	a.body = b.Bytes()
	a.header.Set("Content-Encoding", "gzip")
	a.write(x.w)
}

func mislabel(x *exchange, a *answer) {
	types := []string{"text/html", "text/plain", "application/xml", "application/octet-stream", "application/json; charset=iso-8859-1"}
	a.header.Set("Content-Type", types[x.rng.IntN(len(types))])
	a.write(x.w)
}

func marked(x *exchange, a *answer) {
	a.body = append([]byte("\xef\xbb\xbf"), a.body...)
	a.write(x.w)
}

// restated answers a success with another status of success.
func restated(status int) func(*exchange, *answer) {
	return func(x *exchange, a *answer) {
		if isSuccess(x, a) {
			a.status = status
		}
		a.write(x.w)
	}
}

// slowly answers a little at a time, in time.
func slowly(x *exchange, a *answer) { x.trickle(a, x.proxy.opts.Slow) }

// tooSlowly begins to answer, and is not done when the client has had enough.
func tooSlowly(x *exchange, a *answer) {
	x.w.Header().Set("Content-Type", scimJSON)
	x.w.WriteHeader(a.status)
	_ = http.NewResponseController(x.w).Flush()
	x.wait(x.proxy.opts.TooLong)
	drop(x)
}

const parts = 10

func (x *exchange) trickle(a *answer, takes time.Duration) {
	maps.Copy(x.w.Header(), a.header)
	x.w.Header().Del("Content-Length")
	x.w.WriteHeader(a.status)
	for part := range slices.Chunk(a.body, len(a.body)/parts+1) {
		if !x.wait(takes / parts) {
			return
		}
		if _, err := x.w.Write(part); err != nil {
			return
		}
		_ = http.NewResponseController(x.w).Flush()
	}
}

func withoutBody(x *exchange, a *answer) {
	a.body = nil
	a.write(x.w)
}

// edit decodes the answer, lets f change it, and sends it.
func edit(x *exchange, a *answer, f func(body map[string]any)) {
	if body, ok := decode(a); ok {
		f(body)
		a.body = encode(body)
	}
	a.write(x.w)
}

func withoutID(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) { delete(body, "id") })
}

// withoutResources leaves out what was found, and does not say how much it is.
func withoutResources(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) {
		delete(body, "Resources")
		if n, _ := body["totalResults"].(json.Number); n.String() == "0" {
			delete(body, "totalResults")
		}
	})
}

func twice(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) {
		list := body["Resources"].([]any)
		body["Resources"], body["totalResults"] = append(list, list[0]), len(list)+1
	})
}

// miscounted says that there are more than it lists, or none.
func miscounted(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) {
		list, _ := body["Resources"].([]any)
		body["totalResults"] = []int{0, len(list) + 7}[x.rng.IntN(2)]
	})
}

// several finds one more resource with the same name, under another id.
func several(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) {
		list := body["Resources"].([]any)
		other := maps.Clone(list[0].(map[string]any))
		other["id"] = "other-" + strconv.Itoa(x.rng.IntN(1000))
		body["Resources"], body["totalResults"] = append(list, other), len(list)+1
	})
}

func hasMatch(x *exchange, a *answer) bool {
	body, ok := decode(a)
	if !ok || !isSuccess(x, a) {
		return false
	}
	list, _ := body["Resources"].([]any)
	if len(list) == 0 {
		return false
	}
	_, ok = list[0].(map[string]any)
	return ok
}

// recase writes the names of attributes in another case (RFC 7643 section 2.1
// has them compared without).
func recase(x *exchange, a *answer) {
	edit(x, a, func(body map[string]any) {
		name := []func(string) string{strings.ToUpper, strings.ToLower, capital}[x.rng.IntN(3)]
		renamed := rename(body, name).(map[string]any)
		clear(body)
		maps.Copy(body, renamed)
	})
}

func rename(v any, name func(string) string) any {
	switch v := v.(type) {
	case map[string]any:
		renamed := make(map[string]any, len(v))
		for k, e := range v {
			renamed[name(k)] = rename(e, name)
		}
		return renamed
	case []any:
		for i := range v {
			v[i] = rename(v[i], name)
		}
	}
	return v
}

func capital(s string) string {
	first := []rune(s)
	if len(first) > 0 {
		first[0] = unicode.ToUpper(first[0])
	}
	return string(first)
}

func decode(a *answer) (body map[string]any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	return body, d.Decode(&body) == nil
}

func encode(body map[string]any) []byte {
	b, err := json.Marshal(body)
	if err != nil { // it was JSON before
		return []byte("null")
	}
	return b
}
