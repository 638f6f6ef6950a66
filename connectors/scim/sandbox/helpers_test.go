package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/scimsync/scimsync/connectors/scim/sandbox"
)

const (
	token      = "s3cret-token"
	enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	custom     = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User"
)

// app is a sandbox with a clock that ticks a second a change and ids u1, u2, …
type app struct {
	*sandbox.Server
	t testing.TB
	http.Client
}

func newApp(t testing.TB, o sandbox.Options) *app {
	t.Helper()
	if o.Token == "" {
		o.Token = token
	}
	if o.NewID == nil {
		n := 0
		o.NewID = func() string { n++; return fmt.Sprintf("u%d", n) }
	}
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	}
	s := sandbox.New(o)
	return &app{Server: s, t: t, Client: http.Client{Transport: s.Transport()}}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request with the right token; header is in pairs.
func (a *app) do(method, path, body string, header ...string) reply {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, "http://app.test"+a.BasePath()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	res, err := a.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}

// must is do for a request that has to succeed; it returns the decoded body.
func (a *app) must(method, path, body string, header ...string) map[string]any {
	a.t.Helper()
	r := a.do(method, path, body, header...)
	if r.status >= 300 {
		a.t.Fatalf("%s %s: %d %s", method, path, r.status, r.body)
	}
	if r.body == "" {
		return nil
	}
	return decode(a.t, r.body)
}

// user creates one and returns its id.
func (a *app) user(userName string, more ...string) string {
	a.t.Helper()
	body := fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q%s}`, userName, strings.Join(more, ""))
	return a.must("POST", "/Users", body)["id"].(string)
}

// group creates one with members and returns its id.
func (a *app) group(name string, members ...string) string {
	a.t.Helper()
	return a.must("POST", "/Groups", groupBody(name, members...))["id"].(string)
}

func groupBody(name string, members ...string) string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = fmt.Sprintf(`{"value":%q}`, m)
	}
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`, name, strings.Join(list, ","))
}

func patchBody(operations ...string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func decode(t testing.TB, body string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return m
}

// wantJSON compares a value with JSON text.
func wantJSON(t testing.TB, what string, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v", want, err)
	}
	if !reflect.DeepEqual(got, w) {
		b, _ := json.Marshal(got)
		t.Errorf("%s:\n got %s\nwant %s", what, b, want)
	}
}

// plain is a stored resource without id, schemas and meta.
func plain(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for _, key := range []string{"id", "schemas", "meta"} {
		delete(m, key)
	}
	return m
}

// stored returns the user with this id, as plain.
func (a *app) stored(id string) map[string]any {
	a.t.Helper()
	for _, u := range a.Users() {
		if u["id"] == id {
			return plain(u)
		}
	}
	a.t.Fatalf("there is no user %s", id)
	return nil
}

// members returns the ids in a group.
func (a *app) members(id string) string {
	a.t.Helper()
	for _, g := range a.Groups() {
		if g["id"] == id {
			var ids []string
			list, _ := g["members"].([]any)
			for _, m := range list {
				ids = append(ids, m.(map[string]any)["value"].(string))
			}
			return strings.Join(ids, " ")
		}
	}
	a.t.Fatalf("there is no group %s", id)
	return ""
}

// wantError compares an error answer with the whole of it.
func wantError(t testing.TB, what string, r reply, status int, scimType, detail string) {
	t.Helper()
	m := decode(t, r.body)
	want := map[string]any{
		"schemas": []any{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"detail":  detail, "status": fmt.Sprint(status),
	}
	if scimType != "" {
		want["scimType"] = scimType
	}
	if r.status != status || !reflect.DeepEqual(m, want) {
		t.Errorf("%s:\n got %d %s\nwant %d %s %s", what, r.status, r.body, status, scimType, detail)
	}
	if got := r.header.Get("Content-Type"); got != "application/scim+json" {
		t.Errorf("%s: Content-Type %q", what, got)
	}
}
