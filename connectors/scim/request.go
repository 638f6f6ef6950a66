package scim

import (
	"fmt"
	"net/http"

	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// request is one HTTP request to the application.
type request struct {
	method string
	path   string // below the tenant URL, encoded
	query  string // encoded; "" for none
	body   []byte
	// object says that the path is the own URL of one object, rather than that
	// of a collection.
	object bool
	// changes are what a PATCH carries out.
	changes part
}

// builder makes requests. It does no I/O.
type builder struct {
	resolver        *resolver
	behavior        Behavior
	compliant       bool
	membersPerPatch int
}

// requests returns what carries out an operation, in order: the one place that
// Apply and Requests share.
func (b *builder) requests(op plan.Operation) ([]request, error) {
	if op.Type != directory.User && op.Type != directory.Group {
		return nil, fmt.Errorf("there is no object type %q in SCIM", op.Type)
	}
	switch op.Action {
	case plan.Create:
		if len(op.Changes) == 0 {
			return nil, nil
		}
		body, err := b.createBody(op.Type, op.Changes)
		return []request{{method: http.MethodPost, path: collection(op.Type), body: body}}, err
	case plan.Update, plan.Disable:
		parts, err := b.parts(op.Type, op.Changes)
		if err != nil {
			return nil, err
		}
		requests := make([]request, len(parts))
		for i, changes := range parts {
			r := request{method: http.MethodPatch, path: objectPath(op.Type, op.TargetAnchor), object: true, changes: changes}
			if r.body, err = b.patchBody(op.Type, changes); err != nil {
				return nil, err
			}
			requests[i] = r
		}
		return requests, nil
	case plan.Delete:
		return []request{{method: http.MethodDelete, path: objectPath(op.Type, op.TargetAnchor), object: true}}, nil
	default:
		return nil, fmt.Errorf("there is no request for the action %q", op.Action)
	}
}

// find is one query of the matching step.
func (b *builder) find(t directory.ObjectType, attribute, value string) request {
	return request{
		method: http.MethodGet, path: collection(t),
		query: join(b.excluded(t), "filter="+queryEncode(equals(attribute, value))),
	}
}

// get reads one object.
func (b *builder) get(t directory.ObjectType, anchor string) request {
	return request{method: http.MethodGet, path: objectPath(t, anchor), query: b.excluded(t), object: true}
}

// check asks whether an object has a reference already (Microsoft Learn,
// "Develop and plan provisioning for a SCIM endpoint", reference attributes).
func (b *builder) check(t directory.ObjectType, anchor string, p *target, reference string) request {
	name := p.raw
	if p.urn == schemaEnterprise && p.sub == "" {
		name = p.name // the documented request has manager without its URN
	}
	filter := equals("id", anchor) + " and " + equals(name, reference)
	return request{method: http.MethodGet, path: collection(t), query: "attributes=id&filter=" + queryEncode(filter)}
}

func (b *builder) excluded(t directory.ObjectType) string {
	if t == directory.Group {
		return "excludedAttributes=members"
	}
	return ""
}

func objectPath(t directory.ObjectType, anchor string) string {
	if anchor == directory.PendingText {
		return collection(t) + "/" + anchor // for people to read; it is never sent
	}
	return collection(t) + "/" + pathEncode(anchor)
}

// shown is the request as a plan shows it.
func (r request) shown() plan.Request {
	return plan.Request{Method: r.method, Path: r.pathAndQuery(), Body: r.body}
}

func (r request) pathAndQuery() string {
	if r.query == "" {
		return r.path
	}
	return r.path + "?" + r.query
}

// join joins two parts of a query, either of which may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "&" + b
}
