// Package connectortest has the conformance suites that every source and every
// target passes: what the contracts of package connectors say, as tests.
package connectortest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/scimsync/scimsync/connectors"
	"github.com/scimsync/scimsync/connectors/directory"
	"github.com/scimsync/scimsync/engine/plan"
)

// TargetHarness makes what TestTarget needs of one kind of target.
type TargetHarness struct {
	// New returns a target whose application holds no user and no group.
	New func(t *testing.T) connectors.Target

	// Members returns the anchors of a group's members, read from the
	// application of the target that New returned last, past the target: a
	// target may leave them out as Entra does. Nil skips what needs it.
	Members func(t *testing.T, group string) []string

	// Requests returns how many requests that application has received. Nil
	// skips the checks that nothing was sent.
	Requests func() int

	// Failing returns targets whose application fails every request in a way
	// that has this class. Their errors are checked on every method.
	Failing map[connectors.Class]func(t *testing.T) connectors.Target

	// Secret is the text that no error may contain; "" for none.
	Secret string
}

// TestTarget checks that a target keeps the contract of connectors.Target:
// matching, reading and the three kinds of write, the class of each error, that
// plans send nothing, and that many goroutines may call it. A new target joins
// with a harness.
func TestTarget(t *testing.T, h TargetHarness) {
	for _, check := range []struct {
		name string
		run  func(*testing.T, *targetCase)
	}{
		{"connection", testConnection},
		{"create, find and get", testCreate},
		{"update", testUpdate},
		{"disable and restore", testDisable},
		{"delete", testDelete},
		{"conflict", testConflict},
		{"gone", testGone},
		{"characters", testCharacters},
		{"manager", testManager},
		{"group", testGroup},
		{"members", testMembers},
		{"nothing to send", testNothingToSend},
		{"requests", testRequests},
		{"pending", testPending},
		{"no anchor", testNoAnchor},
		{"cancelled", testCancelled},
		{"concurrent", testConcurrent},
		{"read-only", testReadOnly},
	} {
		t.Run(check.name, func(t *testing.T) {
			check.run(t, &targetCase{Target: h.New(t), h: h})
		})
	}
	for class, failing := range h.Failing {
		t.Run("failing, "+string(class), func(t *testing.T) {
			testFailing(t, &targetCase{Target: failing(t), h: h}, class)
		})
	}
}

// targetCase is one target with an application of its own.
type targetCase struct {
	connectors.Target
	h TargetHarness
}

// The target attributes that the suite writes: one of each shape.
const (
	attrUserName   = "userName"
	attrDisplay    = "displayName"
	attrActive     = "active"
	attrGivenName  = "name.givenName"
	attrEmail      = `emails[type eq "work"].value`
	attrPhone      = `phoneNumbers[type eq "mobile"].value`
	attrDepartment = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
	attrManager    = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"
	attrMembers    = "members"
)

var userAttributes = []string{attrUserName, attrDisplay, attrActive, attrGivenName, attrEmail, attrPhone, attrDepartment, attrManager}

func text(name, value string) plan.Change {
	return plan.Change{Attribute: name, Verb: plan.Add, New: directory.Str(value)}
}

func isActive() plan.Change {
	return plan.Change{Attribute: attrActive, Verb: plan.Add, New: directory.Bool(true)}
}

func reference(verb plan.Verb, name string, v directory.Value) plan.Change {
	return plan.Change{Attribute: name, Verb: verb, New: v}
}

func replacing(c plan.Change, old directory.Value) plan.Change {
	c.Verb, c.Old = plan.Replace, old
	return c
}

func anchors(list ...string) directory.Value {
	values := make([]directory.Value, len(list))
	for i, a := range list {
		values[i] = directory.Ref(a)
	}
	return directory.Of(values...)
}

// create makes an object and returns its anchor.
func (c *targetCase) create(t *testing.T, typ directory.ObjectType, changes ...plan.Change) string {
	t.Helper()
	o, err := c.Apply(t.Context(), plan.Operation{Action: plan.Create, Type: typ, Changes: changes})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if o.Anchor == "" || o.Type != typ {
		t.Fatalf("create returned the object %+v: it must have its anchor and type", o)
	}
	return o.Anchor
}

// update changes an object.
func (c *targetCase) update(t *testing.T, typ directory.ObjectType, anchor string, changes ...plan.Change) {
	t.Helper()
	o, err := c.Apply(t.Context(), plan.Operation{Action: plan.Update, Type: typ, TargetAnchor: anchor, Changes: changes})
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	if o.Anchor != anchor {
		t.Fatalf("update of %q returned the anchor %q", anchor, o.Anchor)
	}
}

// expect reads an object and compares these attributes with what it should have.
func (c *targetCase) expect(t *testing.T, typ directory.ObjectType, anchor string, want map[string]directory.Value) {
	t.Helper()
	names := make([]string, 0, len(want))
	for name := range want {
		names = append(names, name)
	}
	o, err := c.Get(t.Context(), typ, anchor, names)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	if o.Anchor != anchor || o.Type != typ {
		t.Errorf("get returned the %s %q, not the %s %q", o.Type, o.Anchor, typ, anchor)
	}
	compare(t, o.Attributes, want)
}

// compare compares attributes; a null value is the same as none.
func compare(t *testing.T, got, want map[string]directory.Value) {
	t.Helper()
	expected := map[string]directory.Value{}
	for name, v := range want {
		if !v.IsNull() {
			expected[name] = v
		}
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}
}

func (c *targetCase) find(t *testing.T, typ directory.ObjectType, attribute, value string, want ...string) []directory.Object {
	t.Helper()
	found, err := c.Find(t.Context(), connectors.Query{Type: typ, Attribute: attribute, Value: directory.Str(value), Want: want})
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	return found
}

// expectClass checks that an error is of a class and says what it should.
func (c *targetCase) expectClass(t *testing.T, what string, err error, class connectors.Class) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one of class %s", what, class)
		return
	}
	var e *connectors.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: %v is no *connectors.Error", what, err)
		return
	}
	if e.Class != class {
		t.Errorf("%s: class %s, want %s: %v", what, e.Class, class, err)
	}
	if e.Code == "" {
		t.Errorf("%s: the error has no code: %v", what, err)
	}
	if s := c.h.Secret; s != "" && strings.Contains(err.Error()+e.Body+e.Detail, s) {
		t.Errorf("%s: the error tells the secret", what)
	}
}

// sendsNothing runs f and checks that the application was not asked.
func (c *targetCase) sendsNothing(t *testing.T, what string, f func()) {
	t.Helper()
	if c.h.Requests == nil {
		f()
		return
	}
	before := c.h.Requests()
	f()
	if n := c.h.Requests() - before; n != 0 {
		t.Errorf("%s sent %d requests, want none", what, n)
	}
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
