package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
)

// Target is an application with a SCIM 2.0 endpoint.
type Target struct {
	opts    Options
	url     TenantURL
	query   string // what every request's query begins with
	builder *builder
	pace    *pace
	ahead   ahead

	client *http.Client
}

var (
	_ connectors.Target    = (*Target)(nil)
	_ connectors.TestShown = (*Target)(nil)
)

// New returns a target for the application of opts. The error says which option
// is wrong. Nothing is sent.
func New(opts Options) (*Target, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	url, err := ParseTenantURL(opts.TenantURL, opts.AllowHTTP)
	if err != nil {
		return nil, err
	}
	t := &Target{
		opts: opts, url: url, query: url.Query,
		builder: &builder{
			resolver: &resolver{types: opts.Types}, behavior: opts.Behavior,
			compliant:       opts.Behavior.Patch == Compliant || opts.Behavior.Patch == ByTenantURL && url.Compliant,
			membersPerPatch: opts.MembersPerPatch,
		},
	}
	t.pace = newPace(opts.RateLimit, time.Now)
	if opts.Behavior.PassFlags {
		t.query = join(url.Query, url.Flags)
	}
	t.client = t.newHTTPClient()
	return t, nil
}

// Batch is how many members one PATCH adds or removes: an Apply of no more
// members than that is one request.
func (t *Target) Batch() int { return t.opts.MembersPerPatch }

// CloseIdleConnections closes the connections that no request is using.
func (t *Target) CloseIdleConnections() { t.client.CloseIdleConnections() }

// Find sends one GET with a filter on the matching attribute. An answer whose
// objects have another value of it, or that counts more objects than it lists,
// is an error: to go on with the wrong object would overwrite it.
func (t *Target) Find(ctx context.Context, q connectors.Query) ([]directory.Object, error) {
	names := q.Want
	if !containsName(names, q.Attribute) {
		names = append(names[:len(names):len(names)], q.Attribute)
	}
	wanted, err := t.builder.resolver.resolveAll(q.Type, names)
	if err == nil && q.Value.IsEmpty() {
		err = errors.New("there is no value to look for")
	}
	if err != nil {
		return nil, t.refused(http.MethodGet, collection(q.Type), err)
	}
	value := q.Value.Text()
	r := t.builder.find(q.Type, q.Attribute, value)
	a, err := t.send(ctx, r)
	if err != nil {
		return nil, err
	}
	body, err := decode(a.body)
	if err != nil {
		return nil, t.notSCIM(r, a, err)
	}
	resources, total, err := list(body)
	if err != nil {
		return nil, t.notSCIM(r, a, err)
	}
	switch {
	case len(resources) == 0 && total > 0: // to create the object could be to create it twice
		return nil, t.rejected(r, a, codeIncompatibleFiltering, "the application counts %d objects with %s and lists none of them",
			total, equals(q.Attribute, value))
	case len(resources) == 1 && total > 1:
		return nil, t.rejected(r, a, codeMultipleEntries, "the application counts %d objects with %s and lists one of them",
			total, equals(q.Attribute, value))
	}
	objects := make([]directory.Object, len(resources))
	for i, resource := range resources {
		id, err := idOf(resource)
		if err != nil {
			return nil, t.notSCIM(r, a, fmt.Errorf("entry %d of the list response: %w", i+1, err))
		}
		objects[i] = directory.Object{Type: q.Type, Anchor: id, Attributes: flatten(resource, wanted)}
		if got := objects[i].Get(q.Attribute); !got.IsNull() && !sameValue(got, value) {
			return nil, t.rejected(r, a, codeIncompatibleFiltering,
				"the application answers the filter %s with object %s, whose %s is %q: it seems to ignore the filter",
				equals(q.Attribute, value), id, q.Attribute, got.Text())
		}
	}
	return objects, nil
}

func containsName(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// sameValue compares as an application may: without case and outer space.
func sameValue(v directory.Value, text string) bool {
	for _, e := range v.Elements() {
		if strings.EqualFold(strings.TrimSpace(e.Text()), strings.TrimSpace(text)) {
			return true
		}
	}
	return false
}

// Get reads one object. The members of a group are excluded, as Entra excludes
// them; those of an application that shows them all the same are returned.
func (t *Target) Get(ctx context.Context, typ directory.ObjectType, anchor string, want []string) (directory.Object, error) {
	r := t.builder.get(typ, anchor)
	wanted, err := t.builder.resolver.resolveAll(typ, want)
	if err == nil {
		err = checkAnchor(anchor)
	}
	if err != nil {
		return directory.Object{}, t.refused(r.method, r.path, err)
	}
	a, err := t.send(ctx, r)
	if err != nil {
		return directory.Object{}, err
	}
	body, err := decode(a.body)
	if err != nil {
		return directory.Object{}, t.notSCIM(r, a, err)
	}
	if entries, ok := lookup(body, "Resources").([]any); ok && len(entries) > 1 {
		return directory.Object{}, t.rejected(r, a, codeMultipleEntries, "one object was asked for and %d came", len(entries))
	}
	id, err := idOf(body)
	if err == nil && !strings.EqualFold(id, anchor) {
		err = fmt.Errorf("the answer is about the object with id %q, not %q", id, anchor)
	}
	if err != nil {
		return directory.Object{}, t.notSCIM(r, a, err)
	}
	return directory.Object{Type: typ, Anchor: anchor, Attributes: flatten(body, wanted)}, nil
}

// checkAnchor refuses what cannot stand for one object: the URL of no id is
// that of the collection.
func checkAnchor(anchor string) error {
	switch strings.TrimSpace(anchor) {
	case "":
		return errors.New("the object has no target anchor")
	case ".", "..":
		return fmt.Errorf("the target anchor %q cannot stand in a URL", anchor)
	case directory.PendingText:
		return errors.New("the object has not been created yet")
	default:
		return nil
	}
}
