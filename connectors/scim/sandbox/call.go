package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is one request on its way through the sandbox.
type call struct {
	*Server
	request *http.Request
	query   url.Values
	body    []byte
	id      string // of the resource; "" for the endpoint
	origin  string // URL of the base path
}

// resources answers a request to /Users, /Groups or one resource of them.
func (c call) resources(rt *resourceType) (answer, error) {
	v, err := c.view(rt)
	if err != nil {
		return answer{}, err
	}
	method := c.request.Method
	if c.id == "" {
		switch method {
		case http.MethodGet:
			return c.list(rt, c.query, v)
		case http.MethodPost:
			return c.create(rt, v)
		}
		return answer{}, c.notAllowed(http.MethodGet, http.MethodPost)
	}
	if strings.Contains(c.id, "/") {
		return answer{}, refuse(http.StatusNotFound, "", "there is nothing below a %s: %s", rt.name, c.request.URL.Path)
	}
	switch method {
	case http.MethodGet:
		return c.get(rt, v)
	case http.MethodPut:
		return c.put(rt, v)
	case http.MethodPatch:
		return c.patch(rt, v)
	case http.MethodDelete:
		return c.delete(rt)
	}
	return answer{}, c.notAllowed(http.MethodGet, http.MethodPut, http.MethodPatch, http.MethodDelete)
}

func (c call) notAllowed(methods ...string) error {
	allow := strings.Join(methods, ", ")
	f := &fault{status: http.StatusMethodNotAllowed, header: http.Header{"Allow": {allow}}}
	f.detail = c.request.Method + " is not possible here: " + allow + " are"
	if len(methods) == 1 {
		f.detail = c.request.Method + " is not possible here: " + allow + " is"
	}
	return f
}

// view reads attributes and excludedAttributes.
func (c call) view(rt *resourceType) (view, error) {
	v := view{base: c.origin}
	var err error
	if c.query.Has("attributes") {
		if v.only, err = rt.places(c.query.Get("attributes")); err != nil {
			return v, err
		}
		if v.only == nil {
			v.only = []place{} // schemas and id alone
		}
	}
	if v.without, err = rt.places(c.query.Get("excludedAttributes")); err != nil {
		return v, err
	}
	if c.options.LegacyIgnoreExcludedAttributes {
		v.without = nil
	}
	v.without = slices.Concat(v.without, c.omit[rt.name])
	return v, nil
}

// find returns a resource by the id of the URL. The caller holds the lock.
func (c call) find(rt *resourceType) (*row, error) {
	r := c.data.table(rt).rows[c.id]
	if r == nil {
		return nil, refuse(http.StatusNotFound, "", "there is no %s with the id '%s'", rt.name, c.id)
	}
	if match := c.request.Header.Get("If-Match"); match != "" && !matches(match, r.version()) {
		return nil, refuse(http.StatusPreconditionFailed, "", "the %s '%s' has the version %s, not %s: read it again",
			rt.name, c.id, r.version(), match)
	}
	return r, nil
}

// matches compares entity tags weakly (RFC 9110 section 8.8.3.2).
func matches(header, version string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(version, "W/") {
			return true
		}
	}
	return false
}

// one answers with a resource. The caller holds the lock.
func (c call) one(status int, rt *resourceType, r *row, v view) answer {
	a := jsonAnswer(status, resource(c.data.render(rt, r, v)))
	a.header.Set("ETag", r.version())
	a.header.Set("Location", v.base+rt.endpoint+"/"+r.id)
	return a
}

func (c call) get(rt *resourceType, v view) (answer, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r, err := c.find(rt)
	if err != nil {
		return answer{}, err
	}
	if match := c.request.Header.Get("If-None-Match"); match != "" && matches(match, r.version()) {
		return answer{status: http.StatusNotModified, header: http.Header{"Etag": {r.version()}}}, nil
	}
	return c.one(http.StatusOK, rt, r, v), nil
}

func (c call) create(rt *resourceType, v view) (answer, error) {
	body, err := c.object()
	if err != nil {
		return answer{}, err
	}
	d, err := rt.read(body)
	if err != nil {
		return answer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.data.check(rt, "", d); err != nil {
		return answer{}, err
	}
	r := &row{id: c.options.NewID()}
	c.data.commit(rt, r, d, c.options.Now())
	return c.one(http.StatusCreated, rt, r, v), nil
}

func (c call) put(rt *resourceType, v view) (answer, error) {
	body, err := c.object()
	if err != nil {
		return answer{}, err
	}
	d, err := rt.read(body)
	if err != nil {
		return answer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(rt)
	if err != nil {
		return answer{}, err
	}
	if rt.name == "Group" {
		var ids []string
		if d.members != nil {
			ids = d.members.current()
		}
		d.members = &memberEdit{base: r.members}
		d.members.replace(ids)
	}
	if err := c.data.check(rt, r.id, d); err != nil {
		return answer{}, err
	}
	c.data.commit(rt, r, d, c.options.Now())
	return c.one(http.StatusOK, rt, r, v), nil
}

// patch works on a copy: a PATCH takes effect as a whole or not at all (RFC
// 7644 section 3.5.2).
func (c call) patch(rt *resourceType, v view) (answer, error) {
	body, err := c.object()
	if err != nil {
		return answer{}, err
	}
	operations, err := readPatch(body)
	if err != nil {
		return answer{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(rt)
	if err != nil {
		return answer{}, err
	}
	p := &patch{rt: rt, id: r.id, draft: draft{attributes: clone(r.attributes)}}
	if rt.name == "Group" {
		p.draft.members = &memberEdit{base: r.members}
	}
	if err := p.apply(operations); err != nil {
		return answer{}, err
	}
	if err := c.data.check(rt, r.id, p.draft); err != nil {
		return answer{}, err
	}
	c.data.commit(rt, r, p.draft, c.options.Now())
	content := !c.options.NoContentOnUserPatch
	if rt.name == "Group" {
		content = c.options.ContentOnGroupPatch
	}
	if !content {
		return answer{status: http.StatusNoContent, header: http.Header{"Etag": {r.version()}}}, nil
	}
	return c.one(http.StatusOK, rt, r, v), nil
}

func (c call) delete(rt *resourceType) (answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.find(rt)
	if err != nil {
		return answer{}, err
	}
	c.data.drop(rt, r, c.options.Now())
	return answer{status: http.StatusNoContent}, nil
}
