package scim

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// Apply sends the requests of an operation, one after the other. If one fails
// after others succeeded, the error is a *PartialError.
func (t *Target) Apply(ctx context.Context, op plan.Operation) (directory.Object, error) {
	if err := applicable(op); err != nil {
		return directory.Object{}, t.refused(string(op.Action), collection(op.Type), err)
	}
	if t.opts.Behavior.CheckReferences && op.Action != plan.Create && op.Action != plan.Delete {
		var err error
		some := len(op.Changes) > 0
		if op, err = t.withoutKnown(ctx, op); err != nil {
			return directory.Object{}, err
		}
		if some && len(op.Changes) == 0 {
			return directory.Object{Type: op.Type, Anchor: op.TargetAnchor}, connectors.ErrUnchanged
		}
	}
	requests, err := t.builder.requests(op)
	if err != nil {
		return directory.Object{}, t.refused(string(op.Action), collection(op.Type), err)
	}
	object := directory.Object{Type: op.Type, Anchor: op.TargetAnchor}
	var applied []plan.Change
	for _, r := range requests {
		a, err := t.send(ctx, r)
		if err == nil {
			err = t.accept(&object, op, r, a)
		}
		if err != nil {
			if len(applied) > 0 {
				err = &PartialError{Applied: applied, Err: err}
			}
			return directory.Object{}, err
		}
		applied = append(applied, r.changes...)
	}
	return object, nil
}

// applicable refuses an operation that must not be sent.
func applicable(op plan.Operation) error {
	if op.Action == plan.Create {
		if len(op.Changes) == 0 {
			return errors.New("an object without attributes cannot be created")
		}
	} else if err := checkAnchor(op.TargetAnchor); err != nil {
		return err
	}
	for _, c := range op.Changes {
		for _, v := range c.New.Elements() {
			if v.Kind() == directory.Pending {
				return errors.New(c.Attribute + " refers to an object that has not been created yet")
			}
		}
	}
	return nil
}

// accept takes over what an answer of success says. The answer to a create must
// be the object, for its id is known from nowhere else; the Location header is
// not trusted. The answer to any other write may be anything but a web page and an
// error message.
func (t *Target) accept(object *directory.Object, op plan.Operation, r request, a answer) error {
	if r.method != http.MethodPost && !isResource(a.body) {
		if text := trim(a.body); len(text) > 0 && (a.html || text[0] == '<') {
			return t.notSCIM(r, a, errMarkup)
		}
		return nil
	}
	body, err := decode(a.body)
	if err != nil {
		if r.method == http.MethodDelete {
			return nil
		}
		return t.notSCIM(r, a, err)
	}
	if isErrorMessage(body) { // which is to be believed nobody knows
		a.doubtful = true
		detail, _ := lookup(body, "detail").(string)
		return t.rejected(r, a, codeBadResponse, "the status says that it was done, and the error message in the answer that it was not: %s", detail)
	}
	if r.method == http.MethodDelete {
		return nil
	}
	if r.method == http.MethodPost {
		if object.Anchor, err = idOf(body); err != nil {
			return t.notSCIM(r, a, err)
		}
	}
	names := make([]string, len(op.Changes))
	for i, c := range op.Changes {
		names[i] = c.Attribute
	}
	wanted, err := t.builder.resolver.resolveAll(op.Type, names)
	if err != nil {
		return t.refused(r.method, r.path, err)
	}
	if object.Attributes == nil {
		object.Attributes = map[string]directory.Value{}
	}
	maps.Copy(object.Attributes, flatten(body, wanted))
	return nil
}

// isErrorMessage reports whether a decoded answer is an error message (RFC 7644
// section 3.12).
func isErrorMessage(body resource) bool {
	schemas, _ := lookup(body, "schemas").([]any)
	return slices.ContainsFunc(schemas, func(s any) bool {
		text, _ := s.(string)
		return strings.EqualFold(text, "urn:ietf:params:scim:api:messages:2.0:Error")
	})
}

func isResource(body []byte) bool {
	_, err := decode(body)
	return err == nil
}

// Requests returns what Apply would send, without the queries of
// Behavior.CheckReferences, whose answers decide what is left to send.
func (t *Target) Requests(op plan.Operation) ([]plan.Request, error) {
	requests, err := t.builder.requests(op)
	if err != nil {
		return nil, t.refused(string(op.Action), collection(op.Type), err)
	}
	shown := make([]plan.Request, len(requests))
	for i, r := range requests {
		shown[i] = r.shown()
	}
	return shown, nil
}

// withoutKnown leaves out the references that the application says it has
// already, or, of those to be removed, no longer has.
func (t *Target) withoutKnown(ctx context.Context, op plan.Operation) (plan.Operation, error) {
	changes := make([]plan.Change, 0, len(op.Changes))
	for _, c := range op.Changes {
		p, err := t.builder.resolver.resolve(op.Type, c.Attribute)
		if err != nil {
			return op, t.refused(string(op.Action), collection(op.Type), err)
		}
		if !isReference(p, c.New) || c.New.IsEmpty() {
			changes = append(changes, c)
			continue
		}
		var left []directory.Value
		for _, v := range c.New.Elements() {
			known, err := t.hasReference(ctx, op, p, referenceText(v))
			if err != nil {
				return op, err
			}
			if known == (c.Verb == plan.Remove) {
				left = append(left, v)
			}
		}
		switch {
		case len(left) == 0:
			continue
		case c.New.Kind() == directory.List:
			c.New = directory.Of(left...)
		}
		changes = append(changes, c)
	}
	op.Changes = changes
	return op, nil
}

func (t *Target) hasReference(ctx context.Context, op plan.Operation, p *target, reference string) (bool, error) {
	r := t.builder.check(op.Type, op.TargetAnchor, p, reference)
	a, err := t.send(ctx, r)
	if err != nil {
		return false, err
	}
	body, err := decode(a.body)
	if err != nil {
		return false, t.notSCIM(r, a, err)
	}
	resources, _, err := list(body)
	if err != nil {
		return false, t.notSCIM(r, a, err)
	}
	return len(resources) > 0, nil
}
