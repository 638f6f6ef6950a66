package har

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// entry is one request while it is under way.
type entry struct {
	recorder *Recorder
	started  time.Time
	line     []byte // its text once it ended; the recorder's lock guards it

	// What is set before the request is sent.
	method string
	url    *url.URL
	header http.Header // as asked for
	body   *capture    // nil for none
	answer capture     // the body of the answer

	mu    sync.Mutex
	ended bool
	sent  []pair // the header as it was written, not masked
	times times
	local string // port
	peer  string // IP address
	// What came back; status 0 for nothing.
	status               int
	statusText, protocol string
	answerHeader         http.Header
	length               int64 // of the answer's body, as announced; -1 for not
}

// update changes the entry unless it ended: the transport tells of connections
// that it made for a request even after it used another one.
func (e *entry) update(change func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ended {
		change()
	}
}

// answered takes what an answer says before its body.
func (e *entry) answered(resp *http.Response) {
	e.update(func() {
		e.times.set(&e.times.firstByte, e.recorder.now())
		e.status, e.protocol, e.length = resp.StatusCode, resp.Proto, resp.ContentLength
		e.statusText = strings.TrimPrefix(strings.TrimPrefix(resp.Status, strconv.Itoa(resp.StatusCode)), " ")
		e.answerHeader = resp.Header.Clone()
	})
}

// finish ends the entry, once, and hands it to the recorder. err is what kept
// the answer from coming, or from coming whole.
func (e *entry) finish(err error) {
	e.mu.Lock()
	defer e.mu.Unlock() // held until the recorder has the entry: Close counts on it
	if e.ended {
		return
	}
	e.ended = true
	line, encodeErr := encode(e.object(e.recorder.now(), err))
	e.recorder.ended(e, line, encodeErr)
}

func (e *entry) object(end time.Time, err error) harObject {
	s := &e.recorder.secrets
	o := harObject{
		StartedDateTime: e.started.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		Request:         e.request(s),
		Response:        e.response(s, err),
		ServerIPAddress: e.peer,
		Connection:      e.local,
	}
	o.Timings, o.Time = e.times.timings(e.started, end)
	return o
}

func (e *entry) request(s *secrets) request {
	r := request{
		Method: e.method, URL: s.url(e.url), HTTPVersion: "HTTP/1.1",
		Headers: []pair{}, QueryString: s.query(e.url), HeadersSize: -1,
	}
	header := e.header
	if len(e.sent) > 0 {
		header = http.Header{}
		for _, h := range e.sent {
			r.Headers = append(r.Headers, pair{h.Name, s.headerValue(h.Name, h.Value)})
			header.Add(h.Name, h.Value)
		}
	} else {
		r.Headers = s.headers(header)
	}
	r.Cookies = s.cookies((&http.Request{Header: header}).Cookies())
	if e.protocol != "" {
		r.HTTPVersion = e.protocol
	}
	if e.body != nil {
		text, size, comment := e.body.text(s)
		r.BodySize = size
		r.PostData = &postData{MimeType: header.Get("Content-Type"), Text: strings.ToValidUTF8(text, "\uFFFD"), Comment: comment}
	}
	return r
}

func (e *entry) response(s *secrets, err error) response {
	r := response{HeadersSize: -1, BodySize: -1, Cookies: []pair{}, Headers: []pair{}, Content: content{MimeType: "x-unknown"}}
	if err != nil {
		r.Error = s.text(err.Error())
	}
	if e.status == 0 {
		return r
	}
	r.Status, r.StatusText, r.HTTPVersion = e.status, s.text(e.statusText), e.protocol
	r.Headers = s.headers(e.answerHeader)
	r.Cookies = s.cookies((&http.Response{Header: e.answerHeader}).Cookies())
	r.RedirectURL = s.text(e.answerHeader.Get("Location"))
	r.Content = contentOf(&e.answer, e.answerHeader.Get("Content-Type"), e.answerHeader.Get("Content-Encoding"), s)
	r.BodySize = r.Content.Size
	if err == nil && r.Content.Size < e.length && e.method != http.MethodHead {
		r.Content.Comment = "The answer was not read to its end."
	}
	return r
}

// connected takes the addresses of the connection.
func (e *entry) connected(c net.Conn) {
	if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil {
		e.peer = host
	}
	if _, port, err := net.SplitHostPort(c.LocalAddr().String()); err == nil {
		e.local = port
	}
}
