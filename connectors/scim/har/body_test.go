package har

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBodiesStayWhole: both sides get every byte, however little the trace keeps.
func TestBodiesStayWhole(t *testing.T) {
	body := bytes.Repeat([]byte("0123456789äöü"), 100_000)
	for name, make := range map[string]func() io.Reader{
		"read twice": func() io.Reader { return bytes.NewReader(body) },
		"streamed":   func() io.Reader { return io.MultiReader(bytes.NewReader(body)) }, // has no GetBody
	} {
		c, _, path := traced(t, nil)
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("%s: the application got %d bytes, %v", name, len(got), err)
			}
			w.Write(got)
		})
		req, err := http.NewRequest(http.MethodPost, url, make())
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Request != req {
			t.Errorf("%s: the answer is to another request", name)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Errorf("%s: the client got %d bytes, %v", name, len(got), err)
		}
		e := entriesOf(t, path)[0]
		if p := e.Request.PostData; e.Request.BodySize != int64(len(body)) || !bytes.HasPrefix(body, []byte(p.Text)) ||
			len(p.Text) < MaxBody-4 || len(p.Text) > MaxBody || p.Comment != "The body is 1600000 bytes long; the trace has its beginning." {
			t.Errorf("%s: %d bytes of %d, %q", name, len(p.Text), e.Request.BodySize, p.Comment)
		}
		if c := e.Response.Content; c.Size != int64(len(body)) || len(c.Text) < MaxBody-4 || len(c.Text) > MaxBody || c.Comment == "" || c.Encoding != "" {
			t.Errorf("%s: %d bytes of %d, %q", name, len(c.Text), c.Size, c.Comment)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	c, _, path := traced(t, nil)
	arrived := make(chan bool, 1)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/waits":
			arrived <- true
			<-r.Context().Done()
		case "/breaks":
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
		}
	})
	refused, err := http.NewRequest(http.MethodPost, "http://127.0.0.1:1/refused", strings.NewReader(`{"userName":"ada"}`))
	if err != nil {
		t.Fatal(err)
	}
	refused.Header = http.Header{"Content-Type": {"application/scim+json"}, "User-Agent": {""}} // "" sends none
	if _, err := c.Do(refused); err == nil {
		t.Fatal("something listens at port 1")
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url+"/waits", nil)
	if _, err := c.Do(req); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	resp, err := c.Get(url + "/breaks")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	all := entriesOf(t, path)
	for i, want := range []struct {
		status      int
		err, answer string
	}{{0, "connection refused", ""}, {0, "context canceled", ""}, {200, "unexpected EOF", "half"}} {
		r := all[i].Response
		if r.Status != want.status || !strings.Contains(r.Error, want.err) || r.Content.Text != want.answer {
			t.Errorf("%s: got %+v", all[i].Request.URL, r)
		}
	}
	if got := all[0].Request; got.PostData == nil || got.PostData.Text != `{"userName":"ada"}` {
		t.Errorf("the body that could not be sent is %+v", got.PostData)
	}
	if got := all[0].Request.Headers; len(got) != 1 || got[0] != (pair{"Content-Type", "application/scim+json"}) {
		t.Errorf("the header that could not be sent is %v", got)
	}
}

// TestUnreadable: what is no text is base64, and what is compressed is left out,
// for a secret in it would not be seen.
func TestUnreadable(t *testing.T) {
	c, _, path := traced(t, nil)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gzip" {
			w.Header().Set("Content-Encoding", "gzip")
		}
		w.Write([]byte{0xff, 0xfe, 0})
	})
	for _, p := range []string{"/binary", "/gzip"} {
		if got := do(t, c, http.MethodGet, url+p, ""); got != "\xff\xfe\x00" {
			t.Errorf("%s: got %q", p, got)
		}
	}
	all := entriesOf(t, path)
	if c := all[0].Response.Content; c.Text != "//4A" || c.Encoding != "base64" {
		t.Errorf("got %+v", c)
	}
	if c := all[1].Response.Content; c.Text != "" || c.Size != 3 || c.Comment != "The body is compressed (gzip) and not in the trace." {
		t.Errorf("got %+v", c)
	}
}
