package sandbox

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// How much the page shows: it is to be looked at, not to read data from.
const (
	pageRows    = 200
	pageMembers = 20
	pageBody    = 4 << 10 // bytes
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

type pageData struct {
	Nonce, Endpoint       string
	UserCount, GroupCount int
	Users                 []pageUser
	Groups                []pageGroup
	RequestCount          int
	Requests              []pageRequest
	Refresh               bool
}

type pageUser struct {
	UserName, DisplayName, Mail, Title, Department, Manager, ID string
	State                                                       string // active, disabled or unknown
}

type pageGroup struct {
	DisplayName, ID string
	Members         []string
	More            int
}

// pageRequest is what is kept of a request: the beginnings of its bodies.
type pageRequest struct {
	Time                       time.Time
	Method, Target, Sent, Back string
	Status                     int
	Good                       bool
}

func newPageRequest(r Recorded) pageRequest {
	p := pageRequest{
		Time: r.Time, Method: r.Method, Target: r.Path, Sent: shown(r.Body), Back: shown(r.Answer),
		Status: r.Status, Good: r.Status < 400,
	}
	if r.RawQuery != "" {
		p.Target += "?" + r.RawQuery
	}
	return p
}

// page answers GET / with what is in the sandbox, for a person.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET")
		http.Error(w, "This page can only be read. The SCIM endpoints are below "+s.base+".", http.StatusMethodNotAllowed)
		return
	}
	if !s.options.PageForAll && !local(r) {
		http.Error(w, "This page lists users and asks for no token: it is shown on the machine itself alone.", http.StatusForbidden)
		return
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand.Read)
	data := s.pageData(origin(r), r.URL.Query().Get("refresh") != "off")
	data.Nonce = fmt.Sprintf("%x", b)
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, data); err != nil {
		http.Error(w, "The page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+data.Nonce+
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	_, _ = w.Write(out.Bytes()) // a client that has gone is no fault of the sandbox
}

// local reports whether client and host name are of this machine. A foreign
// host name that leads here is how a web page elsewhere would read this one.
func local(r *http.Request) bool {
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !client.Addr().Unmap().IsLoopback() {
		return false
	}
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

func (s *Server) pageData(origin string, refresh bool) pageData {
	p := pageData{Endpoint: origin + s.base, Refresh: refresh}
	s.mu.RLock()
	users, groups := s.data.users, s.data.groups
	p.UserCount, p.GroupCount = len(users.rows), len(groups.rows)
	for _, id := range users.order.page(0, pageRows) {
		p.Users = append(p.Users, s.data.pageUser(users.rows[id]))
	}
	for _, id := range groups.order.page(0, pageRows) {
		r := groups.rows[id]
		g := pageGroup{DisplayName: str(r.attributes["displayName"]), ID: id}
		for _, m := range r.members.page(0, pageMembers) {
			g.Members = append(g.Members, s.data.nameOf(m))
		}
		g.More = r.members.len() - len(g.Members)
		p.Groups = append(p.Groups, g)
	}
	s.mu.RUnlock()
	p.Requests, p.RequestCount = s.recorder.recent()
	return p
}

func (d *data) pageUser(r *row) pageUser {
	a := r.attributes
	ext, _ := a[enterpriseURN].(map[string]any)
	u := pageUser{
		UserName: str(a["userName"]), DisplayName: str(a["displayName"]), Title: str(a["title"]), ID: r.id,
		Department: str(ext["department"]), State: "unknown",
	}
	if active, ok := a["active"].(bool); ok {
		u.State = "disabled"
		if active {
			u.State = "active"
		}
	}
	if mails, _ := a["emails"].([]any); len(mails) > 0 {
		u.Mail = str(valueOf(mails[0]))
	}
	if id := managerOf(a); id != "" {
		u.Manager = d.nameOf(id)
	}
	return u
}

// nameOf returns what a person knows a user or group by.
func (d *data) nameOf(id string) string {
	for _, t := range []*table{d.users, d.groups} {
		if r := t.rows[id]; r != nil {
			if name := str(r.attributes["displayName"]); name != "" {
				return name
			}
			return str(r.attributes[t.rt.unique])
		}
	}
	return id
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

// shown cuts a body to what the page has room for.
func shown(body []byte) string {
	if len(body) <= pageBody {
		return string(body)
	}
	return strings.ToValidUTF8(string(body[:pageBody]), "") + fmt.Sprintf(" … (%d bytes)", len(body))
}
