package scim

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// Test carries out Entra's Test Connection: for each object type (users, if
// none is named) a query for a random GUID as the matching attribute, which a
// SCIM service answers with an empty list.
func (t *Target) Test(ctx context.Context, types ...directory.ObjectType) error {
	_, err := t.TestShown(ctx, types...)
	return err
}

// TestShown is Test, and returns the requests that it made.
func (t *Target) TestShown(ctx context.Context, types ...directory.ObjectType) (made []plan.Request, err error) {
	for _, typ := range tested(types) {
		attribute, guid := t.opts.matching(typ), t.opts.NewGUID()
		r := t.builder.find(typ, attribute, guid)
		found, err := t.Find(ctx, connectors.Query{Type: typ, Attribute: attribute, Value: directory.Str(guid)})
		if err == nil && len(found) > 0 { // and without the attribute, or Find would have refused it
			err = t.rejected(r, answer{status: http.StatusOK}, codeIncompatibleFiltering,
				"the application answers the filter %s, which nobody matches, with %d objects: it seems to ignore the filter",
				equals(attribute, guid), len(found))
		}
		var failed *connectors.Error
		if err == nil || errors.As(err, &failed) && failed.Method == r.method && failed.URL == t.url.Base+r.path {
			made = append(made, r.shown())
		}
		if err != nil {
			return made, asTestError(err)
		}
	}
	return made, nil
}

func tested(types []directory.ObjectType) []directory.ObjectType {
	if len(types) == 0 {
		return []directory.ObjectType{directory.User}
	}
	return types
}

// asTestError gives an error the code that Test Connection has for it.
func asTestError(err error) error {
	var e *connectors.Error
	if !errors.As(err, &e) {
		return err
	}
	tested := *e
	switch e.Class {
	case connectors.Credentials:
		tested.Code = codeInvalidCredentials
	case connectors.Retryable, connectors.Throttled:
		tested.Code = codeCredentialsUnavailable
	}
	return &tested
}

func randomGUID() string { return uuid.NewString() }
