package scim

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// Test carries out Entra's Test Connection: for each object type (users, if
// none is named) a query for a random GUID as the matching attribute, which a
// SCIM service answers with an empty list.
func (t *Target) Test(ctx context.Context, types ...directory.ObjectType) error {
	for _, typ := range tested(types) {
		_, err := t.Find(ctx, connectors.Query{
			Type: typ, Attribute: t.opts.matching(typ), Value: directory.Str(t.opts.NewGUID()),
		})
		if err != nil {
			return asTestError(err)
		}
	}
	return nil
}

// TestRequests returns the requests of Test, each with a GUID of its own.
func (t *Target) TestRequests(types ...directory.ObjectType) []plan.Request {
	var shown []plan.Request
	for _, typ := range tested(types) {
		shown = append(shown, t.builder.find(typ, t.opts.matching(typ), t.opts.NewGUID()).shown())
	}
	return shown
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
