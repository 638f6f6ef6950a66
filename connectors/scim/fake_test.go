package scim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/connectors/scim/scimpath"
)

// fakeApp is a small SCIM application: enough of one for a client to be tried
// on, and quick to read. It takes both dialects, and checks what it is sent.
type fakeApp struct {
	*httptest.Server
	t        *testing.T
	requests atomic.Int64
	mu       sync.Mutex
	next     int
	objects  map[string]map[string]map[string]any // collection, id, resource
}

func newFakeApp(t *testing.T, token string) *fakeApp {
	f := &fakeApp{t: t, objects: map[string]map[string]map[string]any{"Users": {}, "Groups": {}}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+token {
			f.fail(w, http.StatusUnauthorized, "", "wrong token: "+r.Header.Get("Authorization"))
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.serve(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeApp) members(id string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	list, _ := f.objects["Groups"][id]["members"].([]any)
	for _, m := range list {
		ids = append(ids, m.(map[string]any)["value"].(string))
	}
	return ids
}

func (f *fakeApp) serve(w http.ResponseWriter, r *http.Request) {
	segments := strings.Split(strings.TrimPrefix(r.URL.Path, "/scim/v2/"), "/")
	all, ok := f.objects[segments[0]]
	if !ok {
		http.NotFound(w, r)
		return
	}
	var body map[string]any
	if r.Method == http.MethodPost || r.Method == http.MethodPatch {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			f.fail(w, http.StatusBadRequest, "invalidSyntax", err.Error())
			return
		}
	}
	if len(segments) == 1 {
		f.collection(w, r, segments[0], all, body)
		return
	}
	o := all[segments[1]]
	switch {
	case o == nil:
		f.fail(w, http.StatusNotFound, "", "no such resource")
	case r.Method == http.MethodGet:
		f.write(w, http.StatusOK, f.without(r, o))
	case r.Method == http.MethodDelete:
		delete(all, segments[1])
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch:
		for _, op := range body["Operations"].([]any) {
			if err := f.patch(o, op.(map[string]any)); err != nil {
				f.fail(w, http.StatusBadRequest, "invalidPath", err.Error())
				return
			}
		}
		if segments[0] == "Groups" {
			w.WriteHeader(http.StatusNoContent)
		} else {
			f.write(w, http.StatusOK, o)
		}
	default:
		f.fail(w, http.StatusMethodNotAllowed, "", r.Method)
	}
}

func (f *fakeApp) collection(w http.ResponseWriter, r *http.Request, name string, all map[string]map[string]any, body map[string]any) {
	key := map[string]string{"Users": "userName", "Groups": "displayName"}[name]
	if r.Method == http.MethodPost {
		for _, o := range all {
			if strings.EqualFold(fmt.Sprint(o[key]), fmt.Sprint(body[key])) {
				f.fail(w, http.StatusConflict, "uniqueness", key+" is taken")
				return
			}
		}
		f.next++
		body["id"] = "id-" + strconv.Itoa(f.next)
		all[body["id"].(string)] = body
		f.write(w, http.StatusCreated, body)
		return
	}
	filter, err := scimpath.ParseFilter(r.URL.Query().Get("filter"))
	compare, ok := filter.(scimpath.Compare)
	if err != nil || !ok {
		f.fail(w, http.StatusBadRequest, "invalidFilter", r.URL.RawQuery)
		return
	}
	found := []any{}
	for _, o := range all {
		if got, _ := o[compare.Path.Attribute].(string); strings.EqualFold(got, fmt.Sprint(compare.Value)) {
			found = append(found, f.without(r, o))
		}
	}
	f.write(w, http.StatusOK, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:ListResponse"}, "totalResults": len(found), "Resources": found})
}

func (f *fakeApp) without(r *http.Request, o map[string]any) map[string]any {
	shown := map[string]any{}
	for k, v := range o {
		if k != r.URL.Query().Get("excludedAttributes") {
			shown[k] = v
		}
	}
	return shown
}

func (f *fakeApp) patch(o, op map[string]any) error {
	path, _ := op["path"].(string)
	verb := strings.ToLower(op["op"].(string))
	if path == "" {
		for k, v := range op["value"].(map[string]any) {
			if err := f.patch(o, map[string]any{"op": verb, "path": k, "value": v}); err != nil {
				return err
			}
		}
		return nil
	}
	p, err := resolve(directory.User, path, nil)
	if err != nil {
		return err
	}
	if p.name == "members" {
		return f.patchMembers(o, verb, p, op["value"])
	}
	at := o
	if p.urn != "" {
		at = object(at, p.urn)
	}
	name := p.name
	switch {
	case p.filtered():
		list, _ := at[name].([]any)
		element, _ := chosen(any(list), p.terms).(map[string]any)
		if element == nil {
			element = map[string]any{p.terms[0].name: p.terms[0].value}
			at[name] = append(list, element)
		}
		at, name = element, p.sub
	case p.sub != "":
		at, name = object(at, name), p.sub
	}
	v := op["value"]
	if p.typ == directory.TypeBoolean {
		if s, ok := v.(string); ok {
			v = strings.EqualFold(s, "true")
		}
	}
	if s, ok := v.(string); ok && p.name == "manager" {
		v = map[string]any{"value": s}
	}
	at[name] = v
	return nil
}

func (f *fakeApp) patchMembers(o map[string]any, verb string, p *target, value any) error {
	list, _ := o["members"].([]any)
	ids := []string{}
	for _, t := range p.terms {
		ids = append(ids, t.value)
	}
	if values, ok := value.([]any); ok {
		for _, v := range values {
			ids = append(ids, v.(map[string]any)["value"].(string))
		}
	}
	list = slices.DeleteFunc(list, func(m any) bool {
		return verb == "replace" || slices.Contains(ids, m.(map[string]any)["value"].(string))
	})
	if verb != "remove" {
		for _, id := range ids {
			list = append(list, map[string]any{"value": id})
		}
	}
	o["members"] = list
	return nil
}

func object(m map[string]any, name string) map[string]any {
	inner, ok := m[name].(map[string]any)
	if !ok {
		inner = map[string]any{}
		m[name] = inner
	}
	return inner
}

func (f *fakeApp) write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/scim+json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		f.t.Error(err)
	}
}

func (f *fakeApp) fail(w http.ResponseWriter, status int, scimType, detail string) {
	f.write(w, status, map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"},
		"status": strconv.Itoa(status), "scimType": scimType, "detail": detail})
}
