package har

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"runtime/debug"
	"time"
)

// The objects of HAR 1.2. Fields that begin with _ are of the custom kind that
// it allows; browsers have _error too.
type (
	archive struct {
		Log log `json:"log"`
	}
	log struct {
		Version string      `json:"version"`
		Creator creator     `json:"creator"`
		Comment string      `json:"comment"`
		Entries []harObject `json:"entries"`
	}
	creator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harObject struct {
		StartedDateTime string   `json:"startedDateTime"` // ISO 8601
		Time            float64  `json:"time"`            // milliseconds
		Request         request  `json:"request"`
		Response        response `json:"response"`
		Cache           struct{} `json:"cache"`
		Timings         timings  `json:"timings"`
		ServerIPAddress string   `json:"serverIPAddress,omitempty"`
		Connection      string   `json:"connection,omitempty"` // the local port
		Comment         string   `json:"comment,omitempty"`
	}
	request struct {
		Method      string    `json:"method"`
		URL         string    `json:"url"`
		HTTPVersion string    `json:"httpVersion"`
		Cookies     []pair    `json:"cookies"`
		Headers     []pair    `json:"headers"`
		QueryString []pair    `json:"queryString"`
		PostData    *postData `json:"postData,omitempty"`
		HeadersSize int       `json:"headersSize"` // -1: not known
		BodySize    int64     `json:"bodySize"`    // bytes
	}
	postData struct {
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
		Comment  string `json:"comment,omitempty"`
	}
	response struct {
		Status      int     `json:"status"` // 0: there was no answer
		StatusText  string  `json:"statusText"`
		HTTPVersion string  `json:"httpVersion"`
		Cookies     []pair  `json:"cookies"`
		Headers     []pair  `json:"headers"`
		Content     content `json:"content"`
		RedirectURL string  `json:"redirectURL"`
		HeadersSize int     `json:"headersSize"`
		BodySize    int64   `json:"bodySize"`
		Error       string  `json:"_error,omitempty"`
	}
	content struct {
		Size     int64  `json:"size"` // bytes, of the whole body
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
		Encoding string `json:"encoding,omitempty"` // base64, or "" for text
		Comment  string `json:"comment,omitempty"`
	}
	pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	// timings are in milliseconds; -1 for what a request did not have.
	timings struct {
		Blocked float64 `json:"blocked"`
		DNS     float64 `json:"dns"`
		Connect float64 `json:"connect"` // with ssl
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
		SSL     float64 `json:"ssl"`
	}
)

func header() archive {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		version = info.Main.Version
	}
	return archive{Log: log{
		Version: "1.2",
		Creator: creator{Name: "scimsync", Version: version},
		Comment: fmt.Sprintf("Secrets are masked, personal data is not. Bodies are cut after %d bytes.", MaxBody),
		Entries: []harObject{},
	}}
}

// encode returns v as JSON on one line.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // a person reads it
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("an entry of the trace cannot be written: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// milliseconds returns d with a precision of a microsecond; 0 for less than
// that, and for what is negative.
func milliseconds(d time.Duration) float64 {
	return math.Max(0, float64(d.Microseconds())/1000)
}
